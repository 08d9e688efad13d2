// What the dashboard of npm's @socket.io/admin-ui hears and says, by the stock client.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import bcrypt from "bcryptjs";
import { io } from "socket.io-client";
import { startLibrary } from "../support/process.mjs";
import { next, record, until } from "../support/wait.mjs";

const credentials = { username: "admin", password: "the password of the tests" };

describe("the dashboard's events", { timeout: 60_000 }, () => {
  let server;
  const open = [];
  before(async () => {
    server = await startLibrary({ admin: bcrypt.hashSync(credentials.password, 4) });
  });
  after(async () => {
    for (const socket of open) socket.disconnect();
    await server?.stop();
  });
  function client(namespace, options = {}) {
    const socket = io(server.url + namespace, { forceNew: true, reconnection: false, transports: ["websocket"], ...options });
    open.push(socket);
    return socket;
  }
  async function connected(namespace, options) {
    const socket = client(namespace, options);
    await next(socket, "connect");
    return socket;
  }

  test("asks for a password, and lets in again by the session", async () => {
    const refused = await next(client("/admin", { auth: { ...credentials, password: "no" } }), "connect_error");
    assert.equal(refused.message, "invalid credentials");
    const session = await next(client("/admin", { auth: credentials }), "session");
    assert.equal(typeof session, "string");
    await connected("/admin", { auth: { sessionId: session } });
  });

  test("tells of servers, sockets, rooms and events", async () => {
    const early = await connected("/test");
    const admin = client("/admin", { auth: credentials });
    const stats = next(admin, "server_stats", { where: ({ namespaces }) => namespaces.some(({ name, socketsCount }) => name === "/test" && socketsCount === 1) });
    const config = next(admin, "config");
    const sockets = await next(admin, "all_sockets");
    assert.deepEqual((await config).supportedFeatures.sort(), ["AGGREGATED_EVENTS", "ALL_EVENTS", "DISCONNECT", "EMIT", "JOIN", "LEAVE", "MDISCONNECT", "MJOIN", "MLEAVE"]);
    const shown = sockets.find(({ id }) => id === early.id);
    assert.deepEqual([shown.nsp, shown.transport, shown.rooms, shown.data], ["/test", "websocket", [early.id], {}]);
    assert.match(shown.clientId, /^.{12}$/);
    assert.equal(typeof shown.handshake.headers.host, "string");
    assert.deepEqual([shown.handshake.query.EIO, shown.handshake.secure, typeof shown.handshake.issued], ["4", false, "number"]);

    const arrivals = record(admin, "socket_connected");
    const late = await connected("/test");
    await until(() => arrivals.some(({ id }) => id === late.id), { what: "the arrival" });
    const received = next(admin, "event_received", { where: (_nsp, id) => id === late.id });
    const sent = next(admin, "event_sent", { where: (_nsp, id) => id === late.id });
    late.emit("echo", 1, { two: 2 });
    assert.deepEqual((await received).slice(0, 3), ["/test", late.id, ["echo", 1, { two: 2 }]]);
    assert.deepEqual((await sent).slice(0, 3), ["/test", late.id, ["echoed", 1, { two: 2 }]]);

    const joined = next(admin, "room_joined", { where: (_nsp, room) => room === "lobby" });
    await late.emitWithAck("join", "lobby");
    assert.deepEqual((await joined).slice(0, 3), ["/test", "lobby", late.id]);
    const left = next(admin, "room_left", { where: (_nsp, room, id) => room === "lobby" && id === late.id });
    await late.emitWithAck("leave", "lobby");
    assert.deepEqual((await left).slice(0, 3), ["/test", "lobby", late.id]);
    const lateId = late.id;
    const gone = next(admin, "socket_disconnected", { where: (_nsp, id) => id === lateId });
    late.disconnect();
    assert.deepEqual((await gone).slice(0, 3), ["/test", lateId, "client namespace disconnect"]);

    const { serverId, hostname, pid, uptime, clientsCount, pollingClientsCount, aggregatedEvents } = await stats;
    assert.ok(serverId && hostname && pid > 0 && uptime >= 0 && clientsCount >= 2);
    assert.equal(pollingClientsCount, 0);
    assert.ok(Array.isArray(aggregatedEvents));
    early.emit("echo", "once more");
    await next(admin, "server_stats", { where: (later) => later.aggregatedEvents.some(({ type, count }) => type === "packetsIn" && count > 0) });
  });

  test("tells of an upgrade", async () => {
    const admin = await connected("/admin", { auth: credentials });
    const updated = next(admin, "socket_updated", { where: ({ transport }) => transport === "websocket" });
    const socket = await connected("/test", { transports: ["polling", "websocket"] });
    assert.equal((await updated).id, socket.id);
  });

  test("acts: emits, moves and disconnects", async () => {
    const admin = await connected("/admin", { auth: credentials });
    const [a, b] = await Promise.all([connected("/test"), connected("/test")]);
    const heard = [record(a, "hello"), record(b, "hello")];
    admin.emit("join", "/test", "chosen", a.id);
    admin.emit("emit", "/test", "chosen", "hello", "the room");
    admin.emit("emit", "/test", undefined, "hello", { to: "all" });
    admin.emit("leave", "/test", "chosen", a.id);
    admin.emit("emit", "/test", "chosen", "hello", "nobody");
    admin.emit("_disconnect", "/test", false, b.id);
    assert.equal([await next(b, "disconnect")].flat()[0], "io server disconnect");
    assert.equal((await a.emitWithAck("echo-ack", "still here")), "still here");
    assert.deepEqual(heard, [["the room", { to: "all" }], [{ to: "all" }]]);
  });
});
