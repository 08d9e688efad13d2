// Several people write one story: the package's StoryDoc with npm's yjs, and what a hostile client may try.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { Crowd, ask, done, rest, someone, story } from "../support/people.mjs";
import { startStorywire } from "../support/process.mjs";
import { token } from "../support/token.mjs";
import { next, pause, until } from "../support/wait.mjs";

// The very modules that the built client uses: yjs must not be there twice.
const web = new URL("../../web/", import.meta.url);
const { createStorywire } = await import(new URL("client/dist/index.js", web));
const { StoryDoc } = await import(new URL("client/dist/edit/index.js", web));
const Y = await import(new URL("node_modules/yjs/dist/yjs.mjs", web));

let server;
let crowd;
const open = [];
before(async () => {
  server = await startStorywire();
  crowd = new Crowd(server);
});
afterEach(() => {
  for (const leave of open.splice(0)) leave();
  crowd?.leave();
});
after(() => server?.stop());

/** Somebody with the document open. */
async function writer(user, id) {
  const storywire = createStorywire({ url: server.url, token: token(user, { name: `The ${user}` }) });
  storywire.connect();
  const document = new StoryDoc(storywire, id, { persist: null });
  const release = document.hold();
  open.push(() => {
    release();
    storywire.close();
  });
  const me = {
    storywire,
    document,
    get state() {
      return document.state.get();
    },
    get body() {
      return [...me.state.doc.getMap("passages").values()][0].get("body");
    },
    live: () => until(() => me.state.status === "live", { what: `${user} to be live` }),
    saved: () => until(() => me.state.unsynced === 0, { what: `the changes of ${user} to be stored` }),
  };
  await me.live();
  return me;
}

async function together(names) {
  const users = names.map(someone);
  const id = await story(server, users[0]);
  for (const user of users.slice(1)) {
    await rest(server, users[0], "PUT", `/v1/stories/${id}/members/${user}`, { role: "editor" });
  }
  return { id, users, people: await Promise.all(users.map((user) => writer(user, id))) };
}

const texts = (people) => people.map((one) => one.body.toString());

describe("writing together", { timeout: 120_000 }, () => {
  test("what all type at once ends equal everywhere, and is stored", async () => {
    const { id, users, people } = await together(["ada", "bob", "cleo"]);
    for (let round = 0; round < 30; round += 1) {
      for (const [i, one] of people.entries()) {
        one.body.insert(Math.floor(Math.random() * (one.body.length + 1)), `${"abc"[i]}🎈`);
        if (round % 5 === i) one.body.delete(0, 2);
      }
      await pause(10);
    }
    await Promise.all(people.map((one) => one.saved()));
    await until(() => new Set(texts(people)).size === 1, { what: "all texts to be equal" });
    const doc = await rest(server, users[0], "GET", `/v1/docs/${id}`);
    assert.equal(doc.body.passages[0].body, texts(people)[0]);
  });

  test("cursors carry the names that the server knows", async () => {
    const { users, people: [ada, bob] } = await together(["ada", "bob"]);
    ada.state.awareness.setLocalState({ passageId: "p", cursor: { anchor: 1, head: 2 }, user: { name: "The Queen" } });
    const seen = await until(() => bob.state.awareness.getStates().get(ada.state.doc.clientID), { what: "ada's cursor" });
    assert.equal(seen.user.name, `The ${users[0]}`);
    assert.match(seen.user.color, /^#[0-9a-f]{6}$/);
    ada.storywire.close();
    await until(() => !bob.state.awareness.getStates().has(ada.state.doc.clientID), { what: "the cursor to go" });
  });

  test("what is written offline is merged, also over a restart of the server", async () => {
    const { people: [ada, bob] } = await together(["ada", "bob"]);
    ada.body.insert(0, "begin ");
    await Promise.all([ada.saved(), until(() => bob.body.toString() === "begin ", { what: "bob to see it" })]);
    const url = server.url;
    const stopped = server.restart("SIGKILL");
    ada.body.insert(0, "(ada) ");
    bob.body.insert(bob.body.length, "(bob)");
    assert.ok(ada.state.unsynced > 0);
    server = await stopped;
    crowd.server = server;
    assert.equal(server.url, url);
    await Promise.all([ada.saved(), bob.saved()]);
    await until(() => new Set(texts([ada, bob])).size === 1, { what: "both texts to be equal" });
    assert.equal(ada.body.toString(), "(ada) begin (bob)");
  });

  test("a role that is lowered while typing stops the writing at once", async () => {
    const { id, users, people: [ada, bob] } = await together(["ada", "bob"]);
    bob.body.insert(0, "before ");
    await bob.saved();
    await rest(server, users[0], "PUT", `/v1/stories/${id}/members/${users[1]}`, { role: "viewer" });
    bob.body.insert(0, "after ");
    await until(() => bob.state.error, { what: "bob to be told" });
    assert.equal(bob.state.error.code, "FORBIDDEN");
    assert.equal(bob.state.role, "commenter"); // the story is public
    await pause(200);
    assert.equal(ada.body.toString(), "before ");
    await rest(server, users[0], "PUT", `/v1/stories/${id}/members/${users[1]}`, { role: "editor" });
    await bob.saved();
    await until(() => ada.body.toString() === "after before ", { what: "ada to see it" });
  });

  test("a document that is too large for a socket comes and goes over HTTP", async () => {
    const { id, users, people: [ada] } = await together(["ada"]);
    ada.storywire.close();
    ada.state.doc.transact(() => {
      for (let i = 0; i < 40; i += 1) {
        const passage = new Y.Map();
        ada.state.doc.getMap("passages").set(`01ARZ3NDEKTSV4RRFFQ69G5${String(i).padStart(3, "0")}`, passage);
        passage.set("name", `Passage ${i}`);
        passage.set("body", new Y.Text("words ".repeat(5000)));
      }
    });
    ada.storywire.connect();
    await ada.saved();
    const late = await writer(users[0], id);
    assert.equal(late.state.doc.getMap("passages").size, 41);
    assert.equal(late.state.doc.getMap("passages").get("01ARZ3NDEKTSV4RRFFQ69G5039").get("body").length, 30_000);
  });

  test("what has no place in a story costs the client its replica, but not its text", async () => {
    const { people: [ada, bob] } = await together(["ada", "bob"]);
    const before = ada.state.doc;
    ada.body.insert(0, "precious");
    ada.state.doc.getMap("attic").set("x", 1);
    await until(() => ada.state.recovery, { what: "the recovery file" });
    assert.equal(ada.state.recovery.reason, "SCHEMA");
    assert.match(ada.state.recovery.text, /precious/);
    await ada.live();
    assert.notEqual(ada.state.doc, before);
    ada.body.insert(0, "again");
    await ada.saved();
    await until(() => bob.body.toString() === "again", { what: "bob to see it" });
  });

  test("notes are told to everybody who has the document open, and resolved by authors", async () => {
    const { id, users } = await together(["ada"]);
    const ada = await crowd.enter(users[0]);
    const reader = await crowd.enter(someone("reader"));
    for (const [socket, clientId] of [[ada, 5001], [reader, 5002]]) {
      await done(socket, "edit:open", { storyId: id, proto: 1, clientId, sv: new Uint8Array([0]) });
    }
    const told = next(ada, "edit:comment");
    const passageId = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    const note = await done(reader, "edit:comment:add", { storyId: id, cmdId: "c1", passageId, text: "Is this a joke?" });
    assert.deepEqual(await told, note);
    assert.equal((await done(reader, "edit:comment:add", { storyId: id, cmdId: "c1", passageId, text: "again" })).id, note.id);
    const reply = await done(ada, "edit:comment:reply", { storyId: id, parentId: note.id, text: "It is." });
    assert.equal(reply.parentId, note.id);
    assert.equal((await ask(reader, "edit:comment:resolve", { storyId: id, commentId: note.id, resolved: true })).error.code, "FORBIDDEN");
    assert.ok((await done(ada, "edit:comment:resolve", { storyId: id, commentId: note.id, resolved: true })).resolvedAt);
    const list = await rest(server, users[0], "GET", `/v1/docs/${id}/comments`);
    assert.deepEqual(list.body.items.map((one) => one.text), ["Is this a joke?", "It is."]);
  });
});

describe("hostile editors", { timeout: 60_000 }, () => {
  test("get a coded refusal and change nothing", async () => {
    const { id, users, people: [ada] } = await together(["ada"]);
    ada.body.insert(0, "safe");
    await ada.saved();
    const socket = await crowd.enter(users[0]);
    const resets = [];
    socket.on("edit:reset", ({ reason }) => resets.push(reason));
    const { sv } = await done(socket, "edit:open", { storyId: id, proto: 1, clientId: 6000, sv: new Uint8Array([0]) });
    assert.ok(sv.byteLength > 0);
    const push = (u) => ask(socket, "edit:update", { storyId: id, u, n: 1 });
    const future = Uint8Array.from([0, 1, 7, 1, 0, 0xc0, 0x84, 0x3d]); // deletes what client 7 will write
    assert.equal((await push(future)).error.code, "FUTURE_DELETE");
    assert.equal((await push(Uint8Array.from([1, 1, 7, 5, 132, 9, 9, 1, 97, 0]))).error.code, "GAP");
    assert.equal((await push(Uint8Array.from([9, 9]))).error.code, "MALFORMED_UPDATE");
    assert.equal((await push(new Uint8Array(600 * 1024))).error.code, "PAYLOAD_TOO_LARGE");
    assert.equal((await push("text")).error.code, "MALFORMED_UPDATE"); // taken for base64
    assert.equal((await ask(socket, "edit:update", { storyId: id, n: 1 })).error.code, "VALIDATION");
    assert.equal((await ask(socket, "edit:open", { storyId: id, proto: 2, clientId: 6000, sv })).error.code, "VALIDATION");
    assert.equal((await ask(socket, "edit:open", { storyId: id, proto: 1, clientId: 5, sv })).error.code, "CLIENT_ID");
    assert.equal((await ask(socket, "edit:open", { storyId: id, proto: 1, clientId: 6000, sv: Uint8Array.from([255]) })).error.code, "MALFORMED_UPDATE");
    assert.equal((await ask(socket, "edit:open", { storyId: "none", proto: 1, clientId: 6000, sv })).error.code, "NOT_FOUND");
    assert.deepEqual(resets, ["FUTURE_DELETE", "MALFORMED_UPDATE", "MALFORMED_UPDATE"]);
    assert.equal(ada.body.toString(), "safe");
  });
});
