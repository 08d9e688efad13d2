// A worker that writes Socket.IO events as fast as one connection takes them: far more than a person could.
import { connect } from "node:net";
import { randomBytes } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";

/** A masked text frame (the mask is zero: allowed, and it keeps the text readable). */
function frame(text) {
  const payload = Buffer.from(text);
  const head = payload.length < 126 ? Buffer.from([0x81, 0x80 | payload.length]) : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

const { url, connectPacket, event, ms } = workerData;
const { hostname, port, host } = new URL(url);
const socket = connect(Number(port), hostname);
let sent = 0;
const end = () => {
  socket.destroy();
  parentPort.postMessage({ sent, closed });
};
let closed = false;
socket.on("error", () => {});
socket.on("close", () => {
  closed = true;
});
socket.write(
  `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
);
socket.once("data", () => {
  socket.on("data", () => {}); // whatever is answered is read and thrown away
  socket.write(frame(connectPacket));
  const perBatch = 500;
  const batch = Buffer.concat(Array.from({ length: perBatch }, () => frame(event)));
  const until = Date.now() + ms;
  (function pour() {
    if (closed || Date.now() > until) return end();
    sent += perBatch;
    if (socket.write(batch)) return setImmediate(pour);
    const timer = setTimeout(pour, 200); // also when nothing drains any more
    socket.once("drain", () => (clearTimeout(timer), pour()));
  })();
});
