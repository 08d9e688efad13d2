// Pages with the stock client, as the guide's components use it: told what to do by lines of JSON, telling what
// happens in lines of JSON.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const sockets = new Map();
const tell = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

const orders = {
  // SocketProvider of the guide.
  open({ page, url, token }) {
    const socket = io(`${url}/ws`, { auth: { token }, transports: ["websocket"], forceNew: true });
    sockets.set(page, socket);
    socket.on("connect", () => tell({ page, event: "connect", data: { recovered: socket.recovered, id: socket.id } }));
    socket.on("disconnect", (reason) => tell({ page, event: "disconnect", data: { reason } }));
    socket.on("connect_error", (error) => tell({ page, event: "connect_error", data: { message: error.message } }));
    socket.onAny((event, data) => tell({ page, event, data: data ?? null }));
  },
  // Any emit of the components; they never ask for an acknowledgement.
  emit({ page, event, data }) {
    sockets.get(page).emit(event, data);
  },
  close({ page }) {
    sockets.get(page).disconnect();
    sockets.delete(page);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  orders[order.do](order);
}
for (const socket of sockets.values()) socket.disconnect();
