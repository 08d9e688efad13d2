// The desk where stories are written, for tests in Chromium: a demo server, its characters, and their pages.
import assert from "node:assert/strict";
import { startDemo } from "./demo.mjs";
import { until } from "./wait.mjs";

/** A server with people who write. Close the people after each test, and stop it at the end. */
export async function startDesks() {
  const demo = await startDemo({ RATE_WRITE: "100/s:100", RATE_MOVE: "20/s:50", MAX_BODY: String(8 << 20) });
  const { server } = demo;
  const accounts = [];
  for (const { id: characterId } of demo.characters) accounts.push(await call("POST", "/demo/v1/sign-in", { characterId }));

  async function call(method, path, body, { token } = {}, type = "application/json") {
    const headers = { "content-type": type, ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const response = await fetch(server.url + path, { method, headers, body: type === "application/json" ? JSON.stringify(body) : body });
    assert.ok(response.ok, `${method} ${path}: ${response.status}`);
    return response.status === 204 ? null : response.json();
  }

  /** A role of the second character in a story of the first. */
  const role = (id, name) => call("PUT", `/v1/stories/${id}/members/${accounts[1].user.id}`, { role: name }, accounts[0]);

  return {
    server,
    accounts,
    call,
    role,
    /** A story of the first character, with the second as its editor. */
    async story(body = "The lamp is out.\n\n[[Light it->The lamp]]\n[[Sleep]]") {
      const { id } = await call("POST", "/v1/stories", { title: "The tide clock", body }, accounts[0]);
      await role(id, "editor");
      return id;
    },
    /** A story of the first character that a Twee file tells, with the second as its editor. */
    async tale(twee) {
      const id = await this.story("");
      await call("POST", `/v1/docs/${id}/import?name=tale.twee`, twee, accounts[0], "text/plain");
      return id;
    },
    /** Somebody, or null for nobody that is signed in, at a path. watch runs first in their pages. */
    async visit(account, path, { watch, ...options } = {}) {
      const one = await demo.come({ viewport: { width: 1440, height: 900 }, ...options });
      await one.context.addInitScript((signed) => {
        if (location.origin === "null") return; // a page before it has an address
        if (signed !== null) localStorage.setItem("storywire.account", signed);
        localStorage.setItem("storywire.strip", "gone");
      }, account && JSON.stringify(account));
      if (watch) await one.context.addInitScript(watch);
      const { page } = one;
      page.setDefaultTimeout(20_000);
      const violations = [];
      page.on("console", (message) => /Content Security Policy/.test(message.text()) && violations.push(message.text()));
      await page.goto(server.url + path);
      return { ...one, violations };
    },
    /** Somebody with the desk of a story open. */
    async desk(account, id, options) {
      const one = await this.visit(account, `/edit/${id}`, options);
      await text(one.page).waitFor();
      await saved(one.page);
      return one;
    },
    close: () => demo.close(),
    stop: () => demo.stop(),
  };
}

/** The text of the passage on the desk. */
export const text = (page) => page.getByRole("textbox", { name: /^Text of / });

/** The line that says what is saved. */
export const line = (page) => page.getByRole("status", { name: "Saving" });

export const saved = (page) => line(page).filter({ hasText: "All changes saved" }).waitFor();

/** What is written in the passage on the desk. */
export const words = (page) =>
  text(page).evaluate((node) =>
    [...node.querySelectorAll(".cm-line")]
      .map((one) => {
        const copy = one.cloneNode(true);
        for (const caret of copy.querySelectorAll(".cm-caret")) caret.remove();
        return copy.textContent.replace(/\u200b/g, "");
      })
      .join("\n"),
  );

/** Types into the passage on the desk, at its end or where a key leads. */
export async function write(page, letters, where = "Control+End") {
  await text(page).focus();
  await page.keyboard.press(where);
  await page.keyboard.type(letters, { delay: 5 });
}

/** Waits until two pages show the same text with all of these in it. */
export const both = (pages, has) =>
  until(
    async () => {
      const [a, b] = await Promise.all(pages.map(words));
      return a === b && has.every((some) => a.includes(some));
    },
    { what: `both to read ${has}` },
  );
