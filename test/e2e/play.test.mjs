// Four people play a demo story together in Chromium, from the lobby to its end.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { picture } from "../support/browser.mjs";
import { startDemo } from "../support/demo.mjs";

const skip = process.env.STORYWIRE_URL && "these tests start a demo server of their own";

const STORY = "The Lantern Road";
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

describe("playing together in the web app", { timeout: 120_000, skip }, () => {
  let demo;
  let characters;

  before(async () => {
    demo = await startDemo();
    ({ characters } = demo);
  });
  afterEach(() => demo.close());
  after(() => demo?.stop());

  const openStory = (page) => page.getByRole("list", { name: "Stories" }).getByRole("link", { name: STORY }).click();
  const choice = (page, words) => page.getByRole("region", { name: "Choices" }).getByRole("button", { name: words });
  const heading = (page, name) => page.getByRole("heading", { level: 1, name });
  const all = (group, act) => Promise.all(group.map(({ page }) => act(page)));
  const chosen = (page, words) => page.locator('button[data-state="chosen"]', { hasText: words });

  test("four pages play a story to its end by majority", async () => {
    const ann = await demo.enter(characters[0], { viewport: { width: 1600, height: 1000 } });
    await openStory(ann.page);
    await picture(ann.page, "play-story");
    await ann.page.getByRole("button", { name: "Play together" }).click();
    await ann.page.getByRole("radio", { name: "Vote" }).waitFor();
    await picture(ann.page, "play-settings");
    await ann.page.getByRole("button", { name: "Open the party" }).click();
    await heading(ann.page, "The party gathers").waitFor();
    const code = (await ann.page.getByTestId("code").locator(":scope > :first-child").textContent()).trim();
    assert.match(code, /^[A-HJ-NP-Z2-9]{6}$/);

    const [ben, cleo, dan] = await Promise.all([
      demo.enter(characters[1], { colorScheme: "dark", viewport: { width: 1600, height: 1000 } }),
      demo.enter(characters[2], phone),
      demo.enter(characters[3], { ...phone, colorScheme: "dark", reducedMotion: "reduce" }),
    ]);
    const party = [ann, ben, cleo, dan];
    await ben.page.getByRole("button", { name: "Join a party" }).click();
    await ben.page.getByRole("textbox", { name: "The code" }).fill(code.toLowerCase());
    await ben.page.getByRole("button", { name: "Join", exact: true }).click();
    await all([cleo, dan], (page) => page.goto(`${demo.server.url}/party/${code}`));
    await all(party, (page) => page.getByRole("list").getByText(characters[3].display_name).waitFor());
    await all([ben, cleo], (page) => page.getByRole("button", { name: "I'm ready" }).click());
    await ann.page.getByText("Leif is not ready yet").waitFor();
    await ann.page.getByRole("listitem").filter({ hasText: "Ready" }).nth(1).waitFor();
    for (const one of party) await picture(one.page, `play-lobby-${party.indexOf(one)}`);
    await dan.page.getByRole("button", { name: "I'm ready" }).click();
    await ann.page.getByRole("button", { name: "Begin the story" }).click();

    await all(party, (page) => heading(page, "The gate").waitFor());
    // A tie, told to all; then the vote is between the two.
    await ann.page.keyboard.press("1");
    await choice(ben.page, "Keep to the road").click();
    await choice(cleo.page, "Cut through the orchard").click();
    await ann.page.getByText("Waiting for Leif").waitFor();
    for (const one of party) await picture(one.page, `play-vote-${party.indexOf(one)}`);
    await choice(dan.page, "Cut through the orchard").click();
    await all(party, (page) => page.getByText("The vote is tied: once more, between these two.").waitFor());
    await picture(ann.page, "play-tie");
    await all([ann, ben, cleo], (page) => choice(page, "Keep to the road").click());

    await all(party, (page) => heading(page, "The milestone").waitFor());
    await ann.page.getByText("Keep to the road – by majority").first().waitFor();
    // What is said reaches all, and a page that reloads in the middle of a vote is where it was.
    await ben.page.getByRole("textbox", { name: "Say something" }).pressSequentially("He has no light. Let him come?", { delay: 5 });
    await ann.page.getByText(`${characters[1].display_name} is writing`).waitFor();
    await picture(ann.page, "play-typing");
    await ben.page.keyboard.press("Enter");
    await all(party, (page) => page.getByRole("list", { name: "Chat" }).getByText("He has no light").waitFor());
    await choice(ben.page, "Tell him").click();
    await choice(cleo.page, "Walk on").click();
    await ann.page.getByRole("textbox", { name: "Say something" }).fill("A man without a light has nothing to lose. Or nothing to find.");
    await ann.page.keyboard.press("Enter");
    await ben.page.getByRole("list", { name: "Chat" }).getByText("nothing to find").waitFor();
    await ann.page.setViewportSize({ width: 1280, height: 900 });
    await picture(ann.page, "play-party");
    await ann.page.setViewportSize({ width: 1600, height: 1000 });
    await ben.page.reload();
    await chosen(ben.page, "Tell him").waitFor();
    // A choice made without a connection is sent with the next one.
    await dan.context.setOffline(true);
    await dan.page.getByText("You're offline").waitFor({ timeout: 15_000 });
    await choice(dan.page, "Tell him").click();
    await dan.page.locator('button[data-state="sending"]').waitFor();
    await picture(dan.page, "play-offline");
    await dan.context.setOffline(false);
    await chosen(dan.page, "Tell him").or(heading(dan.page, "The ford")).first().waitFor({ timeout: 15_000 });
    // Votes may change until the round is decided.
    await choice(cleo.page, "Tell him").click();

    await all(party, (page) => heading(page, "The ford").waitFor());
    await all([ann, cleo, dan], (page) => choice(page, "Cross over").click());
    await all(party, (page) => heading(page, "The hill").waitFor());
    await all([ann, ben, dan], (page) => choice(page, "Light the twelfth window").click());

    await all(party, (page) => heading(page, "The twelfth window").waitFor());
    await all(party, (page) => page.getByText("You saw 5 of").waitFor());
    for (const one of party) await picture(one.page, `play-end-${party.indexOf(one)}`);
    await ann.page.getByRole("region", { name: "Map", exact: true }).scrollIntoViewIfNeeded();
    await picture(ann.page, "play-map");
    for (const { page } of party) {
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
    }
  });

  test("who finds no seat watches, and has a say where the party lets them", async () => {
    const [ann, ben, cleo] = await Promise.all([demo.enter(characters[0]), demo.enter(characters[1]), demo.enter(characters[2])]);
    await openStory(ann.page);
    await ann.page.getByRole("button", { name: "Play together" }).click();
    await ann.page.getByText("More settings").click();
    await ann.page.getByLabel("Seats").fill("2");
    await ann.page.getByLabel("Who watches").selectOption({ label: "Gives advice" });
    await ann.page.getByRole("button", { name: "Open the party" }).click();
    const code = (await ann.page.getByTestId("code").locator(":scope > :first-child").textContent()).trim();
    await ben.page.goto(`${demo.server.url}/party/${code}`);
    await heading(ben.page, "The party gathers").waitFor();
    await cleo.page.goto(`${demo.server.url}/party/${code}`);
    await cleo.page.getByRole("button", { name: "Watch instead" }).click();
    await cleo.page.getByText("You are watching.").waitFor();
    await ann.page.getByText("1 watching", { exact: true }).waitFor();
    await picture(ann.page, "play-lobby-watched");
    await ann.page.getByRole("button", { name: "Begin anyway" }).click();
    await heading(cleo.page, "The gate").waitFor();
    await choice(cleo.page, "Keep to the road").click();
    await choice(ann.page, "Keep to the road").getByText("1 watching").waitFor();
    await picture(cleo.page, "play-watching");
    await picture(ann.page, "play-watched");
    // Sent away: the page says so, and the code does not lead back.
    await ann.page.getByRole("button", { name: "The party" }).click();
    await ann.page.getByRole("button", { name: "Send away" }).click();
    await ben.page.getByText("You were sent away from this party.").waitFor();
    await ben.page.goto(`${demo.server.url}/party/${code}`);
    await ben.page.getByText("You were sent away from this party.").waitFor();
  });

  test("alone a choice counts at once, and home leads back to where one left off", async () => {
    const ann = await demo.enter(characters[4]);
    await openStory(ann.page);
    await ann.page.getByRole("button", { name: "Play alone" }).click();
    await heading(ann.page, "The gate").waitFor();
    await picture(ann.page, "play-alone");
    await ann.page.keyboard.press("2");
    await heading(ann.page, "The orchard").waitFor();
    await ann.page.keyboard.press("h");
    const parties = ann.page.getByRole("region", { name: "Parties you can return to" });
    await parties.getByText("It waits for you").waitFor();
    await picture(ann.page, "play-home");
    await parties.getByRole("link").click();
    await heading(ann.page, "The orchard").waitFor();
    // On with the keyboard to an ending, and once more from the start.
    for (const [key, passage] of [["2", "The bridge"], ["1", "The hill"], ["1", "Eleven windows"]]) {
      await ann.page.keyboard.press(key);
      await heading(ann.page, passage).waitFor();
    }
    await ann.page.getByRole("button", { name: "Play again" }).click();
    await heading(ann.page, "The gate").waitFor();
  });
});
