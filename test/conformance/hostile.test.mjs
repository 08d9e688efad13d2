// Clients that mean harm or are broken: they get a coded error or are cut off, and nobody else notices.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { Crowd, ask, done, rest, settled, someone, story } from "../support/people.mjs";
import { startStorywire } from "../support/process.mjs";
import { http, pollingSession, received, refusedUpgrade, sessionPath, webSocket } from "../support/raw.mjs";
import { token } from "../support/token.mjs";
import { next, pause, until } from "../support/wait.mjs";

const frontend = "http://frontend.example";
const MiB = 1 << 20;
let server;
let crowd;
before(async () => {
  server = await startStorywire({ env: { FRONTEND_URL: frontend } });
  crowd = new Crowd(server);
});
afterEach(() => crowd?.leave());
after(async () => {
  if (!server) return;
  assert.ok(server.external || server.alive(), "the server must have survived all of it");
  assert.doesNotMatch(server.output(), /panic|goroutine \d+ \[/);
  await server.stop();
});

/** A raw connection that has joined /ws. */
async function joined(user = someone("mallory")) {
  const socket = await webSocket(server.url);
  socket.send(`40/ws,${JSON.stringify({ token: token(user) })}`);
  await received(socket, (packet) => packet.startsWith("42/ws,[\"session:ready\""));
  return socket;
}

describe("hostile clients", { timeout: 120_000 }, () => {
  test("namespace / is refused, as is any other", async () => {
    for (const [packet, answer] of [["40", '44{"message":"Invalid namespace"}'], ["40/admin,", '44/admin,{"message":"Invalid namespace"}']]) {
      const socket = await webSocket(server.url);
      socket.send(packet);
      assert.equal(await received(socket), answer);
      socket.close();
    }
  });

  test("a frame of 1 MiB passes to the parser, one byte more closes with 1009", async () => {
    const big = (size) => `42/ws,["comment:new","${"x".repeat(size)}"]`;
    const overhead = big(0).length;
    const fits = await joined();
    fits.send(big(MiB - overhead));
    assert.match(await received(fits, (packet) => packet.startsWith('42/ws,["exception"')), /VALIDATION/);
    fits.close();
    const over = await joined();
    over.send(big(MiB - overhead + 1));
    assert.deepEqual(await over.closed, { code: 1009, reason: "" });
  });

  test("a frame that only declares too many bytes is refused at its header", async () => {
    const socket = await joined();
    socket._socket.write(Buffer.from([0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    assert.equal((await socket.closed).code, 1009);
  });

  test("fragments without end are refused, by their size and by their number", async () => {
    const large = await joined();
    for (let i = 0; i < 20 && large.readyState === 1; i++) large.send("4".repeat(MiB / 10), { fin: false });
    assert.equal((await large.closed).code, 1009);
    const many = await joined();
    for (let i = 0; i < 1100; i++) many.send("4", { fin: false });
    assert.ok([1008, 1009].includes((await many.closed).code));
  });

  test("a POST of 1 MiB + 1 gets 413 with nothing in it", async () => {
    const sid = await pollingSession(server.url);
    const answer = await http(server.url, sessionPath(sid), { method: "POST", body: "4".repeat(MiB + 1) });
    assert.deepEqual([answer.status, answer.body], [413, ""]);
  });

  for (const origin of ["http://evil.example", "null", `${frontend}.evil.example`]) {
    test(`origin ${origin} is refused on every transport`, async () => {
      const headers = { origin };
      const polling = "/socket.io/?EIO=4&transport=polling";
      assert.ok([400, 403].includes((await http(server.url, polling, { headers })).status));
      assert.equal((await refusedUpgrade(server.url, "/socket.io/?EIO=4&transport=websocket", headers)).status, 400);
      const sid = await pollingSession(server.url);
      assert.equal((await refusedUpgrade(server.url, `/socket.io/?EIO=4&transport=websocket&sid=${sid}`, headers)).status, 400);
      assert.ok([400, 403].includes((await http(server.url, sessionPath(sid), { method: "POST", body: "40", headers })).status));
    });
  }

  test("FRONTEND_URL may connect on every transport", async () => {
    const answer = await http(server.url, "/socket.io/?EIO=4&transport=polling", { headers: { origin: frontend } });
    assert.deepEqual([answer.status, answer.headers["access-control-allow-origin"]], [200, frontend]);
    const socket = await webSocket(server.url, { headers: { origin: frontend } });
    socket.close();
  });

  const broken = {
    "an unknown packet type": "49",
    "an event that is no array": "42/ws,{}",
    "an event without a name": "42/ws,[]",
    "a reserved event name": '42/ws,["connect"]',
    "an event name of 129 bytes": `42/ws,["${"e".repeat(129)}"]`,
    "65 arguments": `42/ws,[${Array(66).fill('"x"').join(",")}]`,
    "JSON of 100,000 levels": `42/ws,["comment:new",${"[".repeat(100_000)}${"]".repeat(100_000)}]`,
    "JSON that ends too early": '42/ws,["comment:new",{"storyId":',
    "an acknowledgement id beyond 2^53": '42/ws,99999999999999999999["comment:list",{}]',
    "eleven attachments": '4511-/ws,["comment:new"]',
    "a placeholder without an attachment": '451-/ws,["comment:new",{"_placeholder":true,"num":7}]',
    "a second CONNECT": "40/ws,{}",
    "a CONNECT_ERROR": "44/ws,{}",
  };
  for (const [what, packet] of Object.entries(broken)) {
    test(`${what} closes the connection`, async () => {
      const socket = await joined();
      socket.send(packet);
      if (packet.startsWith("451-")) socket.send(Buffer.from([1]));
      await Promise.race([socket.closed, pause(5000).then(() => assert.fail("still open"))]);
    });
  }

  test("text while binary is expected, and binary while none is, close the connection", async () => {
    const text = await joined();
    text.send('451-/ws,["comment:new",{"_placeholder":true,"num":0}]');
    text.send('42/ws,["comment:list",{}]');
    await text.closed;
    const binary = await joined();
    binary.send(Buffer.from([1, 2, 3]));
    await binary.closed;
  });

  test("events before CONNECT close the connection", async () => {
    const socket = await webSocket(server.url);
    socket.send('42/ws,["story:join",{"storyId":"1"}]');
    await socket.closed;
  });

  test("binary where JSON belongs is a coded error", async () => {
    const ann = await crowd.enter(someone("ann"));
    const ack = await ask(ann, "comment:new", { storyId: await story(server, someone("author")), content: Buffer.from([1, 2, 3]) });
    assert.equal(ack.error?.code, "VALIDATION", JSON.stringify(ack));
  });

  test("writes beyond the rate are refused with a time to wait", async () => {
    const id = await story(server, someone("author"));
    const ann = await crowd.enter(someone("ann"));
    const acks = await Promise.all(Array.from({ length: 8 }, (_, i) => ask(ann, "comment:new", { storyId: id, content: `quick ${i}` })));
    const refused = acks.filter((ack) => !ack.ok);
    assert.ok(acks.filter((ack) => ack.ok).length >= 5, "the burst of 5 passes");
    assert.ok(refused.length >= 2, "the rest does not");
    for (const { error } of refused) {
      assert.equal(error.code, "RATE_LIMITED");
      assert.ok(error.retryAfterMs > 0 && error.retryAfterMs <= 10_000);
    }
    const answer = await rest(server, someone("other"), "POST", `/v1/stories/${id}/comments`, { content: "others are not limited" });
    assert.equal(answer.status, 201);
  });

  test("who goes on and on is told so and cut off", async () => {
    const ann = await crowd.enter(someone("ann"));
    const said = next(ann, "session:closing");
    const gone = next(ann, "disconnect");
    for (let i = 0; i < 40; i++) ann.emit("comment:new", { storyId: "987654321", content: "spam" });
    assert.equal((await said).reason, "abuse");
    await gone;
  });

  for (const [what, packet] of [
    ["cheap events that nobody handles", '42/ws,["no:such:event",{"a":1}]'],
    ["typing", '42/ws,["comment:typing",{"storyId":"1","isTyping":true}]'],
    ["comments", '42/ws,["comment:new",{"storyId":"1","content":"flood"}]'],
  ]) {
    test(`a flood of ${what} does not make others wait`, async () => {
      const id = await story(server, someone("author"));
      const ann = await crowd.enter(someone("ann"));
      await done(ann, "story:join", { storyId: id });
      const flood = new Worker(new URL("../support/flood.mjs", import.meta.url), {
        workerData: { url: server.url, connectPacket: `40/ws,${JSON.stringify({ token: token(someone("mallory")) })}`, event: packet, ms: 3000 },
      });
      const over = next(flood, "message", { timeout: 20_000 });
      const times = [];
      let running = true;
      over.then(() => (running = false));
      while (running) {
        const start = performance.now();
        await settled(ann); // READ allows 10 a second and a burst of 20
        times.push(performance.now() - start);
        await pause(100);
      }
      const { sent, closed } = await over;
      times.sort((a, b) => a - b);
      const slowest = times[Math.floor(times.length * 0.99)] ?? 0;
      assert.ok(slowest < 250, `the slowest of ${times.length} answers took ${slowest.toFixed(0)} ms while ${sent} events came in (closed: ${closed})`);
      assert.ok(closed || times.length >= 10, "either the flood was cut off or it was measured long enough");
    });
  }

  test("a client that never reads does not make others wait", async () => {
    const id = await story(server, someone("author"), { body: "x" });
    const deaf = await joined();
    deaf.send(`42/ws,["story:join",{"storyId":"${id}"}]`);
    await received(deaf, (packet) => packet.startsWith('42/ws,["story:joined"'));
    deaf._socket.pause();
    const [ann, ben] = await Promise.all([crowd.enter(someone("ann")), crowd.enter(someone("ben"))]);
    await done(ann, "story:join", { storyId: id });
    const start = performance.now();
    await done(ben, "comment:new", { storyId: id, content: "x".repeat(5000) });
    await until(() => ann.created.length === 1, { what: "the comment" });
    assert.ok(performance.now() - start < 250);
    deaf.terminate();
  });
});
