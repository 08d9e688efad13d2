// The editing trace for the benchmarks: the real one when its file is given, otherwise one of the same shape.
import * as fs from 'node:fs'
import * as zlib from 'node:zlib'
import * as Y from 'yjs'
import { random } from './round.mjs'

// A session of writing one text: runs of typing, mostly near the last place, and runs of erasing.
const generate = (n) => {
  const rnd = random(42)
  const out = []
  let length = 0
  let at = 0
  while (out.length < n) {
    if (rnd() < 0.12) at = rnd() < 0.6 ? Math.max(0, Math.min(length, at + Math.floor((rnd() - 0.5) * 400))) : Math.floor(rnd() * (length + 1))
    const erasing = rnd() < 0.3
    for (let run = 1 + Math.floor(rnd() * 38); run > 0 && out.length < n; run--) {
      if (erasing && at > 0) {
        at--
        length--
        out.push([at, 1, ''])
      } else {
        out.push([at, 0, String.fromCharCode(97 + Math.floor(rnd() * 26))])
        at++
        length++
      }
    }
  }
  return out
}

const load = (file) => JSON.parse(zlib.gunzipSync(fs.readFileSync(file))).txns.flatMap(t => t.patches)

// trace writes the single updates into a file, each after its length, and tells what yjs makes of them.
export const trace = ({ file, out, edits }) => {
  const patches = file ? load(file) : generate(edits)
  const doc = new Y.Doc()
  doc.clientID = 1
  const text = doc.getText('text')
  const chunks = []
  doc.on('update', u => {
    const head = Buffer.alloc(4)
    head.writeUInt32LE(u.length)
    chunks.push(head, Buffer.from(u))
  })
  for (const [at, del, ins] of patches) {
    doc.transact(() => {
      if (del > 0) text.delete(at, del)
      if (ins.length > 0) text.insert(at, ins)
    })
  }
  fs.writeFileSync(out, Buffer.concat(chunks))
  const state = Y.encodeStateAsUpdate(doc)
  fs.writeFileSync(out + '.state', state)
  return { updates: chunks.length / 2, state: state.length, text: text.length, structs: doc.store.clients.get(doc.clientID).length }
}
