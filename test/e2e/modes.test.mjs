// Two people play in every way in which a party can decide, and by mail: one at a desk, one with a phone.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { picture } from "../support/browser.mjs";
import { startDemo } from "../support/demo.mjs";

const skip = process.env.STORYWIRE_URL && "these tests start a demo server of their own";

const STORY = "The Lantern Road";
const DESK = { viewport: { width: 1280, height: 900 } };
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

describe("the ways a party decides, in the web app", { timeout: 180_000, skip }, () => {
  let demo;
  let characters;

  before(async () => {
    demo = await startDemo();
    ({ characters } = demo);
  });
  afterEach(() => demo.close());
  after(() => demo?.stop());

  const enter = async (character, options) => (await demo.enter(character, options)).page;
  const choice = (page, words) => page.getByRole("region", { name: "Choices" }).getByRole("button", { name: words });
  const heading = (page, name) => page.getByRole("heading", { level: 1, name });
  const words = (page, text) => page.getByRole("status").getByText(text).waitFor();

  /** Two people in the lobby of a party with that setting. */
  async function gather(set, colors = ["light", "dark"]) {
    const ann = await enter(characters[0], { ...DESK, colorScheme: colors[0] });
    const ben = await enter(characters[1], { ...PHONE, colorScheme: colors[1] });
    await ann.getByRole("list", { name: "Stories" }).getByRole("link", { name: STORY }).click();
    await ann.getByRole("button", { name: "Play together" }).click();
    await set(ann);
    await ann.getByRole("button", { name: "Open the party" }).click();
    await heading(ann, "The party gathers").waitFor();
    const code = (await ann.getByTestId("code").locator(":scope > :first-child").textContent()).trim();
    await ben.goto(`${demo.server.url}/party/${code}`);
    await ann.getByRole("list").getByText(characters[1].display_name).waitFor();
    return { ann, ben };
  }
  async function begin(set, colors) {
    const party = await gather(set, colors);
    await party.ann.getByRole("button", { name: /^Begin/ }).click();
    await Promise.all([party.ann, party.ben].map((page) => heading(page, "The gate").waitFor()));
    return party;
  }
  const mode = (name) => (page) => page.getByRole("radio", { name }).check();

  test("whoever is first", async () => {
    const { ann, ben } = await begin(mode("Whoever is first"));
    await words(ben, "Whoever chooses first decides.");
    await picture(ann, "mode-first-desk");
    await picture(ben, "mode-first-phone");
    await choice(ben, "Keep to the road").click();
    await heading(ann, "The milestone").waitFor();
    await choice(ann, "Walk on without a word").click();
    await heading(ben, "The bridge").waitFor();
  });

  test("the host decides, the others say what they would do", async () => {
    const { ann, ben } = await begin(mode("The host decides"), ["dark", "light"]);
    await words(ann, "You decide.");
    await choice(ben, "Cut through the orchard").click();
    await choice(ann, "Cut through the orchard").getByText(characters[1].display_name).waitFor({ state: "attached" });
    await picture(ann, "mode-host-desk");
    await picture(ben, "mode-host-phone");
    await choice(ann, "Cut through the orchard").click();
    await heading(ben, "The orchard").waitFor();
    // The part can be given away.
    await ann.getByRole("button", { name: "The party" }).click();
    await picture(ann, "mode-host-people");
    await ann.getByRole("button", { name: "Make host" }).click();
    await ann.keyboard.press("Escape");
    await words(ben, "You decide.");
    await choice(ben, "Find the road again").click();
    await heading(ann, "The bridge").waitFor();
  });

  test("all agree", async () => {
    const { ann, ben } = await begin(mode("Agree"));
    await choice(ann, "Keep to the road").click();
    await choice(ben, "Cut through the orchard").click();
    await words(ann, "Agree on one.");
    await picture(ann, "mode-unanimous-desk");
    await picture(ben, "mode-unanimous-phone");
    await choice(ben, "Keep to the road").click();
    await heading(ann, "The milestone").waitFor();
    await heading(ben, "The milestone").waitFor();
  });

  test("one after the other", async () => {
    const { ann, ben } = await begin(mode("Take turns"), ["dark", "light"]);
    await words(ann, "It is your turn.");
    await words(ben, "turn. Say what you would do.");
    await picture(ann, "mode-rotate-desk");
    await picture(ben, "mode-rotate-phone");
    await choice(ann, "Cut through the orchard").click();
    await words(ben, "It is your turn.");
    await choice(ben, "Find the road again").click();
    await words(ann, "It is your turn.");
  });

  test("secret votes, and only how many", async () => {
    for (const [label, see] of [["Secret until the end", false], ["Only how many", true]]) {
      const { ann, ben } = await begin(async (page) => {
        await page.getByText("More settings").click();
        await page.getByRole("combobox", { name: "Votes" }).selectOption({ label });
      });
      await choice(ann, "Keep to the road").click();
      await ben.getByText("has chosen").first().waitFor({ state: "attached" });
      const vote = choice(ben, "Keep to the road");
      await (see ? vote.getByText("1", { exact: true }).last().waitFor() : Promise.resolve());
      assert.equal(await vote.getByText(characters[0].display_name).count(), 0, "who chose what is not shown");
      await picture(ben, see ? "votes-counts-phone" : "votes-hidden-phone");
      await choice(ben, "Keep to the road").click();
      await heading(ann, "The milestone").waitFor();
    }
  });

  test("by mail: nobody needs to be there, and whose turn it is is told", async () => {
    const { ann, ben } = await gather(async (page) => {
      await page.getByRole("radio", { name: "Take turns" }).check();
      await page.getByLabel("Pace").selectOption({ label: "By mail, whenever one can" });
      await page.getByLabel("Time for each choice").selectOption({ label: "1 day" });
      await picture(page, "mode-mail-settings");
    });
    // Ben goes somewhere else in the app: he is not at the table any more, and keeps his seat.
    await ben.getByRole("link", { name: "Storywire" }).click();
    await ann.getByRole("img", { name: `${characters[1].display_name} was here a moment ago` }).first().waitFor();
    await ann.getByRole("button", { name: /^Begin/ }).click();
    await heading(ann, "The gate").waitFor();
    await picture(ann, "mode-mail-desk");
    await choice(ann, "Keep to the road").click();
    await ben.getByText("1 unread").waitFor({ state: "attached" });
    await ben.goto(`${demo.server.url}/inbox`);
    await ben.getByText(`Your turn in “${STORY}”`).first().waitFor();
    await picture(ben, "mode-mail-told");
    await ben.getByText(`Your turn in “${STORY}”`).first().click();
    await words(ben, "It is your turn.");
    await picture(ben, "mode-mail-phone");
    await choice(ben, "Walk on without a word").click();
    await words(ann, "It is your turn.");
    // Paused while Ben is away; he is told when it goes on.
    await ben.getByRole("link", { name: "Storywire" }).click();
    await ann.getByRole("button", { name: "The party" }).click();
    await ann.getByRole("button", { name: "Pause" }).click();
    await ann.getByRole("dialog").getByRole("button", { name: "Go on", exact: true }).click();
    await ann.keyboard.press("Escape");
    await ben.goto(`${demo.server.url}/inbox`);
    await ben.getByText(`“${STORY}” goes on`).first().waitFor();
    await picture(ben, "mode-mail-goes-on");
  });

  test("who reads the story can be asked to play, and is told", async () => {
    const { ann, ben } = await gather(mode("Vote"));
    const cleo = await enter(characters[2], { ...PHONE, colorScheme: "dark" });
    await cleo.getByRole("list", { name: "Stories" }).getByRole("link", { name: STORY }).click();
    await ann.getByText("Reading this story now").waitFor();
    await ann.getByRole("button", { name: "Invite" }).click();
    await ann.getByText("Invited", { exact: true }).waitFor();
    await picture(ann, "invite-desk");
    await cleo.goto(`${demo.server.url}/inbox`);
    await cleo.getByText(`Come and play “${STORY}”`).first().click();
    await ann.getByRole("list").getByText(characters[2].display_name).first().waitFor();
    await ann.getByRole("button", { name: /^Begin/ }).click();
    await heading(cleo, "The gate").waitFor();
    await picture(cleo, "invite-phone");
    await heading(ben, "The gate").waitFor();
    // A fourth, who only reads, sees that they play.
    const dan = await enter(characters[3], DESK);
    await dan.getByRole("list", { name: "Stories" }).getByRole("link", { name: STORY }).click();
    await dan.getByText("3 playing").waitFor();
    await picture(dan, "playing-now");
  });
});
