// The golden vectors of the Go parsers, read and written by the parsers of the JavaScript clients.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { decodePacket, decodePayload, encodePacket, encodePayload } from "engine.io-parser";
import * as notepack3 from "notepack.io";
import { Decoder, Encoder } from "socket.io-parser";

const vectors = (path) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8"));

describe("engine.io-parser agrees", () => {
  const { packets, payloads, invalid } = vectors("engineio/parser/testdata/packets.json");
  const wanted = ({ type, text, bytes }) => ({ type, data: bytes === undefined ? text : Buffer.from(bytes) });
  const got = ({ type, data }) => ({ type, data: data ?? "" });
  const encoded = (packet) => new Promise((resolve) => encodePacket(packet, false, resolve));

  for (const vector of packets) {
    test(`packet ${JSON.stringify(vector.encoded)}`, async () => {
      assert.deepEqual(got(decodePacket(vector.encoded)), wanted(vector));
      assert.equal(await encoded(wanted(vector)), vector.encoded);
    });
  }
  for (const vector of payloads) {
    test(`payload ${JSON.stringify(vector.encoded)}`, async () => {
      const single = vector.packets.map((packet) => decodePacket(packet));
      assert.deepEqual(decodePayload(vector.encoded), single);
      assert.equal(await new Promise((resolve) => encodePayload(single, resolve)), vector.encoded);
    });
  }
  for (const text of invalid) {
    test(`invalid ${JSON.stringify(text)}`, () => {
      assert.ok(decodePayload(text).some((packet) => packet.type === "error"));
    });
  }
});

describe("socket.io-parser agrees", () => {
  /** The packet as it is before its attachments arrive. */
  function decode(text) {
    const decoder = new Decoder();
    let packet;
    decoder.on("decoded", (decoded) => {
      packet = decoded;
    });
    decoder.add(text);
    packet ??= decoder.reconstructor?.reconPack;
    decoder.destroy();
    return packet;
  }
  // The decoder names a binary event an event once it knows how many attachments belong to it.
  const plain = ({ type, nsp, id, data, attachments }) => ({ type: attachments > 0 && type < 5 ? type + 3 : type, nsp, id, data, attachments });

  for (const vector of vectors("socketio/parser/testdata/packets.json")) {
    if (vector.packet) {
      test(vector.name, () => {
        assert.deepEqual(plain(decode(vector.text)), plain(vector.packet));
        if (vector.packet.attachments) return; // the encoder would look for the bytes themselves
        const [again] = new Encoder().encode(vector.packet);
        assert.deepEqual(plain(decode(again)), plain(vector.packet));
      });
    } else if (vector.lenient) {
      test(`${vector.name}: stricter than the reference`, () => assert.doesNotThrow(() => decode(vector.text)));
    } else {
      test(`${vector.name}: refused`, () => assert.throws(() => decode(vector.text)));
    }
  }
});

describe("notepack.io agrees", () => {
  const require = createRequire(import.meta.url);
  const notepack2 = createRequire(require.resolve("socket.io-msgpack-parser"))("notepack.io");

  for (const { name, json, attachments = [], bytes, reads } of vectors("socketio/internal/msgpack/testdata/values.json")) {
    test(name, () => {
      const wanted = JSON.parse(json, (_, value) => (value?._placeholder ? Buffer.from(attachments[value.num], "hex") : value));
      const encoded = Buffer.from(bytes, "hex");
      if (!reads) {
        assert.equal(Buffer.from(notepack3.encode(wanted)).toString("hex"), bytes);
        assert.equal(Buffer.from(notepack2.encode(wanted)).toString("hex"), bytes);
        assert.deepEqual(notepack2.decode(encoded), wanted);
      }
      assert.equal(JSON.stringify(plain(notepack3.decode(encoded))), JSON.stringify(plain(wanted)));
    });
  }

  /** Binary values of both kinds as text. */
  function plain(value) {
    if (value instanceof ArrayBuffer || Buffer.isBuffer(value)) return Buffer.from(value).toString("hex");
    if (Array.isArray(value)) return value.map(plain);
    if (value?.constructor === Object) return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
    return value;
  }
});
