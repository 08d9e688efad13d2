import { io, type Socket } from 'socket.io-client';
import type { Ack, ClientEvents, ConnectErrorData, ServerEvents } from './wire.js';

/** Why a socket did not come up: a coded refusal by the server, or null when the way there failed. */
export type ConnectRefusal = ConnectErrorData | null;

/** The one connection, as little of it as the core needs. Tests bring their own. */
export interface Transport {
  readonly connected: boolean;
  /** True while the transport tries again by itself. */
  readonly active: boolean;
  open(): void;
  close(): void;
  send<E extends keyof ClientEvents>(event: E, payload?: ClientEvents[E]['in']): void;
  /** Rejects when no answer came in time or the connection fell. */
  ask<E extends keyof ClientEvents>(
    event: E,
    payload: ClientEvents[E]['in'],
    timeoutMs: number,
  ): Promise<Ack<ClientEvents[E]['data']>>;
  on<E extends keyof ServerEvents>(event: E, handler: (payload: ServerEvents[E]) => void): () => void;
  onConnect(handler: () => void): () => void;
  onDisconnect(handler: () => void): () => void;
  onRefused(handler: (refusal: ConnectRefusal) => void): () => void;
}

/** Asked before every attempt to connect, so that a renewed token is taken up. */
export type TokenSource = () => string | null | Promise<string | null>;

type Listener = (...args: never[]) => void;

/** The Socket.IO transport: namespace `/ws` of the server at `url` (the page's own origin when empty). */
export function socketTransport(url: string, token: TokenSource): Transport {
  const socket: Socket = io(`${url}/ws`, {
    autoConnect: false,
    // WebSocket first; a network that does not let it through falls back to polling.
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 5000,
    auth: (send) => {
      Promise.resolve(token()).then(
        (value) => send({ token: value }),
        () => send({ token: null }),
      );
    },
  });
  const listen = (event: string, handler: Listener): (() => void) => {
    socket.on(event, handler as (...args: unknown[]) => void);
    return () => {
      socket.off(event, handler as (...args: unknown[]) => void);
    };
  };
  return {
    get connected() {
      return socket.connected;
    },
    get active() {
      return socket.active;
    },
    open: () => {
      socket.connect();
    },
    close: () => {
      socket.disconnect();
    },
    send: (event, payload) => {
      if (payload === undefined) socket.emit(event);
      else socket.emit(event, payload);
    },
    ask: (event, payload, timeoutMs) => socket.timeout(timeoutMs).emitWithAck(event, payload),
    on: (event, handler) => listen(event, handler),
    onConnect: (handler) => listen('connect', () => handler()),
    onDisconnect: (handler) => listen('disconnect', () => handler()),
    onRefused: (handler) =>
      listen('connect_error', (error: Error & { data?: ConnectErrorData }) => handler(error.data ?? null)),
  };
}
