// The other side of the differential tests: npm's yjs, asked over standard input and output, one JSON message per line.
// Everything random comes from the seed in the request, so that a round can be repeated.
import { createHash } from 'node:crypto'
import * as readline from 'node:readline'
import * as Y from 'yjs'
import { playRound } from './round.mjs'
import { readAll } from './canon.mjs'
import { trace } from './trace.mjs'
import * as awareness from './awareness.mjs'

const bytes = (s) => new Uint8Array(Buffer.from(s, 'base64'))
const text = (b) => Buffer.from(b).toString('base64')
const sum = (b) => createHash('sha256').update(b).digest('base64')

// A document that only receives: its root types are never given a kind, so that yjs changes nothing on its own.
const replica = (...updates) => {
  const doc = new Y.Doc()
  for (const u of updates) Y.applyUpdate(doc, u)
  return doc
}
const pending = (doc) => doc.store.pendingStructs !== null || doc.store.pendingDs !== null

let last // the clients of the last round, for what is asked about it afterwards

const handlers = {
  round: ({ seed, outOfOrder, tear, long, states }) => {
    last = playRound(seed, { outOfOrder, tear, long })
    const merged = Y.mergeUpdates(last.pushes.map(p => p.update))
    return {
      pushes: last.pushes.map(p => ({
        mode: p.mode, client: p.client, update: text(p.update), sum: sum(p.state), state: states ? text(p.state) : undefined
      })),
      state: text(Y.encodeStateAsUpdate(last.ref)),
      vector: text(Y.encodeStateVector(last.ref)),
      pending: pending(last.ref),
      content: readAll(last.ref),
      clients: last.clients.map(c => text(Y.encodeStateVector(c.doc))),
      diffs: last.clients.map(c => text(Y.encodeStateAsUpdate(last.ref, Y.encodeStateVector(c.doc)))),
      merged: text(merged),
      cut: last.clients.map(c => text(Y.diffUpdate(merged, Y.encodeStateVector(c.doc))))
    }
  },
  // Brings each client of the last round up to date with what the other side has encoded for it.
  sync: ({ diffs }) => {
    const want = JSON.stringify(readAll(last.ref))
    return {
      equal: diffs.map((diff, i) => {
        Y.applyUpdate(last.clients[i].doc, bytes(diff), 'remote')
        return JSON.stringify(readAll(last.clients[i].doc)) === want
      })
    }
  },
  // Applies updates in order to an empty document.
  apply: ({ updates }) => {
    try {
      const doc = replica(...updates.map(bytes))
      return {
        state: text(Y.encodeStateAsUpdate(doc)),
        vector: text(Y.encodeStateVector(doc)),
        pending: pending(doc),
        content: readAll(doc)
      }
    } catch (e) {
      return { error: String(e) }
    }
  },
  trace: (request) => trace(request),
  awareness: (request) => awareness.handle(request)
}

// yjs prints a warning when a client id comes back; only answers may go to standard output.
console.log = console.warn = console.error = () => {}

for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const request = JSON.parse(line)
  let answer
  try {
    answer = handlers[request.op](request)
  } catch (e) {
    answer = { failed: String(e.stack) }
  }
  process.stdout.write(JSON.stringify(answer) + '\n')
}
