// Writes testdata/golden.json: updates that npm's yjs makes, and what it makes of them. `node golden.mjs`
import * as fs from 'node:fs'
import * as Y from 'yjs'
import { canon } from './canon.mjs'

const hex = (b) => Buffer.from(b).toString('hex')
const vectors = []

const record = (name, updates, roots) => {
  const ref = new Y.Doc()
  for (const u of updates) Y.applyUpdate(ref, u)
  const state = Y.encodeStateAsUpdate(ref)
  const reader = new Y.Doc()
  Y.applyUpdate(reader, state)
  const kinds = { Map: 'getMap', Array: 'getArray', Text: 'getText', XMLFragment: 'getXmlFragment' }
  const content = {}
  for (const [root, kind] of Object.entries(roots)) {
    if (kind !== 'XMLFragment') content[root] = canon(reader[kinds[kind]](root))
  }
  vectors.push({ name, updates: updates.map(hex), merged: hex(Y.mergeUpdates(updates)), state: hex(state), vector: hex(Y.encodeStateVector(ref)), roots, content })
}

// log lets a client edit, each step one transaction, and returns the updates.
const log = (client, steps, from = []) => {
  const doc = new Y.Doc()
  doc.clientID = client
  for (const u of from) Y.applyUpdate(doc, u)
  const updates = []
  doc.on('update', u => updates.push(u))
  for (const step of steps) doc.transact(() => step(doc))
  return updates
}

const text = (at, s) => doc => doc.getText('t').insert(at, s)
const cut = (at, n) => doc => doc.getText('t').delete(at, n)
const set = (key, v) => doc => doc.getMap('m').set(key, v)
const T = { t: 'Text' }
const M = { m: 'Map' }

record('empty', [new Uint8Array([0, 0])], {})
record('typing', log(1, [text(0, 'H'), text(1, 'e'), text(2, 'y')]), T)
record('insert in the middle', log(1, [text(0, 'Hello'), text(2, '--')]), T)
record('delete in the middle', log(1, [text(0, 'Hello world'), cut(3, 4)]), T)
record('delete all', log(1, [text(0, 'Hello'), cut(0, 5)]), T)
record('utf-16', log(1, [text(0, '世界😀é'), text(4, 'x'), cut(1, 1)]), T)
record('torn surrogates', log(1, [text(0, 'a😀b'), text(2, '-')]), T)
record('delete half of a pair', log(1, [text(0, 'a😀b'), cut(1, 1)]), T)
record('client of 53 bits', log(Number.MAX_SAFE_INTEGER, [text(0, 'x'), text(0, 'y')]), T)
record('client 0', log(0, [text(0, 'x'), text(1, 'y')]), T)

const base = log(1, [text(0, 'base')])
record('two at the same place', [...base, ...log(7, [text(2, 'seven')], base), ...log(5, [text(2, 'five')], base)], T)
record('two at the end', [...base, ...log(5, [text(4, 'five')], base), ...log(7, [text(4, 'seven')], base)], T)
record('delete against insert', [...base, ...log(5, [cut(0, 4)], base), ...log(7, [text(2, 'X')], base)], T)
record('formats', log(1, [text(0, 'bold and plain'), d => d.getText('t').format(0, 4, { bold: true }), d => d.getText('t').insert(2, 'xx')]), T)
record('embed', log(1, [text(0, 'ab'), d => d.getText('t').insertEmbed(1, { image: 'x.png' })]), T)

record('map values', log(1, [
  set('null', null), set('undefined', undefined), set('true', true), set('false', false), set('zero', 0), set('negative zero', -0),
  set('int', 2147483647), set('int negative', -63), set('int 64', 64), set('over int', 2147483648), set('safe', Number.MAX_SAFE_INTEGER), set('half', 0.5),
  set('tenth', 0.1), set('big', 12345678901234567890n), set('string', 'ä😀'), set('bytes', new Uint8Array([0, 255])),
  set('array', [1, [2, [3, null]]]), set('object', { a: 1, b: { c: [true] } })
]), M)
record('map overwritten', log(1, [set('k', 1), set('k', 2), set('l', 0), set('k', 3), d => d.getMap('m').delete('l')]), M)
const map = log(1, [set('k', 'base')])
record('map against map', [...map, ...log(9, [set('k', 'nine')], map), ...log(3, [set('k', 'three'), set('k', 'again')], map)], M)
const nested = log(1, [d => {
  const m = new Y.Map()
  d.getMap('m').set('passage', m)
  m.set('name', 'Start')
  m.set('body', new Y.Text('Once upon'))
  m.set('tags', ['a', 'b'])
}])
record('nested', [...nested, ...log(2, [d => d.getMap('m').get('passage').get('body').insert(9, ' a time')], nested)], M)
record('subtree deleted', [...nested, ...log(2, [d => d.getMap('m').delete('passage')], nested)], M)
record('typing into a deleted subtree', [
  ...nested, ...log(2, [d => d.getMap('m').delete('passage')], nested),
  ...log(3, [d => d.getMap('m').get('passage').get('body').insert(9, ' late'), d => d.getMap('m').get('passage').set('name', 'Late')], nested)
], M)
record('array', log(1, [
  d => d.getArray('a').insert(0, [1, 2, 3, 4]), d => d.getArray('a').insert(2, ['x', new Uint8Array([1]), new Y.Array(), null]),
  d => d.getArray('a').delete(1, 2), d => d.getArray('a').get(2).push([true])
]), { a: 'Array' })
record('subdocument', log(1, [d => d.getArray('a').insert(0, [new Y.Doc({ guid: 'sub', meta: { x: 1 }, autoLoad: true })])]), { a: 'Array' })
record('xml', log(1, [d => {
  const p = new Y.XmlElement('p')
  d.getXmlFragment('x').insert(0, [p, new Y.XmlText('text'), new Y.XmlHook('hook')])
  p.setAttribute('class', 'a')
  p.insert(0, [new Y.XmlElement('b')])
}, d => d.getXmlFragment('x').delete(1, 1)]), { x: 'XMLFragment' })
record('legacy json', [Buffer.from('010101000201016103043132333409756e646566696e6564077b2261223a317d00', 'hex')], { a: 'Array' })

const steps = log(1, [text(0, 'a'), text(1, 'b'), text(2, 'c'), cut(0, 1)])
record('out of order', [steps[0], steps[2], steps[3], steps[1]], T)
record('pending structs', [steps[0], steps[2]], T)
record('pending deletes', [steps[3]], T)
record('twice', [...steps, ...steps], T)
record('overlapping', [steps[0], Y.mergeUpdates(steps)], T)
record('merged with a hole', [Y.mergeUpdates([steps[0], steps[2]])], T)

const stateOf = (updates) => {
  const doc = new Y.Doc()
  for (const u of updates) Y.applyUpdate(doc, u)
  return Y.encodeStateAsUpdate(doc)
}
const typed = log(1, [text(0, 'a'), text(1, '😀'), text(3, 'b'), text(4, 'c')])
record('overlapping text', [typed[0], typed[1], stateOf(typed.slice(0, 3)), stateOf(typed)], T)
const listed = log(1, [1, 2, 3].map((v, i) => d => d.getArray('a').insert(i, [v, 'x'])))
record('overlapping values', [listed[0], listed[1], stateOf(listed)], { a: 'Array' })
const cleared = log(1, [...'abc'].map((c, i) => text(i, c)).concat([cut(0, 3)]))
record('overlapping deletions', [stateOf(cleared), cleared[1], cleared[2]], T)
const purged = [...nested, ...log(2, [d => d.getMap('m').delete('passage')], nested)]
record('overlapping collected', [stateOf(purged), Y.mergeUpdates([stateOf(purged), ...nested]), ...nested], M)
record('holes filled', [Y.mergeUpdates([typed[0], typed[3]]), typed[1], Y.mergeUpdates([typed[1], typed[2]])], T)

fs.writeFileSync('../testdata/golden.json', JSON.stringify(vectors, null, 1) + '\n')
