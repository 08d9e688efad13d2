package coedit

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/yjs"
)

const (
	maxOffences    = 3 // bad updates within offenceWindow
	offenceWindow  = 10 * time.Minute
	muteTime       = 10 * time.Minute
	maxQuarantine  = 64 << 10  // bytes of a refused update that are kept
	uploadStructs  = 1_000_000 // of one upload: about what fits into its bytes
	uploadAdvance  = 16 << 20
	maxAppendTries = 8 // with another client id known each time
)

// push is a batch on its way.
type push struct {
	conn   string // empty: over HTTP
	user   auth.UserID
	data   []byte
	u      *yjs.Update // nil: data is no update, err says why
	err    error
	upload bool
	done   func(seq int64, err error)
}

// newPush decodes the batch, so that the room need not.
func newPush(conn string, caller auth.UserID, data []byte, done func(int64, error)) *push {
	p := &push{conn: conn, user: caller, data: data, done: done}
	p.u, p.err = yjs.Decode(data)
	return p
}

func (p *push) fail(err error) {
	if done := p.done; done != nil {
		p.done = nil
		done(0, err)
	}
}

func (p *push) succeed(seq int64) {
	done := p.done
	p.done = nil
	done(seq, nil)
}

// offences are the bad updates of a user.
type offences struct {
	at    []time.Time
	until time.Time // muted
}

// handle stores p together with those batches that wait behind it.
func (p *push) handle(r *room) {
	group, behind := r.gather(p)
	defer func() {
		if v := recover(); v != nil {
			for _, p := range group {
				p.fail(errs.E("coedit.room", errs.Internal, ""))
			}
			panic(v)
		}
	}()
	r.store(group)
	if behind != nil {
		r.safely(behind)
	}
}

// gather takes the batches that wait behind p, as many as are stored together,
// and the message that ends them, if one does.
func (r *room) gather(p *push) (group []*push, behind message) {
	group = []*push{p}
	for size := len(p.data); len(group) < maxGroup && len(r.inbox) > 0; {
		next := <-r.inbox
		batch, ok := next.(*push)
		if !ok {
			return group, next
		}
		if size += len(batch.data); size > maxGroupSize {
			r.held = batch
			return group, nil
		}
		group = append(group, batch)
	}
	return group, nil
}

// store checks, stores, applies, acknowledges and tells a group of batches.
func (r *room) store(group []*push) {
	ctx, cancel := r.context()
	defer cancel()
	if err := r.load(ctx); err != nil {
		for _, p := range group {
			p.fail(err)
		}
		return
	}
	group = r.admit(ctx, group)
	for range maxAppendTries {
		var c *candidate
		if group, c = r.choose(ctx, group); len(group) == 0 {
			return
		}
		if c.plan.Empty() {
			for _, p := range group {
				p.succeed(r.seq)
			}
			return
		}
		data := c.plan.Accepted()
		seq, err := r.s.deps.Log.Append(ctx, r.id, Entry{
			Data: data, Node: r.s.opts.Node, After: Anywhere, Clients: c.news, At: r.s.now(),
		})
		if foreign, ok := errors.AsType[*ForeignClientError](err); ok {
			r.writers[foreign.Client] = foreign.Owner
			continue // its batch is refused this time
		}
		if err != nil {
			r.unstored(group, err)
			return
		}
		r.stored(ctx, group, c, Update{Seq: seq, Data: data})
		return
	}
	r.unstored(group, errBusy)
}

func (r *room) unstored(group []*push, err error) {
	r.s.opts.Logger.Warn("store an update", "story", r.id, "error", err)
	for _, p := range group {
		p.fail(&errs.Error{Op: "coedit.Push", Code: errs.Unavailable, Message: "This cannot be stored right now. It will be tried again.", RetryAfter: time.Second, Err: err})
	}
}

// stored applies what was stored, with what others have stored before it, and
// tells everybody.
func (r *room) stored(ctx context.Context, group []*push, c *candidate, u Update) {
	maps.Copy(r.writers, c.news)
	r.s.opts.Observer.DocStored(len(group), len(u.Data))
	if u.Seq == r.seq+1 {
		conn, from := r.source(group)
		r.doc.Commit(c.plan)
		r.applied(u, from, conn)
		r.s.hint(r.id, hint{Kind: hintUpdate, Seq: u.Seq, Data: u.Data, From: from})
	} else if err := r.follow(ctx, u.Seq); err != nil {
		// It is stored, and read with the next poll.
		r.s.opts.Logger.Warn("read the updates of other nodes", "story", r.id, "error", err)
	}
	for _, p := range group {
		p.succeed(u.Seq)
	}
	if r.tail.updates >= compactUpdates || r.tail.bytes >= compactBytes {
		r.save()
	}
}

// source returns the connection and the client that all batches came from, if it is one.
func (r *room) source(group []*push) (conn string, client uint64) {
	conn = group[0].conn
	for _, p := range group[1:] {
		if p.conn != conn {
			return "", 0
		}
	}
	if m := r.members[conn]; m != nil {
		client = m.Client
	}
	return conn, client
}

// admit refuses those who may not write, and what is no update.
func (r *room) admit(ctx context.Context, group []*push) []*push {
	var asked auth.UserID // whose answer is in role and err; most groups are of one user
	var role story.Role
	var err error
	return slices.DeleteFunc(group, func(p *push) bool {
		if p.user != asked || asked == "" {
			var access *story.Access
			asked, role = p.user, story.None
			if access, err = r.s.deps.Stories.MayRead(ctx, p.user, r.id); err == nil {
				role = access.RoleOf(p.user)
			}
		}
		switch {
		case err != nil:
			p.fail(err)
		case role < story.Editor:
			r.readOnly(p)
		case r.muted(p):
		case p.u == nil:
			r.refuse(ctx, p, p.err)
		default:
			return false
		}
		return true
	})
}

// readOnly answers somebody who may not write: all is well as long as they
// bring nothing new, as clients do when they synchronize.
func (r *room) readOnly(p *push) {
	if p.u != nil {
		if plan, err := r.doc.Check(p.u, yjs.Policy{}); err == nil && plan.Empty() {
			p.succeed(r.seq)
			return
		}
	}
	p.fail(errs.E("coedit.Push", errs.Forbidden, "You may read this story, but not write in it."))
}

func (r *room) muted(p *push) bool {
	o := r.offences[p.user]
	if o == nil {
		return false
	}
	wait := o.until.Sub(r.s.opts.Now())
	if wait <= 0 {
		return false
	}
	p.fail(&errs.Error{Op: "coedit.Push", Code: errs.RateLimited, Message: "Your editor sent changes that cannot be. It may try again in some minutes.", RetryAfter: wait})
	return true
}

// candidate is a plan for a group, with what it does to the document's limits.
type candidate struct {
	plan *yjs.Plan
	news map[uint64]auth.UserID // client ids that nobody has used here before
}

// choose plans as many of the batches as can be accepted together, all as a
// rule, refuses the others, and returns those that are in the plan.
func (r *room) choose(ctx context.Context, group []*push) ([]*push, *candidate) {
	if len(group) == 0 {
		return nil, nil
	}
	c, err := r.plan(ctx, group)
	if err != nil {
		// A client that comes from another node has what that one has told it,
		// which may not have come here yet.
		moved, followErr := r.catchUp(ctx)
		if followErr != nil {
			r.unstored(group, followErr)
			return nil, nil
		}
		if moved {
			c, err = r.plan(ctx, group)
		}
	}
	if err == nil {
		return group, c
	}
	if len(group) == 1 {
		r.refuse(ctx, group[0], err)
		return nil, nil
	}
	var good []*push
	for _, p := range group {
		with, err := r.plan(ctx, append(slices.Clip(good), p))
		if err != nil {
			r.refuse(ctx, p, err)
			continue
		}
		good, c = append(good, p), with
	}
	return good, c
}

// plan checks batches as one update: each may build on those before it.
func (r *room) plan(ctx context.Context, group []*push) (*candidate, error) {
	updates := make([]*yjs.Update, len(group))
	authors := make(map[uint64]auth.UserID, 1)
	policy := yjs.Policy{MaxUpdate: 1 << 20}
	for i, p := range group {
		updates[i] = p.u
		if p.upload {
			policy.MaxUpdate, policy.MaxStructs, policy.MaxAdvance = MaxUpload, uploadStructs, uploadAdvance
		}
		for client, end := range p.u.Ends() {
			if end <= r.doc.Clock(client) {
				continue
			}
			if other, ok := authors[client]; ok && other != p.user {
				return nil, &yjs.Error{Code: yjs.ForeignID, Detail: "two users in a group"}
			}
			authors[client] = p.user
		}
	}
	if err := r.know(ctx, slices.Collect(maps.Keys(authors))...); err != nil {
		return nil, errs.Wrap("coedit.Push", err)
	}
	var g growth
	c := &candidate{news: make(map[uint64]auth.UserID)}
	policy.Schema = schema(&g)
	policy.Client = func(client uint64) error { return r.mayUse(client, authors[client], c.news) }
	var err error
	if c.plan, err = r.doc.Check(yjs.Join(updates...), policy); err != nil {
		return nil, err
	}
	size := 0
	for _, p := range group {
		size += len(p.data)
	}
	return c, r.grow(&g, size)
}

var errForeignID = errors.New("the id belongs to somebody else")

func (r *room) mayUse(client uint64, by auth.UserID, news map[uint64]auth.UserID) error {
	owner, known := r.writers[client]
	switch {
	case client < MinClient, known && owner != by:
		return errForeignID
	case !known:
		news[client] = by
	}
	return nil
}

// refuse answers a batch that is not accepted. What no correct client sends is
// kept to be looked at, and costs the client its replica.
func (r *room) refuse(ctx context.Context, p *push, err error) {
	refusal := refusalOf(err)
	r.s.opts.Observer.DocRefused(string(refusal.Code))
	p.fail(refusal)
	switch refusal.Code {
	case errs.MalformedUpdate, errs.Schema, errs.ClientID, errs.FutureDelete:
		if r.members[p.conn] != nil { // told at once: keeping the update takes a while
			r.s.deps.Publisher.ResetNeeded(p.conn, r.id, refusal.Code)
		}
		r.offend(ctx, p, refusal)
	}
}

func (r *room) offend(ctx context.Context, p *push, refusal *errs.Error) {
	now := r.s.opts.Now()
	o := r.offences[p.user]
	if o == nil {
		o = &offences{}
		r.offences[p.user] = o
	}
	o.at = slices.DeleteFunc(o.at, func(t time.Time) bool { return now.Sub(t) > offenceWindow })
	if o.at = append(o.at, now); len(o.at) >= maxOffences {
		o.at, o.until = nil, now.Add(muteTime)
	}
	r.s.opts.Logger.Warn("update refused", "story", r.id, "user", p.user, "code", refusal.Code, "error", refusal.Err)
	err := r.s.deps.Log.Quarantine(ctx, r.id, Refused{
		UserID: p.user, Code: string(refusal.Code), Data: p.data[:min(len(p.data), maxQuarantine)], At: r.s.now(),
	})
	if err != nil {
		r.s.opts.Logger.Warn("keep a refused update", "story", r.id, "error", err)
	}
}

// refusalOf translates what yjs and the rules here say.
func refusalOf(err error) *errs.Error {
	const op = "coedit.Push"
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return e
	}
	code, message := errs.Internal, ""
	if e, ok := errors.AsType[*yjs.Error](err); ok {
		switch e.Code {
		case yjs.Malformed:
			code, message = errs.MalformedUpdate, "This is not an update of a story."
		case yjs.Gap:
			code, message = errs.Gap, "Something is missing before this. Synchronize first."
		case yjs.SchemaBroken:
			code, message = errs.Schema, "This has no place in a story."
		case yjs.ForeignID:
			code, message = errs.ClientID, "This client id belongs to somebody else."
		case yjs.FutureDelete:
			code, message = errs.FutureDelete, "This deletes what is not written yet."
		case yjs.TooLarge:
			code, message = errs.PayloadTooLarge, "This is too much at once."
		}
	}
	return &errs.Error{Op: op, Code: code, Message: message, Err: err}
}
