import type { Connection } from './connection.js';
import { asStorywireError, type StorywireError } from './errors.js';
import { type Readable, Value } from './store.js';
import type { Counts, Notification, NotificationNew, NotificationUpdated } from './wire.js';

export interface InboxState {
  status: 'loading' | 'ready' | 'error';
  /** Newest first. */
  items: readonly Notification[];
  hasMore: boolean;
  error: StorywireError | null;
}

const PAGE = 30;

/** What happened while one was away. The number is always known; the list is fetched for its first listener. */
export class Notifications {
  readonly unread: Readable<number>;
  readonly inbox: Readable<InboxState>;
  #unread = new Value(0);
  #inbox: Value<InboxState>;
  #connection: Connection;
  #rev = -1;
  #cursor: string | null = null;
  #arrivals = new Set<(notification: Notification) => void>();

  constructor(connection: Connection) {
    this.#connection = connection;
    this.unread = this.#unread;
    const initial: InboxState = { status: 'loading', items: [], hasMore: false, error: null };
    this.#inbox = new Value(initial, () => this.#listen());
    this.inbox = this.#inbox;
    connection.on('session:ready', ({ unread }) => {
      // A new connection may lead to a database restored from a backup, where revisions start lower.
      this.#rev = -1;
      this.#count(unread.notifications);
    });
    connection.on('notification:new', (event) => this.#arrived(event));
    connection.on('notification:updated', (event) => this.#updated(event));
  }

  /** Calls `handler` for every notification that arrives live; for toasts. */
  readonly onArrival = (handler: (notification: Notification) => void): (() => void) => {
    this.#arrivals.add(handler);
    return () => {
      this.#arrivals.delete(handler);
    };
  };

  readonly markRead = async (ids: readonly string[]): Promise<void> => {
    await this.#mark({ ids: [...ids] }, (id) => ids.includes(id));
  };

  readonly markAllRead = async (): Promise<void> => {
    await this.#mark({ all: true }, () => true);
  };

  readonly loadMore = async (): Promise<void> => {
    if (this.#cursor !== null) await this.#load(this.#cursor);
  };

  readonly reload = async (): Promise<void> => {
    await this.#load(null);
  };

  #listen(): () => void {
    const stops = [
      this.#connection.onUp(({ recovered }) => {
        if (!recovered || this.#inbox.get().status !== 'ready') void this.#load(null);
      }),
      this.#connection.on('sync:gap', ({ room }) => {
        if (room === 'user:me') void this.#load(null);
      }),
    ];
    if (this.#connection.connected) void this.#load(null);
    return () => {
      for (const stop of stops) stop();
    };
  }

  async #load(cursor: string | null): Promise<void> {
    try {
      const where = { limit: PAGE };
      const page = await this.#connection.ask(
        'notification:list',
        cursor === null ? where : { ...where, cursor },
      );
      this.#cursor = page.nextCursor;
      const before = cursor === null ? [] : this.#inbox.get().items;
      const seen = new Set(before.map(({ id }) => id));
      const items = [...before, ...page.items.filter(({ id }) => !seen.has(id))];
      this.#inbox.set({ status: 'ready', items, hasMore: page.nextCursor !== null, error: null });
      this.#count(page.counts);
    } catch (thrown) {
      const error = asStorywireError(thrown);
      if (error.code === 'OFFLINE') return;
      const status = this.#inbox.get().items.length > 0 ? 'ready' : 'error';
      this.#inbox.update((inbox) => ({ ...inbox, status, error }));
    }
  }

  #arrived({ counts, ...notification }: NotificationNew): void {
    this.#count(counts);
    if (this.#inbox.get().items.some(({ id }) => id === notification.id)) return;
    this.#inbox.update((inbox) => ({ ...inbox, items: [notification, ...inbox.items] }));
    for (const handler of [...this.#arrivals]) handler(notification);
  }

  #updated({ ids, all, patch, counts }: NotificationUpdated): void {
    this.#count(counts);
    this.#patch((id) => all === true || (ids?.includes(id) ?? false), patch.readAt);
  }

  async #mark(what: { ids?: string[]; all?: boolean }, concerns: (id: string) => boolean): Promise<void> {
    const before = this.#inbox.get();
    this.#patch(concerns, new Date().toISOString());
    try {
      const { counts } = await this.#connection.ask('notification:read', what);
      this.#count(counts);
    } catch (thrown) {
      this.#inbox.set({ ...before, error: asStorywireError(thrown) });
    }
  }

  #patch(concerns: (id: string) => boolean, readAt: string): void {
    this.#inbox.update((inbox) => ({
      ...inbox,
      items: inbox.items.map((item) =>
        concerns(item.id) && item.readAt === null ? { ...item, readAt } : item,
      ),
    }));
  }

  /** Counts may arrive out of order; the highest revision is the truth. */
  #count({ unread, rev }: Counts): void {
    if (rev < this.#rev) return;
    this.#rev = rev;
    this.#unread.set(unread);
  }
}
