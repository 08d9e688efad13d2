// The wire as packets, played as scripts (see play) against the library and, with LIBRARY=reference, against the
// reference implementation.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { http, received, sessionPath, webSocket } from "../support/raw.mjs";
import { play } from "../support/script.mjs";
import { until } from "../support/wait.mjs";
import { startLibrary } from "../support/process.mjs";

const timing = { "ping-interval-ms": 60_000, "ping-timeout-ms": 60_000, "connect-timeout-ms": 400, "max-payload": 10_000 };
let server;
before(async () => {
  server = await startLibrary(timing);
});
after(() => server?.stop());

const joined = ["> 40", '< 40{"sid":{sid}}', '< 42["auth",{}]'];

describe("Socket.IO packets", { timeout: 60_000 }, () => {
  const scripts = {
    "the main namespace": joined,
    "the main namespace, by its name": ["> 40/,", '< 40{"sid":{sid}}', '< 42["auth",{}]'],
    "auth is handed over": ['> 40{"token":"abc"}', '< 40{"sid":{sid}}', '< 42["auth",{"token":"abc"}]'],
    "another namespace, with auth": ['> 40/custom,{"a":1}', '< 40/custom,{"sid":{sid}}', '< 42/custom,["auth",{"a":1}]'],
    "two namespaces, in order": [...joined, "> 40/custom,", '< 40/custom,{"sid":{sid}}', '< 42/custom,["auth",{}]', '> 42["message",1]', '< 42["message-back",1]', '> 42/custom,["message",2]', '< 42/custom,["message-back",2]'],
    "a namespace nobody has": ["> 40/nowhere,", '< 44/nowhere,{"message":"Invalid namespace"}', ...joined],
    "a namespace that refuses, then accepts": ["> 40/guarded,", '< 44/guarded,{"message":"who are you","data":{"code":"UNAUTHENTICATED"}}', '> 40/guarded,{"token":"letmein"}', '< 40/guarded,{"sid":{sid}}'],
    "values of every kind": [...joined, '> 42["message",1,"2",{"3":[true]},null,1.5]', '< 42["message-back",1,"2",{"3":[true]},null,1.5]'],
    "a namespace is its whole name": ["> 40/custom?x=1,", '< 44/custom?x=1,{"message":"Invalid namespace"}'],
    "an acknowledgement": [...joined, '> 42456["message-with-ack",1,{"a":"b"}]', '< 43456[1,{"a":"b"}]'],
    "an acknowledgement in another namespace": ["> 40/custom,", '< 40/custom,{"sid":{sid}}', '< 42/custom,["auth",{}]', '> 42/custom,0["message-with-ack"]', "< 43/custom,0[]"],
    "an acknowledgement nobody asked for": [...joined, "> 4399[1]", '> 42["message",1]', '< 42["message-back",1]'],
    "binary": [...joined, '> 452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', "> [1,2]", "> [3]", '< 452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', "< [1,2]", "< [3]"],
    "a binary acknowledgement": [...joined, '> 451-7["message-with-ack",{"_placeholder":true,"num":0}]', "> [9]", '< 461-7[{"_placeholder":true,"num":0}]', "< [9]"],
    "leaving keeps the other namespaces": [...joined, "> 40/custom,", '< 40/custom,{"sid":{sid}}', '< 42/custom,["auth",{}]', "> 41/custom,", '> 42["message",1]', '< 42["message-back",1]'],
  };
  for (const [name, script] of Object.entries(scripts)) test(name, () => play(server.url, script));

  const wrong = {
    "no namespace in time": [],
    "a packet of no type": ["> 4abc"],
    "an unknown type": [...joined, "> 4777"],
    "an event before CONNECT": ['> 42["message"]'],
    "a second CONNECT": [...joined, "> 40"],
    "a CONNECT_ERROR from a client": [...joined, '> 44{"message":"no"}'],
    "an event that is not an array": [...joined, '> 42{"a":1}'],
    "an event without a name": [...joined, "> 42[]"],
    "a reserved event": [...joined, '> 42["disconnect"]'],
    "JSON that is none": [...joined, '> 42["message",'],
    "CONNECT with an array": ["> 40[1]"],
    "text while binary is awaited": [...joined, '> 451-["message",{"_placeholder":true,"num":0}]', '> 42["message",1]'],
    "binary that nobody announced": [...joined, "> [1]"],
    "a placeholder without its attachment": [...joined, '> 451-["message",{"_placeholder":true,"num":3}]', "> [1]"],
    "more attachments than ten": [...joined, `> 4511-["message",${Array.from({ length: 11 }, (_, num) => `{"_placeholder":true,"num":${num}}`)}]`],
    "an id that is no number": [...joined, '> 42abc["message"]'],
    "a DISCONNECT of a namespace it is not in": [...joined, "> 41/custom,"],
    "zero attachments": [...joined, '> 450-["message",1]'],
  };
  for (const [name, script] of Object.entries(wrong)) {
    test(`${name}: the connection ends`, () => play(server.url, [...script, "closed"]));
  }
});

describe("Engine.IO packets", { timeout: 60_000 }, () => {
  const engine = { path: "/engine.io/" };

  test("text and binary come back as they are", () => play(server.url, ["> 4hello", "< 4hello", "> [0,255]", "< [0,255]", "> 4", "< 4"], engine));
  test("the open packet over WebSocket: no upgrades are offered", async () => {
    const socket = await webSocket(server.url, engine);
    const { sid, ...rest } = JSON.parse(socket.opened.slice(1));
    assert.match(sid, /^[\w-]{20}$/);
    assert.deepEqual(rest, { upgrades: [], pingInterval: 60_000, pingTimeout: 60_000, maxPayload: 10_000 });
    socket.terminate();
  });
  test("a WebSocket that its client closes ends the session: its id is unknown afterwards", async () => {
    const socket = await webSocket(server.url, engine);
    const { sid } = JSON.parse(socket.opened.slice(1));
    socket.close();
    await socket.closed;
    await until(async () => (await http(server.url, at(sid))).body === '{"code":1,"message":"Session ID unknown"}');
  });
  test("a ping from the client, or a packet of no type, ends the session", async () => {
    await play(server.url, ["> 2", "closed"], engine);
    await play(server.url, ["> x", "closed"], engine);
  });

  const path = "/engine.io/?EIO=4&transport=polling";
  const open = async () => JSON.parse((await http(server.url, path)).body.slice(1)).sid;
  const at = (sid) => sessionPath(sid).replace("socket.io", "engine.io");
  const post = (sid, body) => http(server.url, at(sid), { method: "POST", body });

  test("a payload carries several packets, binary as base64", async () => {
    const sid = await open();
    assert.equal((await post(sid, "4one\x1ebAQID\x1e4two")).body, "ok");
    let got = "";
    await until(async () => {
      got += `${got && "\x1e"}${(await http(server.url, at(sid))).body}`;
      return got.split("\x1e").length === 3;
    });
    assert.equal(got, "4one\x1ebAQID\x1e4two");
  });

  test("a payload that cannot be read ends the session", async () => {
    const sid = await open();
    await post(sid, "abc");
    assert.equal((await http(server.url, at(sid))).status, 400);
  });

  test("an upgrade: what waits follows on the WebSocket, in order", async () => {
    const sid = await open();
    const socket = await webSocket(server.url, { ...engine, query: `&sid=${sid}` });
    socket.send("2probe");
    assert.equal(await received(socket), "3probe");
    await post(sid, "4before");
    assert.equal((await http(server.url, at(sid))).body, "4before");
    const waiting = http(server.url, at(sid));
    assert.equal((await waiting).body, "6", "a poll that waits is let go");
    await post(sid, "4between\x1e4and");
    socket.send("5");
    socket.send("4after");
    assert.deepEqual([await received(socket), await received(socket), await received(socket)], ["4between", "4and", "4after"]);
    socket.terminate();
  });

  test("a probe that says something else is ended, polling goes on", async () => {
    const sid = await open();
    const socket = await webSocket(server.url, { ...engine, query: `&sid=${sid}` });
    socket.send("4not a probe");
    await socket.closed;
    await post(sid, "4still here");
    assert.equal((await http(server.url, at(sid))).body, "4still here");
  });
});

test("pings: the first after the interval, the session ends without a pong", { timeout: 20_000 }, async () => {
  const quick = await startLibrary({ ...timing, "ping-interval-ms": 200, "ping-timeout-ms": 150 });
  try {
    await play(quick.url, ["< 2", "> 3", "< 2", "> 3", "< 2", "closed"], { path: "/engine.io/" });
    const path = "/engine.io/?EIO=4&transport=polling";
    const { sid } = JSON.parse((await http(quick.url, path)).body.slice(1));
    const poll = () => http(quick.url, `${path}&sid=${sid}`);
    for (let i = 0; i < 2; i++) {
      assert.equal((await poll()).body, "2");
      await http(quick.url, `${path}&sid=${sid}`, { method: "POST", body: "3" });
    }
    assert.equal((await poll()).body, "2");
    await until(async () => (await poll()).status === 400, { what: "the end of a session that does not answer" });
  } finally {
    await quick.stop();
  }
});
