// Requests and WebSockets without a Socket.IO client: what goes over the wire, exactly.
import { request } from "node:http";
import { WebSocket } from "ws";
import { next } from "./wait.mjs";

/** One HTTP request on a connection of its own; the body as text and as bytes. The path may be of any shape. */
export function http(base, path, { method = "GET", headers = {}, body, signal } = {}) {
  return new Promise((resolve, reject) => {
    const req = request(new URL(base), { path, method, headers, agent: false, signal }, (res) => {
      const chunks = [];
      res.on("data", (chunk) => chunks.push(chunk));
      res.on("error", reject);
      res.on("end", () => {
        const bytes = Buffer.concat(chunks);
        resolve({ status: res.statusCode, headers: res.headers, body: bytes.toString(), bytes });
      });
    });
    req.on("upgrade", (res, socket) => {
      socket.destroy();
      reject(new Error(`${path} was granted a WebSocket`));
    });
    req.on("error", reject);
    req.end(body);
  });
}

/** Asks for a WebSocket by hand and returns the refusal; fails when it is granted. */
export function refusedUpgrade(base, path, headers = {}) {
  return http(base, path, {
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      ...headers,
    },
  });
}

/** An Engine.IO session over polling: its id. */
export async function pollingSession(base, headers) {
  const { body } = await http(base, "/socket.io/?EIO=4&transport=polling", { headers });
  return JSON.parse(body.slice(1)).sid;
}

export const sessionPath = (sid) => `/socket.io/?EIO=4&transport=polling&sid=${sid}`;

/** A WebSocket with an Engine.IO session, after the open packet, which is in opened. */
export async function webSocket(base, { query = "", headers, path = "/socket.io/", revision = 4 } = {}) {
  const socket = new WebSocket(`${base.replace(/^http/, "ws")}${path}?EIO=${revision}&transport=websocket${query}`, { headers });
  socket.packets = [];
  socket.on("message", (data, binary) => socket.packets.push(binary ? data : String(data)));
  socket.closed = new Promise((resolve) => socket.once("close", (code, reason) => resolve({ code, reason: String(reason) })));
  await next(socket, "open");
  if (!query.includes("sid=")) socket.opened = await received(socket, (packet) => packet[0] === "0");
  return socket;
}

/** The next packet the filter accepts, taken out of those received. */
export async function received(socket, where = () => true, timeout = 5000) {
  const end = Date.now() + timeout;
  for (;;) {
    const index = socket.packets.findIndex(where);
    if (index >= 0) return socket.packets.splice(index, 1)[0];
    await next(socket, "message", { timeout: Math.max(1, end - Date.now()) });
  }
}
