// Pages that write in a story with the client's own StoryDoc over the stock socket.io-client and yjs: told what to do
// by lines of JSON, telling what happens in lines of JSON. `node desks.mjs STORY`
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const story = process.argv[2];
const bundle = join(tmpdir(), `storywire-desks-${process.pid}.cjs`);
await build({
  stdin: {
    contents: `
      export { createStorywire } from "./src/index.js";
      export { StoryDoc } from "./src/edit/index.js";
      export * as Y from "yjs";`,
    resolveDir: fileURLToPath(new URL("../../../web/client", import.meta.url)),
    loader: "ts",
  },
  bundle: true,
  platform: "node",
  format: "cjs",
  outfile: bundle,
  logLevel: "error",
});
const { createStorywire, StoryDoc, Y } = createRequire(import.meta.url)(bundle);
rmSync(bundle);

const tell = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const desks = new Map();

const bodyOf = (doc) => [...doc.getMap("passages").values()][0]?.get("body");

// between finds a place that is not inside of a <word>.
const between = (text, at) => {
  const before = text.slice(0, at);
  return before.lastIndexOf("<") > before.lastIndexOf(">") ? before.lastIndexOf("<") : at;
};

const kinds = {
  type(doc, { word }) {
    const body = bodyOf(doc);
    body.insert(between(body.toString(), Math.floor(Math.random() * (body.length + 1))), word);
  },
  // What makes and deletes structs, but no words.
  fidget(doc) {
    const body = bodyOf(doc);
    const text = body.toString();
    const at = text.indexOf("~");
    if (at >= 0 && Math.random() < 0.6) body.delete(at, 1);
    else if (Math.random() < 0.7) body.insert(between(text, Math.floor(Math.random() * (text.length + 1))), "~😀~");
    else [...doc.getMap("passages").values()][0].set("pos", [Math.floor(Math.random() * 100), 7]);
  },
  report(doc, _, { page, desk }) {
    const fresh = new Y.Doc(); // how structs are cut depends on the order in which they came: loaded they are alike
    Y.applyUpdate(fresh, Y.encodeStateAsUpdate(doc));
    tell({
      page,
      event: "report",
      data: {
        state: base64(Y.encodeStateAsUpdate(fresh)),
        vector: base64(Y.encodeStateVector(doc)),
        text: bodyOf(doc).toString(),
        unsynced: desk.state.get().unsynced,
      },
    });
  },
};

const orders = {
  open({ page, url, token }) {
    const storywire = createStorywire({ url, token });
    const desk = new StoryDoc(storywire, story, { persist: null });
    let last = "";
    desk.state.subscribe(() => {
      const { status, unsynced, error, recovery, doc } = desk.state.get();
      const data = { status, unsynced, error: error?.code ?? "", recovery: recovery !== null };
      if (JSON.stringify(data) === last) return;
      last = JSON.stringify(data);
      tell({ page, event: "state", data });
      if (unsynced === 0 && status === "live") {
        tell({ page, event: "saved", data: { client: doc.clientID, clock: Y.getState(doc.store, doc.clientID) } });
      }
    });
    desks.set(page, { page, storywire, desk, release: desk.hold() });
    storywire.connect();
  },
  emit({ page, event, data }) {
    const entry = desks.get(page);
    kinds[event](entry.desk.state.get().doc, data ?? {}, entry);
  },
  close({ page }) {
    const { storywire, release } = desks.get(page);
    release();
    storywire.close();
    desks.delete(page);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  orders[order.do](order);
}
process.exit(0);
