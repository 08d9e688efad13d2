// Revision 3 of Engine.IO as its clients speak it, byte for byte, without one of them: raw HTTP and WebSockets, against
// the library with AllowEIO3 and, with LIBRARY=reference, against the reference implementation with allowEIO3.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { reference, startLibrary } from "../support/process.mjs";
import { http, received, refusedUpgrade, webSocket } from "../support/raw.mjs";
import { play } from "../support/script.mjs";
import { pause, until } from "../support/wait.mjs";

const limit = 1000;
const timing = { eio3: true, "ping-interval-ms": 60_000, "ping-timeout-ms": 60_000, "max-payload": limit };
const engine = { path: "/engine.io/", revision: 3 };
const handshake = "/engine.io/?EIO=3&transport=polling";

let server;
before(async () => {
  server = await startLibrary(timing);
});
after(() => server?.stop());

/** The open packet of a payload that holds nothing else. */
function opened({ body }) {
  const [, length, packet] = /^(\d+):(.*)$/s.exec(body);
  assert.equal(Number(length), packet.length);
  assert.equal(packet[0], "0");
  return JSON.parse(packet.slice(1));
}

/** A session over polling: what its client asks and posts. */
async function session(url = server.url, query = "") {
  const { sid } = opened(await http(url, handshake + query));
  const path = `${handshake}${query}&sid=${sid}`;
  return {
    sid,
    poll: (options) => http(url, path, options),
    post: (body, headers) => http(url, path, { method: "POST", body, headers }),
    /** What the server sends until the text is complete: it may need more polls than one. */
    async polled(want) {
      let got = "";
      await until(async () => {
        got += (await http(url, path)).body;
        return got.length >= want.length;
      });
      assert.equal(got, want);
    },
    upgrade: () => webSocket(url, { ...engine, query: `${query}&sid=${sid}` }),
  };
}

describe("the handshake of revision 3", { timeout: 30_000 }, () => {
  const promised = { pingInterval: 60_000, pingTimeout: 60_000, maxPayload: limit };

  for (const query of ["", "&b64=1"]) {
    test(`over polling${query}: the open packet behind its length, as text`, async () => {
      const answer = await http(server.url, handshake + query);
      assert.equal(answer.status, 200);
      assert.match(answer.headers["content-type"], /^text\/plain; charset=UTF-8$/i);
      const { sid, ...rest } = opened(answer);
      assert.match(sid, /^[\w-]{20}$/);
      assert.deepEqual(rest, { upgrades: ["websocket"], ...promised });
    });
  }

  test("over WebSocket: the bare open packet, no upgrades", async () => {
    const socket = await webSocket(server.url, engine);
    const { sid, ...rest } = JSON.parse(socket.opened.slice(1));
    assert.match(sid, /^[\w-]{20}$/);
    assert.deepEqual(rest, { upgrades: [], ...promised });
    socket.terminate();
  });

  for (const [what, method, path, code, message] of [
    ["no transport", "GET", "/engine.io/?EIO=3", 0, "Transport unknown"],
    ["an unknown transport", "GET", "/engine.io/?EIO=3&transport=abc", 0, "Transport unknown"],
    ["an unknown session", "GET", `${handshake}&sid=nobody`, 1, "Session ID unknown"],
    ["a POST to an unknown session", "POST", `${handshake}&sid=nobody`, 1, "Session ID unknown"],
    ["a POST", "POST", handshake, 2, "Bad handshake method"],
    ["a WebSocket's without upgrade", "GET", "/engine.io/?EIO=3&transport=websocket", 3, "Bad request"],
  ]) {
    test(`${what}: 400, code ${code}`, async () => {
      const answer = await http(server.url, path, { method });
      assert.deepEqual([answer.status, answer.body], [400, `{"code":${code},"message":"${message}"}`]);
    });
  }

  for (const [what, path, message, skip = false] of [
    ["no transport", "/engine.io/?EIO=3", "Transport unknown"],
    ["an unknown transport", "/engine.io/?EIO=3&transport=abc", "Transport unknown"],
    ["an unknown session", "/engine.io/?EIO=3&transport=websocket&sid=nobody", "Session ID unknown"],
    ["no revision", "/engine.io/?transport=websocket", "Unsupported protocol version", reference && "the reference takes it for 3"],
    ["a revision that is no number", "/engine.io/?EIO=abc&transport=websocket", "Unsupported protocol version", reference && "the reference takes it for 3"],
  ]) {
    test(`an upgrade with ${what}: 400 and the message as text`, { skip }, async () => {
      const answer = await refusedUpgrade(server.url, path);
      assert.deepEqual([answer.status, answer.body], [400, message]);
    });
  }

  test("a session keeps to its revision", async () => {
    const { sid } = await session();
    const answer = await http(server.url, `/engine.io/?EIO=4&transport=polling&sid=${sid}`);
    assert.deepEqual([answer.status, answer.body], [400, '{"code":3,"message":"Bad request"}']);
  });
});

describe("messages of revision 3 over polling", { timeout: 30_000 }, () => {
  const octets = { "content-type": "application/octet-stream" };

  for (const [what, payload] of [
    ["one packet", "6:4hello"],
    ["several packets", "6:4test16:4test26:4test3"],
    ["a message of no characters", "1:4"],
    ["a length in UTF-16 units", "6:4ü€\u{1F389}!3:4zz"],
    ["colons and digits in a message", "7:43:4abc2:4x"],
  ]) {
    test(`${what}: there and back`, async () => {
      const client = await session();
      assert.equal((await client.post(payload)).body, "ok");
      await client.polled(payload);
    });
  }

  test("binary in base64, for a client that said b64=1", async () => {
    const client = await session(server.url, "&b64=1");
    assert.equal((await client.post("6:4hello10:b4AQIDBA==")).body, "ok");
    await client.polled("6:4hello10:b4AQIDBA==");
  });

  test("binary as bytes, for one that did not: the payload has the binary form", async () => {
    const client = await session();
    await client.post("10:b4AQIDBA==");
    const { headers, bytes } = await client.poll();
    assert.equal(headers["content-type"], "application/octet-stream");
    assert.deepEqual([...bytes], [1, 5, 255, 4, 1, 2, 3, 4]);
  });

  test("text beside binary is in the binary form too: its length in bytes, digit by digit", async () => {
    const client = await session();
    const socket = await client.upgrade(); // nothing is polled meanwhile, so that both wait for one poll
    await client.post("12:4hello wörld10:b4AQIDBA==");
    socket.terminate();
    const { bytes } = await client.poll();
    const text = Buffer.from("4hello wörld");
    assert.deepEqual([...bytes], [0, 1, 3, 255, ...text, 1, 5, 255, 4, 1, 2, 3, 4]);
  });

  test("a POST in the binary form", async () => {
    const client = await session(server.url, "&b64=1");
    const body = Buffer.from([0, 6, 255, ...Buffer.from("4hello"), 1, 5, 255, 4, 1, 2, 3, 4]);
    assert.equal((await client.post(body, octets)).body, "ok");
    await client.polled("6:4hello10:b4AQIDBA==");
  });

  for (const payload of ["abc", "6:4hell", "4hello", "2:9a"]) {
    test(`the payload ${JSON.stringify(payload)} ends the session`, async () => {
      const client = await session();
      const { status } = await client.post(payload);
      assert.equal(status, reference ? 200 : 400); // the reference has said ok by then
      assert.equal((await client.poll()).body, '{"code":1,"message":"Session ID unknown"}');
    });
  }

  test("a body of exactly the limit is accepted, one byte more is 413 with nothing in it", async () => {
    const exact = `${limit - 4}:4${"x".repeat(limit - 5)}`;
    assert.equal((await (await session()).post(exact)).body, "ok");
    const over = await (await session()).post(`${limit - 3}:4${"x".repeat(limit - 4)}`);
    assert.deepEqual([over.status, over.body], [413, ""]);
  });

  test("a second poll ends the session: the first gets a close packet, the second 400", async () => {
    const client = await session();
    const waiting = client.poll();
    await pause(50); // the first poll must be waiting; nothing tells when it is
    assert.equal((await client.poll()).status, 400);
    assert.equal((await waiting).body, "1:1");
    assert.equal((await client.poll()).status, 400);
  });
});

describe("messages of revision 3 over WebSocket", { timeout: 30_000 }, () => {
  for (const [what, script, { query, skip = false } = {}] of [
    ["text", ["> 4hello", "< 4hello", "> 4", "< 4", "> 4ü\u{1F389}", "< 4ü\u{1F389}"]],
    ["binary, behind its type", ["> [4,1,2,3]", "< [4,1,2,3]", "> [4]", "< [4]"]],
    ["binary in base64", ["> b4AQID", "< [4,1,2,3]"]],
    ["binary to a client that said b64=1", ["> b4AQID", "< b4AQID", "> [4,1,2,3]", "< b4AQID"], { query: "&b64=1" }],
    ["pings of the client, and none of the server", ["> 2", "< 3", "> 2", "< 3"]],
    ["a ping that says something", ["> 2probe", "< 3", "> 4after", "< 4after"]],
    ["a noop is ignored", ["> 6", "> 4after", "< 4after"]],
    ["a close packet", ["> 1", "closed"], { skip: reference && "the reference waits for the end of the heartbeat" }],
    ["a pong, which only the server sends: the end", ["> 3", "closed"]],
    ["a packet of no type: the end", ["> abc", "closed"]],
    ["a packet of an unknown type: the end", ["> 9", "closed"]],
    ["binary of an unknown type: the end", ["> [9,1]", "closed"], { skip: reference && "the reference ignores it" }],
    ["a message above the limit: the end", [`> 4${"x".repeat(limit)}`, "closed"]],
  ]) {
    test(what, { skip }, () => play(server.url, script, { ...engine, query }));
  }
});

describe("an upgrade of revision 3", { timeout: 30_000 }, () => {
  async function probed(query) {
    const client = await session(server.url, query);
    const socket = await client.upgrade();
    socket.send("2probe");
    assert.equal(await received(socket), "3probe");
    return { client, socket };
  }

  test("the probe, a noop to the poll that waits, the upgrade", async () => {
    const { client, socket } = await probed();
    assert.equal((await client.poll()).body, "1:6");
    socket.send("5");
    socket.send("4hello");
    assert.equal(await received(socket), "4hello");
    socket.terminate();
  });

  for (const [query, binary] of [["", "4,1,2,3"], ["&b64=1", "b4AQID"]]) {
    test(`what waits follows on the WebSocket, in order${query}`, async () => {
      const { client, socket } = await probed(query);
      await client.post("7:4before6:b4AQID");
      socket.send("5");
      socket.send("4after");
      const got = [await received(socket), await received(socket), await received(socket)].map((packet) => (typeof packet === "string" ? packet : String([...packet])));
      assert.deepEqual(got, ["4before", binary, "4after"]);
      socket.terminate();
    });
  }

  test("afterwards polling is a mismatch and a second WebSocket is closed", async () => {
    const { client, socket } = await probed();
    socket.send("5");
    socket.send("4upgraded");
    assert.equal(await received(socket), "4upgraded");
    const poll = await client.poll();
    assert.deepEqual([poll.status, poll.body], [400, '{"code":3,"message":"Bad request"}']);
    await (await client.upgrade()).closed;
    socket.send("4hello");
    assert.equal(await received(socket), "4hello");
    socket.terminate();
  });

  test("a probe that says something else is ended, polling goes on", async () => {
    const client = await session();
    const socket = await client.upgrade();
    socket.send("2nonsense");
    await socket.closed;
    await client.post("6:4still");
    await client.polled("6:4still");
  });
});

describe("the end of a session of revision 3", { timeout: 30_000 }, () => {
  test("a close packet by POST answers the poll that waits with a noop", async () => {
    const client = await session();
    const waiting = client.poll();
    await pause(50);
    assert.equal((await client.post("1:1")).body, "ok");
    assert.equal((await waiting).body, "1:6");
    assert.equal((await client.poll()).status, 400);
  });

  test("a WebSocket that its client closes: the id is unknown afterwards", async () => {
    const socket = await webSocket(server.url, engine);
    const { sid } = JSON.parse(socket.opened.slice(1));
    socket.close();
    await socket.closed;
    await until(async () => (await http(server.url, `${handshake}&sid=${sid}`)).body === '{"code":1,"message":"Session ID unknown"}');
  });
});

describe("the heartbeat of revision 3", { timeout: 30_000 }, () => {
  const interval = 300;
  const silence = 2 * interval; // interval and timeout
  let quick;
  before(async () => {
    quick = await startLibrary({ ...timing, "ping-interval-ms": interval, "ping-timeout-ms": interval });
  });
  after(() => quick?.stop());

  test("over polling: each ping is answered and grants another period, silence ends the session", async () => {
    const client = await session(quick.url);
    for (let i = 0; i < 4; i++) {
      assert.equal((await client.post("1:2")).body, "ok");
      assert.equal((await client.poll()).body, "1:3");
      await pause(interval); // longer in all than a silence may be
    }
    await pause(silence);
    await until(async () => (await client.post("6:4hello")).status === 400, { every: 200, what: "the end of a silent session" });
  });

  test("over WebSocket: the same, and the server does not ping", async () => {
    const socket = await webSocket(quick.url, engine);
    let last;
    for (let i = 0; i < 4; i++) {
      last = Date.now();
      socket.send("2");
      assert.equal(await received(socket), "3");
      await pause(interval);
    }
    await socket.closed;
    assert.deepEqual(socket.packets, []);
    assert.ok(Date.now() - last >= silence);
  });

  test("messages are no pings", async () => {
    const socket = await webSocket(quick.url, engine);
    const talk = setInterval(() => socket.send("4still here"), interval / 3);
    await socket.closed;
    clearInterval(talk);
  });
});

test("Socket.IO above it: the server joins the client to the main namespace unasked", { timeout: 30_000 }, async () => {
  await play(server.url, ["< 40", '< 42["auth",{}]', '> 42["message",1]', '< 42["message-back",1]', '> 421["message-with-ack",2]', "< 431[2]"], { revision: 3 });
});
