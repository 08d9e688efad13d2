// The guide's own components, unchanged, in Chromium against `storywire serve` on another origin.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { launch, person, picture } from "../support/browser.mjs";
import { notify, someone, story } from "../support/people.mjs";
import { startStorywire } from "../support/process.mjs";
import { token } from "../support/token.mjs";
import { until } from "../support/wait.mjs";

const guide = (file) => fileURLToPath(new URL(`guide/${file}`, import.meta.url));

/** Bundles the fixture and serves it as a team's frontend would be; returns its origin. */
async function frontend() {
  const { outputFiles } = await build({
    entryPoints: [guide("main.tsx")],
    bundle: true,
    write: false,
    jsx: "automatic",
    alias: {
      "@/lib/contexts/SocketContext": guide("SocketContext.tsx"),
      "@/lib/store/authStore": guide("authStore.ts"),
    },
    define: { "process.env.NEXT_PUBLIC_API_URL": "window.apiUrl", "process.env.NODE_ENV": '"development"' },
  });
  const server = createServer((req, res) => {
    if (req.url === "/main.js") return res.writeHead(200, { "content-type": "text/javascript" }).end(outputFiles[0].contents);
    const apiUrl = new URL(req.url, "http://x").searchParams.get("api");
    res.writeHead(200, { "content-type": "text/html" });
    res.end(`<!doctype html><title>Guide</title><div id="root"></div><script>window.apiUrl=${JSON.stringify(apiUrl)}</script><script src="/main.js"></script>`);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

describe("the guide's client, unchanged", { timeout: 120_000 }, () => {
  let front;
  let server;
  let browser;
  before(async () => {
    front = await frontend();
    server = await startStorywire({ env: { FRONTEND_URL: front.origin } });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    front?.stop();
  });

  test("comments, typing, presence and notifications work for two people", async () => {
    const [annId, benId] = [someone("ann"), someone("ben")];
    const storyId = await story(server, someone("author"));
    const [ann, ben] = await Promise.all([person(browser), person(browser)]);
    const visit = async (who, userId, watch) => {
      const page = await who.tab();
      const query = new URLSearchParams({ api: server.url, token: token(userId, { name: `The ${userId}` }), story: storyId, watch });
      await page.goto(`${front.origin}/?${query}`);
      await page.getByLabel("Connection").getByText("connected", { exact: true }).waitFor();
      return page;
    };
    const annPage = await visit(ann, annId, benId);
    const dot = annPage.locator("span.rounded-full");
    assert.match(await dot.getAttribute("class"), /bg-gray-500/);

    const benPage = await visit(ben, benId, annId);
    await annPage.locator("span.bg-green-500").waitFor({ state: "attached" });
    await benPage.locator("span.bg-green-500").waitFor({ state: "attached" }); // told at connecting, though Ann was there before

    const write = (page) => page.getByPlaceholder("Write a comment...");
    await write(benPage).pressSequentially("Hello Ann");
    await annPage.getByText("1 person is typing...").waitFor();
    await picture(annPage, "guide-typing");
    await benPage.getByRole("button", { name: "Send" }).click();
    await annPage.getByText("Hello Ann").waitFor();
    await annPage.getByText("1 person is typing...").waitFor({ state: "detached" });

    await write(annPage).fill("Hello Ben");
    await annPage.getByRole("button", { name: "Send" }).click();
    await benPage.getByText("Hello Ben").waitFor();
    await annPage.waitForTimeout(700); // the guide's debounce: whatever comes late has come
    for (const page of [annPage, benPage]) {
      assert.deepEqual(await page.locator(".game-panel p:last-child").allTextContents(), ["Hello Ann", "Hello Ben"]);
      assert.deepEqual(await page.locator(".game-panel p:first-child").allTextContents(), [`The ${benId}`, `The ${annId}`]);
      assert.equal(await page.getByText("typing...").count(), 0);
    }

    const secondTab = await visit(ben, benId, annId);
    await secondTab.close();
    await notify(server, { user_id: annId, title: "You were chosen" });
    await annPage.getByLabel("Toasts").getByText("You were chosen").waitFor();
    assert.equal(await annPage.getByLabel("Unread").textContent(), "1");
    assert.match(await dot.getAttribute("class"), /bg-green-500/);
    await ben.close();
    await annPage.locator("span.bg-gray-500").waitFor({ state: "attached", timeout: 20_000 });
    await picture(annPage, "guide-comments");
    assert.deepEqual([...ann.errors, ...ben.errors], []);
  });

  test("comes back by itself when the server restarts", { skip: process.env.STORYWIRE_URL && "a server that others started is not restarted" }, async () => {
    const ann = await person(browser);
    const page = await ann.tab();
    const storyId = await story(server, someone("author"));
    const query = new URLSearchParams({ api: server.url, token: token(someone("ann")), story: storyId, watch: "x" });
    await page.goto(`${front.origin}/?${query}`);
    const state = page.getByLabel("Connection");
    await state.getByText("connected", { exact: true }).waitFor();
    await server.stop("SIGKILL").catch(() => {});
    await state.getByText("not connected").waitFor();
    server = await startStorywire({ env: { FRONTEND_URL: front.origin }, port: Number(new URL(server.url).port) });
    await until(async () => (await state.textContent()) === "connected", { timeout: 20_000, what: "the reconnect" });
    await ann.close();
  });
});
