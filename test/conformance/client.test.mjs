// A stock client's whole evening against `storywire serve`, over each way to connect.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { Crowd, ask, done, notify, settled, someone, story, ways } from "../support/people.mjs";
import { startStorywire } from "../support/process.mjs";
import { token } from "../support/token.mjs";
import { next, record, until } from "../support/wait.mjs";

let server;
before(async () => {
  server = await startStorywire({ env: { RATE_WRITE: "1000/s:1000" } });
});
after(() => server?.stop());

for (const [way, options] of Object.entries(ways)) {
  describe(`storywire over ${way}`, { timeout: 90_000 }, () => {
    let crowd;
    before(() => {
      crowd = new Crowd(server, options);
    });
    afterEach(() => crowd.leave());

    test("connects with a token and hears session:ready first", async () => {
      const socket = crowd.socket("ann");
      const events = [];
      socket.onAny((event) => events.push(event));
      const ready = await next(socket, "session:ready");
      assert.equal(events[0], "session:ready");
      assert.equal(ready.user.id, "ann");
      assert.equal(ready.user.display_name, "The ann");
      assert.equal(ready.recovered, false);
      assert.deepEqual(ready.rooms, []);
      assert.equal(typeof ready.unread.notifications.unread, "number");
      assert.ok(Date.parse(ready.tokenExpiresAt) > Date.parse(ready.serverTime));
    });

    const refusals = {
      "no token": [{}, "UNAUTHENTICATED"],
      "a token of another key": [{ token: token("eve", { secret: "somebody else's secret, long enough to be one" }) }, "UNAUTHENTICATED"],
      "an unsigned token": [{ token: token("eve", { alg: "none" }) }, "UNAUTHENTICATED"],
      "a token that is none": [{ token: "not.a.token" }, "UNAUTHENTICATED"],
      "a token of the wrong type": [{ token: { sub: "eve" } }, "UNAUTHENTICATED"],
      "a token that never expires": [{ token: token("eve", { expiresIn: null }) }, "UNAUTHENTICATED"],
      "an expired token": [{ token: token("eve", { expiresIn: -60 }) }, "TOKEN_EXPIRED"],
    };
    for (const [what, [auth, code]] of Object.entries(refusals)) {
      test(`is refused with ${what}: connect_error.data.code ${code}`, async () => {
        const error = await next(crowd.socket("eve", { auth }), "connect_error");
        assert.equal(error.data?.code, code);
        assert.equal(typeof error.message, "string");
      });
    }

    test("joins, comments with and without an acknowledgement, leaves", async () => {
      const id = await story(server, "author");
      const [ann, ben] = await Promise.all([crowd.enter(someone("ann")), crowd.enter(someone("ben"))]);
      await Promise.all([done(ann, "story:join", { storyId: id }), done(ben, "story:join", { storyId: id })]);
      const stored = await done(ann, "comment:new", { storyId: id, content: "with an answer" });
      assert.equal(stored.content, "with an answer");
      ben.emit("comment:new", { storyId: id, content: "without one" });
      await until(() => ann.created.length === 2 && ben.created.length === 2, { what: "both comments at both" });
      assert.deepEqual(ann.created.map((c) => c.content), ["with an answer", "without one"]);
      assert.deepEqual(ann.created, ben.created);
      assert.deepEqual(ann.created[0], stored);
      assert.deepEqual(ann.created.map((c) => c.seq), [1, 2]);

      const page = await done(ben, "comment:list", { storyId: id });
      assert.deepEqual(page.items.map((c) => c.content), ["without one", "with an answer"]);
      assert.equal(page.seq, 2);

      await done(ben, "story:leave", { storyId: id });
      await done(ann, "comment:new", { storyId: id, content: "after he left" });
      await settled(ben);
      assert.equal(ben.created.length, 2);
      assert.deepEqual([...ann.exceptions, ...ben.exceptions], []);
    });

    test("types", async () => {
      const id = await story(server, "author");
      const [annId, benId] = [someone("ann"), someone("ben")];
      const [ann, ben] = await Promise.all([crowd.enter(annId), crowd.enter(benId)]);
      await Promise.all([done(ann, "story:join", { storyId: id }), done(ben, "story:join", { storyId: id })]);
      ann.emit("comment:typing", { storyId: id, isTyping: true });
      const typing = await next(ben, "comment:typing");
      assert.deepEqual([typing.storyId, typing.userId, typing.isTyping], [id, annId, true]);
      ann.emit("comment:typing", { storyId: id, isTyping: false });
      assert.equal((await next(ben, "comment:typing")).isTyping, false);
    });

    test("sees who is there", async () => {
      const [annId, benId] = [someone("ann"), someone("ben")];
      const ann = await crowd.enter(annId);
      const online = next(ann, "user:online", { where: (news) => news.userId === benId });
      await crowd.enter(benId);
      await online;
      ann.emit("presence:subscribe");
      const { users } = await next(ann, "presence:users");
      assert.ok(users.includes(annId) && users.includes(benId));
    });

    test("is notified by another service of the team", async () => {
      const annId = someone("ann");
      const ann = await crowd.enter(annId);
      const heard = next(ann, "notification:new");
      const sent = await notify(server, { user_id: annId, title: "Your story was chosen", body: "Come and see." });
      assert.ok(sent.status === 200 || sent.status === 201, `status ${sent.status}`);
      const notification = await heard;
      assert.equal(notification.title, "Your story was chosen");
      assert.equal(notification.user_id, annId);
      assert.equal(notification.counts.unread, 1);
      const read = await done(ann, "notification:read", { all: true });
      assert.equal(read.counts.unread, 0);
    });

    test("a mistake without an acknowledgement is an exception, with one it is in the answer", async () => {
      const ann = await crowd.enter(someone("ann"));
      ann.emit("comment:new", { storyId: "999999999", content: "hello?" });
      const exception = await next(ann, "exception");
      assert.equal(exception.status, "error");
      assert.equal(exception.code, "NOT_FOUND");
      assert.equal(typeof exception.message, "string");
      assert.equal(exception.cause.pattern, "comment:new");
      const ack = await ask(ann, "comment:new", { storyId: "999999999", content: "hello?" });
      assert.equal(ack.ok, false);
      assert.equal(ack.error.code, "NOT_FOUND");
      assert.equal(ann.exceptions.length, 1);
    });

    test("comes back by itself after a lost connection", async () => {
      const ann = await crowd.enter(someone("ann"), { reconnection: true, reconnectionDelay: 10 });
      const again = next(ann, "session:ready");
      ann.io.engine.close();
      await again;
      assert.ok((await ask(ann, "notification:list", {})).ok);
    });
  });
}

test("tokens end: a warning, a word, and the connection closes; a fresh token in time keeps it", { timeout: 30_000 }, async () => {
  const crowd = new Crowd(server);
  try {
    const [short, renewed] = [someone("short"), someone("renewed")];
    const [a, b] = await Promise.all([
      crowd.enter(short, { auth: { token: token(short, { expiresIn: 4 }) } }),
      crowd.enter(renewed, { auth: { token: token(renewed, { expiresIn: 4 }) } }),
    ]);
    const words = record(a, "session:closing");
    const closed = next(a, "disconnect");
    const answer = await done(b, "auth:refresh", { token: token(renewed) });
    assert.ok(Date.parse(answer.expiresAt) > Date.now() + 60_000);
    const other = await ask(b, "auth:refresh", { token: token("somebody-else") });
    assert.equal(other.error?.code, "FORBIDDEN");
    await closed;
    assert.equal(words[0]?.reason, "token");
    assert.equal(b.connected, true);
    assert.equal((await ask(b, "notification:list", {})).ok, true);
  } finally {
    crowd.leave();
  }
});
