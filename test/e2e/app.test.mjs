// Two people read the demo story in Chromium.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { picture } from "../support/browser.mjs";
import { startDemo } from "../support/demo.mjs";
import { notify } from "../support/people.mjs";
import { until } from "../support/wait.mjs";

const skip = process.env.STORYWIRE_URL && "these tests start and restart a demo server of their own";

describe("the web app", { timeout: 240_000, skip }, () => {
  let demo;
  let characters;

  before(async () => {
    // Writes are quick here: a test types faster than a person.
    demo = await startDemo({ RATE_WRITE: "100/s:100" });
    ({ characters } = demo);
  });
  afterEach(() => demo.close());
  after(() => demo?.stop());

  const comments = (page) => page.getByRole("list", { name: "Comments" }).getByRole("listitem");
  const box = (page) => page.getByRole("textbox", { name: "Write a comment" });
  const dotOf = (page, who) => page.getByRole("list", { name: "Comments" }).locator(`[data-state][data-user="${who.id}"]`).first();

  /** Signs that character in; returns their window on the demo story. */
  async function enter(character, options) {
    const one = await demo.enter(character, options);
    await one.page.getByRole("main").locator('a[href^="/story/"]').first().click();
    await box(one.page).waitFor();
    await connected(one.page, character);
    return one;
  }
  async function say(page, words) {
    await box(page).fill(words);
    await page.getByRole("button", { name: "Send" }).click();
  }
  /** When the page has its connection: what happens before is no news to it. */
  const connected = (page, who) => page.getByRole("button", { name: `You are ${who.display_name}` }).locator('[data-state="online"]').waitFor();
  const rows = (page, words) => comments(page).filter({ hasText: words });

  test("a comment each way appears exactly once, and is stored", async () => {
    const [ann, ben] = [await enter(characters[0]), await enter(characters[1])];
    await say(ann.page, "Did you see the light go out?");
    await rows(ben.page, "Did you see the light go out?").waitFor();
    await say(ben.page, "Twice, just before midnight.");
    await rows(ann.page, "Twice, just before midnight.").waitFor();
    for (const { page } of [ann, ben]) {
      for (const words of ["Did you see the light go out?", "Twice, just before midnight."]) {
        assert.equal(await rows(page, words).count(), 1);
      }
    }
    await until(async () => (await rows(ann.page, "Did you see").getAttribute("data-state")) !== "sending", { what: "the comment to be stored" });
    await picture(ann.page, "story-two-people");
    await ann.page.reload();
    await rows(ann.page, "Twice, just before midnight.").waitFor();
    assert.equal(await rows(ann.page, "Did you see the light go out?").count(), 1);
  });

  test("typing shows and clears", async () => {
    const [ann, ben] = [await enter(characters[0]), await enter(characters[1])];
    const words = ann.page.getByText(`${characters[1].display_name} is writing`);
    await box(ben.page).pressSequentially("I think that", { delay: 20 });
    await words.waitFor();
    await picture(ann.page, "story-typing");
    await ben.page.getByRole("button", { name: "Send" }).click();
    await words.waitFor({ state: "hidden" });
    await box(ben.page).pressSequentially("And another thing");
    await words.waitFor();
    await box(ben.page).fill("");
    await words.waitFor({ state: "hidden" });
  });

  test("the presence dot is on, stays on when a second tab closes, and goes out with the last", async () => {
    const [ann, ben] = [await enter(characters[0]), await enter(characters[1])];
    await say(ben.page, "I am here.");
    const dot = dotOf(ann.page, characters[1]);
    await until(async () => (await dot.getAttribute("data-state")) === "online", { what: "the dot to be on" });
    const second = await ben.context.newPage();
    await second.goto(ben.page.url());
    await connected(second, characters[1]);
    const changes = await dot.evaluateHandle((node) => {
      const seen = [];
      new MutationObserver(() => seen.push(node.dataset.state)).observe(node, { attributes: true });
      return seen;
    });
    await second.close();
    await ann.page.waitForTimeout(11_500); // longer than the grace of 10 s, in which nothing may happen
    assert.equal(await dot.getAttribute("data-state"), "online");
    assert.equal((await changes.jsonValue()).includes("offline"), false);
    await ben.page.close();
    await until(async () => (await dot.getAttribute("data-state")) === "offline", { timeout: 20_000, what: "the dot to go out" });
  });

  test("markup in a comment is text, and nothing runs", async () => {
    const [ann, ben] = [await enter(characters[0]), await enter(characters[1])];
    const markup = `<img src=x onerror="window.pwned=1"><script>window.pwned=2</script><b>bold</b>`;
    await say(ann.page, markup);
    await rows(ben.page, markup).waitFor();
    for (const { page } of [ann, ben]) {
      assert.ok((await rows(page, markup).textContent()).includes(markup));
      assert.equal(await page.evaluate(() => window.pwned), undefined);
      assert.equal(await comments(page).locator("img[src=x], b, script").count(), 0);
    }
  });

  test("a notification: a toast and a count in every tab", async () => {
    const ann = await enter(characters[2]);
    const second = await ann.context.newPage();
    await second.goto(demo.server.url);
    await Promise.all([ann.page, second].map((page) => connected(page, characters[2])));
    await notify(demo.server, { user_id: characters[2].id, title: "Your story was chosen", body: "Come and see." });
    for (const page of [ann.page, second]) {
      await page.getByRole("region", { name: "New notifications" }).getByText("Your story was chosen").waitFor();
      await page.getByText("1 unread").waitFor({ state: "attached" });
    }
    await picture(ann.page, "notification");
    await ann.page.getByRole("button", { name: "Notifications" }).click();
    await picture(ann.page, "notification-panel");
  });

  test("everything is there after the server restarts, and the pages come back by themselves", async () => {
    const [ann, ben] = [await enter(characters[3]), await enter(characters[4])];
    await say(ann.page, "Remember this.");
    await rows(ben.page, "Remember this.").waitFor();
    demo.server = await demo.server.restart();
    await ben.page.reload(); // still signed in
    await rows(ben.page, "Remember this.").waitFor();
    await say(ben.page, "Still here.");
    await rows(ann.page, "Still here.").waitFor({ timeout: 20_000 });
    assert.equal(await rows(ann.page, "Remember this.").count(), 1);
    assert.equal(await rows(ann.page, "Still here.").count(), 1);
  });

  test("on a phone nothing scrolls sideways", async () => {
    const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
    const ann = await enter(characters[5], phone);
    await say(ann.page, `A word ${"without-an-end".repeat(12)}`);
    await rows(ann.page, "A word").waitFor();
    const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(await overflow(ann.page), 0);
    await picture(ann.page, "phone-story");
    await ann.page.goto(demo.server.url);
    await ann.page.getByRole("button", { name: "Notifications" }).waitFor();
    assert.equal(await overflow(ann.page), 0);
    await picture(ann.page, "phone-home");
    const { page: door } = await demo.come(phone);
    await door.goto(demo.server.url);
    await door.getByRole("button", { name: characters[0].display_name }).waitFor();
    assert.equal(await overflow(door), 0);
    await picture(door, "phone-sign-in");
  });
});
