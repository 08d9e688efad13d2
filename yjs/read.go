package yjs

import (
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Type is a shared type to read from: a root, or one that Get or Values of another gave. It shows the document as it is
// at each call, and is empty once the type is deleted.
type Type struct {
	d    *Doc
	b    *branch
	kind TypeKind
}

// Root returns the root type of that name, which exists as soon as somebody asks for it. The format does not store the
// kind of a root: the reader says it, or Untyped.
func (d *Doc) Root(name string, kind TypeKind) *Type {
	b := d.roots[name]
	if b == nil {
		b = newBranch(Untyped)
		b.name = name
	}
	return &Type{d: d, b: b, kind: kind}
}

// Roots returns the names of the root types that anything was ever written to, sorted.
func (d *Doc) Roots() []string { return slices.Sorted(maps.Keys(d.roots)) }

// Kind returns the kind of the type.
func (t *Type) Kind() TypeKind { return t.kind }

// Name returns the name of a root, of an XML element or of an XML hook; other types have none.
func (t *Type) Name() string { return t.b.name }

// Len returns the length of the list: UTF-16 units of text plus other elements.
func (t *Type) Len() int { return int(t.branch().length) }

// branch returns what the type is now: a root may have come to be since.
func (t *Type) branch() *branch {
	if t.b.item == nil {
		if b := t.d.roots[t.b.name]; b != nil {
			t.b = b
		}
	}
	return t.b
}

// String returns the text in the list, without formats and embedded content.
func (t *Type) String() string {
	var s strings.Builder
	for it := t.branch().list.current; it != nil; it = it.right {
		if !it.deleted && it.kind == ContentString {
			s.Write(it.raw)
		}
	}
	return s.String()
}

// Runs yields the text in the list, in order, in runs of which each was written by one client.
func (t *Type) Runs() iter.Seq2[uint64, string] {
	return func(yield func(client uint64, text string) bool) {
		var run []byte
		var writer uint64
		for it := t.branch().list.current; it != nil; it = it.right {
			if it.deleted || it.kind != ContentString {
				continue
			}
			client := t.d.clients[it.id.client].id
			if len(run) > 0 && client != writer {
				if !yield(writer, string(run)) {
					return
				}
				run = run[:0]
			}
			run, writer = append(run, it.raw...), client
		}
		if len(run) > 0 {
			yield(writer, string(run))
		}
	}
}

// Keys returns the keys of the map, or the names of the attributes, sorted.
func (t *Type) Keys() []string {
	var keys []string
	for _, s := range t.branch().order {
		if s.current != nil && !s.current.deleted {
			keys = append(keys, s.key)
		}
	}
	slices.Sort(keys)
	return keys
}

// Get returns the value of a key: nil, bool, float64, int64 for a bigint, string, []byte, []any, map[string]any,
// Undefined, or *Type. A subdocument is its guid.
func (t *Type) Get(key string) (value any, ok bool) {
	s := t.branch().slots[key]
	if s == nil || s.current == nil || s.current.deleted {
		return nil, false
	}
	values := t.values(nil, s.current)
	if len(values) == 0 {
		return nil, false
	}
	return values[len(values)-1], true
}

// Values returns the elements of the list, of the types that Get returns. Text comes in as many strings
// as the document keeps it in.
func (t *Type) Values() []any {
	values := []any{}
	for it := t.branch().list.current; it != nil; it = it.right {
		if !it.deleted {
			values = t.values(values, it)
		}
	}
	return values
}

func (t *Type) values(values []any, it *item) []any {
	r := reader{b: it.raw}
	switch it.kind {
	case ContentString:
		return append(values, string(it.raw))
	case ContentAny:
		return append(values, decodeValues(it.raw)...)
	case ContentJSON:
		for r.left() > 0 {
			values = append(values, decodeJSON(r.varString()))
		}
	case ContentBinary:
		return append(values, slices.Clone(it.raw))
	case ContentEmbed:
		return append(values, decodeJSON(it.raw))
	case ContentSubdoc:
		return append(values, string(r.varString()))
	case ContentType:
		return append(values, &Type{d: t.d, b: it.typ, kind: it.typ.kind})
	}
	return values
}

func decodeJSON(text []byte) any {
	var v any
	if string(text) == "undefined" || json.Unmarshal(text, &v) != nil {
		return Undefined{}
	}
	return v
}

// Plain returns the type with everything in it as values without shared types: a string for text, a map[string]any for
// a map, a []any for the others.
func (t *Type) Plain() any {
	switch t.kind {
	case Text, XMLText:
		return t.String()
	case Map:
		m := map[string]any{}
		for _, key := range t.Keys() {
			v, _ := t.Get(key)
			m[key] = plain(v)
		}
		return m
	}
	values := t.Values()
	for i := range values {
		values[i] = plain(values[i])
	}
	return values
}

func plain(v any) any {
	if t, ok := v.(*Type); ok {
		return t.Plain()
	}
	return v
}

// Stats are the sizes of a document.
type Stats struct {
	Clients int
	Structs int // items and collected runs
	Units   int // clocks used by all clients together
	Bytes   int // an estimate of the memory it takes, in bytes
}

// Stats walks over the whole document.
func (d *Doc) Stats() Stats {
	const (
		itemBytes   = 96 + 8 + 16 // the item, its place in the list, and half of a small allocation's rounding
		typeBytes   = 112
		clientBytes = 256
		keyBytes    = 120
	)
	s := Stats{Clients: len(d.clients), Bytes: clientBytes * len(d.clients)}
	for _, c := range d.clients {
		s.Structs += len(c.items)
		s.Units += int(c.state())
		for _, it := range c.items {
			s.Bytes += itemBytes + cap(it.raw)
			if it.typ != nil {
				s.Bytes += typeBytes + keyBytes*len(it.typ.order)
			}
		}
	}
	return s
}
