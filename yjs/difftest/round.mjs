// One round of the differential test: a few clients edit, go offline, push and pull; a server takes what is pushed.
import * as Y from 'yjs'

export const random = (seed) => () => {
  seed = (seed + 0x6D2B79F5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

// attempt goes on when yjs itself throws: its undo does where the type to restore something in has been collected. What
// the transaction had done until then counts.
const attempt = (f) => {
  try {
    f()
  } catch (e) {
    if (!(e instanceof TypeError)) throw e
  }
}

const words = ['a', 'bc', 'Hello ', '世界', '😀', 'x😀y', '👩‍👩‍👧', 'é', '\n', 'line\nbreak', 'ß', '0123456789', '\u0000', '𝔘𝔫𝔦']
const keys = ['k', 'name', 'pos', '键', '😀', 'body', 'tags']

let tearing = false

export const playRound = (seed, { outOfOrder, tear, long }) => {
  tearing = tear
  const rnd = random(seed)
  const int = (n) => Math.floor(rnd() * n)
  const pick = (list) => list[int(list.length)]
  const ref = new Y.Doc()
  const clients = []
  for (let i = 4 + int(3); i > 0; i--) {
    const doc = new Y.Doc({ gc: rnd() < 0.85 })
    do {
      doc.clientID = rnd() < 0.1 ? Number.MAX_SAFE_INTEGER - int(1000) : rnd() < 0.2 ? int(120) : int(2 ** 32)
    } while (clients.some(c => c.doc.clientID === doc.clientID))
    const scope = [doc.getMap('m'), doc.getArray('a'), doc.getText('t')]
    const undo = new Y.UndoManager(scope, { captureTimeout: rnd() < 0.5 ? 0 : Number.MAX_SAFE_INTEGER, trackedOrigins: new Set([null]) })
    const c = { doc, log: [], pulls: rnd() < 0.8, undo }
    doc.on('update', (u, origin) => { if (origin !== 'remote') c.log.push(u) })
    clients.push(c)
  }
  const pushes = []
  const held = []
  const deliver = (mode, client, update) => {
    Y.applyUpdate(ref, update)
    pushes.push({ mode, client, update, state: Y.encodeStateAsUpdate(ref) })
  }
  const push = (c) => {
    const id = c.doc.clientID
    const r = rnd()
    let updates
    if (r < 0.4) updates = c.log
    else if (r < 0.6) updates = c.log.length > 0 ? [Y.mergeUpdates(c.log)] : []
    else if (r < 0.9) updates = [Y.encodeStateAsUpdate(c.doc, Y.encodeStateVector(ref))]
    else updates = [Y.encodeStateAsUpdate(c.doc)]
    c.log = []
    for (const u of updates) {
      if (outOfOrder && rnd() < 0.4) held.push([id, u])
      else deliver(r < 0.4 ? 'single' : r < 0.6 ? 'merged' : r < 0.9 ? 'diff' : 'state', id, u)
      if (outOfOrder && held.length > 0 && rnd() < 0.3) deliver('late', ...held.splice(int(held.length), 1)[0])
    }
  }
  const pull = (c) => Y.applyUpdate(c.doc, Y.encodeStateAsUpdate(ref, Y.encodeStateVector(c.doc)), 'remote')

  for (let steps = (15 + int(60)) * (long ? 10 : 1); steps > 0; steps--) {
    const c = pick(clients)
    const r = rnd()
    if (r < 0.62) edit(c.doc, rnd, int, pick)
    else if (r < 0.67) attempt(() => c.undo.undo())
    else if (r < 0.7) attempt(() => c.undo.redo())
    else if (r < 0.85) push(c)
    else if (c.pulls && !outOfOrder) pull(c)
    else if (rnd() < 0.3) pull(c)
  }
  for (const c of clients) push(c)
  while (held.length > 0 && rnd() < 0.9) deliver('late', ...held.splice(int(held.length), 1)[0])
  return { ref, clients, pushes }
}

const value = (rnd, int, pick, depth = 0) => {
  switch (int(depth < 2 ? 14 : 11)) {
    case 0: return null
    case 1: return undefined
    case 2: return rnd() < 0.5
    case 3: return int(100) - 50
    case 4: return int(2 ** 31) * (rnd() < 0.5 ? 1 : -1)
    case 5: return rnd() * 1e9
    case 6: return int(64) / 8
    case 7: return 2 ** 40 + int(1000)
    case 8: return pick(words)
    case 9: return new Uint8Array([int(256), int(256)])
    case 10: return depth > 0 ? pick(words) + pick(words) : BigInt(int(2 ** 31)) * 4294967296n
    case 11: return Array.from({ length: int(4) }, () => value(rnd, int, pick, depth + 1))
    case 12: return Object.fromEntries(Array.from({ length: int(4) }, () => [pick(keys), value(rnd, int, pick, depth + 1)]))
    default: return { n: { list: [value(rnd, int, pick, depth + 1)] } }
  }
}

// Only types of which yjs does not clean the formats by itself are nested: text here stays plain.
const shared = (rnd, int, pick) => {
  const r = rnd()
  if (r < 0.45) return new Y.Text(rnd() < 0.5 ? pick(words) : undefined)
  if (r < 0.8) return new Y.Map(rnd() < 0.5 ? [[pick(keys), int(9)]] : [])
  return rnd() < 0.5 ? Y.Array.from([1, 'two', null]) : new Y.Array()
}

const edit = (doc, rnd, int, pick) => {
  const types = []
  const collect = (t) => {
    types.push(t)
    if (t instanceof Y.Map) for (const v of t.values()) if (v instanceof Y.AbstractType) collect(v)
    if (t instanceof Y.Array) for (const v of t.toArray()) if (v instanceof Y.AbstractType) collect(v)
  }
  collect(doc.getMap('m'))
  collect(doc.getArray('a'))
  const rich = doc.getText('t')
  const some = () => {
    const t = rnd() < 0.3 ? rich : rnd() < 0.06 ? doc.getXmlFragment('x') : pick(types)
    if (t instanceof Y.XmlFragment) editXml(t, rnd, int, pick)
    else if (t instanceof Y.Map) editMap(t, rnd, int, pick)
    else if (t instanceof Y.Array) editArray(t, rnd, int, pick)
    else editText(t, t === rich, rnd, int, pick)
  }
  if (rnd() < 0.4) doc.transact(() => { for (let n = 1 + int(5); n > 0; n--) some() })
  else some()
}

const editMap = (m, rnd, int, pick) => {
  const key = pick(keys)
  const r = rnd()
  if (r < 0.2) m.delete(key)
  else if (r < 0.55) m.set(key, shared(rnd, int, pick))
  else m.set(key, value(rnd, int, pick))
}

const editArray = (a, rnd, int, pick) => {
  const r = rnd()
  if (r < 0.3 && a.length > 0) {
    const at = int(a.length)
    a.delete(at, 1 + int(Math.min(4, a.length - at)))
  } else if (r < 0.5) {
    a.insert(int(a.length + 1), [shared(rnd, int, pick)])
  } else if (r < 0.53) {
    a.insert(int(a.length + 1), [new Y.Doc({ guid: 'doc' + int(1000), autoLoad: rnd() < 0.5, meta: rnd() < 0.5 ? { n: 1 } : null })])
  } else {
    a.insert(int(a.length + 1), Array.from({ length: 1 + int(4) }, () => listValue(rnd, int, pick)))
  }
}

// Y.Array takes neither undefined nor bigint.
const listValue = (rnd, int, pick) => {
  const v = value(rnd, int, pick)
  return v === undefined || typeof v === 'bigint' ? null : v
}

// whole moves a place out of a surrogate pair. A pair that one client tears apart may stay whole at another: that is so
// among yjs themselves, so what all clients end with can only be compared in rounds without it.
const whole = (t, at) => {
  if (tearing) return at
  const s = t.toDelta().map(op => typeof op.insert === 'string' ? op.insert : '\uFFFC').join('')
  const c = s.charCodeAt(at)
  return c >= 0xDC00 && c <= 0xDFFF ? at - 1 : at
}

const editText = (t, rich, rnd, int, pick) => {
  const r = rnd()
  const from = whole(t, int(t.length + 1))
  const to = whole(t, Math.min(t.length, from + 1 + int(r < 0.3 ? 6 : t.length)))
  if (r < 0.3 && to > from) {
    t.delete(from, to - from)
  } else if (rich && r < 0.4 && to > from) {
    t.format(from, to - from, pick([{ bold: true }, { bold: null }, { color: 'red' }, { link: { href: '#😀' } }]))
  } else if (rich && r < 0.45) {
    t.insertEmbed(from, { image: pick(words) })
  } else {
    t.insert(rnd() < 0.5 ? t.length : from, pick(words))
  }
}

const editXml = (x, rnd, int, pick) => {
  const children = x.toArray().filter(c => c instanceof Y.XmlElement)
  const r = rnd()
  if (children.length > 0 && r < 0.3) {
    pick(children).setAttribute(pick(['class', 'id']), pick(words))
  } else if (children.length > 0 && r < 0.5) {
    pick(children).insert(0, [rnd() < 0.5 ? new Y.XmlText(pick(words)) : new Y.XmlElement('b')])
  } else if (x.length > 0 && r < 0.65) {
    x.delete(int(x.length), 1)
  } else {
    x.insert(int(x.length + 1), [rnd() < 0.8 ? new Y.XmlElement(pick(['p', 'h1'])) : rnd() < 0.5 ? new Y.XmlText('t') : new Y.XmlHook('hook')])
  }
}
