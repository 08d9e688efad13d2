"use strict";
// The Node peer: what the benchmark's wire needs, on socket.io in its best
// reasonable configuration: WebSocket only, no compression, no client bundle,
// and the token's HMAC key prepared once.
//
// With REDIS_URL the servers on that Redis are one, by @socket.io/redis-adapter.
//
// Prints "listening <port>" when it is ready. SIGUSR2 collects garbage (run
// with --expose-gc) and answers "collected" on stdout.
const { createHmac, createSecretKey, timingSafeEqual } = require("node:crypto");
const { createServer } = require("node:http");
const { Server } = require("socket.io");

const key = createSecretKey(Buffer.from(process.env.JWT_SECRET, "utf8"));

/** verify checks an HS256 token and returns its claims, or throws. */
function verify(token) {
  if (typeof token !== "string") throw new Error("UNAUTHENTICATED");
  const dot = token.lastIndexOf(".");
  const head = token.indexOf(".");
  if (head < 0 || head === dot) throw new Error("UNAUTHENTICATED");
  const want = createHmac("sha256", key).update(token.slice(0, dot)).digest();
  const got = Buffer.from(token.slice(dot + 1), "base64url");
  if (got.length !== want.length || !timingSafeEqual(got, want)) throw new Error("UNAUTHENTICATED");
  if (JSON.parse(Buffer.from(token.slice(0, head), "base64url")).alg !== "HS256") throw new Error("UNAUTHENTICATED");
  const claims = JSON.parse(Buffer.from(token.slice(head + 1, dot), "base64url"));
  if (!(claims.exp * 1000 > Date.now())) throw new Error("TOKEN_EXPIRED");
  return claims;
}

const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
});
if (process.env.REDIS_URL) {
  const { createAdapter } = require("@socket.io/redis-adapter");
  const { createClient } = require("redis");
  const pub = createClient({ url: process.env.REDIS_URL });
  const sub = pub.duplicate();
  // Commands wait until these have connected; the adapter must be there before the namespaces.
  pub.connect();
  sub.connect();
  io.adapter(createAdapter(pub, sub));
}
// Advice of socket.io's documentation for memory: forget the first HTTP request.
io.engine.on("connection", (raw) => {
  raw.request = null;
});
const ws = io.of("/ws");

ws.use((socket, next) => {
  try {
    socket.data.user = verify(socket.handshake.auth.token).sub;
    next();
  } catch (err) {
    next(err);
  }
});

function onJoin(room, ack) {
  this.join(room);
  ack(true);
}

function onSay(room, text) {
  ws.to(room).emit("said", text);
}

function onEcho(text, ack) {
  ack(text);
}

ws.on("connection", (socket) => {
  socket.on("join", onJoin);
  socket.on("say", onSay);
  socket.on("echo", onEcho);
});

process.on("SIGUSR2", () => {
  if (global.gc) global.gc();
  process.stdout.write("collected\n");
});

http.listen(0, "127.0.0.1", 4096, () => {
  process.stdout.write(`listening ${http.address().port}\n`);
});
