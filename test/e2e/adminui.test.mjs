// The official dashboard, as npm carries it, looks into the library's test server.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, extname, join, normalize } from "node:path";
import { after, before, test } from "node:test";
import bcrypt from "bcryptjs";
import { io } from "socket.io-client";
import { launch, person, picture } from "../support/browser.mjs";
import { startLibrary } from "../support/process.mjs";
import { next } from "../support/wait.mjs";

const bundle = join(dirname(createRequire(import.meta.url).resolve("@socket.io/admin-ui")), "../ui/dist");
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png" };
const password = "the password of the tests";

const site = createServer(async (req, res) => {
  const path = normalize(new URL(req.url, "http://site").pathname);
  const file = join(bundle, path === "/" ? "index.html" : path);
  try {
    const body = await readFile(file);
    res.setHeader("content-type", types[extname(file)] ?? "application/octet-stream").end(body);
  } catch {
    res.writeHead(404).end();
  }
});
let server;
let browser;
before(async () => {
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  server = await startLibrary({ admin: bcrypt.hashSync(password, 4), origins: `http://127.0.0.1:${site.address().port}` });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  site.close();
  site.closeAllConnections();
});

test("the dashboard shows servers, sockets, rooms, clients and events", { timeout: 120_000 }, async () => {
  const clients = await Promise.all([["websocket"], ["polling"]].map(async (transports) => {
    const socket = io(`${server.url}/test`, { transports, forceNew: true, reconnection: false });
    await next(socket, "connect");
    return socket;
  }));
  await clients[0].emitWithAck("join", "the-lobby");
  const admin = await person(browser);
  const page = await admin.tab();
  try {
    await page.goto(`http://127.0.0.1:${site.address().port}/`);
    await page.getByLabel("Server URL").fill(server.url);
    await page.getByLabel("Username").fill("admin");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Connect" }).click();
    await page.getByText("connected", { exact: true }).first().waitFor();
    await page.getByRole("row", { name: "/test 2" }).waitFor();
    await page.getByRole("row", { name: /healthy 1 100.0 %/i }).first().waitFor();
    await picture(page, "dashboard-home");

    const visit = (name) => page.locator("nav").getByText(name, { exact: true }).click();
    const choose = async () => {
      await page.getByLabel("Select namespace").click({ force: true });
      await page.getByRole("option", { name: "/test" }).click();
    };
    await visit("Sockets");
    await choose();
    for (const [{ id }, transport] of [[clients[0], "WebSocket"], [clients[1], "HTTP long-polling"]]) {
      await page.getByRole("row", { name: `${id} 127.0.0.1 ${transport}` }).waitFor();
    }
    await picture(page, "dashboard-sockets");
    await visit("Rooms");
    await page.getByRole("row", { name: "the-lobby" }).waitFor();
    await picture(page, "dashboard-rooms");
    await visit("Clients");
    await page.getByText("1-3 of 3").waitFor();
    await picture(page, "dashboard-clients");
    await visit("Events");
    clients[1].emit("echo", "how are you");
    await page.getByRole("row", { name: `${clients[1].id} event received` }).waitFor();
    await picture(page, "dashboard-events");
    assert.deepEqual(admin.errors, [], "the dashboard must not throw");
  } catch (error) {
    await picture(page, "failed");
    throw error;
  } finally {
    for (const socket of clients) socket.disconnect();
    await admin.close();
  }
});
