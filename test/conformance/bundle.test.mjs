// The client that package clientbundle carries is npm's, byte for byte.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const ours = new URL("../../socketio/clientbundle/dist/", import.meta.url);
const npms = new URL("../node_modules/socket.io-client/", import.meta.url);

for (const name of readdirSync(ours)) {
  test(name, () => {
    const theirs = readFileSync(new URL(name === "LICENSE" ? name : `dist/${name}`, npms));
    assert.ok(readFileSync(new URL(name, ours)).equals(theirs));
  });
}
