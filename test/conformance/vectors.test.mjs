// The golden vectors of the Go parsers, read and written by the parsers of the JavaScript clients.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { createPacketDecoderStream, createPacketEncoderStream, decodePacket, decodePayload, encodePacket, encodePayload } from "engine.io-parser";
import parser3 from "engine.io-parser-2";
import * as notepack3 from "notepack.io";
import * as msgpack from "socket.io-msgpack-parser";
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

/** A value with its binary parts in the places of their placeholders. */
const filled = (json, attachments = []) =>
  JSON.parse(json, (_, value) => (value?._placeholder ? Buffer.from(attachments[value.num], "hex") : value));
const hex = (bytes) => Buffer.from(bytes).toString("hex");

/** A value as JSON, with binary parts of both kinds as text. */
function canonical(value) {
  const plain = (part) => {
    if (part instanceof ArrayBuffer || Buffer.isBuffer(part)) return hex(part);
    if (Array.isArray(part)) return part.map(plain);
    if (part?.constructor === Object) return Object.fromEntries(Object.entries(part).map(([key, member]) => [key, plain(member)]));
    return part;
  };
  return JSON.parse(JSON.stringify(plain(value)));
}

describe("notepack.io agrees", () => {
  const require = createRequire(import.meta.url);
  const notepack2 = createRequire(require.resolve("socket.io-msgpack-parser"))("notepack.io");

  for (const { name, json, attachments, bytes, reads } of vectors("socketio/internal/msgpack/testdata/values.json")) {
    test(name, () => {
      const wanted = filled(json, attachments);
      const encoded = Buffer.from(bytes, "hex");
      assert.deepEqual(canonical(notepack3.decode(encoded)), canonical(wanted));
      if (reads) return;
      assert.deepEqual(notepack2.decode(encoded), wanted);
      assert.equal(hex(notepack3.encode(wanted)), bytes);
      assert.equal(hex(notepack2.encode(wanted)), bytes);
    });
  }
});

describe("socket.io-msgpack-parser agrees", () => {
  function decode(bytes) {
    const decoder = new msgpack.Decoder();
    let decoded;
    decoder.on("decoded", (packet) => {
      decoded = packet;
    });
    decoder.add(Buffer.from(bytes, "hex"));
    return decoded;
  }

  for (const { name, bytes, packet, reads, lenient } of vectors("socketio/msgpack/testdata/packets.json")) {
    if (packet) {
      test(name, () => {
        const { type, nsp, id, attachments } = packet;
        const data = packet.data && filled(JSON.stringify(packet.data), attachments);
        const decoded = decode(bytes);
        assert.deepEqual(canonical([decoded.type, decoded.nsp, decoded.id, decoded.data]), canonical([type, nsp, id, data]));
        if (reads) return;
        const ordered = Object.fromEntries(Object.entries({ type, data, nsp, id }).filter(([, member]) => member !== undefined));
        assert.equal(hex(new msgpack.Encoder().encode(ordered)[0]), bytes);
      });
    } else if (lenient) {
      test(`${name}: stricter than the reference`, () => assert.doesNotThrow(() => decode(bytes)));
    } else {
      test(`${name}: refused`, () => assert.throws(() => decode(bytes)));
    }
  }
});

describe("engine.io-parser of revision 3 agrees", () => {
  const { payloads, invalid, strict, invalidBinary } = vectors("engineio/parser/testdata/revision3.json");
  const wanted = ({ type, text, bytes }) => ({ type, data: bytes === undefined ? text : Buffer.from(bytes) });
  function decode(payload) {
    const packets = [];
    parser3.decodePayload(payload, (packet) => packets.push({ type: packet.type, data: packet.data ?? "" }));
    return packets;
  }
  const encoded = (packets, binary) =>
    new Promise((resolve) => {
      if (binary) parser3.encodePayloadAsBinary(packets, resolve);
      else parser3.encodePayload(packets, false, resolve);
    });

  for (const { packets, text, binary } of payloads) {
    test(`payload ${JSON.stringify(text)}`, async () => {
      const all = packets.map(wanted);
      assert.deepEqual(decode(text), all);
      assert.deepEqual(decode(Buffer.from(binary)), all);
      assert.equal(await encoded(all, false), text);
      assert.deepEqual([...(await encoded(all, true))], binary);
    });
  }
  for (const text of invalid) {
    test(`invalid ${JSON.stringify(text)}`, () => assert.ok(decode(text).some((packet) => packet.type === "error")));
  }
  test("is more lenient than ours", () => {
    for (const text of strict) assert.doesNotThrow(() => decode(text));
    for (const bytes of invalidBinary) assert.doesNotThrow(() => decode(Buffer.from(bytes)));
  });
});

describe("engine.io-parser agrees on the frames of a stream", () => {
  for (const { packet, binary, bytes, repeat, head } of vectors("engineio/testdata/stream.json")) {
    test(`${packet ?? "binary"}${repeat ? ` and ${repeat} more bytes` : ""}`, async () => {
      const text = packet && packet + "x".repeat(repeat ?? 0);
      const data = binary ? { type: "message", data: Buffer.from(binary) } : decodePacket(text);
      const want = bytes ?? [...head, ...Buffer.from(text)];
      const chunks = [];
      const encoder = createPacketEncoderStream();
      const writer = encoder.writable.getWriter();
      const written = writer.write(data).then(() => writer.close());
      for await (const chunk of encoder.readable) chunks.push(...chunk);
      await written;
      assert.ok(Buffer.from(chunks).equals(Buffer.from(want)));

      const decoder = createPacketDecoderStream(1e6, "nodebuffer");
      const sink = decoder.writable.getWriter();
      sink.write(Buffer.from(want));
      const { value } = await decoder.readable.getReader().read();
      assert.deepEqual({ type: value.type, data: value.data ?? "" }, { type: data.type, data: data.data ?? "" });
    });
  }
});
