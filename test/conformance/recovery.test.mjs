// The stock client carries on after a lost connection. LIBRARY=reference runs the same against the reference
// implementation.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { io } from "socket.io-client";
import msgpack from "socket.io-msgpack-parser";
import { startLibrary } from "../support/process.mjs";
import { next, record, until } from "../support/wait.mjs";

const ways = {
  websocket: { transports: ["websocket"] },
  polling: { transports: ["polling"] },
  "websocket, packets in MessagePack": { transports: ["websocket"], parser: msgpack },
};

let servers;
before(async () => {
  const options = { "recovery-ms": 60_000 };
  servers = await Promise.all([startLibrary(options), startLibrary({ ...options, parser: "msgpack" })]);
});
after(() => Promise.all((servers ?? []).map((server) => server.stop())));

for (const [way, options] of Object.entries(ways)) {
  describe(`recovery, ${way}`, { timeout: 60_000 }, () => {
    const open = [];
    after(() => open.forEach((socket) => socket.disconnect()));

    async function connected() {
      const socket = io(`${servers[options.parser ? 1 : 0].url}/test`, { forceNew: true, reconnectionDelay: 50, ...options });
      open.push(socket);
      await next(socket, "connect");
      return socket;
    }
    const joined = (socket, room) => socket.timeout(5000).emitWithAck("join", room);
    /** Loses the connection, and comes back when act has happened. */
    async function lose(socket, act) {
      socket.io.reconnection(false);
      const gone = next(socket, "disconnect");
      socket.io.engine.close();
      await gone;
      await act();
      const back = next(socket, "connect");
      socket.io.reconnection(true);
      socket.connect();
      await back;
    }

    test("the same id, rooms and session, and what was missed, once, before its connect event", async () => {
      const [reader, teller] = [await connected(), await connected()];
      const room = `room-${way}`;
      await joined(reader, room);
      teller.emit("to-all", [room], 1);
      await next(reader, "news");
      const { id } = reader;
      const order = [];
      reader.on("news", (value) => order.push(value));
      reader.on("connect", () => order.push("connect"));
      await lose(reader, async () => {
        teller.emit("to-all", [room], 2);
        teller.emit("to-all", ["elsewhere"], "not for the reader");
        teller.emit("to-all", [room, room], 3);
        await joined(teller, "somewhere"); // all of it is done
      });
      assert.equal(reader.recovered, true);
      assert.equal(reader.id, id);
      teller.emit("to-all", [room], 4);
      await next(reader, "news");
      assert.deepEqual(order, [2, 3, "connect", 4]);
      const rooms = await joined(reader, "another");
      assert.deepEqual(rooms, [id, room, "another"].sort());
    });

    test("starts anew after it left on purpose", async () => {
      const socket = await connected();
      const { id } = socket;
      socket.emit("echo", 1);
      await next(socket, "echoed");
      socket.disconnect();
      socket.connect();
      await next(socket, "connect");
      assert.equal(socket.recovered, false);
      assert.notEqual(socket.id, id);
    });

    test("volatile events and those that ask for an answer carry no position", async () => {
      const socket = await connected();
      const maybe = [];
      socket.on("maybe", (...args) => maybe.push(args));
      await until(() => (socket.emit("volatile", 1), maybe.length > 0)); // between two polls it is dropped
      assert.deepEqual(maybe[0], [1]);
      let asked;
      socket.on("question", (...args) => ((asked = args.slice(0, -1)), args.at(-1)("answer")));
      socket.emit("ask", "why");
      const [answer, position] = await next(socket, "answered");
      assert.equal(answer, "answer");
      assert.equal(typeof position, "string");
      assert.deepEqual(asked, ["why"]);
    });

    test("is told again what it missed twice", async () => {
      const [reader, teller] = [await connected(), await connected()];
      const room = `twice-${way}`;
      await joined(reader, room);
      teller.emit("to-all", [room], 0);
      await next(reader, "news");
      const heard = record(reader, "news");
      for (const value of [1, 2, 3]) {
        await lose(reader, async () => {
          teller.emit("to-all", [room], value);
          await joined(teller, "somewhere");
        });
      }
      assert.deepEqual(heard, [1, 2, 3]);
    });
  });
}
