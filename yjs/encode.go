package yjs

// EncodeState writes what somebody with the given state vector lacks: the structs from there on, and the whole delete
// set. With an empty or nil vector it is the whole state, in the bytes that Y.encodeStateAsUpdate gives for the same
// history. What is pending is included, as in yjs. The caller owns the result.
func (d *Doc) EncodeState(have StateVector) []byte {
	b := d.encodeIntegrated(have)
	if d.pending == nil {
		return b
	}
	return d.pending.mergeInto(b, have)
}

func (d *Doc) encodeIntegrated(have StateVector) []byte {
	n, size := 0, 64
	for _, c := range d.sorted {
		if from := have[c.id]; uint64(c.state()) > from {
			n++
			for _, it := range c.items[c.find(uint32(from)):] {
				size += 16 + len(it.raw) // on the safe side for most
			}
		}
	}
	b := appendVarUint(make([]byte, 0, size), uint64(n))
	for _, c := range d.sorted {
		if from := have[c.id]; uint64(c.state()) > from {
			b = d.appendStructs(b, c, uint32(from))
		}
	}
	return d.appendDeletes(b)
}

func (d *Doc) appendStructs(b []byte, c *clientStructs, from uint32) []byte {
	first := c.find(from)
	b = appendVarUint(b, uint64(len(c.items)-first))
	b = appendVarUint(appendVarUint(b, c.id), uint64(from))
	offset := from - c.items[first].id.clock
	for _, it := range c.items[first:] {
		b = d.appendItem(b, it, offset)
		offset = 0
	}
	return b
}

func (d *Doc) appendID(b []byte, r ref) []byte {
	return appendVarUint(appendVarUint(b, d.clients[r.client].id), uint64(r.clock))
}

// appendItem writes an item from its unit offset on.
func (d *Doc) appendItem(b []byte, it *item, offset uint32) []byte {
	if it.kind == Collected {
		return appendVarUint(append(b, byte(Collected)), uint64(it.len-offset))
	}
	origin := it.origin
	if offset > 0 {
		origin = ref{it.id.client, it.id.clock + offset - 1}
	}
	info := byte(it.kind)
	if origin != none {
		info |= bitOrigin
	}
	if it.rightOrigin != none {
		info |= bitRight
	}
	if it.home.inMap {
		info |= bitSub // also where the key is not written
	}
	b = append(b, info)
	if origin != none {
		b = d.appendID(b, origin)
	}
	if it.rightOrigin != none {
		b = d.appendID(b, it.rightOrigin)
	}
	if origin == none && it.rightOrigin == none {
		if it.parent().item == nil {
			b = appendVarBytes(append(b, 1), it.parent().name)
		} else {
			b = d.appendID(append(b, 0), it.parent().item.id)
		}
		if it.home.inMap {
			b = appendVarBytes(b, it.home.key)
		}
	}
	var typ TypeKind
	var name string
	if it.typ != nil {
		typ, name = it.typ.kind, it.typ.name
	}
	return appendContent(b, it.kind, it.raw, int(it.len), int(offset), typ, name)
}

// appendDeletes writes the delete set: every run of deleted units.
func (d *Doc) appendDeletes(b []byte) []byte {
	clients := 0
	ranges := make([]int, len(d.sorted))
	for i, c := range d.sorted {
		deleted := false
		for _, it := range c.items {
			if it.deleted && !deleted {
				ranges[i]++
			}
			deleted = it.deleted
		}
		if ranges[i] > 0 {
			clients++
		}
	}
	b = appendVarUint(b, uint64(clients))
	for i, c := range d.sorted {
		if ranges[i] == 0 {
			continue
		}
		b = appendVarUint(appendVarUint(b, c.id), uint64(ranges[i]))
		b = c.appendDeletes(b)
	}
	return b
}

func (c *clientStructs) appendDeletes(b []byte) []byte {
	for i := 0; i < len(c.items); i++ {
		if !c.items[i].deleted {
			continue
		}
		from := c.items[i].id.clock
		for i+1 < len(c.items) && c.items[i+1].deleted {
			i++
		}
		b = appendVarUint(appendVarUint(b, uint64(from)), uint64(c.items[i].end()-from))
	}
	return b
}
