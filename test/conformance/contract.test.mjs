// The rules C1-C12 by which a client written for the guide works unchanged, one test each.
// C5, C10, C13 and C14 belong to recovery, which is not built yet.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { Crowd, ask, done, notify, rest, settled, someone, story } from "../support/people.mjs";
import { startStorywire } from "../support/process.mjs";
import { received, webSocket } from "../support/raw.mjs";
import { token } from "../support/token.mjs";
import { next, record, until } from "../support/wait.mjs";

let server;
let crowd;
before(async () => {
  server = await startStorywire({ env: { RATE_WRITE: "1000/s:1000", RATE_EPH: "1000/s:1000" } });
  crowd = new Crowd(server);
});
afterEach(() => crowd?.leave());
after(() => server?.stop());

describe("the guide's contract", { timeout: 120_000 }, () => {
  test("C1: comment:created exactly once per socket, whoever joined, however often", async () => {
    const id = await story(server, "author");
    const [annId, benId] = [someone("ann"), someone("ben")];
    const [joined, twice, notJoined, other, stranger] = await Promise.all([
      crowd.enter(annId), crowd.enter(annId), crowd.enter(annId), crowd.enter(benId), crowd.enter(someone("eve")),
    ]);
    for (const socket of [joined, twice, twice, other]) await done(socket, "story:join", { storyId: id });
    const posted = [];
    posted.push(await done(joined, "comment:new", { storyId: id, content: "from the room" }));
    posted.push(await done(notJoined, "comment:new", { storyId: id, content: "from outside the room" }));
    posted.push((await rest(server, annId, "POST", `/v1/stories/${id}/comments`, { content: "by REST" })).body);
    await Promise.all([joined, twice, notJoined, other, stranger].map(settled));
    const ids = posted.map((comment) => comment.id);
    for (const socket of [joined, twice, other]) assert.deepEqual(socket.created.map((c) => c.id), ids);
    assert.deepEqual(notJoined.created.map((c) => c.id), [ids[1]]);
    assert.deepEqual(stranger.created, []);
  });

  test("C2: a comment has a unique id, content, user.display_name and storyId, even without a name", async () => {
    const id = await story(server, "author");
    const userId = someone("nameless");
    const socket = await crowd.enter(userId, { auth: { token: token(userId, { claims: { name: undefined } }) } });
    for (const content of ["one", "two"]) await done(socket, "comment:new", { storyId: id, content });
    await until(() => socket.created.length === 2, { what: "two comments" });
    for (const comment of socket.created) {
      assert.equal(typeof comment.id, "string");
      assert.equal(comment.storyId, id);
      assert.ok(typeof comment.user.display_name === "string" && comment.user.display_name !== "");
      assert.equal(comment.user.id, userId);
    }
    assert.notEqual(socket.created[0].id, socket.created[1].id);
  });

  test("C3: only transitions of typing, never to the typist, and they end by themselves", async () => {
    const id = await story(server, "author");
    const annId = someone("ann");
    const [tab1, tab2, ben] = await Promise.all([crowd.enter(annId), crowd.enter(annId), crowd.enter(someone("ben"))]);
    for (const socket of [tab1, tab2, ben]) await done(socket, "story:join", { storyId: id });
    const seen = () => ben.typing.map((t) => t.isTyping);
    const type = (socket, isTyping) => ask(socket, "comment:typing", { storyId: id, isTyping, userId: "forged" });

    for (const socket of [tab1, tab1, tab2]) await type(socket, true);
    await settled(ben);
    assert.deepEqual(seen(), [true]);
    assert.equal(ben.typing[0].userId, annId);

    const late = await crowd.enter(someone("late"));
    await done(late, "story:join", { storyId: id });
    await until(() => late.typing.length === 1, { what: "the current typist at a late joiner" });
    assert.equal(late.typing[0].userId, annId);

    await done(tab1, "comment:new", { storyId: id, content: "said" });
    await until(() => seen().length === 2, { what: "the end by a comment" });
    await type(tab1, true);
    await until(() => seen().length === 3, { what: "typing again" });
    await done(tab1, "story:leave", { storyId: id });
    await until(() => seen().length === 4, { what: "the end by leaving" });
    await type(tab2, true);
    await until(() => seen().length === 5, { what: "typing in the other tab" });
    tab2.disconnect();
    await until(() => seen().length === 6, { what: "the end by a lost connection" });

    const forgetful = await crowd.enter(someone("forgetful"));
    await done(forgetful, "story:join", { storyId: id });
    await type(forgetful, true);
    await until(() => seen().length === 8, { timeout: 12_000, what: "the end after 8 s of silence" });
    assert.deepEqual(seen(), [true, false, true, false, true, false, true, false]);
    assert.deepEqual([...tab1.typing, ...tab2.typing].filter((t) => t.userId === annId), []);
  });

  test("C4: story:joined comes as an event even when an acknowledgement is asked for", async () => {
    const id = await story(server, "author");
    const ann = await crowd.enter(someone("ann"));
    const events = record(ann, "story:joined");
    const data = await done(ann, "story:join", { storyId: id });
    await settled(ann);
    assert.equal(events.length, 1);
    assert.deepEqual(events[0], data);
    assert.equal(data.storyId, id);
    assert.equal(typeof data.seq, "number");
    ann.emit("story:join", { storyId: id });
    await until(() => events.length === 2, { what: "story:joined without an acknowledgement" });
  });

  test("C6: notification:new reaches every tab of the user and nobody else", async () => {
    const [annId, benId] = [someone("ann"), someone("ben")];
    const sockets = await Promise.all([crowd.enter(annId), crowd.enter(annId, { transports: ["polling"] }), crowd.enter(benId)]);
    const heard = sockets.map((socket) => record(socket, "notification:new"));
    await notify(server, { user_id: annId, title: "For Ann" });
    await until(() => heard[0].length === 1 && heard[1].length === 1, { what: "both tabs to hear" });
    await settled(sockets[2]);
    assert.deepEqual(heard.map((list) => list.length), [1, 1, 0]);
    assert.deepEqual([heard[0][0].title, heard[0][0].user_id], ["For Ann", annId]);
    const updated = next(sockets[1], "notification:updated");
    await done(sockets[0], "notification:read", { ids: [heard[0][0].id] });
    assert.equal((await updated).counts.unread, 0);
  });

  test("C6: a reply notifies the person replied to, not the one who replies", async () => {
    const id = await story(server, "author");
    const [ann, ben] = await Promise.all([crowd.enter(someone("ann")), crowd.enter(someone("ben"))]);
    const heard = [ann, ben].map((socket) => record(socket, "notification:new"));
    const first = await done(ann, "comment:new", { storyId: id, content: "first" });
    await done(ben, "comment:new", { storyId: id, content: "a reply", parentId: first.id });
    await until(() => heard[0].length === 1, { what: "the notification of the reply" });
    await done(ann, "comment:new", { storyId: id, content: "to myself", parentId: first.id });
    await Promise.all([ann, ben].map(settled));
    assert.deepEqual(heard.map((list) => list.length), [1, 0]);
    assert.equal(heard[0][0].type, "comment.reply");
  });

  test("C7: online and offline are changes of a person, not of a tab; newcomers are told who is there", async () => {
    const [annId, benId] = [someone("ann"), someone("ben")];
    const ann = await crowd.enter(annId);
    const news = [];
    for (const event of ["user:online", "user:offline"]) {
      ann.on(event, ({ userId }) => userId === benId && news.push(event));
    }
    const tab1 = await crowd.enter(benId);
    await until(() => news.length > 0, { what: "ben online" });

    const tab2 = crowd.socket(benId);
    const replayed = record(tab2, "user:online");
    await next(tab2, "session:ready");
    await until(() => replayed.some(({ userId }) => userId === annId), { what: "the replay of who is online" });

    tab1.disconnect();
    tab2.disconnect();
    const tab3 = await crowd.enter(benId); // within the grace: nobody shall notice
    await settled(ann);
    assert.equal(news.includes("user:offline"), false);
    tab3.disconnect();
    await until(() => news.at(-1) === "user:offline", { timeout: 20_000, what: "ben offline after the grace" });
    assert.equal(news.filter((event) => event === "user:offline").length, 1);
  });

  test("C8: presence:subscribe without a payload is answered presence:users {users: string[]}", async () => {
    const [annId, benId] = [someone("ann"), someone("ben")];
    const [ann] = await Promise.all([crowd.enter(annId), crowd.enter(benId)]);
    ann.emit("presence:subscribe");
    const { users } = await next(ann, "presence:users");
    assert.ok(Array.isArray(users) && users.every((id) => typeof id === "string"));
    assert.ok(users.includes(annId) && users.includes(benId));
    assert.equal(new Set(users).size, users.length);
  });

  test("C9: joins are counted, the room is left by the last leave", async () => {
    const id = await story(server, "author");
    const ann = await crowd.enter(someone("ann"));
    const ben = await crowd.enter(someone("ben"));
    await done(ann, "story:join", { storyId: id });
    await done(ann, "story:leave", { storyId: id });
    await done(ann, "story:join", { storyId: id }); // as React's StrictMode does
    await done(ann, "story:join", { storyId: id });
    await done(ann, "story:leave", { storyId: id });
    await done(ben, "comment:new", { storyId: id, content: "one component is still there" });
    await until(() => ann.created.length === 1, { what: "the comment" });
    await done(ann, "story:leave", { storyId: id });
    await done(ben, "comment:new", { storyId: id, content: "nobody is there" });
    await settled(ann);
    assert.equal(ann.created.length, 1);
  });

  const mistakes = [
    ["a text where an object belongs", "story:join", "42", "VALIDATION"],
    ["nothing at all", "story:join", undefined, "VALIDATION"],
    ["null", "comment:new", null, "VALIDATION"],
    ["a missing field", "comment:new", { content: "where?" }, "VALIDATION"],
    ["a wrong type", "comment:new", { storyId: "STORY", content: { a: 1 } }, "VALIDATION"],
    ["empty content", "comment:new", { storyId: "STORY", content: "   " }, "VALIDATION"],
    ["content of 5001 characters", "comment:new", { storyId: "STORY", content: "x".repeat(5001) }, "VALIDATION"],
    ["a cid of 65 characters", "comment:new", { storyId: "STORY", content: "x", cid: "c".repeat(65) }, "VALIDATION"],
    ["an unknown parent", "comment:new", { storyId: "STORY", content: "x", parentId: "987654321" }, "VALIDATION"],
    ["an unknown story", "story:join", { storyId: "987654321" }, "NOT_FOUND"],
    ["a private story", "story:join", { storyId: "PRIVATE" }, ["FORBIDDEN", "NOT_FOUND"]],
    ["a comment in a private story", "comment:new", { storyId: "PRIVATE", content: "let me in" }, ["FORBIDDEN", "NOT_FOUND"]],
    ["a list of a private story", "comment:list", { storyId: "PRIVATE" }, ["FORBIDDEN", "NOT_FOUND"]],
    ["presence of a private story", "presence:subscribe", { storyId: "PRIVATE" }, ["FORBIDDEN", "NOT_FOUND"]],
    ["a cursor that is none", "comment:list", { storyId: "STORY", cursor: "!!" }, "VALIDATION"],
    ["a token that is none", "auth:refresh", { token: "x" }, "UNAUTHENTICATED"],
  ];
  for (const [what, event, payload, code] of mistakes) {
    test(`C11: ${event} with ${what}: an exception with a code, or the answer`, async () => {
      const ids = { STORY: await story(server, "author"), PRIVATE: await story(server, "author", { visibility: "private" }) };
      const sent = payload && typeof payload === "object" ? { ...payload, ...(payload.storyId in ids && { storyId: ids[payload.storyId] }) } : payload;
      const ann = await crowd.enter(someone("ann"));
      const wanted = [code].flat();
      if (sent === undefined) ann.emit(event);
      else ann.emit(event, sent);
      const exception = await next(ann, "exception");
      assert.equal(exception.status, "error");
      assert.ok(wanted.includes(exception.code), `${exception.code}: ${exception.message}`);
      assert.ok(exception.message.length > 5);
      assert.equal(exception.cause.pattern, event);
      if (sent !== undefined) {
        const ack = await ask(ann, event, sent);
        assert.equal(ack.ok, false);
        assert.ok(wanted.includes(ack.error.code));
      }
      assert.equal(ann.connected, true);
      assert.equal(ann.exceptions.length, 1);
    });
  }

  test("C12: every frame of the guide's events is text, on /ws at /socket.io/ with EIO 4", async () => {
    const id = await story(server, "author");
    const socket = await webSocket(server.url);
    let binary = 0;
    socket.on("message", (_, isBinary) => (binary += isBinary ? 1 : 0));
    socket.send(`40/ws,${JSON.stringify({ token: token(someone("ann")) })}`);
    await received(socket, (packet) => packet.startsWith("40/ws,"));
    const ready = await received(socket, (packet) => packet.startsWith("42/ws,"));
    assert.match(ready, /^42\/ws,\["session:ready",/);
    socket.send(`42/ws,["story:join",{"storyId":"${id}"}]`);
    await received(socket, (packet) => packet.startsWith('42/ws,["story:joined"'));
    socket.send(`42/ws,["comment:new",{"storyId":"${id}","content":"plain"}]`);
    await received(socket, (packet) => packet.startsWith('42/ws,["comment:created"'));
    socket.close();
    await socket.closed;
    assert.equal(binary, 0);
  });
});
