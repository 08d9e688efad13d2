// The twin of ./server/main.go on the reference implementation.
import { createServer } from "node:http";
import { createAdapter, createShardedAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const option = (name, fallback) => {
  const found = process.argv.find((arg) => arg.startsWith(`-${name}=`));
  return found === undefined ? fallback : found.slice(name.length + 2);
};
const key = option("key", "socket.io");
const mode = option("mode", "classic");

const pub = createClient({ url: option("redis", "redis://localhost:6379") });
const sub = pub.duplicate();
await Promise.all([pub.connect(), sub.connect()]);
const adapter = ["classic", "specific"].includes(mode)
  ? createAdapter(pub, sub, { key, publishOnSpecificResponseChannel: mode === "specific" })
  : createShardedAdapter(pub, sub, { channelPrefix: key, subscriptionMode: mode });

const http = createServer();
const io = new Server(http, { adapter });
const told = [];
io.use((socket, next) => {
  socket.data = { server: "node" };
  next();
});
io.on("connection", (socket) => {
  socket.on("join", async (rooms, ack) => {
    await socket.join(rooms);
    ack("joined");
  });
});
io.on("tell", (value) => told.push(value));
io.on("ask", (asked, ack) => ack({ server: "node", asked }));

const answers = (error, all) => ({ answers: (all ?? []).map((a) => (Buffer.isBuffer(a) ? a.toString("base64") : a)), failed: Boolean(error) });

async function run(order) {
  let op = io.to(order.rooms ?? []).except(order.except ?? []);
  if (order.local) op = op.local;
  if (order.volatile) op = op.volatile;
  const args = [...(order.args ?? []), ...(order.binary ? [Buffer.from([1, 2, 255])] : [])];
  switch (order.do) {
    case "emit":
      op.emit(order.event, ...args);
      return null;
    case "emitWithAck":
      return new Promise((resolve) => op.timeout(order.timeout).emit(order.event, ...args, (error, all) => resolve(answers(error, all))));
    case "join":
      op.socketsJoin(order.names);
      return null;
    case "leave":
      op.socketsLeave(order.names);
      return null;
    case "disconnect":
      op.disconnectSockets(order.close);
      return null;
    case "fetch":
      return (await op.fetchSockets()).map(({ id, rooms, data, handshake }) => ({
        id,
        rooms: [...rooms],
        data,
        eio: handshake.query.EIO,
        color: handshake.headers["x-color"],
        url: new URL(handshake.url, "http://localhost").pathname,
        address: Boolean(handshake.address),
        recent: Date.now() - handshake.issued < 60_000,
      }));
    case "serverSideEmit":
      io.serverSideEmit(order.event, ...args);
      return null;
    case "serverSideEmitWithAck":
      return new Promise((resolve) => io.serverSideEmit(order.event, ...args, (error, all) => resolve(answers(error, all))));
    case "told":
      return told;
    case "count":
      return io.of("/").adapter.serverCount();
  }
  throw new Error(`there is no ${order.do}`);
}

http.on("request", async (req, res) => {
  if (req.url !== "/do") return;
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  try {
    const result = await run(JSON.parse(Buffer.concat(chunks)));
    res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(result));
  } catch (error) {
    res.writeHead(500).end(String(error));
  }
});
http.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${http.address().port}`));
process.on("SIGTERM", () => process.exit(0));
