// The stock client against the library alone, over each way to connect. LIBRARY=reference runs the same
// against the reference implementation.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { io } from "socket.io-client";
import msgpack from "socket.io-msgpack-parser";
import { startLibrary } from "../support/process.mjs";
import { next, pause, record, until } from "../support/wait.mjs";

const ways = {
  websocket: { transports: ["websocket"] },
  polling: { transports: ["polling"] },
  "polling upgraded to websocket": { transports: ["polling", "websocket"] },
  "websocket, packets in MessagePack": { transports: ["websocket"], parser: msgpack },
  "polling, packets in MessagePack": { transports: ["polling"], parser: msgpack },
};

let servers;
before(async () => {
  servers = await Promise.all([startLibrary(), startLibrary({ parser: "msgpack" })]);
});
after(() => Promise.all((servers ?? []).map((server) => server.stop())));

for (const [way, options] of Object.entries(ways)) {
  describe(`stock client, ${way}`, { timeout: 60_000 }, () => {
    const open = [];
    after(() => open.forEach((socket) => socket.disconnect()));

    function client(namespace = "/test", more = {}) {
      const { url } = servers[options.parser ? 1 : 0];
      const socket = io(url + namespace, { forceNew: true, reconnection: false, ...options, ...more });
      open.push(socket);
      return socket;
    }
    async function connected(namespace, more) {
      const socket = client(namespace, more);
      await next(socket, "connect");
      if (options.transports.length > 1) {
        await until(() => socket.io.engine.transport.name === "websocket", { what: "the upgrade" });
      }
      return socket;
    }

    test("connects on the wanted transport with an id of 20 characters", async () => {
      const socket = await connected();
      assert.match(socket.id, /^[A-Za-z0-9_-]{20}$/);
      assert.equal(socket.io.engine.transport.name, options.transports.at(-1));
      assert.notEqual(socket.id, socket.io.engine.id);
    });

    test("sends every kind of JSON there and back", async () => {
      const socket = await connected();
      const values = [1, "two", [3, null], { four: { five: true } }, "ünïcödé \u{1F389} \u2028", "", -1.5, "\u001e"];
      socket.emit("echo", ...values);
      assert.deepEqual(await next(socket, "echoed"), values);
    });

    test("sends binary both ways, nested and empty", async () => {
      const socket = await connected();
      const big = Buffer.alloc(100_000, 7);
      socket.emit("echo", { name: "a", data: Buffer.from([1, 2, 3]) }, Buffer.alloc(0), [big], "text");
      const [object, empty, [large], text] = await next(socket, "echoed");
      assert.deepEqual(object, { name: "a", data: Buffer.from([1, 2, 3]) });
      assert.equal(empty.length, 0);
      assert.deepEqual(large, big);
      assert.equal(text, "text");
    });

    test("acknowledges, with several values and with binary", async () => {
      const socket = await connected();
      const several = await new Promise((resolve) => socket.emit("echo-ack", 1, { two: 2 }, (...args) => resolve(args)));
      assert.deepEqual(several, [1, { two: 2 }]);
      assert.deepEqual(await socket.timeout(5000).emitWithAck("echo-ack", Buffer.from("bytes")), Buffer.from("bytes"));
      assert.deepEqual(await socket.timeout(5000).emitWithAck("echo-ack", { at: [Buffer.from([0, 255])] }), { at: [Buffer.from([0, 255])] });
    });

    test("keeps a hundred acknowledgements apart", async () => {
      const socket = await connected();
      const asked = Array.from({ length: 100 }, (_, i) => i);
      const answers = await Promise.all(asked.map((i) => socket.timeout(10_000).emitWithAck("echo-ack", i)));
      assert.deepEqual(answers, asked);
    });

    test("answers what the server asks", async () => {
      const socket = await connected();
      socket.on("question", (question, answer) => answer({ to: question, bytes: Buffer.from([9]) }));
      socket.emit("ask", "why");
      assert.deepEqual(await next(socket, "answered"), { to: "why", bytes: Buffer.from([9]) });
    });

    test("lets the server give up on an answer", async () => {
      const socket = await connected();
      socket.emit("ask-in-vain");
      assert.equal(await next(socket, "gave-up"), true);
    });

    test("keeps the order of 500 events", async () => {
      const socket = await connected();
      const seen = record(socket, "counted");
      socket.emit("count", 500);
      await until(() => seen.length >= 500, { what: "500 events" });
      assert.deepEqual(seen, Array.from({ length: 500 }, (_, i) => i));
    });

    test("delivers volatile events to a client that can take them", async () => {
      const socket = await connected();
      const seen = record(socket, "maybe");
      await until(async () => {
        socket.emit("volatile", "now");
        await pause(50);
        return seen.length > 0;
      }, { what: "a volatile event" });
      assert.equal(seen[0], "now");
    });

    test("reaches rooms: others, all, except, union once, everyone", async () => {
      const [a, b, c] = await Promise.all([connected(), connected(), connected()]);
      const seen = [a, b, c].map((socket) => record(socket, "news"));
      const room = (name) => `${name}-${way}`;
      await a.emitWithAck("join", room("x"));
      assert.deepEqual(await b.emitWithAck("join", room("x")), [b.id, room("x")].sort());
      await b.emitWithAck("join", room("y"));
      await c.emitWithAck("join", room("y"));
      assert.deepEqual(await a.emitWithAck("who", room("x")), [a.id, b.id].sort());

      a.emit("to-others", room("x"), 1);
      a.emit("to-all", [room("x")], 2);
      a.emit("to-all", [room("x"), room("y")], 3);
      a.emit("to-all-except", room("x"), b.id, 4);
      a.emit("everyone", 5);
      a.emit("everyone-else", 6);
      await until(() => seen[0].at(-1) === 5 && seen[1].at(-1) === 6 && seen[2].at(-1) === 6, { what: "all news" });
      assert.deepEqual(seen, [[2, 3, 4, 5], [1, 2, 3, 5, 6], [3, 5, 6]]);

      await b.emitWithAck("leave", room("x"));
      assert.deepEqual(await a.emitWithAck("who", room("x")), [a.id]);
      await a.emitWithAck("move", room("y"), room("z"));
      await until(async () => (await a.emitWithAck("who", room("z"))).length === 2, { what: "the move" });
      assert.deepEqual(await a.emitWithAck("who", room("y")), []);
    });

    test("gathers the answers of a room, and those that came when time is up", async () => {
      const sockets = await Promise.all([connected(), connected(), connected()]);
      const room = `asked-${way}`;
      for (const socket of sockets) await socket.emitWithAck("join", room);
      const ask = (ms) => new Promise((resolve) => sockets[0].emit("ask-room", room, ms, (...args) => resolve(args)));
      sockets.forEach((socket, i) => socket.on("question", (question, answer) => answer({ question, i, bytes: Buffer.from([i]) })));
      const [all, late] = await ask(5000);
      assert.equal(late, false);
      assert.deepEqual(
        all.sort((a, b) => a.i - b.i),
        [0, 1, 2].map((i) => ({ question: "all", i, bytes: Buffer.from([i]) })),
      );
      sockets[1].off("question");
      const [some, over] = await ask(1000);
      assert.equal(over, true);
      assert.deepEqual(some.map((answer) => answer.i).sort(), [0, 2]);
    });

    test("makes the namespaces that a pattern allows, each for itself", async () => {
      const [a, b] = await Promise.all([connected("/tenant-1"), connected("/tenant-2")]);
      const seen = [a, b].map((socket) => record(socket, "told"));
      b.emit("tell-tenant", way);
      await until(() => seen[1].length === 1, { what: "the tenant to be told" });
      a.emit("tell-tenants", "hello");
      await until(() => seen[0].length > 0 && seen[1].length > 1, { what: "all tenants to be told" });
      assert.deepEqual(seen, [[["all", "hello"]], [["/tenant-2", way], ["all", "hello"]]]);
      assert.equal((await next(client("/tenant-x"), "connect_error")).message, "Invalid namespace");
    });

    test("refuses with data, then accepts on the same connection", async () => {
      const socket = client("/guarded", { auth: { token: "wrong" } });
      const error = await next(socket, "connect_error");
      assert.equal(error.message, "who are you");
      assert.deepEqual(error.data, { code: "UNAUTHENTICATED" });
      assert.equal(socket.connected, false);
      socket.auth = { token: "letmein" };
      socket.connect();
      await next(socket, "connect");
    });

    test("hands the auth object over and serves several namespaces on one connection", async () => {
      const socket = client("/custom", { auth: { token: "abc", nested: { a: [1] } } });
      assert.deepEqual(await next(socket, "auth"), { token: "abc", nested: { a: [1] } });
      const second = socket.io.socket("/test", {});
      await next(second, "connect");
      second.emit("echo", "still one connection");
      assert.equal(await next(second, "echoed"), "still one connection");
      second.disconnect();
      socket.emit("message", "and the first lives");
      assert.equal(await next(socket, "message-back"), "and the first lives");
    });

    test("refuses an unknown namespace and keeps the connection", async () => {
      const socket = client("/nowhere");
      const error = await next(socket, "connect_error");
      assert.equal(error.message, "Invalid namespace");
      const other = socket.io.socket("/test", {});
      await next(other, "connect");
    });

    test("names the reasons of a disconnect on both sides", async () => {
      const watcher = await connected();
      await watcher.emitWithAck("join", "watchers");
      const heard = async (id) => (await next(watcher, "left", { where: (left) => left.id === id })).reason;

      for (const [act, atClient, atServer] of [
        [(socket) => socket.emit("leave-me", false), "io server disconnect", "server namespace disconnect"],
        [(socket) => socket.disconnect(), "io client disconnect", "client namespace disconnect"],
        [(socket) => socket.io.engine.close(), "forced close", "transport close"],
      ]) {
        const socket = await connected();
        const { id } = socket;
        const told = next(socket, "disconnect");
        const left = heard(id);
        act(socket);
        assert.equal([await told].flat()[0], atClient);
        assert.equal(await left, atServer);
      }
      const socket = await connected();
      const left = heard(socket.id);
      const told = next(socket, "disconnect");
      socket.emit("leave-me", true);
      assert.ok(["io server disconnect", "transport close"].includes([await told].flat()[0]));
      assert.equal(await left, "server namespace disconnect");
    });

    test("throws a whole room out", async () => {
      const [a, b] = await Promise.all([connected(), connected()]);
      await b.emitWithAck("join", `out-${way}`);
      const told = next(b, "disconnect");
      a.emit("throw-out", `out-${way}`, false);
      assert.equal([await told].flat()[0], "io server disconnect");
      assert.equal(a.connected, true);
    });

    test("comes back by itself after a lost connection, with a new id", async () => {
      const socket = await connected("/test", { reconnection: true, reconnectionDelay: 10, reconnectionDelayMax: 50 });
      const before = socket.id;
      const again = next(socket, "connect");
      socket.io.engine.close();
      await again;
      assert.notEqual(socket.id, before);
      assert.equal(await socket.timeout(5000).emitWithAck("echo-ack", "back"), "back");
    });
  });
}

test("a client that leaves the heartbeat unanswered is dropped; one that answers stays", { timeout: 30_000 }, async () => {
  const quick = await startLibrary({ "ping-interval-ms": 200, "ping-timeout-ms": 200 });
  const socket = io(`${quick.url}/test`, { transports: ["websocket"], reconnection: false, forceNew: true });
  const mute = io(`${quick.url}/test`, { transports: ["websocket"], reconnection: false, forceNew: true });
  try {
    await Promise.all([next(socket, "connect"), next(mute, "connect")]);
    mute.io.engine.onPacket = () => {};
    mute.io.engine.transport.removeAllListeners("packet");
    await next(mute, "disconnect");
    assert.equal(await socket.timeout(2000).emitWithAck("echo-ack", "alive"), "alive");
  } finally {
    socket.disconnect();
    mute.disconnect();
    await quick.stop();
  }
});
