// A Redis for the tests: the one at REDIS_URL, or one of their own.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createClient } from "redis";
import { freePort, tempFolder } from "./process.mjs";
import { until } from "./wait.mjs";

/** Why there is no Redis, or false. On CI there must be one. */
export const noRedis =
  !process.env.REDIS_URL && process.env.CI !== "true" && spawnSync("redis-server", ["--version"]).error
    ? "no redis-server: install it, or set REDIS_URL"
    : false;

/** A Redis that keeps nothing on disk. */
export async function startRedis() {
  if (process.env.REDIS_URL) return { url: process.env.REDIS_URL, stop: async () => {} };
  const home = await tempFolder();
  const port = await freePort();
  const server = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--dir", home.path, "--save", ""], { stdio: "ignore" });
  const url = `redis://127.0.0.1:${port}`;
  await until(async () => {
    const client = createClient({ url, socket: { reconnectStrategy: false } }).on("error", () => {});
    const there = await client.connect().then(() => true, () => false);
    if (there) await client.disconnect();
    return there;
  }, { what: "Redis to be there" });
  return {
    url,
    async stop() {
      server.kill("SIGKILL");
      await once(server, "close");
      await home.remove();
    },
  };
}
