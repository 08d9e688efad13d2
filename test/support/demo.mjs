// A demo server and a browser for tests in Chromium, with people who come and go.
import assert from "node:assert/strict";
import { launch, person } from "./browser.mjs";
import { startStorywire } from "./process.mjs";

/** Starts both. Close the people after each test, and stop all at the end. */
export async function startDemo(env = {}) {
  const server = await startStorywire({ args: ["--demo"], env });
  const { items: characters } = await (await fetch(`${server.url}/demo/v1/characters`)).json();
  const browser = await launch();
  const people = [];

  return {
    /** The running server; who restarts it puts the new one here. */
    server,
    characters,
    /** Somebody with storage of their own and one page, which is nowhere yet. */
    async come(options) {
      const one = await person(browser, options);
      people.push(one);
      return { ...one, page: await one.tab() };
    },
    /** Somebody who signs that character in and is at home. */
    async enter(character, options) {
      const one = await this.come(options);
      await one.page.goto(this.server.url);
      await one.page.getByRole("button", { name: character.display_name }).click();
      await one.page.getByRole("heading", { name: character.display_name }).waitFor();
      return { ...one, character };
    },
    /** Ends all pages; none of them may have thrown. */
    async close() {
      const errors = people.flatMap(({ errors }) => errors);
      await Promise.all(people.splice(0).map((one) => one.close()));
      assert.deepEqual(errors, [], "pages must not throw");
    },
    async stop() {
      await browser.close();
      await this.server.stop();
    },
  };
}
