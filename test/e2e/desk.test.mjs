// What lies beside the text while a story is written: the preview, notes, variables, the map.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { picture } from "../support/browser.mjs";
import { line, saved, startDesks, text, words, write } from "../support/desk.mjs";
import { until } from "../support/wait.mjs";

const skip = process.env.STORYWIRE_URL && "these tests start a demo server of their own";

const WELL = `:: StoryTitle
The well

:: StoryInit
<<set $gold = 3>>
<<set $rope = false>>

:: Start
The well is deep. You have $gold coins.

[[Throw a coin->Thrown]]{if: gold > 0}
[[Climb down->Bottom]]{if: rope}
[[Look away->Nowhere]]

:: Thrown
<<set $gold = gold - 1>>It falls for long.

[[Back->Start]]

:: Bottom [end]
Water, and a voice.
`;

describe("beside the text", { timeout: 240_000, skip }, () => {
  let desks;
  before(async () => (desks = await startDesks()));
  afterEach(() => desks.close());
  after(() => desks?.stop());

  const open = (page, name) => page.getByRole("toolbar", { name: "Beside the text" }).getByRole("button", { name, exact: true }).click();
  const choose = (page, name) => page.getByRole("option", { name }).click();
  const selectWords = (page, from, length) =>
    text(page).evaluate((node, [from, length]) => {
      const view = node.cmTile?.view ?? node.cmView.view;
      view.focus();
      view.dispatch({ selection: { anchor: from, head: from + length } });
    }, [from, length]);

  /** What is marked in the text; the cursor of another may stand in it. */
  const noted = (page) =>
    page.locator(".cm-noted").evaluateAll((marks) =>
      marks
        .flatMap((mark) => [...mark.childNodes])
        .filter((node) => node.nodeType === Node.TEXT_NODE)
        .map((node) => node.textContent)
        .join(""),
    );

  test("a preview plays from here, mistakes in place, and follows what anybody types", async () => {
    const id = await desks.tale(WELL);
    const [ann, ben] = [await desks.desk(desks.accounts[0], id), await desks.desk(desks.accounts[1], id)];
    const { page } = ann;
    await open(page, "Preview");
    const scene = page.getByRole("article", { name: /^Preview of/ });
    await scene.getByText("You have 3 coins.").waitFor();
    await scene.getByText("There is no passage “Nowhere”.").or(scene.getByText('There is no passage "Nowhere".')).waitFor();
    assert.equal(await scene.getByRole("button", { name: "Climb down" }).count(), 0, "a condition that does not hold");
    await picture(page, "desk-preview");
    await scene.getByRole("button", { name: "Throw a coin" }).click();
    await scene.getByRole("heading", { name: "Thrown" }).waitFor();
    await scene.getByRole("button", { name: "Back" }).click();
    await scene.getByText("You have 2 coins.").waitFor();

    await write(ben.page, " Frogs sing.", "Control+Home");
    await scene.getByText("Frogs sing.").waitFor();
    assert.ok(await scene.getByText("You have 2 coins.").isVisible(), "the way so far is kept");

    const panel = page.getByRole("complementary", { name: "Preview" });
    await panel.getByText("Variables", { exact: true }).click();
    await panel.getByRole("combobox", { name: "$rope begins as" }).selectOption("true");
    await scene.getByRole("button", { name: "Climb down" }).click();
    await scene.getByText("The story ends here.").waitFor();
    await panel.getByRole("button", { name: "Back", exact: true }).first().click();
    await scene.getByRole("button", { name: "Climb down" }).waitFor();
    await panel.getByRole("button", { name: "Restart" }).click();
    await scene.getByText("You have 3 coins.").waitFor();
    await choose(page, /Bottom/);
    await scene.getByText("Water, and a voice.").waitFor();
    await choose(page, /Start/);
    await scene.getByRole("button", { name: "Throw a coin" }).click();
    await scene.getByRole("heading", { name: "Thrown" }).waitFor();
    await scene.getByRole("button", { name: "Edit this passage" }).click();
    await page.getByRole("textbox", { name: "Text of Thrown" }).waitFor();
    assert.ok(await scene.getByRole("heading", { name: "Thrown" }).isVisible(), "the preview stays where it is");
    await ann.context.setOffline(true);
    await panel.getByText("The server plays the preview.").waitFor({ timeout: 60_000 });
    await ann.context.setOffline(false);
    await panel.getByText("The server plays the preview.").waitFor({ state: "detached" });
    assert.deepEqual(ann.violations, [], "the page's policy is kept");
  });

  test("notes on words and passages: seen by others at once, answered, resolved; their words may go", async () => {
    const id = await desks.tale(WELL);
    const [ann, ben] = [await desks.desk(desks.accounts[0], id), await desks.desk(desks.accounts[1], id)];
    await open(ann.page, "Notes");
    const before = await words(ann.page);
    await selectWords(ann.page, before.indexOf("deep"), "deep".length);
    const panel = ann.page.getByRole("complementary", { name: "Notes" });
    await panel.getByText("deep", { exact: true }).waitFor();
    await panel.getByRole("textbox", { name: "New note" }).fill("How deep is it?");
    await panel.getByRole("button", { name: "Send" }).click();
    await panel.getByRole("article").getByText("How deep is it?").waitFor();
    await ann.page.locator(".cm-noted").waitFor();
    assert.equal(await noted(ann.page), "deep");

    // The other sees the count and the mark, writes before it, and answers.
    await ben.page.getByRole("option", { name: /Start/ }).getByRole("img", { name: "1 note" }).waitFor();
    await write(ben.page, "Listen: ", "Control+Home");
    await ben.page.locator(".cm-noted").click();
    const other = ben.page.getByRole("complementary", { name: "Notes" });
    await other.getByRole("article").getByRole("button", { name: "Reply" }).click();
    await other.getByRole("textbox", { name: /^Reply to/ }).fill("Nobody knows.");
    await other.getByRole("button", { name: "Send" }).click();
    await panel.getByText("Nobody knows.").waitFor();
    await until(async () => (await noted(ann.page)) === "deep", { what: "the mark to stay with its words" });
    await picture(ann.page, "desk-notes");

    // Its words are deleted: it says so, and stays.
    const now = await words(ben.page);
    await selectWords(ben.page, now.indexOf("deep"), "deep".length);
    await ben.page.keyboard.press("Delete");
    await panel.getByText("The words it was about are gone.").waitFor();
    await panel.getByRole("button", { name: "Resolve", exact: true }).click();
    await other.getByText("No notes on this passage.").waitFor();
    assert.equal(await ben.page.getByRole("img", { name: "1 note" }).count(), 0);
    await other.getByRole("checkbox", { name: /^Resolved ones/ }).check();
    await other.getByRole("button", { name: "Open again" }).click();
    await panel.getByRole("button", { name: "Resolve", exact: true }).waitFor();

    // A commenter may write notes, and nothing else.
    await saved(ben.page);
    await desks.role(id, "commenter");
    await ben.page.getByRole("alert").filter({ hasText: "no longer write" }).waitFor();
    await other.getByRole("textbox", { name: "New note" }).fill("Not my story any more.");
    await other.getByRole("button", { name: "Send" }).click();
    await panel.getByText("Not my story any more.").waitFor();
    assert.equal(await other.getByRole("button", { name: "Resolve", exact: true }).count(), 0);
    await ben.context.setOffline(true);
    await other.getByText("You’re offline.").waitFor({ timeout: 60_000 });
    await other.getByRole("textbox", { name: "New note" }).fill("Kept until then");
    assert.ok(await other.getByRole("button", { name: "Send" }).isDisabled());
    assert.deepEqual([...ann.violations, ...ben.violations], [], "the page's policy is kept");
  });

  test("variables: added, changed, renamed wherever they are used, removed; unknown ones are flagged", async () => {
    const id = await desks.tale(WELL);
    const [ann, ben] = [await desks.desk(desks.accounts[0], id), await desks.desk(desks.accounts[1], id)];
    const { page } = ann;
    await open(page, "Variables");
    const panel = page.getByRole("complementary", { name: "Variables" });
    await panel.getByRole("article", { name: "$gold" }).getByRole("button", { name: "Thrown" }).waitFor();
    await panel.getByRole("textbox", { name: "Name of $gold" }).fill("coins");
    await panel.getByRole("textbox", { name: "Name of $gold" }).press("Enter");
    await until(async () => (await words(ben.page)).includes("You have $coins coins.") && (await words(ben.page)).includes("{if: coins > 0}"), { what: "the rename in the text" });
    await panel.getByRole("textbox", { name: "$coins begins as" }).fill("many");
    await panel.getByRole("textbox", { name: "$coins begins as" }).press("Enter");
    await panel.getByRole("alert").getByText("A whole number, please.").waitFor();
    await panel.getByRole("textbox", { name: "$coins begins as" }).fill("7");
    await panel.getByRole("textbox", { name: "$coins begins as" }).press("Enter");
    await panel.getByRole("combobox", { name: "Whose $coins is" }).selectOption("private");
    await write(ben.page, "\nThe $moon is <<if $sky>>bright<<endif>>.");
    await until(async () => (await ben.page.locator(".cm-unknown").allTextContents()).join() === "moon,sky", { what: "unknown variables to be flagged" });
    await panel.getByText("Used, but not declared").waitFor();
    await picture(page, "desk-variables");
    await panel.getByRole("listitem").filter({ hasText: "$sky" }).getByRole("button", { name: "Declare" }).click();
    await panel.getByRole("article", { name: "$sky" }).waitFor();
    await panel.getByRole("combobox", { name: "Type of $sky" }).selectOption("bool");
    await panel.getByRole("textbox", { name: "Name of a new variable" }).fill("visited");
    await panel.getByRole("button", { name: "Add" }).click();
    await panel.getByRole("alert").getByText("Expressions use the word").waitFor();
    await panel.getByRole("textbox", { name: "Name of a new variable" }).fill("$moon");
    await panel.getByRole("button", { name: "Add" }).click();
    await until(async () => (await ben.page.locator(".cm-unknown").count()) === 0, { what: "no flags" });
    await panel.getByRole("button", { name: "Remove $rope" }).click();
    await panel.getByRole("listitem").filter({ hasText: "$rope" }).getByText("$rope").waitFor();
    await saved(page);
    const { vars } = await desks.call("GET", `/v1/docs/${id}`, undefined, desks.accounts[0]);
    assert.deepEqual(
      vars.map(({ name, type, init, scope }) => [name, type, init, scope]),
      [
        ["coins", "int", 7, "private"],
        ["moon", "int", 0, "shared"],
        ["sky", "bool", false, "shared"],
      ],
    );
    assert.deepEqual(ann.violations, [], "the page's policy is kept");
  });

  test("the map: what is moved is moved for all; keys open and move; dead links are seen", async () => {
    const id = await desks.tale(WELL);
    const [ann, ben] = [await desks.desk(desks.accounts[0], id), await desks.desk(desks.accounts[1], id, { colorScheme: "dark" })];
    for (const { page } of [ann, ben]) await page.getByRole("button", { name: "Map", exact: true }).click();
    const card = ({ page }, name) => page.locator(".react-flow__node").filter({ hasText: new RegExp(`^${name}$`) });
    const place = (name) => async () => {
      const { passages } = await desks.call("GET", `/v1/docs/${id}`, undefined, desks.accounts[0]);
      return passages.find((one) => one.name === name).pos;
    };
    await card(ann, "Nowhere").waitFor();
    await ann.page.getByText("1 dead link", { exact: true }).first().waitFor();
    const [before, there] = [await place("Thrown")(), await card(ben, "Thrown").boundingBox()];
    const box = await card(ann, "Thrown").boundingBox();
    await ann.page.mouse.move(box.x + 40, box.y + 20);
    await ann.page.mouse.down();
    await ann.page.mouse.move(box.x + 90, box.y + 120, { steps: 8 });
    await ann.page.mouse.up();
    await until(async () => (await place("Thrown")())[1] > before[1] + 20, { what: "the place to be stored" });
    await until(async () => (await card(ben, "Thrown").boundingBox()).y > there.y + 20, { what: "the card to move for the other" });
    await picture(ben.page, "desk-map-dark");

    await card(ann, "Bottom").focus();
    await ann.page.keyboard.press("Enter");
    await ann.page.getByRole("textbox", { name: "Text of Bottom" }).waitFor();
    const bottom = await place("Bottom")();
    await card(ann, "Bottom").focus();
    await ann.page.keyboard.press("Enter");
    for (let i = 0; i < 3; i++) await ann.page.keyboard.press("ArrowRight");
    await until(async () => (await place("Bottom")())[0] > bottom[0], { what: "the keys to move the passage" });
    await card(ann, "Nowhere").click();
    await ann.page.getByRole("textbox", { name: "Text of Start" }).waitFor();
    await picture(ann.page, "desk-map");
    assert.deepEqual([...ann.violations, ...ben.violations], [], "the page's policy is kept");
  });
});
