// A story on the desk as a whole, in Chromium: its versions, authors and files, and undo beside the text.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, describe, test } from "node:test";
import { picture } from "../support/browser.mjs";
import { saved, startDesks, words, write } from "../support/desk.mjs";
import { until } from "../support/wait.mjs";

const skip = process.env.STORYWIRE_URL && "these tests start a demo server of their own";

const TIDE = `:: StoryTitle
The tide clock

:: StoryInit
<<set $key = false>>

:: Start
The lamp is out.

[[Up the stair->The lamp room]]

:: The lamp room [end] {"position":"0,110"}
<<set $key = true>>
Cold glass.
`;

describe("a story on the desk", { timeout: 240_000, skip }, () => {
  let at; // the desks
  const [owner, editor, stranger] = [() => at.accounts[0], () => at.accounts[1], () => at.accounts[2]];

  before(async () => {
    at = await startDesks();
  });
  afterEach(() => at.close());
  after(() => at?.stop());

  /** A story of the first character that nobody else may open. */
  async function story(file = TIDE) {
    const made = await at.call("POST", "/v1/docs:import?name=tide.twee&visibility=private", file, owner(), "text/plain");
    return made.story.id;
  }
  const content = (id) => at.call("GET", `/v1/docs/${id}`, undefined, owner());
  const panel = async (page, name) => {
    await page.getByRole("toolbar", { name: "Beside the text" }).getByRole("button", { name }).click();
    const opened = page.getByRole("complementary", { name });
    await opened.waitFor();
    return opened;
  };
  const reads = (page, expected) =>
    until(async () => (await words(page)) === expected, { what: `the page to read ${JSON.stringify(expected)}` });

  test("a version is kept, compared and restored, and the other sees it at once", async () => {
    const id = await story();
    await at.call("PUT", `/v1/stories/${id}/members/${editor().user.id}`, { role: "editor" }, owner());
    const [ann, ben] = [await at.desk(owner(), id), await at.desk(editor(), id)];
    const before = await words(ann.page);
    const versions = await panel(ann.page, "Versions");
    await versions.getByRole("textbox", { name: "Name of this version" }).fill("Before the storm");
    await versions.getByRole("button", { name: "Keep" }).click();
    const kept = versions.getByRole("button", { name: /Before the storm/ });
    await kept.waitFor();

    await ben.page.getByRole("option", { name: "The lamp room" }).click();
    await ben.page.getByRole("textbox", { name: "Name of the passage" }).and(ben.page.locator('[value="The lamp room"]')).fill("The lantern");
    await ben.page.getByRole("textbox", { name: "Name of the passage" }).press("Enter");
    await ben.page.getByRole("option", { name: "Start" }).click();
    await reads(ben.page, before.replace("The lamp room", "The lantern"));
    await write(ben.page, "At night ", "Control+Home");
    await saved(ben.page);

    await kept.click();
    const changes = versions.getByRole("list", { name: "Changed passages" });
    await versions.getByText("2 passages changed since then.").waitFor();
    assert.deepEqual(await changes.locator("ins").allTextContents(), ["At night ", "lantern"]);
    assert.deepEqual(await changes.locator("del").allTextContents(), ["lamp room"]);
    await changes.getByText("It was called “The lamp room”.").waitFor();
    await picture(ann.page, "desk-version");
    await versions.getByRole("button", { name: "As it was" }).click();
    const then = versions.getByRole("list", { name: "Passages then" });
    await then.getByText("The lamp is out.").waitFor();
    await then.getByText("The lamp room", { exact: true }).click();
    await then.getByText("Cold glass.").waitFor();

    await versions.getByRole("button", { name: "Restore this version" }).click();
    await versions.getByRole("alertdialog").getByText("Somebody else is writing now").waitFor();
    await versions.getByRole("button", { name: "Restore", exact: true }).click();
    await versions.getByRole("status").filter({ hasText: "Restored, for everybody" }).waitFor();
    await versions.getByRole("button", { name: /Before a restore/ }).waitFor();
    await Promise.all([reads(ann.page, before), reads(ben.page, before)]);
    await ben.page.getByRole("option", { name: "The lamp room" }).waitFor();
    await write(ben.page, " Still here.");
    await until(async () => (await words(ann.page)).includes("Still here."), { what: "writing to go on" });
  });

  test("somebody without an account follows a link, signs in, accepts and writes; then may no longer", async () => {
    const id = await story();
    const ann = await at.desk(owner(), id);
    const authors = await panel(ann.page, "Authors");
    await authors.getByRole("button", { name: "Make a link" }).click();
    const address = await authors.getByRole("textbox", { name: "Link to this invitation" }).inputValue();
    assert.match(address, /\/invite\/\w{20,}$/);

    const guest = await at.visit(null, new URL(address).pathname);
    await guest.page.getByText("You are invited").waitFor();
    await guest.page.getByRole("button", { name: stranger().user.display_name }).click();
    await guest.page.getByRole("heading", { name: "The tide clock" }).waitFor();
    await guest.page.getByText(`${owner().user.display_name} invites you to`).waitFor();
    await picture(guest.page, "desk-invitation");
    await guest.page.getByRole("button", { name: "Accept" }).click();
    await saved(guest.page);
    await write(guest.page, " I was here.");
    await until(async () => (await words(ann.page)).includes("I was here."), { what: "the words of the guest" });

    const role = authors.getByRole("combobox", { name: `What ${stranger().user.display_name} may do` });
    await role.waitFor(); // without opening the panel anew
    await picture(ann.page, "desk-authors");
    await role.selectOption({ label: "may comment" });
    await guest.page.getByRole("alert").filter({ hasText: "no longer write" }).waitFor({ timeout: 2_000 });
    await authors.getByRole("button", { name: "Undo" }).click();
    await saved(guest.page);
    await role.selectOption({ label: "Take it away" });
    await guest.page.getByText(/You may no longer/).first().waitFor({ timeout: 2_000 });

    await authors.getByRole("button", { name: "Take back: Whoever has the link" }).click();
    await authors.getByRole("list", { name: "Open invitations" }).waitFor({ state: "detached" });
    const late = await at.visit(editor(), new URL(address).pathname);
    await late.page.getByRole("heading", { name: "This invitation is not valid any more." }).waitFor();
    const own = await at.visit(owner(), new URL(address).pathname);
    await own.page.getByRole("heading", { name: "This invitation is not valid any more." }).waitFor();
  });

  test("somebody is invited by name, and is told where to accept", async () => {
    const id = await story();
    const ann = await at.desk(owner(), id);
    const authors = await panel(ann.page, "Authors");
    await authors.getByRole("searchbox", { name: "Somebody to invite" }).fill(editor().user.display_name.slice(0, 4).toUpperCase());
    await authors.getByRole("list", { name: "People to invite" }).getByRole("button", { name: editor().user.display_name }).click();
    await authors.getByRole("list", { name: "Open invitations" }).getByText(`${editor().user.display_name} may write`).waitFor();
    const ben = await at.visit(editor(), "/inbox");
    await ben.page.getByRole("link", { name: /invites you to “The tide clock”/ }).first().click();
    await ben.page.getByRole("button", { name: "Accept" }).click();
    await saved(ben.page);
    await authors.getByRole("combobox", { name: `What ${editor().user.display_name} may do` }).waitFor();
  });

  test("a story leaves as a file and comes back as another, and a broken file changes nothing", async () => {
    const id = await story();
    const ann = await at.desk(owner(), id);
    const files = await panel(ann.page, "Files");
    const take = async (name) => {
      const [download] = await Promise.all([ann.page.waitForEvent("download"), files.getByRole("button", { name }).click()]);
      return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
    };
    const pick = async (button, file) => {
      const [chooser] = await Promise.all([ann.page.waitForEvent("filechooser"), button.click()]);
      await chooser.setFiles({ name: file.name, mimeType: "text/plain", buffer: Buffer.from(file.text) });
    };
    const [twee, twine] = [await take("Twee 3"), await take(/Twine 2/)];
    assert.deepEqual([twee.name, twine.name], ["the-tide-clock.twee", "the-tide-clock.json"]);
    assert.equal(JSON.parse(twine.text).passages.length, 3);

    await pick(files.getByRole("button", { name: "Choose a file" }), { name: "bad.twee", text: ":: StoryInit\n<<set $a = b>>\n\n:: Start\nx" });
    await files.getByRole("button", { name: "Replace what is written" }).click();
    await files.getByRole("status").filter({ hasText: "Nothing was changed" }).waitFor();
    await files.getByText("Line 2.").waitFor();
    await files.getByText("StoryInit").waitFor();
    assert.equal((await content(id)).passages.length, 2);

    await pick(files.getByRole("button", { name: "Choose a file" }), { name: "new.twee", text: ":: Start\nThe lamp burns.\n" });
    await files.getByRole("button", { name: "Replace what is written" }).click();
    await files.getByRole("status").filter({ hasText: "new.twee is what is written here now" }).waitFor();
    await reads(ann.page, "The lamp burns.");
    await pick(files.getByRole("button", { name: "Choose a file" }), twine);
    await files.getByRole("button", { name: "Replace what is written" }).click();
    await until(async () => (await words(ann.page)).includes("[[Up the stair->The lamp room]]"), { what: "the story to come back" });
    await picture(ann.page, "desk-files");

    await ann.page.goto(`${at.server.url}/`);
    await ann.page.getByRole("button", { name: "New story" }).click();
    const form = ann.page.getByRole("dialog", { name: "A new story" });
    await pick(form.getByRole("button", { name: "Begin with a file" }), twee);
    await until(async () => (await form.getByRole("textbox", { name: "Title" }).inputValue()) === "The tide clock", { what: "the title of the file" });
    await form.getByRole("radio", { name: "Only whom you invite" }).check();
    await form.getByRole("button", { name: "Begin to write" }).click();
    await saved(ann.page);
    const copy = ann.page.url().split("/").at(-1);
    assert.notEqual(copy, id);
    const [was, is] = [await content(id), await content(copy)];
    const plain = ({ title, passages, vars }) => ({ title, vars, passages: passages.map(({ name, body, tags, pos }) => ({ name, body, tags, pos })).sort((a, b) => (a.name < b.name ? -1 : 1)) });
    assert.deepEqual(plain({ ...is, title: was.title }), plain({ ...was, passages: was.passages.filter(({ trashedAt }) => trashedAt === null) }));
    assert.equal(is.title, "The tide clock");
  });

  test("a new story begins with an empty page", async () => {
    const { page } = await at.visit(owner(), "/");
    await page.getByRole("button", { name: "New story" }).click();
    const form = page.getByRole("dialog", { name: "A new story" });
    await form.getByRole("textbox", { name: "Title" }).fill("Low water");
    await form.getByRole("button", { name: "Begin to write" }).click();
    await saved(page);
    await write(page, "Mud and stars.");
    await saved(page);
    const id = page.url().split("/").at(-1);
    const { title, passages } = await content(id);
    assert.deepEqual([title, passages[0].body], ["Low water", "Mud and stars."]);
  });

  test("what is published has the title of the draft, and the co-author is told", async () => {
    const id = await story();
    await at.call("PUT", `/v1/stories/${id}/members/${editor().user.id}`, { role: "editor" }, owner());
    const [ann, ben] = [await at.desk(owner(), id), await at.desk(editor(), id)];
    const versions = await panel(ben.page, "Versions");
    const title = ann.page.getByRole("textbox", { name: "Title of the story" });
    await title.fill("The ebb clock");
    await title.press("Enter");
    await saved(ann.page);
    await ann.page.getByRole("button", { name: "Publish" }).click();
    await ann.page.getByRole("heading", { name: "Release 1 is published" }).waitFor();
    await ben.page.getByRole("status").filter({ hasText: `${owner().user.display_name} has published release 1.` }).waitFor();
    await versions.getByRole("button", { name: /As published/ }).waitFor();
    await picture(ben.page, "desk-published");
    await ben.page.getByRole("link", { name: "Read or play it" }).click();
    await ben.page.getByRole("heading", { name: "The ebb clock" }).waitFor();
    await ben.page.getByRole("button", { name: "Play together" }).waitFor();
    await ann.page.getByRole("link", { name: "Read or play it" }).click();
    await ann.page.goto(`${at.server.url}/`);
    await ann.page.getByRole("list", { name: "Stories" }).getByText("The ebb clock").first().waitFor();
  });

  test("names, tags and the trash are undone and redone beside the text, each by itself", async () => {
    const id = await story();
    const { page } = await at.desk(owner(), id);
    const list = page.getByRole("listbox", { name: "Passages" });
    const undo = page.getByRole("button", { name: "Undo" });
    await page.getByRole("option", { name: "The lamp room" }).click();
    await page.getByRole("textbox", { name: "Name of the passage" }).and(page.locator('[value="The lamp room"]')).fill("The lantern");
    await page.getByRole("textbox", { name: "Name of the passage" }).press("Enter");
    await page.getByRole("option", { name: "The lantern" }).waitFor();
    await page.getByRole("button", { name: "To the trash" }).click();
    await list.getByRole("option", { name: "The lantern" }).waitFor({ state: "detached" });
    await undo.click();
    await list.getByRole("option", { name: "The lantern" }).waitFor();
    await undo.click();
    await list.getByRole("option", { name: "The lamp room" }).waitFor();
    assert.ok(await undo.isDisabled());
    await page.getByRole("option", { name: "Start" }).click();
    await until(async () => (await words(page)).includes("->The lamp room]]"), { what: "the link to go back" });
    await list.focus();
    await page.keyboard.press("Control+Shift+Z");
    await list.getByRole("option", { name: "The lantern" }).waitFor();
    await write(page, " More.");
    await page.keyboard.press("Control+z");
    await until(async () => !(await words(page)).includes("More."), { what: "the text's own undo" });
    await list.getByRole("option", { name: "The lantern" }).waitFor();
    await saved(page);
    assert.ok((await content(id)).passages.some(({ name }) => name === "The lantern"));
  });
});
