// Older stock clients against the library alone: socket.io-client 2.5, which speaks revision 3 of Engine.IO, and 4.1.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import io2 from "socket.io-client-2";
import { io as io41 } from "socket.io-client-41";
import { startLibrary } from "../support/process.mjs";
import { next, until } from "../support/wait.mjs";

const ways = {
  websocket: { transports: ["websocket"] },
  polling: { transports: ["polling"] },
  "polling upgraded to websocket": { transports: ["polling", "websocket"] },
  "polling in base64": { transports: ["polling"], forceBase64: true },
  "websocket in base64": { transports: ["websocket"], forceBase64: true },
};

let server;
before(async () => {
  server = await startLibrary({ eio3: true, "ping-interval-ms": 300, "ping-timeout-ms": 300, "max-payload": 100_000 });
});
after(() => server?.stop());

for (const [version, io, revision] of [
  ["2.5", io2, 3],
  ["4.1", io41, 4],
]) {
  for (const [way, options] of Object.entries(ways)) {
    describe(`socket.io-client ${version}, ${way}`, { timeout: 60_000 }, () => {
      const open = [];
      after(() => open.forEach((socket) => socket.disconnect()));

      function client(namespace, more = {}) {
        const socket = io(server.url + namespace, { forceNew: true, reconnection: false, ...options, ...more });
        open.push(socket);
        return socket;
      }
      async function connected(namespace = "/test", more) {
        const socket = client(namespace, more);
        await next(socket, "connect");
        if (options.transports.length > 1) {
          await until(() => socket.io.engine.transport.name === "websocket", { what: "the upgrade" });
        }
        return socket;
      }
      const ask = (socket, ...args) => new Promise((resolve) => socket.emit("echo-ack", ...args, (...answer) => resolve(answer)));

      test("speaks the revision it is made for", async () => {
        const socket = await connected();
        assert.match(socket.io.engine.transport.uri?.() ?? `EIO=${socket.io.engine.transport.query.EIO}`, new RegExp(`EIO=${revision}`));
      });

      test("sends every kind of JSON there and back", async () => {
        const socket = await connected();
        const values = [1, "two", [3, null], { four: { five: true } }, "ünïcödé \u{1F389} \u2028", "", "a:b1:x"];
        assert.deepEqual(await ask(socket, ...values), values);
      });

      test("sends binary both ways, nested, empty, and beside text", async () => {
        const socket = await connected();
        const big = Buffer.alloc(40_000, 7);
        const [object, large, empty, text] = await ask(socket, { data: Buffer.from([1, 2, 255]) }, big, Buffer.alloc(0), "ü\u{1F389}");
        assert.deepEqual(Buffer.from(object.data), Buffer.from([1, 2, 255]));
        assert.deepEqual(Buffer.from(large), big);
        assert.equal(empty.length ?? empty.byteLength, 0);
        assert.equal(text, "ü\u{1F389}");
      });

      test("keeps the order of many events", async () => {
        const socket = await connected();
        const got = [];
        socket.on("counted", (i) => got.push(i));
        socket.emit("count", 500);
        await until(() => got.length === 500, { what: "500 events" });
        assert.deepEqual(got, Array.from({ length: 500 }, (_, i) => i));
      });

      test("reaches rooms by the id that the client knows", async () => {
        const [ann, ben] = await Promise.all([connected(), connected()]);
        const news = next(ben, "news");
        ann.emit("to-all", [ben.id], { hello: true });
        assert.deepEqual(await news, { hello: true });
      });

      test("is in the main namespace and in others on one connection", async () => {
        const main = await connected("/");
        main.emit("message", 1);
        assert.equal(await next(main, "message-back"), 1);
        const other = main.io.socket("/custom");
        await until(() => other.connected, { what: "the second namespace" });
        other.emit("message", 2);
        assert.equal(await next(other, "message-back"), 2);
        if (revision === 3) {
          assert.equal(main.id, main.io.engine.id);
          assert.equal(other.id, `/custom#${main.io.engine.id}`);
        }
      });

      test("is let in and refused by a middleware", async () => {
        const word = { token: "letmein" };
        await connected("/guarded", revision === 3 ? { query: word } : { auth: word });
        const refused = client("/guarded");
        const reason = await next(refused, revision === 3 ? "error" : "connect_error");
        assert.deepEqual(revision === 3 ? reason : reason.data, { code: "UNAUTHENTICATED" });
        const nowhere = client("/nowhere");
        const error = await next(nowhere, revision === 3 ? "error" : "connect_error");
        assert.equal(error.message, "Invalid namespace");
      });

      test("stays connected by its heartbeat, and is told of a disconnect", async () => {
        const socket = await connected();
        await new Promise((resolve) => setTimeout(resolve, 1500)); // more than two intervals and timeouts
        assert.ok(socket.connected);
        const gone = next(socket, "disconnect");
        socket.emit("leave-me", false);
        assert.equal(await gone, "io server disconnect");
      });

      test("a message above the limit ends the connection", async () => {
        const socket = await connected();
        const gone = next(socket, "disconnect");
        socket.emit("echo", "x".repeat(100_001));
        assert.match(await gone, /^transport (close|error)$/);
      });
    });
  }
}

describe("without the option", () => {
  let plain;
  before(async () => {
    plain = await startLibrary();
  });
  after(() => plain?.stop());

  for (const transport of ["polling", "websocket"]) {
    test(`socket.io-client 2.5 is refused over ${transport}`, async () => {
      const socket = io2(plain.url, { forceNew: true, reconnection: false, transports: [transport] });
      await next(socket, "connect_error");
      socket.disconnect();
    });
  }
});
