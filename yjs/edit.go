package yjs

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// ErrEdit is what the errors of Txn wrap: the edit asks for a place or a value that cannot be.
var ErrEdit = errors.New("yjs: impossible edit")

// Txn edits a document in one transaction. It must not be used after Edit has returned.
type Txn struct {
	d      *Doc
	client uint64
}

// Edit lets f edit the document as client and returns what it did as an update. An edit that returns an error has done
// nothing; those before it stand, and are in the update, whatever f returns. The caller owns the update, which is nil
// when nothing was done. No other replica may write with the same client id.
func (d *Doc) Edit(client uint64, f func(*Txn) error) (update []byte, err error) {
	if client > maxSafe {
		return nil, fmt.Errorf("%w: client id %d above 2^53-1", ErrEdit, client)
	}
	d.begin()
	err = f(&Txn{d: d, client: client})
	d.finish((*Doc).merge)
	if len(d.txn.touched) == 0 && len(d.txn.deletes) == 0 {
		return nil, err
	}
	return d.encodeTransaction(), err
}

// encodeTransaction writes what the last transaction added and deleted.
func (d *Doc) encodeTransaction() []byte {
	slices.SortFunc(d.txn.touched, func(a, b *clientStructs) int { return cmp.Compare(b.id, a.id) })
	b := appendVarUint(nil, uint64(len(d.txn.touched)))
	for _, c := range d.txn.touched {
		b = d.appendStructs(b, c, c.before)
	}
	deletes := make([]idRange, len(d.txn.deletes))
	for i, r := range d.txn.deletes {
		deletes[i] = idRange{d.clients[r.client].id, uint64(r.clock), uint64(r.len)}
	}
	return appendRanges(b, normalize(deletes))
}

// target returns the branch of a type that may be edited.
func (tx *Txn) target(t *Type) (*branch, error) {
	b := t.branch()
	switch {
	case t.d != tx.d:
		return nil, fmt.Errorf("%w: type of another document", ErrEdit)
	case b.item == nil:
		return tx.d.root(b.name), nil
	case b.item.deleted:
		return nil, fmt.Errorf("%w: type is deleted", ErrEdit)
	}
	return b, nil
}

// add inserts a new item between left and right, or as the newest value of slot.
func (tx *Txn) add(it *item) error {
	c := tx.d.client(tx.client)
	state := c.state()
	if uint64(state)+uint64(it.len) > maxClock {
		return fmt.Errorf("%w: the clock of client %d is used up", ErrEdit, tx.client)
	}
	tx.d.touch(c)
	it.id = ref{c.index, state}
	it.origin, it.rightOrigin = none, none
	if it.left != nil {
		it.origin = it.left.last()
	}
	if it.right != nil {
		it.rightOrigin = it.right.id
	}
	if it.typ != nil {
		it.typ.item, it.typ.depth = it, it.parent().depth+1
	}
	tx.d.insert(c, it)
	return nil
}

// content makes an item of a value, or of the kind of a shared type.
func (tx *Txn) content(b *branch, value any) (*item, error) {
	it := &item{home: &b.list, len: 1, kind: ContentAny}
	switch v := value.(type) {
	case TypeKind:
		if v > Text {
			return nil, fmt.Errorf("%w: only arrays, maps and texts are made here", ErrEdit)
		}
		if int(b.depth)+1 > maxDepth {
			return nil, fmt.Errorf("%w: types nested deeper than %d", ErrEdit, maxDepth)
		}
		it.kind, it.typ = ContentType, newBranch(v)
	case []byte:
		it.kind, it.raw = ContentBinary, slices.Clone(v)
	default:
		var ok bool
		if it.raw, ok = appendAny(nil, value, 0); !ok {
			return nil, fmt.Errorf("%w: a value of type %T", ErrEdit, value)
		}
	}
	return it, nil
}

// Set gives a key of a map a value, of the types that Type.Get returns besides *Type, or an int.
func (tx *Txn) Set(m *Type, key string, value any) error {
	_, err := tx.set(m, key, value)
	return err
}

// SetType gives a key of a map a new shared type: an Array, a Map or a Text.
func (tx *Txn) SetType(m *Type, key string, kind TypeKind) (*Type, error) {
	it, err := tx.set(m, key, kind)
	if err != nil {
		return nil, err
	}
	return &Type{d: tx.d, b: it.typ, kind: kind}, nil
}

func (tx *Txn) set(m *Type, key string, value any) (*item, error) {
	b, err := tx.target(m)
	if err != nil {
		return nil, err
	}
	if !utf8.ValidString(key) {
		return nil, fmt.Errorf("%w: key is not UTF-8", ErrEdit)
	}
	it, err := tx.content(b, value)
	if err != nil {
		return nil, err
	}
	it.home = b.slotFor([]byte(key))
	it.left = it.home.current
	return it, tx.add(it)
}

// Unset deletes a key of a map. A key without a value is left as it is.
func (tx *Txn) Unset(m *Type, key string) error {
	b, err := tx.target(m)
	if err != nil {
		return err
	}
	if s := b.slots[key]; s != nil && s.current != nil {
		tx.d.remove(s.current)
	}
	return nil
}

// position returns the neighbours of a place in a list, splitting the item it lies in.
func (tx *Txn) position(b *branch, index int) (left, right *item, err error) {
	if index < 0 || index > int(b.length) {
		return nil, nil, fmt.Errorf("%w: place %d in a list of %d", ErrEdit, index, b.length)
	}
	right = b.list.current
	for n := uint32(index); n > 0; right = right.right {
		if !right.deleted && right.kind.countable() {
			if n < right.len {
				tx.d.cleanStart(ref{right.id.client, right.id.clock + n})
			}
			n -= right.len
		}
		left = right
	}
	return left, right, nil
}

// InsertText puts s before the UTF-16 unit index of a text. It takes the formats that apply there. What is not UTF-8 in
// s becomes U+FFFD.
func (tx *Txn) InsertText(t *Type, index int, s string) error {
	b, err := tx.target(t)
	if err != nil || s == "" {
		return err
	}
	raw := []byte(s)
	if !utf8.Valid(raw) {
		raw = []byte(string([]rune(s)))
	}
	left, right, err := tx.position(b, index)
	if err != nil {
		return err
	}
	for right != nil && right.deleted {
		left, right = right, right.right
	}
	return tx.add(&item{left: left, right: right, home: &b.list, raw: raw, len: uint32(utf16Len(raw)), kind: ContentString})
}

// Insert puts values, of the types that Set takes, before the element index of an array.
func (tx *Txn) Insert(a *Type, index int, values ...any) error {
	b, err := tx.target(a)
	if err != nil {
		return err
	}
	var items []*item
	for _, v := range values {
		it, err := tx.content(b, v)
		if err != nil {
			return err
		}
		if n := len(items); n > 0 && it.kind == ContentAny && items[n-1].kind == ContentAny {
			items[n-1].raw = append(items[n-1].raw, it.raw...)
			items[n-1].len++
			continue
		}
		items = append(items, it)
	}
	left, right, err := tx.position(b, index)
	if err != nil {
		return err
	}
	for _, it := range items {
		it.left, it.right = left, right
		if err := tx.add(it); err != nil {
			return err
		}
		left = it
	}
	return nil
}

// InsertType puts a new shared type, an Array, a Map or a Text, before the element index of an array.
func (tx *Txn) InsertType(a *Type, index int, kind TypeKind) (*Type, error) {
	b, err := tx.target(a)
	if err != nil {
		return nil, err
	}
	it, err := tx.content(b, kind)
	if err != nil {
		return nil, err
	}
	if it.left, it.right, err = tx.position(b, index); err != nil {
		return nil, err
	}
	return &Type{d: tx.d, b: it.typ, kind: kind}, tx.add(it)
}

// Delete removes n elements of an array, or n UTF-16 units of a text, from index on.
func (tx *Txn) Delete(t *Type, index, n int) error {
	b, err := tx.target(t)
	if err != nil {
		return err
	}
	if index < 0 || n < 0 || n > int(b.length)-index {
		return fmt.Errorf("%w: %d elements from %d of a list of %d", ErrEdit, n, index, b.length)
	}
	_, it, err := tx.position(b, index)
	if err != nil {
		return err
	}
	for left := uint32(n); left > 0; it = it.right {
		if it.deleted || !it.kind.countable() {
			continue
		}
		if left < it.len {
			tx.d.cleanStart(ref{it.id.client, it.id.clock + left})
		}
		left -= it.len
		tx.d.remove(it)
	}
	return nil
}
