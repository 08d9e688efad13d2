// The stock client over WebSockets that compress their messages.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { io } from "socket.io-client";
import { startLibrary } from "../support/process.mjs";
import { next, until } from "../support/wait.mjs";

describe("permessage-deflate", { timeout: 60_000 }, () => {
  let server;
  const open = [];
  before(async () => {
    server = await startLibrary({ deflate: true, "max-payload": 200_000 });
  });
  after(async () => {
    open.forEach((socket) => socket.disconnect());
    await server?.stop();
  });

  /** A connected socket, and the bytes that it has read from the network. */
  async function connected(options) {
    const socket = io(`${server.url}/test`, { forceNew: true, reconnection: false, ...options });
    open.push(socket);
    await next(socket, "connect");
    await until(() => socket.io.engine.transport.name === "websocket", { what: "a WebSocket" });
    const { ws } = socket.io.engine.transport;
    return { socket, ws, read: () => ws._socket.bytesRead };
  }
  const long = "Once upon a time there was a server. ".repeat(2000);

  for (const [way, transports] of Object.entries({ "from scratch": ["websocket"], upgraded: ["polling", "websocket"] })) {
    test(`${way}: long messages travel small, both ways, text and binary`, async () => {
      const { socket, ws, read } = await connected({ transports, perMessageDeflate: { threshold: 1024 } });
      assert.match(ws.extensions, /^permessage-deflate/);
      const [before, sent] = [read(), ws._socket.bytesWritten];
      assert.equal(await socket.timeout(5000).emitWithAck("echo-ack", long), long);
      const bytes = Buffer.from(long);
      assert.deepEqual(await socket.timeout(5000).emitWithAck("echo-ack", bytes), bytes);
      assert.equal(await socket.timeout(5000).emitWithAck("echo-ack", "short"), "short");
      assert.ok(read() - before < long.length / 5, `${read() - before} bytes read`);
      assert.ok(ws._socket.bytesWritten - sent < long.length / 5, `${ws._socket.bytesWritten - sent} bytes written`);
    });
  }

  test("a room has members who compress and members who do not", async () => {
    const all = await Promise.all([
      connected({ transports: ["websocket"], perMessageDeflate: {} }),
      connected({ transports: ["websocket"], perMessageDeflate: false }),
      connected({ transports: ["websocket"], perMessageDeflate: {} }),
    ]);
    for (const { socket } of all) await socket.timeout(5000).emitWithAck("join", "both");
    const news = all.map(({ socket }) => next(socket, "news"));
    all[0].socket.emit("to-all", ["both"], long);
    assert.deepEqual(await Promise.all(news), [long, long, long]);
  });

  test("what is small on the wire and large behind it closes the connection", async () => {
    const { socket, ws } = await connected({ transports: ["websocket"], perMessageDeflate: { threshold: 0 } });
    const closed = new Promise((resolve) => ws.addEventListener("close", (event) => resolve(event.code)));
    socket.emit("echo", "0".repeat(50_000_000));
    assert.equal(await closed, 1009);
  });
});
