package yjs

// Policy is what a document accepts from a stranger, beyond what every document must. Zero fields mean the defaults:
// no field can be set to "unlimited".
type Policy struct {
	MaxUpdate  int    // bytes of one update; default 1 MiB
	MaxStructs int    // new structs of one update, and new delete ranges; default 10,000
	MaxValue   int    // bytes of the values of one struct that is not text; default 64 KiB
	MaxDepth   int    // nesting inside of one value; default 16
	MaxAdvance uint64 // units that one update may add to one client's clock; default 1 Mi

	// Client is asked once for each client id that brings new structs. An error refuses the update with ForeignID.
	// nil lets everybody write with every id, which is only right where all writers are trusted.
	Client func(client uint64) error

	// Schema is asked for each new struct that will have a place in the document, in the order of integration. An error
	// refuses the update with SchemaBroken. nil allows every root, key and kind of content.
	Schema func(c *Change) error
}

func orDefault[T int | uint64](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

func (p *Policy) withDefaults() Policy {
	q := *p
	q.MaxUpdate = orDefault(q.MaxUpdate, 1<<20)
	q.MaxStructs = orDefault(q.MaxStructs, 10_000)
	q.MaxValue = orDefault(q.MaxValue, 64<<10)
	q.MaxDepth = orDefault(q.MaxDepth, 16)
	q.MaxAdvance = orDefault(q.MaxAdvance, 1<<20)
	return q
}

// Change is one new struct, as a Schema sees it. It is valid during the call.
type Change struct {
	Client, Clock uint64
	Root          string      // the root type it is in
	Path          []string    // the map keys from the root to the type it is in; "" stands for an element of a list
	Parent        TypeKind    // of the type it is in; Untyped when that is the root
	ParentLen     int         // units in that type before the update; 0 when it is new
	Key           string      // the map key it sets, when InMap
	InMap         bool        // whether it is the value of a key, and not an element of a list
	Content       ContentKind // Deleted when it was written and deleted before it came here
	Type          TypeKind    // the kind of the new shared type, when Content is ContentType
	Len           int         // UTF-16 units of text, values of a list, otherwise 1

	raw []byte
}

// Values decodes what a ContentAny carries; other content has none here. The decoding is done for each call.
func (c *Change) Values() []any {
	if c.Content != ContentAny {
		return nil
	}
	return decodeValues(c.raw)
}

// Text returns what a ContentString carries.
func (c *Change) Text() string {
	if c.Content != ContentString {
		return ""
	}
	return string(c.raw)
}

func decodeValues(raw []byte) []any {
	r := reader{b: raw}
	var values []any
	for r.left() > 0 {
		values = append(values, r.readAny())
	}
	return values
}
