package yjs

// ContentKind is what one struct of an update carries. The values are those of the format.
type ContentKind uint8

// The kinds of content, with the number that each has in the format.
const (
	Collected      ContentKind = 0 // deleted together with the type it was in
	Deleted        ContentKind = 1
	ContentJSON    ContentKind = 2 // legacy
	ContentBinary  ContentKind = 3
	ContentString  ContentKind = 4
	ContentEmbed   ContentKind = 5
	ContentFormat  ContentKind = 6
	ContentType    ContentKind = 7
	ContentAny     ContentKind = 8
	ContentSubdoc  ContentKind = 9
	contentSkipped ContentKind = 10 // a hole; only between updates that were merged out of order
)

// TypeKind is the kind of a shared type. The values are those of the format.
type TypeKind uint8

// The shared types. A root type has no kind of its own in the format: it is Untyped.
const (
	Array       TypeKind = 0
	Map         TypeKind = 1
	Text        TypeKind = 2
	XMLElement  TypeKind = 3
	XMLFragment TypeKind = 4
	XMLHook     TypeKind = 5
	XMLText     TypeKind = 6
	Untyped     TypeKind = 255
)

// named reports whether the format stores a name with the type.
func (k TypeKind) named() bool { return k == XMLElement || k == XMLHook }

// countable reports whether content counts for the length of the list it is in.
func (k ContentKind) countable() bool {
	return k != Collected && k != Deleted && k != ContentFormat
}

// splitContent cuts raw, which holds units units of the kind, before unit n. owned says that both halves are fresh
// memory; otherwise they share raw's, and left has no room to grow.
func splitContent(kind ContentKind, raw []byte, units, n int) (left, right []byte, owned bool) {
	switch kind {
	case ContentString:
		return splitText(raw, units, n)
	case ContentAny, ContentJSON:
		r := reader{b: raw}
		for ; n > 0; n-- {
			if kind == ContentAny {
				r.skipAny(0, &shape{})
			} else {
				r.varBytes()
			}
		}
		return raw[:r.pos:r.pos], raw[r.pos:], false
	}
	return nil, nil, false // Collected, Deleted and holes have no bytes; the others are one unit long
}

// appendContent writes the payload of one struct from unit offset on. typ and name are those of a ContentType.
func appendContent(b []byte, kind ContentKind, raw []byte, units, offset int, typ TypeKind, name string) []byte {
	if offset > 0 {
		_, raw, _ = splitContent(kind, raw, units, offset)
	}
	switch kind {
	case ContentAny, ContentJSON:
		return append(appendVarUint(b, uint64(units-offset)), raw...)
	case ContentString, ContentBinary, ContentEmbed:
		return appendVarBytes(b, raw)
	case ContentFormat, ContentSubdoc:
		return append(b, raw...)
	case ContentType:
		b = appendVarUint(b, uint64(typ))
		if typ.named() {
			b = appendVarBytes(b, name)
		}
		return b
	}
	return appendVarUint(b, uint64(units-offset))
}
