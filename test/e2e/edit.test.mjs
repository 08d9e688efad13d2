// Two people write the same story in Chromium.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { picture } from "../support/browser.mjs";
import { both, line, saved, startDesks, text, words, write } from "../support/desk.mjs";
import { until } from "../support/wait.mjs";

const skip = process.env.STORYWIRE_URL && "these tests start a demo server of their own";

/** In a page: whether the browser keeps words in an IndexedDB of that name. */
async function keptIn([name, words]) {
  const request = indexedDB.open(name);
  const db = await new Promise((done) => (request.onsuccess = () => done(request.result)));
  const all = db.transaction("updates").objectStore("updates").getAll();
  const updates = await new Promise((done) => (all.onsuccess = () => done(all.result)));
  db.close();
  // One letter typed is one update.
  return updates.length > words.length;
}

describe("the editor", { timeout: 240_000, skip }, () => {
  let desks;
  let accounts;
  before(async () => {
    desks = await startDesks();
    accounts = desks.accounts;
  });
  afterEach(() => desks.close());
  after(() => desks?.stop());

  test("two write at once, see each other's cursor and name, and undo only their own", async () => {
    const id = await desks.story();
    const [ann, ben] = [await desks.desk(accounts[0], id), await desks.desk(accounts[1], id)];
    const pages = [ann.page, ben.page];
    await Promise.all([write(ann.page, " A gull laughs."), write(ben.page, "At night: ", "Control+Home")]);
    await both(pages, ["A gull laughs.", "At night: "]);
    const flag = ann.page.locator(".cm-caret-name");
    await flag.waitFor();
    await saved(ann.page);
    await write(ben.page, " Wind.");
    await saved(ben.page);
    await ann.page.waitForTimeout(300); // a cursor that saving takes away is gone by then
    assert.ok(await flag.isVisible(), "the cursor stays after what was written is saved");
    assert.equal(await flag.textContent(), accounts[1].user.display_name);
    await ann.page.getByRole("option", { name: /Start/ }).getByRole("img", { name: `${accounts[1].user.display_name} is here` }).waitFor();
    await picture(ann.page, "edit-two-people");

    await text(ann.page).focus();
    for (let i = 0; i < 20 && (await words(ann.page)).includes("gull"); i++) await ann.page.keyboard.press("Control+z");
    await until(async () => !(await words(ben.page)).includes("gull"), { what: "the undo to arrive" });
    assert.ok((await words(ann.page)).startsWith("At night: "), "what the other wrote stays");
    for (let i = 0; i < 5; i++) await ann.page.keyboard.press("Control+z");
    assert.ok((await words(ann.page)).startsWith("At night: "), "more undo takes nothing of the other");
    assert.deepEqual([...ann.violations, ...ben.violations], [], "the page's policy is kept");
  });

  test("one writes offline while the other goes on: both texts are one", async () => {
    const id = await desks.story();
    const [ann, ben] = [await desks.desk(accounts[0], id), await desks.desk(accounts[1], id)];
    await ben.context.setOffline(true);
    await line(ben.page).filter({ hasText: "You're offline" }).waitFor({ timeout: 60_000 });
    await write(ben.page, "Far out at sea. ", "Control+Home");
    await write(ann.page, " On the quay.");
    await line(ben.page).filter({ hasText: /1 change kept here|changes kept here/ }).waitFor();
    await picture(ben.page, "edit-offline");
    assert.ok(!(await words(ann.page)).includes("Far out"));
    await ben.context.setOffline(false);
    await both([ann.page, ben.page], ["Far out at sea. ", "On the quay."]);
    await saved(ben.page);
    const { passages } = await desks.call("GET", `/v1/docs/${id}`, undefined, accounts[0]);
    assert.equal(passages[0].body, await words(ben.page));
  });

  test("what was written offline outlives the page: it is there when the story is opened again, and saved with a connection", async () => {
    const id = await desks.story();
    const [ann, ben] = [await desks.desk(accounts[0], id), await desks.desk(accounts[1], id)];
    await ben.context.setOffline(true);
    await line(ben.page).filter({ hasText: "You're offline" }).waitFor({ timeout: 60_000 });
    await write(ben.page, "Kept below deck. ", "Control+Home");
    await line(ben.page).filter({ hasText: /1 change kept here|changes kept here/ }).waitFor();
    await until(() => ben.page.evaluate(keptIn, [`storywire:${id}`, "Kept below deck."]), { what: "IndexedDB to have it" });
    await ben.page.close({ runBeforeUnload: false });
    await write(ann.page, " Meanwhile on the quay.");
    await saved(ann.page);

    // The page comes, but nothing of the story: what is shown is from this browser.
    await ben.context.setOffline(false);
    await ben.context.routeWebSocket(/\/socket\.io\//, (socket) => socket.close());
    await ben.context.route(/\/v1\/|\/socket\.io\//, (route) => route.abort());
    const again = await ben.tab();
    await again.goto(`${desks.server.url}/edit/${id}`);
    await text(again).waitFor();
    assert.ok((await words(again)).startsWith("Kept below deck. "), await words(again));
    assert.ok(!(await words(again)).includes("Meanwhile"));
    await line(again).filter({ hasText: "kept here" }).waitFor();
    assert.ok(!(await words(ann.page)).includes("Kept"));

    await ben.context.unrouteAll();
    await again.close();
    const back = await ben.tab();
    await back.routeWebSocket(/\/socket\.io\//, (socket) => void socket.connectToServer());
    await back.goto(`${desks.server.url}/edit/${id}`);
    await both([ann.page, back], ["Kept below deck. ", "Meanwhile on the quay."]);
    await saved(back);
  });

  test("a role lowered while typing stops the writing at once, and says why", async () => {
    const id = await desks.story();
    const [ann, ben] = [await desks.desk(accounts[0], id), await desks.desk(accounts[1], id)];
    await write(ben.page, " Before.");
    await both([ann.page, ben.page], [" Before."]);
    await saved(ben.page);
    const typing = ben.page.keyboard.type("and on ".repeat(30), { delay: 15 });
    await until(async () => (await words(ann.page)).includes("and on and on"), { what: "the typing to arrive" });
    await desks.role(id, "commenter");
    await ben.page.getByRole("alert").filter({ hasText: "no longer write" }).waitFor({ timeout: 2_000 });
    const before = await words(ben.page);
    await typing;
    assert.equal(await words(ben.page), before, "what is typed on goes nowhere");
    await ben.page.locator(".cm-content").click();
    await ben.page.keyboard.type("After");
    await ben.page.keyboard.press("Control+z");
    assert.equal(await words(ben.page), before);
    assert.equal(await ben.page.getByRole("button", { name: "Publish" }).count(), 0);
    await picture(ben.page, "edit-role-lowered");
    await desks.role(id, "editor");
    await saved(ben.page);
    await write(ben.page, " Again.");
    await both([ann.page, ben.page], [" Again."]);
  });

  test("Ctrl-click follows a link, makes the passage of a dead one, and a click alone does neither", async () => {
    const id = await desks.tale(":: StoryTitle\nT\n\n:: Start\nGo [[there->Far]] or [[Near]].\n\n:: Far\nHere it ends.\n");
    const { page } = await desks.desk(accounts[0], id);
    const link = (words) => page.locator(".cm-link").filter({ hasText: words });
    await link("there->Far").click();
    assert.equal(await page.getByRole("textbox", { name: "Text of Start" }).count(), 1);
    await link("there->Far").click({ modifiers: ["Control"] });
    await page.getByRole("textbox", { name: "Text of Far" }).waitFor();
    await page.getByRole("option", { name: /Start/ }).click();
    await link("Near").click({ modifiers: ["Control"] });
    await page.getByRole("textbox", { name: "Text of Near" }).waitFor();
    await saved(page);
    const { passages } = await desks.call("GET", `/v1/docs/${id}`, undefined, accounts[0]);
    assert.deepEqual(passages.map(({ name }) => name).sort(), ["Far", "Near", "Start"]);
  });

  test("links: completed, followed, made; a rename is followed by them; what is published is what is read", async () => {
    const id = await desks.story();
    const ann = await desks.desk(accounts[0], id);
    const { page } = ann;
    await page.getByRole("button", { name: "Publish" }).click();
    const problems = page.getByRole("list", { name: "Problems" });
    await problems.getByText("There is no passage").first().waitFor();
    await picture(page, "edit-problems");
    await problems.getByRole("button", { name: "Start" }).first().click();
    await page.getByRole("button", { name: "Create “The lamp”" }).click();
    await page.getByRole("textbox", { name: "Name of the passage" }).and(page.locator('[value="The lamp"]')).waitFor();
    await write(page, "It burns.");
    await page.getByRole("textbox", { name: "Tags" }).fill("end");
    await page.getByRole("textbox", { name: "Tags" }).press("Enter");
    await page.getByRole("option", { name: /Start/ }).click();
    await page.getByRole("button", { name: "Create “Sleep”" }).click();
    await page.getByRole("option", { name: "Sleep" }).and(page.locator('[aria-selected="true"]')).waitFor();
    await page.getByRole("textbox", { name: "Name of the passage" }).fill("Dream");
    await page.getByRole("textbox", { name: "Name of the passage" }).press("Enter");
    await page.getByRole("option", { name: /Start/ }).click();
    await until(async () => (await words(page)).includes("[[Dream]]"), { what: "the link to follow the rename" });
    await text(page).focus();
    await page.keyboard.press("Control+End");
    await page.keyboard.type(" [[The l", { delay: 10 });
    await page.locator(".cm-tooltip-autocomplete").getByRole("option", { name: "The lamp" }).waitFor();
    await page.waitForTimeout(150); // what has only just appeared is not taken
    await page.keyboard.press("Enter");
    await until(async () => (await words(page)).includes("[[The lamp]]"), { what: "the completion" });
    await saved(page);
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByRole("heading", { name: "Release 1 is published" }).waitFor();
    const release = await desks.call("GET", `/v1/stories/${id}/release`, undefined, accounts[2]);
    assert.deepEqual([release.no, release.passages], [1, 3]);
  });
});
