// A cluster of our server and of Node's with @socket.io/redis-adapter: whatever one is told to do, the clients
// of both notice. Each test runs from both ends, in every mode of the adapter.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Emitter } from "@socket.io/redis-emitter";
import { createClient } from "redis";
import { io } from "socket.io-client";
import { launch, listening } from "../../support/process.mjs";
import { noRedis, startRedis } from "../../support/redis.mjs";
import { next, pause, record, until } from "../../support/wait.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const commands = {
  go: [process.env.MIXED_BIN ?? `${root}bin/mixed-server`],
  node: [process.execPath, fileURLToPath(new URL("reference.mjs", import.meta.url))],
};

/** A server of the cluster and a client of it. */
class Member {
  constructor(name) {
    this.name = name;
  }

  async start(args) {
    const [command, ...first] = commands[this.name];
    this.process = launch(command, [...first, ...args], { env: process.env });
    this.url = await listening(this.process);
  }

  async do(order) {
    const answer = await fetch(`${this.url}/do`, { method: "POST", body: JSON.stringify(order) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${this.name}: ${text}`);
    return JSON.parse(text);
  }

  async connect(rooms = []) {
    const socket = io(this.url, { transports: ["websocket"], forceNew: true, extraHeaders: { "x-color": "blue" } });
    await next(socket, "connect");
    if (rooms.length > 0) assert.equal(await socket.emitWithAck("join", rooms), "joined");
    return socket;
  }
}

for (const mode of ["classic", "specific", "static", "dynamic", "dynamic-private"]) {
  describe(`mixed cluster, ${mode}`, { skip: noRedis }, () => {
    const members = { go: new Member("go"), node: new Member("node") };
    const key = `mixed-${process.pid}-${mode}`;
    let redis;
    let sockets = {};

    before(async () => {
      redis = await startRedis();
      await Promise.all(Object.values(members).map((m) => m.start([`-redis=${redis.url}`, `-key=${key}`, `-mode=${mode}`])));
      await until(async () => (await members.go.do({ do: "count" })) === 2 && (await members.node.do({ do: "count" })) === 2);
    });
    after(async () => {
      for (const s of Object.values(sockets)) s.disconnect();
      await Promise.all(Object.values(members).map((m) => m.process?.stop()));
      await redis?.stop();
    });
    beforeEach(async () => {
      for (const s of Object.values(sockets)) s.disconnect();
      // Before the rooms are entered again: Node's client may take the end of a subscription for that of the next.
      await until(async () => (await members.go.do({ do: "fetch" })).length === 0);
      sockets = { go: await members.go.connect(["all", "of-go"]), node: await members.node.connect(["all", "of-node"]) };
      // Channels of rooms are subscribed to in the background.
      for (const m of Object.values(members)) await reach(m, ["all", "of-go", "of-node"]);
      await until(async () => (await members.go.do({ do: "fetch" })).length === 2);
    });

    /** Waits until what a member sends to these rooms arrives. */
    async function reach(member, rooms) {
      for (const room of rooms) {
        const targets = room === "all" ? ["go", "node"] : [room.slice(3)];
        const probes = targets.map((name) => {
          const seen = record(sockets[name], "probe");
          return seen;
        });
        await until(async () => {
          await member.do({ do: "emit", rooms: [room], event: "probe", args: [room] });
          await pause(5);
          return probes.every((seen) => seen.length > 0);
        });
      }
      for (const s of Object.values(sockets)) s.off("probe");
    }

    /** Has a member do something, then checks what the clients got before a last event that all get. */
    async function expect(member, order, want) {
      const seen = { go: [], node: [] };
      const ends = Object.entries(sockets).map(([name, socket]) => {
        socket.offAny();
        socket.onAny((event, ...args) => {
          if (event !== "probe") seen[name].push([event, ...args]);
        });
        return next(socket, "end");
      });
      for (const o of [order].flat()) await member.do(o);
      await member.do({ do: "emit", event: "end" });
      await Promise.all(ends);
      for (const [name, socket] of Object.entries(sockets)) {
        socket.offAny();
        const got = seen[name].filter(([event]) => event !== "end");
        assert.deepEqual(got, want[name] ?? [], `what ${name}'s client got`);
      }
    }

    for (const [from, to] of [["go", "node"], ["node", "go"]]) {
      describe(`${from} tells ${to}`, () => {
        const m = members[from];
        const other = members[to];

        test("broadcasts, rooms, except, local, volatile", async () => {
          const e = (more) => ({ do: "emit", event: "e", args: [1, "é", { a: [null, true, 1.5] }], ...more });
          const got = [["e", 1, "é", { a: [null, true, 1.5] }]];
          await expect(m, e({}), { go: got, node: got });
          await expect(m, e({ rooms: ["all"] }), { go: got, node: got });
          await expect(m, e({ rooms: [`of-${to}`] }), { [to]: got });
          await expect(m, e({ rooms: ["of-go", "of-node"] }), { go: got, node: got });
          await expect(m, e({ rooms: ["all"], except: [`of-${to}`] }), { [from]: got });
          await expect(m, e({ except: [sockets[from].id] }), { [to]: got });
          await expect(m, e({ rooms: [sockets[to].id] }), { [to]: got });
          await expect(m, e({ local: true }), { [from]: got });
          await expect(m, e({ rooms: ["all"], volatile: true }), { go: got, node: got });
          await expect(m, e({ rooms: ["nobody"] }), {});
          await expect(m, [1, 2, 3].map((n) => ({ do: "emit", rooms: ["all"], event: "n", args: [n] })), {
            go: [["n", 1], ["n", 2], ["n", 3]],
            node: [["n", 1], ["n", 2], ["n", 3]],
          });
        });

        test("binary", async () => {
          const got = [["b", { deep: [1] }, Buffer.from([1, 2, 255])]];
          await expect(m, { do: "emit", rooms: ["all"], event: "b", args: [{ deep: [1] }], binary: true }, { go: got, node: got });
        });

        test("join, leave and disconnect", async () => {
          const there = sockets[to];
          await m.do({ do: "join", rooms: [`of-${to}`], names: ["x", "y"] });
          await until(async () => (await other.do({ do: "fetch", rooms: ["x"] })).length === 1);
          await reachOne(m, "x", there);
          await m.do({ do: "leave", rooms: ["x"], names: ["x"] });
          await until(async () => (await other.do({ do: "fetch", rooms: ["x"] })).length === 0);
          await expect(m, { do: "emit", rooms: ["x"], event: "e" }, {});
          const reason = next(there, "disconnect");
          await m.do({ do: "disconnect", rooms: ["y"], close: false });
          assert.equal([await reason].flat()[0], "io server disconnect");
          assert.ok(sockets[from].connected);
          there.connect();
          await next(there, "connect");
          const closed = next(there, "disconnect");
          await m.do({ do: "disconnect", rooms: [there.id], close: true });
          await closed;
        });

        async function reachOne(member, room, socket) {
          const seen = record(socket, "probe");
          await until(async () => {
            await member.do({ do: "emit", rooms: [room], event: "probe" });
            await pause(5);
            return seen.length > 0;
          });
        }

        test("fetchSockets", async () => {
          const found = await m.do({ do: "fetch", rooms: ["all"] });
          assert.equal(found.length, 2);
          for (const name of ["go", "node"]) {
            const s = found.find(({ id }) => id === sockets[name].id);
            assert.ok(s, `the socket of ${name}`);
            assert.deepEqual([...s.rooms].sort(), [s.id, "all", `of-${name}`].sort());
            const { data, eio, color, url, address, recent } = s;
            assert.deepEqual({ data, eio, color, url, address, recent }, {
              data: { server: name }, eio: "4", color: "blue", url: "/socket.io/", address: true, recent: true,
            });
          }
          assert.deepEqual((await m.do({ do: "fetch", rooms: ["all"], except: [`of-${from}`] })).map(({ id }) => id), [sockets[to].id]);
        });

        test("serverSideEmit, with answers and without", async () => {
          await m.do({ do: "serverSideEmit", event: "tell", args: [{ from, mode }] });
          await until(async () => (await other.do({ do: "told" })).some((t) => t.from === from && t.mode === mode));
          assert.ok(!(await m.do({ do: "told" })).some((t) => t.from === from), "not to itself");
          assert.deepEqual(await m.do({ do: "serverSideEmitWithAck", event: "ask", args: ["why"] }), {
            answers: [{ server: to, asked: "why" }],
            failed: false,
          });
        });

        test("broadcasts with acknowledgements, partial ones too", async () => {
          for (const name of ["go", "node"]) sockets[name].on("q", (value, ack) => ack(`${name} ${value}`));
          const all = await m.do({ do: "emitWithAck", rooms: ["all"], event: "q", args: [7], timeout: 5000 });
          assert.deepEqual([all.failed, all.answers.sort()], [false, ["go 7", "node 7"]]);
          sockets[from].off("q");
          const some = await m.do({ do: "emitWithAck", rooms: ["all"], event: "q", args: [8], timeout: 500 });
          assert.deepEqual(some, { answers: [`${to} 8`], failed: true });
          sockets[to].off("q").on("q", (_, ack) => ack(Buffer.from([1, 2, 255])));
          const binary = await m.do({ do: "emitWithAck", rooms: [`of-${to}`], event: "q", args: [9], timeout: 5000 });
          assert.equal(binary.failed, false);
          assert.equal(Buffer.from(binary.answers[0], "base64").toString("hex"), "0102ff");
          assert.deepEqual(await m.do({ do: "emitWithAck", rooms: ["nobody"], event: "q", args: [0], timeout: 5000 }), { answers: [], failed: false });
        });
      });
    }

    if (mode !== "classic") return;

    describe("emitters", () => {
      let client;
      let emitter;
      before(async () => {
        client = await createClient({ url: redis.url }).connect();
        emitter = new Emitter(client, { key });
      });
      after(() => client.disconnect());

      /** Both emitters in the same words. */
      const both = {
        node: (order) => {
          const op = emitter.to(order.rooms ?? []).except(order.except ?? []);
          const args = [...(order.args ?? []), ...(order.binary ? [Buffer.from([1, 2, 255])] : [])];
          if (order.do === "emitter.emit") op.emit(order.event, ...args);
          if (order.do === "emitter.join") op.socketsJoin(order.names);
          if (order.do === "emitter.leave") op.socketsLeave(order.names);
          if (order.do === "emitter.disconnect") op.disconnectSockets(order.close);
          if (order.do === "emitter.serverSideEmit") emitter.serverSideEmit(order.event, ...args);
        },
        go: (order) => members.go.do(order),
      };

      for (const name of ["go", "node"]) {
        test(`${name}'s reaches both servers`, async () => {
          const order = both[name];
          const got = () => Promise.all(Object.values(sockets).map((s) => next(s, "e", { where: (v) => v === 1 })));
          let waiting = got();
          await order({ do: "emitter.emit", event: "e", args: [1], rooms: ["all"], binary: true });
          for (const [, bytes] of await waiting) assert.deepEqual(bytes, Buffer.from([1, 2, 255]));
          await order({ do: "emitter.join", rooms: ["all"], names: ["z"] });
          await until(async () => (await members.go.do({ do: "fetch", rooms: ["z"] })).length === 2);
          waiting = got();
          await order({ do: "emitter.emit", event: "e", args: [1], rooms: ["z"] });
          await waiting;
          await order({ do: "emitter.leave", rooms: ["z"], names: ["z"] });
          await until(async () => (await members.go.do({ do: "fetch", rooms: ["z"] })).length === 0);
          await order({ do: "emitter.serverSideEmit", event: "tell", args: [{ emitter: name }] });
          for (const m of Object.values(members)) {
            await until(async () => (await m.do({ do: "told" })).some((t) => t.emitter === name));
          }
          const gone = Promise.all(Object.values(sockets).map((s) => next(s, "disconnect")));
          await order({ do: "emitter.disconnect", rooms: ["all"], close: true });
          await gone;
        });
      }
    });
  });
}

describe("malformed messages", { skip: noRedis }, () => {
  for (const mode of ["classic", "dynamic"]) {
    test(`are dropped on every channel, ${mode}`, async (t) => {
      const redis = await startRedis();
      const key = `junk-${process.pid}-${mode}`;
      const servers = [new Member("go"), new Member("go")];
      for (const s of servers) await s.start([`-redis=${redis.url}`, `-key=${key}`, `-mode=${mode}`]);
      const socket = await servers[0].connect(["a"]);
      const client = await createClient({ url: redis.url }).connect();
      t.after(async () => {
        socket.disconnect();
        await client.disconnect();
        await Promise.all(servers.map((s) => s.process.stop()));
        await redis.stop();
      });
      const junk = ["", "{", "{}", "[]", "null", '{"type":7}', '{"uid":"x","nsp":"/","type":3,"data":{}}', '{"requestId":5}', Buffer.from([0xc1]), Buffer.from("93a16180", "hex"), Buffer.from("ddffffffff", "hex")];
      for (const data of junk) {
        for (const name of [`${key}#/#`, `${key}#/#a#`, `${key}-request#/#`, `${key}-response#/#`]) {
          await client.publish(name, data);
          await client.sPublish(name, data);
        }
      }
      await until(async () => {
        const got = next(socket, "still", { timeout: 1000 }).then(() => true, () => false);
        await servers[1].do({ do: "emit", rooms: ["a"], event: "still" });
        return got;
      });
      assert.equal((await servers[1].do({ do: "fetch" })).length, 1);
      assert.match(servers[0].process.output(), /malformed/);
    });
  }
});
