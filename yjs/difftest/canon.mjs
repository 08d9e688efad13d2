import * as Y from 'yjs'

// canon turns a value into JSON that loses nothing: keys sorted, what JSON lacks is tagged.
export const canon = (v) => {
  if (v === undefined) return { $undefined: true }
  if (v === null || typeof v === 'boolean' || typeof v === 'string') return v
  if (typeof v === 'number') return Object.is(v, -0) ? { $negativeZero: true } : Number.isFinite(v) ? v : { $number: String(v) }
  if (typeof v === 'bigint') return { $bigint: String(v) }
  if (v instanceof Uint8Array) return { $bytes: Buffer.from(v).toString('base64') }
  if (v instanceof Y.Doc) return v.guid
  if (v instanceof Y.Text) return v.toString()
  if (v instanceof Y.Map) return object([...v.keys()], k => v.get(k))
  if (v instanceof Y.Array) return v.toArray().map(canon)
  if (Array.isArray(v)) return v.map(canon)
  if (v.constructor === Object) return object(Object.keys(v), k => v[k])
  return { $other: v.constructor.name }
}

const object = (keys, get) => Object.fromEntries(keys.sort().map(k => [k, canon(get(k))]))

// readAll reads the roots of the rounds from a copy, as giving a root a kind changes how a document behaves.
export const readAll = (source) => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(source))
  return {
    m: canon(doc.getMap('m')),
    t: doc.getText('t').toString(),
    a: canon(doc.getArray('a')),
    vector: Object.fromEntries([...Y.decodeStateVector(Y.encodeStateVector(source))].sort((a, b) => a[0] - b[0]))
  }
}
