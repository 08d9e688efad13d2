// Statuses, bodies and headers of Engine.IO over HTTP, byte for byte, and the edges of its limits.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { reference, startLibrary } from "../support/process.mjs";
import { http, pollingSession, received, refusedUpgrade, sessionPath, webSocket } from "../support/raw.mjs";
import { pause, until } from "../support/wait.mjs";

const limit = 1000;
let server;
before(async () => {
  server = await startLibrary({ "max-payload": limit });
});
after(() => server?.stop());

describe("what HTTP answers", { timeout: 30_000 }, () => {
  const refusals = [
    ["no transport", "GET", "/socket.io/?EIO=4", 0, "Transport unknown"],
    ["an unknown transport", "GET", "/socket.io/?EIO=4&transport=pigeon", 0, "Transport unknown"],
    ["webtransport over HTTP", "GET", "/socket.io/?EIO=4&transport=webtransport", 0, "Transport unknown"],
    ["an unknown session", "GET", sessionPath("nobody"), 1, "Session ID unknown"],
    ["a POST to an unknown session", "POST", sessionPath("nobody"), 1, "Session ID unknown"],
    ["a handshake by POST", "POST", "/socket.io/?EIO=4&transport=polling", 2, "Bad handshake method"],
    ["a websocket without upgrade", "GET", "/socket.io/?EIO=4&transport=websocket", 3, "Bad request"],
    ["a handshake by PUT", "PUT", "/socket.io/?EIO=4&transport=polling", 2, "Bad handshake method"],
    ["protocol 3", "GET", "/socket.io/?EIO=3&transport=polling", 5, "Unsupported protocol version"],
    ["a protocol that is no number", "GET", "/socket.io/?EIO=abc&transport=polling", 5, "Unsupported protocol version"],
    ["no protocol", "GET", "/socket.io/?transport=polling", 5, "Unsupported protocol version"],
  ];
  for (const [what, method, path, code, message] of refusals) {
    test(`${what}: 400, code ${code}`, async () => {
      const answer = await http(server.url, path, { method });
      assert.equal(answer.status, 400);
      assert.equal(answer.body, `{"code":${code},"message":"${message}"}`);
      assert.match(answer.headers["content-type"], /^application\/json/);
    });
  }

  const refusedUpgrades = [
    ["an unknown transport", "/socket.io/?EIO=4&transport=pigeon", "Transport unknown"],
    ["no transport", "/socket.io/?EIO=4", "Transport unknown"],
    ["an unknown session", "/socket.io/?EIO=4&transport=websocket&sid=nobody", "Session ID unknown"],
    ["protocol 3", "/socket.io/?EIO=3&transport=websocket", "Unsupported protocol version"],
  ];
  for (const [what, path, message] of refusedUpgrades) {
    const skip = reference && what === "protocol 3" && "the reference notices after the upgrade";
    test(`an upgrade with ${what}: 400 and the message as text`, { skip }, async () => {
      const answer = await refusedUpgrade(server.url, path);
      assert.equal(answer.status, 400);
      assert.equal(answer.body, message);
      assert.equal(answer.headers.connection, "close");
      assert.match(answer.headers["content-type"], /^text\/html/);
    });
  }

  test("the handshake: open packet, content type, no caching", async () => {
    const answer = await http(server.url, "/socket.io/?EIO=4&transport=polling");
    assert.equal(answer.status, 200);
    assert.match(answer.headers["content-type"], /^text\/plain; charset=UTF-8$/i);
    assert.equal(answer.headers["cache-control"], "no-store");
    const { sid, ...rest } = JSON.parse(answer.body.slice(1));
    assert.match(sid, /^[A-Za-z0-9_-]{20}$/);
    assert.deepEqual(rest, { upgrades: ["websocket"], pingInterval: 25000, pingTimeout: 20000, maxPayload: limit });
  });

  test("a POST is answered `ok` as text/html", async () => {
    const sid = await pollingSession(server.url);
    const answer = await http(server.url, sessionPath(sid), { method: "POST", body: "40" });
    assert.deepEqual([answer.status, answer.body], [200, "ok"]);
    assert.match(answer.headers["content-type"], /^text\/html/);
  });

  test("neither GET nor POST on a session: 500", async () => {
    const sid = await pollingSession(server.url);
    assert.equal((await http(server.url, sessionPath(sid), { method: "PUT" })).status, 500);
  });

  test("an octet-stream POST: 400", async () => {
    const sid = await pollingSession(server.url);
    const headers = { "content-type": "application/octet-stream" };
    assert.equal((await http(server.url, sessionPath(sid), { method: "POST", body: "4x", headers })).status, 400);
  });

  test("a body of exactly the limit is accepted, one byte more is 413 with nothing in it", async () => {
    const exact = `40${" ".repeat(limit - 2)}`;
    const full = await http(server.url, sessionPath(await pollingSession(server.url)), { method: "POST", body: exact });
    assert.deepEqual([full.status, full.body], [200, "ok"]);
    const over = await http(server.url, sessionPath(await pollingSession(server.url)), { method: "POST", body: `${exact} ` });
    assert.deepEqual([over.status, over.body], [413, ""]);
  });

  test("the limit counts bytes, not characters", async () => {
    const body = `4${"é".repeat(limit / 2)}`;
    const answer = await http(server.url, sessionPath(await pollingSession(server.url)), { method: "POST", body });
    assert.equal(answer.status, 413);
  });

  test("a second poll closes the session: the first gets `1`, the second 400", async () => {
    const sid = await pollingSession(server.url);
    const waiting = http(server.url, sessionPath(sid));
    await pause(50); // the first poll must be waiting; nothing tells when it is
    const second = await http(server.url, sessionPath(sid));
    assert.equal(second.status, 400);
    const first = await waiting;
    assert.deepEqual([first.status, first.body], [200, "1"]);
    assert.equal((await http(server.url, sessionPath(sid))).body, '{"code":1,"message":"Session ID unknown"}');
  });

  test("a poll that its client gives up closes the session", async () => {
    const sid = await pollingSession(server.url);
    const abort = new AbortController();
    const waiting = http(server.url, sessionPath(sid), { signal: abort.signal }).catch((error) => error.name);
    await pause(50);
    abort.abort();
    assert.equal(await waiting, "AbortError");
    await until(async () => (await http(server.url, sessionPath(sid), { method: "POST", body: "3" })).status === 400, { what: "the end of the session" });
  });

  test("a close packet by POST ends the session and answers the waiting poll with a noop", async () => {
    const sid = await pollingSession(server.url);
    const waiting = http(server.url, sessionPath(sid));
    await pause(50);
    assert.equal((await http(server.url, sessionPath(sid), { method: "POST", body: "1" })).body, "ok");
    assert.equal((await waiting).body, "6");
    assert.equal((await http(server.url, sessionPath(sid))).status, 400);
  });

  test("after an upgrade polling is a mismatch and a second websocket is closed", async () => {
    const sid = await pollingSession(server.url);
    const socket = await webSocket(server.url, { query: `&sid=${sid}` });
    socket.send("2probe");
    assert.equal(await received(socket), "3probe");
    assert.equal((await http(server.url, sessionPath(sid))).body, "6");
    socket.send("5");
    socket.send("40");
    await received(socket, (packet) => packet.startsWith("40"));
    const poll = await http(server.url, sessionPath(sid));
    assert.deepEqual([poll.status, poll.body], [400, '{"code":3,"message":"Bad request"}']);
    const second = await webSocket(server.url, { query: `&sid=${sid}` });
    await second.closed;
    socket.send('42["message","alive"]');
    assert.equal(await received(socket, (packet) => packet.startsWith("42[\"message-back")), '42["message-back","alive"]');
    socket.close();
  });

  test("a failed probe leaves polling alone", async () => {
    const sid = await pollingSession(server.url);
    const socket = await webSocket(server.url, { query: `&sid=${sid}` });
    socket.send("2nonsense");
    await socket.closed;
    const poll = http(server.url, sessionPath(sid));
    await http(server.url, sessionPath(sid), { method: "POST", body: "40" });
    assert.match((await poll).body, /^40/);
  });
});

describe("WebSocket edges", { timeout: 30_000 }, () => {
  test("a message of the limit passes, one byte more closes with 1009 and no reason", async () => {
    const socket = await webSocket(server.url, { path: "/engine.io/" });
    const exact = `4${"x".repeat(limit - 1)}`;
    socket.send(exact);
    assert.equal(await received(socket), exact);
    socket.send(`${exact}x`);
    assert.deepEqual(await socket.closed, { code: 1009, reason: "" });
  });

  test("text that is not UTF-8 closes with 1007", async () => {
    const socket = await webSocket(server.url);
    socket._socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0xff]));
    assert.equal((await socket.closed).code, 1007);
  });

  test("a frame without a mask closes with 1002", async () => {
    const socket = await webSocket(server.url);
    socket._socket.write(Buffer.from([0x81, 0x02, 0x34, 0x30]));
    assert.equal((await socket.closed).code, 1002);
  });

  test("fragments and interleaved pings make one message", async () => {
    const socket = await webSocket(server.url, { path: "/engine.io/" });
    const pong = new Promise((resolve) => socket.once("pong", resolve));
    socket.send("4he", { fin: false });
    socket.ping("between");
    socket.send("ll", { fin: false });
    socket.send("o", { fin: true });
    assert.equal(await received(socket), "4hello");
    assert.equal(String(await pong), "between");
    socket.close(1000);
    assert.equal((await socket.closed).code, 1000);
  });
});

describe("browsers of other sites", { timeout: 30_000 }, () => {
  const handshake = "/socket.io/?EIO=4&transport=polling";
  const friend = { origin: "http://app.example" };

  test("an allowed origin gets its CORS headers, with credentials", async () => {
    const { status, headers } = await http(server.url, handshake, { headers: friend });
    assert.equal(status, 200);
    assert.equal(headers["access-control-allow-origin"], "http://app.example");
    assert.equal(headers["access-control-allow-credentials"], "true");
    assert.match(headers.vary ?? "", /Origin/i);
  });

  test("a preflight is answered 204", async () => {
    const headers = { ...friend, "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
    const answer = await http(server.url, handshake, { method: "OPTIONS", headers });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers["access-control-allow-origin"], "http://app.example");
    assert.match(answer.headers["access-control-allow-methods"], /POST/);
    assert.match(answer.headers["access-control-allow-headers"], /content-type/i);
  });

  test("an allowed origin may open a websocket", async () => {
    const socket = await webSocket(server.url, { headers: friend });
    socket.close();
    await socket.closed;
  });

  // The reference leaves the check of WebSockets to the application; we do not.
  const skip = reference && "the reference checks no origin";
  for (const origin of ["http://evil.example", "null", "http://app.example.evil.example"]) {
    test(`origin ${origin} is refused on every transport`, { skip }, async () => {
      assert.ok([400, 403].includes((await http(server.url, handshake, { headers: { origin } })).status));
      assert.equal((await refusedUpgrade(server.url, "/socket.io/?EIO=4&transport=websocket", { origin })).status, 400);
      const sid = await pollingSession(server.url);
      assert.equal((await refusedUpgrade(server.url, `/socket.io/?EIO=4&transport=websocket&sid=${sid}`, { origin })).status, 400);
      assert.ok([400, 403].includes((await http(server.url, sessionPath(sid), { headers: { origin }, method: "POST", body: "40" })).status));
    });
  }

  test("a page of the server itself needs no permission", async () => {
    const socket = await webSocket(server.url, { headers: { origin: server.url } });
    socket.close();
    await socket.closed;
  });
});
