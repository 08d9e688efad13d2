package coedit

import (
	"context"
	"errors"
	"fmt"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/yjs"
)

const (
	// compactUpdates and compactBytes of updates after the saved state are
	// enough to save it again: a load reads at most so much more.
	compactUpdates = 500
	compactBytes   = 256 << 10

	followPage  = 200 // updates that are read from the log at once
	serverID    = 1   // client id of what the server writes, always after a known head
	seedRetries = 4
)

var errBroken = errors.New("the log of the document cannot be applied")

// load reads the document, unless it is there.
func (r *room) load(ctx context.Context) error {
	if r.doc != nil {
		return nil
	}
	if err := r.read(ctx); err != nil {
		r.s.opts.Logger.Error("open a document", "story", r.id, "error", err)
		return &errs.Error{Op: "coedit.load", Code: errs.Unavailable, Message: "This story cannot be opened for writing right now.", RetryAfter: tick, Err: err}
	}
	return nil
}

func (r *room) read(ctx context.Context) error {
	saved, err := r.s.deps.Log.Document(ctx, r.id)
	if err != nil {
		return fmt.Errorf("read the document: %w", err)
	}
	doc := yjs.New()
	if len(saved.Data) > 0 {
		if doc, err = yjs.Load(saved.Data); err != nil {
			return errors.Join(errBroken, err)
		}
	}
	r.doc, r.seq, r.tail = doc, saved.Seq, tail{}
	r.writers = map[uint64]auth.UserID{}
	for _, u := range saved.Tail {
		if err := r.doc.Apply(u.Data); err != nil {
			r.doc = nil
			return errors.Join(errBroken, fmt.Errorf("update %d: %w", u.Seq, err))
		}
		r.seq = u.Seq
		r.tail.updates, r.tail.bytes = r.tail.updates+1, r.tail.bytes+len(u.Data)
	}
	if r.seq == 0 {
		if err := r.seed(ctx); err != nil {
			r.doc = nil
			return err
		}
	}
	r.versioned.seq = r.seq
	r.measure()
	return nil
}

// seed writes what the document begins with. Of several nodes that do it at
// once one is first, and the others read that.
func (r *room) seed(ctx context.Context) error {
	content, err := r.s.deps.Seed(ctx, r.id)
	if err != nil {
		return fmt.Errorf("make the first content: %w", err)
	}
	for range seedRetries {
		_, err = r.write(ctx, func(doc *yjs.Doc) ([]byte, error) {
			if r.seq > 0 {
				return nil, nil
			}
			return doc.Edit(serverID, func(tx *yjs.Txn) error { return content.writeAll(tx, doc) })
		})
		if err == nil || !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return err
}

// write lets the server edit the document: edit changes a copy and returns the
// update, which is stored if nobody else has written meanwhile (else
// ErrConflict: the document is then up to date, and it can be tried again).
// It returns the seq of the update, or the document's where there was nothing to do.
func (r *room) write(ctx context.Context, edit func(*yjs.Doc) ([]byte, error)) (int64, error) {
	copied, err := yjs.Load(r.doc.EncodeState(nil))
	if err != nil {
		return 0, errors.Join(errBroken, err)
	}
	update, err := edit(copied)
	if err != nil || update == nil {
		return r.seq, err
	}
	seq, err := r.s.deps.Log.Append(ctx, r.id, Entry{Data: update, Node: r.s.opts.Node, After: r.seq, At: r.s.now()})
	if errors.Is(err, ErrConflict) {
		return 0, errors.Join(err, r.follow(ctx, r.seq+1))
	}
	if err != nil {
		return 0, fmt.Errorf("store an edit: %w", err)
	}
	if err := r.apply(Update{Seq: seq, Data: update}); err != nil {
		return 0, err
	}
	r.s.hint(r.id, hint{Kind: hintUpdate, Seq: seq, Data: update})
	return seq, nil
}

// apply integrates the next update of the log and tells those who are here.
func (r *room) apply(u Update) error {
	if err := r.doc.Apply(u.Data); err != nil {
		r.discard()
		return errors.Join(errBroken, fmt.Errorf("update %d: %w", u.Seq, err))
	}
	r.applied(u, 0, "")
	return nil
}

// applied takes over that the document has u.
func (r *room) applied(u Update, from uint64, except string) {
	r.seq = u.Seq
	r.tail.updates, r.tail.bytes = r.tail.updates+1, r.tail.bytes+len(u.Data)
	r.bounds.state += len(u.Data)
	if len(r.members) > 1 || r.members[except] == nil { // else nobody is there to hear it
		r.s.deps.Publisher.Updated(r.id, u, from, except)
	}
	r.tellSum()
}

// follow applies what the log has, at least up to a seq.
func (r *room) follow(ctx context.Context, to int64) error {
	for r.seq < to {
		updates, err := r.s.deps.Log.Updates(ctx, r.id, r.seq, followPage)
		if err != nil {
			return err
		}
		if len(updates) == 0 {
			return fmt.Errorf("the log ends at %d, not at %d", r.seq, to)
		}
		if updates[0].Seq != r.seq+1 { // too far behind: the rest is in the saved state only
			r.discard()
			return r.read(ctx)
		}
		for _, u := range updates {
			if u.Seq != r.seq+1 {
				break
			}
			if err := r.apply(u); err != nil {
				return err
			}
		}
	}
	return nil
}

// catchUp applies what other nodes have stored and this one has not heard of,
// and reports whether there was anything.
func (r *room) catchUp(ctx context.Context) (moved bool, err error) {
	if r.s.deps.Bus == nil { // nobody else writes
		return false, nil
	}
	heads, err := r.s.deps.Log.Heads(ctx, []story.ID{r.id})
	if err != nil || heads[r.id] <= r.seq {
		return false, err
	}
	return true, r.follow(ctx, heads[r.id])
}

// headMsg says how far the log has come.
type headMsg struct{ head int64 }

func (m headMsg) handle(r *room) {
	if r.doc == nil || m.head <= r.seq {
		return
	}
	ctx, cancel := r.context()
	defer cancel()
	if err := r.follow(ctx, m.head); err != nil {
		r.s.opts.Logger.Warn("read the updates of other nodes", "story", r.id, "error", err)
	}
}

// discard gives the replica up, and tells those who are here to come again.
func (r *room) discard() {
	r.forget()
	if len(r.members) == 0 {
		return
	}
	for conn := range r.members {
		_ = r.s.Close(conn, r.id)
	}
	clear(r.members)
	r.awareness = yjs.Awareness{}
	clear(r.places)
	r.left = r.s.opts.Now()
	r.empty.Store(true)
	r.s.deps.Publisher.DocClosed(r.id)
}

// forget frees the memory of the document.
func (r *room) forget() {
	r.doc = nil
	r.hold(0)
}

// hold takes over how many bytes the document takes.
func (r *room) hold(bytes int64) {
	grown := bytes - r.bytes
	r.bytes = bytes
	r.s.memory.Add(grown)
	r.s.opts.Observer.DocsGrew(int(grown))
}

// save keeps the state in the database, so that the next load is short.
func (r *room) save() {
	if r.doc == nil || r.tail.updates == 0 {
		return
	}
	ctx, cancel := r.context()
	defer cancel()
	state := r.doc.EncodeState(nil)
	if err := r.s.deps.Log.Compact(ctx, r.id, r.seq, state); err != nil {
		r.s.opts.Logger.Warn("save a document", "story", r.id, "error", err)
		return // nothing is lost: the log has it
	}
	r.tail = tail{}
	r.measure()
}

// bounds are at least as large as what the document holds. They only rise
// until they reach a limit, and are then measured again.
type bounds struct {
	units, passages, vars, state int
}

// measure takes the bounds and the memory from the document.
func (r *room) measure() {
	passages, vars := r.doc.Root(rootPassages, yjs.Map), r.doc.Root(rootVars, yjs.Map)
	ids := passages.Keys()
	r.bounds = bounds{passages: len(ids), vars: len(vars.Keys()), state: len(r.doc.EncodeState(nil))}
	for _, id := range ids {
		if body := bodyOf(passages, id); body != nil {
			r.bounds.units += body.Len()
		}
	}
	r.hold(int64(r.doc.Stats().Bytes))
}

// grow adds what an update of size bytes adds, or refuses it.
func (r *room) grow(g *growth, size int) error {
	b, err := r.bounds.with(g, size)
	if err != nil {
		r.measure()
		b, err = r.bounds.with(g, size)
	}
	if err == nil {
		r.bounds.units, r.bounds.passages, r.bounds.vars = b.units, b.passages, b.vars
	}
	return err
}

func (b bounds) with(g *growth, size int) (bounds, error) {
	b.units, b.passages, b.vars, b.state = b.units+g.units, b.passages+g.passages, b.vars+g.vars, b.state+size
	switch {
	case b.units > MaxUnits:
		return b, tooLarge("A story has at most %d characters.", MaxUnits)
	case b.passages > MaxPassages:
		return b, tooLarge("A story has at most %d passages, those in the trash included.", MaxPassages)
	case b.vars > MaxVars:
		return b, tooLarge("A story has at most %d variables.", MaxVars)
	case b.state > MaxState:
		return b, tooLarge("A story takes at most %d bytes.", MaxState)
	}
	return b, nil
}

func tooLarge(format string, args ...any) error {
	return errs.E("coedit.Push", errs.DocTooLarge, fmt.Sprintf(format, args...))
}

// bodyOf returns the text of a passage, nil if it has none.
func bodyOf(passages *yjs.Type, id string) *yjs.Type {
	v, _ := passages.Get(id)
	passage, ok := v.(*yjs.Type)
	if !ok || passage.Kind() != yjs.Map {
		return nil
	}
	v, _ = passage.Get(keyBody)
	body, ok := v.(*yjs.Type)
	if !ok || body.Kind() != yjs.Text {
		return nil
	}
	return body
}
