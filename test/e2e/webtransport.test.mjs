// The stock client in Chromium over WebTransport, against the library alone.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { launch, person } from "../support/browser.mjs";
import { startLibrary } from "../support/process.mjs";

/** An empty page of an origin of its own. */
async function site() {
  const server = createServer((_, res) => res.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>WebTransport</title>"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

describe("the stock client in Chromium over WebTransport", { timeout: 120_000 }, () => {
  let own;
  let foreign;
  let server;
  let browser;
  let someone;
  before(async () => {
    [own, foreign] = await Promise.all([site(), site()]);
    server = await startLibrary({ tls: true, origins: own.origin, "max-payload": 100_000 });
    browser = await launch({ quic: true });
    someone = await person(browser, { ignoreHTTPSErrors: true }); // for polling; WebTransport goes by the hash
  });
  after(async () => {
    await someone?.close();
    await browser?.close();
    await server?.stop();
    own?.stop();
    foreign?.stop();
  });

  /** A tab with a socket that connects, in window.socket. */
  async function tab(origin, transports) {
    const page = await someone.tab();
    await page.goto(origin);
    await page.addScriptTag({ url: `${server.url}/socket.io/socket.io.js` });
    const hash = /^certificate (\S+)$/m.exec(server.output())[1];
    await page.evaluate(
      ({ url, transports, hash }) => {
        const value = Uint8Array.from(atob(hash), (c) => c.charCodeAt(0));
        window.gone = new Promise((resolve) => {
          window.socket = window.io(url, {
            transports,
            reconnection: false,
            transportOptions: { webtransport: { serverCertificateHashes: [{ algorithm: "sha-256", value }] } },
          });
          window.socket.on("disconnect", resolve);
        });
        window.opened = new Promise((resolve) => {
          window.socket.on("connect", () => resolve("connected"));
          window.socket.on("connect_error", (error) => resolve(error.message));
        });
      },
      { url: `${server.url}/test`, transports, hash },
    );
    return page;
  }
  const opened = (page) => page.evaluate(() => window.opened);
  const transport = (page) => page.evaluate(() => window.socket.io.engine.transport.name);

  test("connects, sends text and binary of all sizes both ways, acknowledges", async () => {
    const page = await tab(own.origin, ["webtransport"]);
    assert.equal(await opened(page), "connected");
    assert.equal(await transport(page), "webtransport");
    const answers = await page.evaluate(async () => {
      const answers = [];
      for (const size of [0, 1, 100, 200, 70_000]) {
        answers.push(await window.socket.timeout(10_000).emitWithAck("echo-ack", "ü".repeat(size / 2)));
        const bytes = await window.socket.timeout(10_000).emitWithAck("echo-ack", new Uint8Array(size).fill(7));
        answers.push(bytes.byteLength, new Uint8Array(bytes).every((b) => b === 7));
      }
      return answers;
    });
    assert.deepEqual(
      answers,
      [0, 1, 100, 200, 70_000].flatMap((size) => ["ü".repeat(size / 2), size, true]),
    );
    await page.close();
  });

  test("upgrades from polling", async () => {
    const page = await tab(own.origin, ["polling", "webtransport"]);
    assert.equal(await opened(page), "connected");
    await page.waitForFunction(() => window.socket.io.engine.transport.name === "webtransport");
    assert.equal(await page.evaluate(() => window.socket.timeout(10_000).emitWithAck("echo-ack", "after")), "after");
    await page.close();
  });

  test("reads what the server said before it closed", async () => {
    const page = await tab(own.origin, ["webtransport"]);
    assert.equal(await opened(page), "connected");
    await page.evaluate(() => {
      window.got = [];
      window.socket.on("counted", (i) => window.got.push(i));
      window.socket.emit("count", 200);
      window.socket.emit("leave-me", true);
    });
    assert.equal(await page.evaluate(() => window.gone), "io server disconnect");
    assert.deepEqual(await page.evaluate(() => window.got), Array.from({ length: 200 }, (_, i) => i));
    await page.close();
  });

  test("a message above the limit closes the connection", async () => {
    const page = await tab(own.origin, ["webtransport"]);
    assert.equal(await opened(page), "connected");
    await page.evaluate(() => void window.socket.emit("echo", "x".repeat(200_000)));
    assert.match(await page.evaluate(() => window.gone), /^transport (close|error)$/);
    await page.close();
  });

  test("a page of another origin is refused", async () => {
    const page = await tab(foreign.origin, ["webtransport"]);
    assert.match(await opened(page), /webtransport error|timeout/);
    await page.close();
  });
});
