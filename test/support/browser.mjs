// Chromium for tests: people with windows of their own.
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const pictures = fileURLToPath(new URL("../e2e/pictures/", import.meta.url));

/** A browser; CHROMIUM names another than /usr/bin/chromium. quic: it may speak HTTP/3. */
export function launch({ quic = false } = {}) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--headless",
      "--disable-gpu",
      ...(quic ? [] : ["--disable-quic"]),
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** Somebody with storage and tabs of their own. Errors of their pages are kept in person.errors. */
export async function person(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(10_000);
  const errors = [];
  context.on("weberror", (error) => errors.push(String(error.error())));
  return { context, errors, tab: () => context.newPage(), close: () => context.close() };
}

/** A picture for people to look at. */
export async function picture(page, name) {
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: `${pictures}${name}.png` });
}
