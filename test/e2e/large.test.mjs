// A long story: it opens, somebody else's typing arrives, the list scrolls to its end. How quick that is, is printed.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { picture } from "../support/browser.mjs";
import { startDesks, text, words } from "../support/desk.mjs";
import { until } from "../support/wait.mjs";

const skip = process.env.STORYWIRE_URL && "these tests start a demo server of their own";

const PASSAGES = 2000;
const BYTES = 1 << 20;

/** A story of that many passages and bytes, each of which leads to the next ones. */
function longTwee() {
  const sentence = "The corridor bends, and behind the bend there is another one, lit by a lamp that nobody tends. ";
  const parts = [":: StoryTitle\nThe endless house\n\n:: StoryInit\n<<set $lamps = 0>>\n"];
  for (let n = 1; n <= PASSAGES; n++) {
    const to = (step) => `Room ${((n + step - 1) % PASSAGES) + 1}`;
    const links = `\n\n[[On->${to(1)}]]\n[[Through the small door->${to(7)}]]{if: lamps > ${n % 9}}\n[[Down->${to(61)}]]`;
    const head = `:: ${n === 1 ? "Start" : `Room ${n}`}\n<<set $lamps = lamps + 1>>Room ${n}. `;
    const room = Math.max(0, Math.floor(BYTES / PASSAGES) - head.length - links.length);
    parts.push(head + sentence.repeat(Math.ceil(room / sentence.length)).slice(0, room) + links.replace("Room 1]]", "Start]]") + "\n");
  }
  return parts.join("\n");
}

/** Notes in a page when it can be used, and how long its frames and tasks are. */
function watch() {
  window.seen = { usable: 0, tasks: [], frame: 0 };
  let last = 0;
  const look = (now) => {
    const list = document.querySelector('[role="option"]');
    const editable = [...document.querySelectorAll("*")].some((one) => one.shadowRoot?.querySelector('.cm-content[contenteditable="true"]'));
    if (list && editable) window.seen.usable = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  window.frames_from_now = () => {
    window.seen.frame = 0;
    window.seen.tasks = [];
    last = performance.now();
    const next = (now) => {
      window.seen.frame = Math.max(window.seen.frame, now - last);
      last = now;
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.seen.tasks.push(Math.round(duration));
  }).observe({ entryTypes: ["longtask"] });
}

describe("a story of 1 MB with 2,000 passages", { timeout: 240_000, skip }, () => {
  let desks;
  before(async () => (desks = await startDesks()));
  afterEach(() => desks.close());
  after(() => desks?.stop());

  test("opens, stays in step with who types in it, and scrolls", async (t) => {
    const id = await desks.tale(longTwee());
    const ben = await desks.desk(desks.accounts[1], id);
    const ann = await desks.desk(desks.accounts[0], id, { watch });
    const { page } = ann;
    const list = page.getByRole("listbox", { name: "Passages" });
    assert.equal(await list.getByRole("option").first().getAttribute("aria-setsize"), String(PASSAGES));
    const opened = await page.evaluate(() => window.seen);
    t.diagnostic(`usable after ${Math.round(opened.usable)} ms; long tasks ${opened.tasks.join(", ") || "none"} ms`);

    // Again, now that the browser keeps the story.
    await page.reload();
    await text(page).waitFor();
    const again = await page.evaluate(() => window.seen);
    t.diagnostic(`opened again: usable after ${Math.round(again.usable)} ms; long tasks ${again.tasks.join(", ") || "none"} ms`);

    await page.evaluate(() => window.frames_from_now());
    await text(ben.page).focus();
    await ben.page.keyboard.press("Control+Home");
    for (let i = 0; i < 50; i++) await ben.page.keyboard.type("ab[[On]] "[i % 9], { delay: 100 });
    const typed = await page.evaluate(() => window.seen);
    t.diagnostic(`while another typed ten letters a second: longest frame ${Math.round(typed.frame)} ms; long tasks ${typed.tasks.join(", ") || "none"} ms`);
    await until(async () => (await words(page)) === (await words(ben.page)), { what: "the typing to arrive" });

    await page.evaluate(() => window.frames_from_now());
    await list.focus();
    await page.keyboard.press("End");
    const last = list.locator(`[aria-posinset="${PASSAGES}"][aria-selected="true"]`);
    const name = (await last.textContent()).trim();
    await page.getByRole("textbox", { name: `Text of ${name}`, exact: true }).waitFor();
    const rows = await list.getByRole("option").count();
    assert.ok(rows < 100, `${rows} rows are in the page`);
    await list.hover();
    for (let i = 0; i < 40; i++) await page.mouse.wheel(0, -1200);
    const scrolled = await page.evaluate(() => window.seen);
    t.diagnostic(`scrolling: longest frame ${Math.round(scrolled.frame)} ms`);

    await page.getByRole("searchbox", { name: "Find a passage" }).fill("Room 1999");
    await page.getByRole("option", { name: "Room 1999" }).click();
    await page.getByRole("textbox", { name: "Text of Room 1999" }).waitFor();
    await page.evaluate(() => window.frames_from_now());
    await page.getByRole("button", { name: "Map" }).click();
    await page.getByRole("region", { name: "Map of passages" }).locator(".react-flow__node").first().waitFor();
    const mapped = await page.evaluate(() => window.seen);
    t.diagnostic(`the map: long tasks ${mapped.tasks.join(", ") || "none"} ms`);
    await picture(page, "large-map");
  });
});
