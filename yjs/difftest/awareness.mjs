import * as Y from 'yjs'
import * as proto from 'y-protocols/awareness'

const bytes = (s) => new Uint8Array(Buffer.from(s, 'base64'))
const text = (b) => Buffer.from(b).toString('base64')

// handle gives a real client of the awareness protocol updates to apply, and answers its states and what it would send.
export const handle = ({ client, states, updates }) => {
  const doc = new Y.Doc()
  doc.clientID = client
  const a = new proto.Awareness(doc)
  for (const s of states || []) a.setLocalState(s)
  for (const u of updates || []) proto.applyAwarenessUpdate(a, bytes(u), 'remote')
  const clients = [...a.meta.keys()].sort((x, y) => x - y)
  const answer = {
    states: Object.fromEntries([...a.getStates()].sort((x, y) => x[0] - y[0])),
    clocks: Object.fromEntries(clients.map(c => [c, a.meta.get(c).clock])),
    update: text(proto.encodeAwarenessUpdate(a, clients))
  }
  clearInterval(a._checkInterval)
  return answer
}
