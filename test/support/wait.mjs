// Waiting for conditions and for events, always with an end.

/** Calls probe until it returns something true and returns that. Thrown errors end the wait, except refused connections. */
export async function until(probe, { timeout = 10_000, every = 25, what = "a condition" } = {}) {
  const end = Date.now() + timeout;
  for (;;) {
    try {
      const value = await probe();
      if (value) return value;
    } catch (error) {
      if (!(error instanceof TypeError && error.message === "fetch failed")) throw error;
    }
    if (Date.now() > end) throw new Error(`waited ${timeout} ms in vain for ${what}`);
    await pause(every);
  }
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What /ws puts behind the payload of durable events, for the client and not for its listeners. */
const offset = /^[0-9a-f]{16}\.[0-9a-z]+$/;

/** The arguments of the next event of that name, or of the first one that the filter accepts, without an offset. */
export function next(emitter, event, { timeout = 10_000, where = () => true } = {}) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      emitter.off(event, listener);
      reject(new Error(`waited ${timeout} ms in vain for the event ${event}`));
    }, timeout);
    function listener(...args) {
      if (!where(...args)) return;
      clearTimeout(timer);
      emitter.off(event, listener);
      if (args.length > 1 && offset.test(args.at(-1))) args.pop();
      resolve(args.length === 1 ? args[0] : args);
    }
    emitter.on(event, listener);
  });
}

/** Collects the first argument of every event of that name from now on. */
export function record(emitter, event) {
  const seen = [];
  emitter.on(event, (value) => seen.push(value));
  return seen;
}
