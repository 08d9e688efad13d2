// Scripts of packets: what a client sends and what must come, in this order and nothing else.
import assert from "node:assert/strict";
import { received, webSocket } from "./raw.mjs";

const show = (packet) =>
  typeof packet === "string" ? packet.replace(/"sid":"[\w-]{20}"/, '"sid":{sid}') : `[${[...packet]}]`;

/**
 * Plays a script over a new WebSocket (see webSocket for the options). "> x" sends a packet, "< x" expects one;
 * [1,2] stands for a binary packet, {sid} for a session id of 20 characters; "closed" waits for the end of the connection.
 */
export async function play(url, script, options) {
  const socket = await webSocket(url, options);
  try {
    for (const step of script) {
      const packet = step.slice(2);
      if (step === "closed") await socket.closed;
      else if (step[0] === ">") socket.send(packet[0] === "[" ? Buffer.from(JSON.parse(packet)) : packet);
      else assert.equal(show(await received(socket)), packet, step);
    }
    assert.deepEqual(socket.packets.map(show), [], "nothing else was sent");
  } finally {
    socket.terminate();
  }
}
