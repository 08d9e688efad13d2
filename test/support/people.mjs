// People with sockets: the stock client as a reader of a story uses it.
import { randomUUID } from "node:crypto";
import { io } from "socket.io-client";
import { serverApiKey } from "./process.mjs";
import { token } from "./token.mjs";
import { next, record, until } from "./wait.mjs";

export const ways = {
  websocket: { transports: ["websocket"] },
  polling: { transports: ["polling"] },
  "polling upgraded to websocket": { transports: ["polling", "websocket"] },
};

/** A user id that no other test has. */
export const someone = (name) => `${name}-${randomUUID().slice(0, 8)}`;

/** Everyone a test file lets in, to be sent home at its end. */
export class Crowd {
  #sockets = [];

  constructor(server, options = ways.websocket) {
    this.server = server;
    this.options = options;
  }

  /** A socket on /ws that has not been waited for; auth as given, or a token of that user. */
  socket(user, { auth, ...more } = {}) {
    const socket = io(`${this.server.url}/ws`, {
      auth: auth ?? { token: token(user, { name: `The ${user}` }) },
      forceNew: true,
      reconnection: false,
      ...this.options,
      ...more,
    });
    this.#sockets.push(socket);
    return socket;
  }

  /** A connected socket after its session:ready, which is kept in socket.ready. */
  async enter(user, more) {
    const socket = this.socket(user, more);
    const failed = next(socket, "connect_error").then((error) => Promise.reject(new Error(`${user} was refused: ${error.message}`)));
    failed.catch(() => {});
    socket.created = record(socket, "comment:created");
    socket.typing = record(socket, "comment:typing");
    socket.exceptions = record(socket, "exception");
    socket.ready = await Promise.race([next(socket, "session:ready"), failed]);
    if ((more?.transports ?? this.options.transports).length > 1) {
      await until(() => socket.io.engine.transport.name === "websocket", { what: "the upgrade" });
    }
    return socket;
  }

  leave() {
    for (const socket of this.#sockets.splice(0)) socket.disconnect();
  }
}

/** Asks with an acknowledgement and returns it. */
export const ask = (socket, event, payload) => socket.timeout(10_000).emitWithAck(event, payload);

/** Asks and expects ok; returns the data. */
export async function done(socket, event, payload) {
  const ack = await ask(socket, event, payload);
  if (ack.ok !== true) throw new Error(`${event} was refused: ${JSON.stringify(ack)}`);
  return ack.data;
}

/** Returns when everything that the server sent to the socket before now has arrived. */
export const settled = (socket) => ask(socket, "notification:list", { limit: 1 });

/** A REST call as that user: {status, body, headers}. */
export async function rest(server, user, method, path, body, headers = {}) {
  const response = await fetch(server.url + path, {
    method,
    headers: {
      ...(user === null ? {} : { authorization: `Bearer ${token(user, { name: `The ${user}` })}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? null : JSON.parse(text) };
}

/** A story of that author; its id. */
export async function story(server, author, more = {}) {
  const { status, body } = await rest(server, author, "POST", "/v1/stories", { title: "The lighthouse", ...more });
  if (status !== 201) throw new Error(`no story: ${status} ${JSON.stringify(body)}`);
  return body.id;
}

/** Sends a notification as another service of the team would. */
export async function notify(server, body, key = serverApiKey) {
  const response = await fetch(`${server.url}/server/v1/notifications`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}
