// A socket.io server on Node.js beside ours, as the guide's gateway is one.
import { createServer } from "node:http";
import { createAdapter, createShardedAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const pub = createClient({ url: process.argv[2] });
const sub = pub.duplicate();
await Promise.all([pub.connect(), sub.connect()]);
const http = createServer();
const io = new Server(http, { adapter: process.argv[3] === "sharded" ? createShardedAdapter(pub, sub) : createAdapter(pub, sub) });
io.of("/ws").on("connection", (socket) => {
  socket.on("join", async (room) => {
    await socket.join(room);
    socket.emit("joined", { room });
  });
});
http.listen(0, "127.0.0.1", () => console.log(http.address().port));
process.stdin.resume().on("end", () => process.exit(0));
