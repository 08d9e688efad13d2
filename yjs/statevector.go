package yjs

import (
	"cmp"
	"iter"
	"maps"
	"slices"
)

// StateVector tells how many units of each client somebody has.
type StateVector map[uint64]uint64

// DecodeStateVector reads what yjs calls an encoded state vector, to its last byte. Of a client that is listed twice the
// last clock counts, as in yjs. The error is always an *Error with code Malformed.
func DecodeStateVector(data []byte) (StateVector, error) {
	r := reader{b: data}
	n := r.count(2)
	sv := make(StateVector, min(n, 1024))
	for ; n > 0 && r.err == nil; n-- {
		client := r.varUint()
		sv[client] = r.varUint()
	}
	if r.err == nil && r.left() > 0 {
		r.fail("%d bytes too many", r.left())
	}
	if r.err != nil {
		return nil, r.err
	}
	return sv, nil
}

// Encode writes the state vector, clients in descending order. The caller owns the result.
func (sv StateVector) Encode() []byte {
	clients := slices.SortedFunc(maps.Keys(sv), func(a, b uint64) int { return cmp.Compare(b, a) })
	b := appendVarUint(nil, uint64(len(clients)))
	for _, c := range clients {
		b = appendVarUint(appendVarUint(b, c), sv[c])
	}
	return b
}

// StateVector returns how many units of each client the document has. The caller owns the result.
func (d *Doc) StateVector() StateVector {
	sv := make(StateVector, len(d.clients))
	for _, c := range d.clients {
		sv[c.id] = uint64(c.state())
	}
	return sv
}

// Clock returns how many units of one client the document has.
func (d *Doc) Clock(client uint64) uint64 { return d.state(client) }

// Ends yields each client of whom the update has structs, with the clock at which they end.
func (u *Update) Ends() iter.Seq2[uint64, uint64] {
	return func(yield func(client, end uint64) bool) {
		for _, g := range u.groups {
			if g.end > g.start && !yield(g.client, u.structs[g.end-1].end()) {
				return
			}
		}
	}
}
