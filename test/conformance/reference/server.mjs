// The twin of ../server/main.go on the reference implementation: what passes against this one is what
// Socket.IO does, so a test that fails here is a wrong test.
import { createServer } from "node:http";
import { instrument } from "@socket.io/admin-ui";
import { Server as Engine } from "engine.io";
import { Server } from "socket.io";
import msgpack from "socket.io-msgpack-parser";

const option = (name, fallback) => {
  const found = process.argv.find((arg) => arg.startsWith(`-${name}=`));
  return found === undefined ? fallback : found.slice(name.length + 2);
};
const origins = option("origins", "http://app.example").split(",");
const engineOptions = {
  pingInterval: Number(option("ping-interval-ms", 25000)),
  pingTimeout: Number(option("ping-timeout-ms", 20000)),
  maxHttpBufferSize: Number(option("max-payload", 1e6)),
  allowEIO3: option("eio3") === "true",
  cors: { origin: origins, credentials: true },
};

const http = createServer((_, res) => res.writeHead(404).end());
const engine = new Engine(engineOptions);
engine.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
engine.attach(http, { path: "/engine.io/" });

const recovery = Number(option("recovery-ms", 0));
const io = new Server(http, {
  ...engineOptions,
  connectTimeout: Number(option("connect-timeout-ms", 10000)),
  parser: option("parser") === "msgpack" ? msgpack : undefined,
  ...(recovery > 0 && { connectionStateRecovery: { maxDisconnectionDuration: recovery, skipMiddlewares: false } }),
});

if (option("admin")) {
  instrument(io, { auth: { type: "basic", username: "admin", password: option("admin") }, mode: "development" });
}

for (const name of ["/", "/custom"]) {
  io.of(name).on("connection", (socket) => {
    socket.emit("auth", socket.handshake.auth);
    socket.on("message", (...args) => socket.emit("message-back", ...args));
    socket.on("message-with-ack", (...args) => args.pop()(...args));
  });
}

io.of("/guarded").use((socket, next) => {
  if (socket.handshake.auth.token === "letmein") return next();
  next(Object.assign(new Error("who are you"), { data: { code: "UNAUTHENTICATED" } }));
});

const test = io.of("/test");
test.on("connection", (socket) => {
  socket.on("echo", (...args) => socket.emit("echoed", ...args));
  socket.on("echo-ack", (...args) => args.pop()(...args));
  socket.on("ask", async (question) => socket.emit("answered", await socket.timeout(5000).emitWithAck("question", question)));
  socket.on("ask-in-vain", async () => {
    const failed = await socket.timeout(100).emitWithAck("question-unanswered").then(() => false, () => true);
    socket.emit("gave-up", failed);
  });
  socket.on("ask-room", (room, ms, ack) =>
    test.to(room).timeout(ms).emitWithAck("question", "all").then((all) => ack(all, false), (error) => ack(error.responses, true)));
  socket.on("count", (n) => {
    for (let i = 0; i < n; i++) socket.emit("counted", i);
  });
  socket.on("volatile", (value) => socket.volatile.emit("maybe", value));
  socket.on("join", async (room, ack) => (await socket.join(room), ack([...socket.rooms].sort())));
  socket.on("leave", async (room, ack) => (await socket.leave(room), ack([...socket.rooms].sort())));
  socket.on("to-others", (room, value) => socket.to(room).emit("news", value));
  socket.on("to-all", (rooms, value) => test.to(rooms).emit("news", value));
  socket.on("to-all-except", (room, except, value) => test.to(room).except(except).emit("news", value));
  socket.on("everyone", (value) => test.emit("news", value));
  socket.on("everyone-else", (value) => socket.broadcast.emit("news", value));
  socket.on("who", async (room, ack) => ack((await test.in(room).fetchSockets()).map((s) => s.id).sort()));
  socket.on("move", async (from, to, ack) => (test.in(from).socketsJoin(to), test.in(from).socketsLeave(from), ack(true)));
  socket.on("throw-out", (room, close) => test.in(room).disconnectSockets(close));
  socket.on("leave-me", (close) => socket.disconnect(close));
  socket.on("disconnecting", (reason) => test.to("watchers").emit("left", { id: socket.id, reason }));
});

const tenants = io.of(/^\/tenant-\d+$/);
tenants.on("connection", (socket) => {
  socket.on("tell-tenant", (value) => socket.nsp.emit("told", [socket.nsp.name, value]));
  socket.on("tell-tenants", (value) => tenants.emit("told", ["all", value]));
});

http.listen(Number(option("port", 0)), "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${http.address().port}`));
process.on("SIGTERM", () => io.close(() => process.exit(0)));
