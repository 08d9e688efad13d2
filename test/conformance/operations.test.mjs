// What the people who run the server see: REST, health, restarts, signals, the command line.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { after, afterEach, before, describe, test } from "node:test";
import { Crowd, ask, done, notify, rest, settled, someone, story } from "../support/people.mjs";
import { startStorywire } from "../support/process.mjs";
import { next, record, until } from "../support/wait.mjs";

const binary = process.env.STORYWIRE_BIN ?? fileURLToPath(new URL("../../bin/storywire", import.meta.url));

/** Runs the binary to its end: {code, stdout, stderr}. */
function run(args, env = {}) {
  return new Promise((resolve) => {
    execFile(binary, args, { env: { PATH: process.env.PATH, ...env }, timeout: 10_000, cwd: "/tmp" }, (error, stdout, stderr) =>
      resolve({ code: error ? (error.code ?? error.signal) : 0, stdout, stderr }),
    );
  });
}

describe("REST", { timeout: 60_000 }, () => {
  let server;
  let crowd;
  before(async () => {
    server = await startStorywire({ env: { RATE_WRITE: "1000/s:1000" } });
    crowd = new Crowd(server);
  });
  afterEach(() => crowd?.leave());
  after(() => server?.stop());

  test("is healthy and ready", async () => {
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
    assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
  });

  test("problems are problem+json with a code", async () => {
    for (const [user, method, path, status, code] of [
      [null, "GET", "/v1/stories", 401, "UNAUTHENTICATED"],
      ["ann", "GET", "/v1/stories/987654321", 404, "NOT_FOUND"],
      ["ann", "GET", "/v1/comments/987654321", 404, "NOT_FOUND"],
      ["ann", "POST", "/v1/stories", 400, "VALIDATION"],
    ]) {
      const answer = await rest(server, user, method, path, method === "POST" ? {} : undefined);
      assert.equal(answer.status, status, path);
      assert.match(answer.headers.get("content-type"), /^application\/problem\+json/);
      assert.equal(answer.body.code, code, path);
      assert.equal(answer.body.status, status);
    }
  });

  test("stories: created, listed, read, kept private", async () => {
    const [author, other] = [someone("author"), someone("other")];
    const created = await rest(server, author, "POST", "/v1/stories", { title: "Salt", synopsis: "Of the sea.", body: "One.\n\nTwo." });
    assert.equal(created.status, 201);
    assert.deepEqual([created.body.title, created.body.visibility, created.body.author.id], ["Salt", "public", author]);
    const read = await rest(server, other, "GET", `/v1/stories/${created.body.id}`);
    assert.deepEqual([read.status, read.body.title, read.body.role], [200, "Salt", "commenter"]);
    const list = await rest(server, other, "GET", "/v1/stories?limit=100");
    assert.ok(list.body.items.some((item) => item.id === created.body.id));

    const hidden = await story(server, author, { visibility: "private" });
    assert.ok([403, 404].includes((await rest(server, other, "GET", `/v1/stories/${hidden}`)).status));
    assert.ok([200, 201, 204].includes((await rest(server, author, "PUT", `/v1/stories/${hidden}/members/${other}`, { role: "viewer" })).status));
    assert.equal((await rest(server, other, "GET", `/v1/stories/${hidden}`)).body.role, "viewer");
    assert.equal((await rest(server, other, "POST", `/v1/stories/${hidden}/comments`, { content: "may I?" })).body.code, "FORBIDDEN");
    const reader = await crowd.enter(other);
    const left = next(reader, "story:left");
    await done(reader, "story:join", { storyId: hidden });
    assert.ok([200, 204].includes((await rest(server, author, "DELETE", `/v1/stories/${hidden}/members/${other}`)).status));
    assert.equal((await left).storyId, hidden);
  });

  test("the same cid or Idempotency-Key makes one comment, told once", async () => {
    const id = await story(server, "author");
    const [annId, benId] = [someone("ann"), someone("ben")];
    const [ann, ben] = await Promise.all([crowd.enter(annId), crowd.enter(benId)]);
    await done(ben, "story:join", { storyId: id });
    const first = await ask(ann, "comment:new", { storyId: id, content: "once", cid: "c-1" });
    const again = await ask(ann, "comment:new", { storyId: id, content: "once", cid: "c-1" });
    assert.equal(first.duplicate, undefined);
    assert.equal(again.duplicate, true);
    assert.deepEqual(again.data, first.data);
    const key = { "idempotency-key": "c-2" };
    const posts = await Promise.all([1, 2, 3].map(() => rest(server, annId, "POST", `/v1/stories/${id}/comments`, { content: "rest" }, key)));
    assert.equal(new Set(posts.map((post) => post.body.id)).size, 1);
    const others = await ask(ben, "comment:new", { storyId: id, content: "another's c-1", cid: "c-1" });
    assert.equal(others.duplicate, undefined);
    await settled(ben);
    assert.deepEqual(ben.created.map((c) => c.content), ["once", "rest", "another's c-1"]);
  });

  test("lists page by page without a gap or a double", async () => {
    const id = await story(server, "author");
    const ann = await crowd.enter(someone("ann"));
    for (let i = 1; i <= 25; i++) await done(ann, "comment:new", { storyId: id, content: `n${i}` });
    const seen = [];
    let cursor = "";
    do {
      const { body } = await rest(server, "ann", "GET", `/v1/stories/${id}/comments?limit=10${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      seen.push(...body.items.map((c) => c.seq));
      cursor = body.nextCursor;
    } while (cursor);
    assert.deepEqual(seen, Array.from({ length: 25 }, (_, i) => 25 - i));
  });

  test("the server API wants its key", async () => {
    assert.equal((await notify(server, { user_id: "ann", title: "x" }, "wrong")).status, 401);
    assert.equal((await notify(server, { title: "to nobody" })).body.code, "VALIDATION");
  });

  test("typing, presence and notifications work without a socket", async () => {
    const id = await story(server, "author");
    const [annId, benId] = [someone("ann"), someone("ben")];
    const ann = await crowd.enter(annId);
    await done(ann, "story:join", { storyId: id });
    const typing = next(ann, "comment:typing");
    assert.ok((await rest(server, benId, "POST", `/v1/stories/${id}/typing`, { isTyping: true })).status < 300);
    assert.equal((await typing).userId, benId);
    const here = await rest(server, benId, "GET", `/v1/stories/${id}/presence`);
    assert.ok(here.body.items.some((member) => member.userId === annId));
    const status = await rest(server, benId, "GET", `/v1/presence?userIds=${annId},${benId}`);
    assert.deepEqual([status.body.items[annId].status, status.body.items[benId].status], ["online", "offline"]);
    await notify(server, { user_id: annId, title: "Hello" });
    assert.equal((await rest(server, annId, "GET", "/v1/notifications")).body.items[0].title, "Hello");
    assert.equal((await rest(server, annId, "GET", "/v1/notifications/count")).body.unread, 1);
    await rest(server, annId, "POST", "/v1/notifications/read", { all: true });
    assert.equal((await rest(server, annId, "GET", "/v1/notifications/count")).body.unread, 0);
    assert.equal((await rest(server, annId, "GET", "/v1/me")).body.id, annId);
  });

  test("the demo's doors are closed without --demo", async () => {
    assert.equal((await fetch(`${server.url}/demo/v1/characters`)).status, 404);
    assert.equal((await fetch(`${server.url}/demo/v1/sign-in`, { method: "POST", body: '{"name":"x"}' })).status, 404);
  });
});

describe("restarts", { timeout: 120_000 }, () => {
  const skip = process.env.STORYWIRE_URL && "a server that others started is not restarted";

  test("SIGTERM: a word to everyone, exit 0, and everything is there again", { skip }, async () => {
    let server = await startStorywire({ env: { RATE_WRITE: "1000/s:1000" } });
    let crowd = new Crowd(server);
    try {
      const id = await story(server, "author");
      const annId = someone("ann");
      const ann = await crowd.enter(annId, { reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 200 });
      await done(ann, "comment:new", { storyId: id, content: "before" });
      await notify(server, { user_id: annId, title: "before" });
      const words = record(ann, "session:closing");
      const back = next(ann, "session:ready", { timeout: 30_000 });
      server = await server.restart();
      const ready = await back; // by itself: no DISCONNECT packet told it to stay away
      assert.equal(words[0]?.reason, "drain");
      assert.equal(ready.unread.notifications.unread, 1);
      const page = await done(ann, "comment:list", { storyId: id });
      assert.deepEqual(page.items.map((c) => c.content), ["before"]);
      const after = await done(ann, "comment:new", { storyId: id, content: "after" });
      assert.deepEqual([after.seq, after.epoch], [2, page.items[0].epoch]);
    } finally {
      crowd.leave();
      const { code } = await server.stop();
      assert.equal(code, 0, server.output());
    }
  });

  test("kill -9 in the middle of comments loses none that was acknowledged", { skip }, async () => {
    let server = await startStorywire({ env: { RATE_WRITE: "100000/s:100000" } });
    const crowd = new Crowd(server);
    try {
      const id = await story(server, "author");
      const ann = await crowd.enter(someone("ann"));
      const acknowledged = new Set();
      for (let cycle = 0; cycle < 3; cycle++) {
        const socket = cycle === 0 ? ann : await crowd.enter(someone("ann"));
        for (let i = 0; i < 2000; i++) {
          socket.emit("comment:new", { storyId: id, content: `${cycle}.${i}` }, (ack) => ack?.ok && acknowledged.add(ack.data.id));
        }
        const goal = acknowledged.size + 50;
        await until(() => acknowledged.size >= goal, { every: 1, what: "50 acknowledged comments" });
        server = await server.restart("SIGKILL");
      }
      const stored = new Map();
      let cursor = "";
      do {
        const { body } = await rest(server, "author", "GET", `/v1/stories/${id}/comments?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
        for (const comment of body.items) stored.set(comment.id, comment.seq);
        cursor = body.nextCursor;
        await new Promise((resolve) => setTimeout(resolve, 100)); // READ: 10 a second
      } while (cursor);
      assert.deepEqual([...acknowledged].filter((comment) => !stored.has(comment)), []);
      assert.deepEqual([...stored.values()].sort((a, b) => a - b), Array.from({ length: stored.size }, (_, i) => i + 1));
    } finally {
      crowd.leave();
      await server.stop();
    }
  });
});

describe("the command line", { timeout: 60_000 }, () => {
  test("serve refuses a short JWT_SECRET and says why", async () => {
    const { code, stderr, stdout } = await run(["serve"], { PORT: "0", JWT_SECRET: "short", DATABASE_URL: "/tmp/never.db" });
    assert.notEqual(code, 0);
    assert.match(stderr + stdout, /JWT_SECRET/);
    assert.match(stderr + stdout, /32/);
  });

  test("serve refuses to start without a JWT_SECRET", async () => {
    const { code, stderr, stdout } = await run(["serve"], { PORT: "0", DATABASE_URL: "/tmp/never.db" });
    assert.notEqual(code, 0);
    assert.match(stderr + stdout, /JWT_SECRET/);
  });

  test("version prints one", async () => {
    const { code, stdout } = await run(["version"]);
    assert.equal(code, 0);
    assert.match(stdout, /\S/);
  });

  test("token mints one that serve accepts", async () => {
    const server = await startStorywire();
    try {
      const { jwtSecret } = await import("../support/process.mjs");
      const { code, stdout, stderr } = await run(["token", "--help"]);
      assert.equal(code, 0, stderr);
      const minted = await run(["token", "--sub", "ann"], { JWT_SECRET: jwtSecret });
      assert.equal(minted.code, 0, minted.stderr + stdout);
      const answer = await fetch(`${server.url}/v1/me`, { headers: { authorization: `Bearer ${minted.stdout.trim()}` } });
      assert.equal((await answer.json()).id, "ann");
    } finally {
      await server.stop();
    }
  });
});
