// Starts the servers under test as processes of their own and stops them again.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "./wait.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The key that signs tokens in these tests; a server given by STORYWIRE_URL must use the same. */
export const jwtSecret = process.env.JWT_SECRET ?? "a-secret-of-the-tests-0123456789abcdef";
export const serverApiKey = process.env.SERVER_API_KEY ?? "server-key-of-the-tests-0123456789abcdef";

/** A port that was free a moment ago. */
export async function freePort() {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

/** A folder of its own, removed by the returned function. */
export async function tempFolder() {
  const path = await mkdtemp(join(tmpdir(), "storywire-test-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** A process whose output is kept. */
export function launch(command, args, options) {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const log = [];
  const keep = (chunk) => {
    log.push(String(chunk));
    if (log.length > 400) log.shift();
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  child.on("error", (error) => keep(error.message));
  const gone = new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
  return {
    child,
    gone,
    output: () => log.join(""),
    alive: () => child.exitCode === null && child.signalCode === null,
    async stop(signal = "SIGTERM") {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const hard = setTimeout(() => child.kill("SIGKILL"), 15_000);
      const end = await gone;
      clearTimeout(hard);
      return end;
    },
  };
}

async function ready(process, probe) {
  const error = await until(async () => {
    if (!process.alive()) throw new Error(`the server ended early:\n${process.output()}`);
    return probe();
  }, { timeout: 30_000, what: "the server to be ready" }).then(() => null, (reason) => reason);
  if (error) {
    await process.stop("SIGKILL");
    throw error;
  }
}

/**
 * `storywire serve` on a free port with a database of its own. With STORYWIRE_URL set, that server is used
 * instead and `restart` is not available.
 */
export async function startStorywire({ args = [], env = {}, folder, port } = {}) {
  if (process.env.STORYWIRE_URL) {
    return { url: process.env.STORYWIRE_URL, stop: async () => {}, output: () => "", external: true };
  }
  const binary = process.env.STORYWIRE_BIN ?? join(root, "bin", "storywire");
  const home = folder ?? (await tempFolder());
  const chosen = port ?? (await freePort());
  const url = `http://127.0.0.1:${chosen}`;
  const environment = {
    PATH: process.env.PATH,
    HOME: home.path,
    PORT: String(chosen),
    HOST: "127.0.0.1",
    DATABASE_URL: join(home.path, "storywire.db"),
    JWT_SECRET: jwtSecret,
    SERVER_API_KEY: serverApiKey,
    ...env,
  };
  const server = launch(binary, ["serve", ...args], { env: environment, cwd: home.path });
  await ready(server, async () => (await fetch(`${url}/readyz`)).ok);
  return {
    url,
    home: home.path,
    pid: server.child.pid,
    alive: server.alive,
    output: server.output,
    async stop(signal) {
      const end = await server.stop(signal);
      if (!folder) await home.remove();
      return end;
    },
    /** Ends this process with the signal and starts another on the same port and database. */
    async restart(signal = "SIGTERM") {
      await server.stop(signal);
      const next = await startStorywire({ args, env, folder: home, port: chosen });
      return { ...next, stop: async (last) => { const end = await next.stop(last); if (!folder) await home.remove(); return end; } };
    },
  };
}

/** Where a process says that it listens. */
export async function listening(process) {
  let url;
  await ready(process, async () => {
    url = /^listening on (https?:\S+)$/m.exec(process.output())?.[1];
    return url !== undefined;
  });
  return url;
}

/**
 * The library's test server: the Go one, or its twin on the reference implementation with LIBRARY=reference.
 * With LIBRARY_URL set, that server is used instead.
 */
export async function startLibrary(options = {}) {
  if (process.env.LIBRARY_URL) return { url: process.env.LIBRARY_URL, stop: async () => {}, output: () => "" };
  const args = Object.entries(options).map(([name, value]) => `-${name}=${value}`);
  const server = reference
    ? launch(process.execPath, [join(root, "test/conformance/reference/server.mjs"), ...args], { env: process.env })
    : launch(process.env.CONFORMANCE_BIN ?? join(root, "bin", "conformance-server"), args, { env: process.env });
  const url = await listening(server);
  return { url, stop: server.stop, output: server.output, alive: server.alive };
}

/** Whether the library suite runs against the reference implementation instead of ours. */
export const reference = process.env.LIBRARY === "reference";
