package yjs

// Join is [Merge] for updates that may be of one client who sent one after the other, as somebody who types does: what
// was typed in one go becomes one struct, which it would become in the document. Other updates it merges. The result may
// share structs with the updates.
func Join(updates ...*Update) *Update {
	if len(updates) == 1 {
		return updates[0]
	}
	if !consecutive(updates) {
		return Merge(updates...)
	}
	client := updates[0].groups[0].client
	u := new(Update)
	u.structs = u.structBuf[:0]
	own := false // the text of the last struct belongs to u
	for _, part := range updates {
		u.size += part.size
		u.deletes = append(u.deletes, part.deletes...)
		for i := range part.structs {
			s := &part.structs[i]
			if n := len(u.structs); n == 0 || !u.structs[n-1].continues(client, s) {
				u.structs, own = append(u.structs, *s), false
				continue
			}
			last := &u.structs[len(u.structs)-1]
			if !own {
				last.raw, own = append(make([]byte, 0, len(last.raw)+2*len(updates)), last.raw...), true
			}
			last.raw = append(last.raw, s.raw...)
			last.len += s.len
		}
	}
	u.groups = append(u.groupBuf[:0], group{client: client, end: len(u.structs)})
	if len(u.deletes) > 0 {
		u.deletes = normalize(u.deletes)
	}
	return u
}

// consecutive reports whether each update has structs of one client only, which begin where the last ones end.
func consecutive(updates []*Update) bool {
	var client, end uint64
	for i, u := range updates {
		if len(u.groups) != 1 || len(u.structs) == 0 {
			return false
		}
		g := u.groups[0]
		if i > 0 && (g.client != client || u.structs[0].clock != end) {
			return false
		}
		client, end = g.client, u.structs[len(u.structs)-1].end()
	}
	return true
}

// continues reports whether next, of the same client, is the text that was typed behind s.
func (s *wireStruct) continues(client uint64, next *wireStruct) bool {
	return s.kind == ContentString && next.kind == ContentString && next.clock == s.end() &&
		next.has(bitOrigin) && next.origin == wireID{client, s.end() - 1} &&
		s.has(bitRight) == next.has(bitRight) && s.right == next.right
}
