package socketio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"runtime/debug"
	"sync"
)

// maxDynamicName is the longest name of a namespace that a client can have made.
const maxDynamicName = 255 // bytes

// OfFunc returns a new parent namespace: clients may connect to every namespace
// whose name and auth payload it matches, if [Server.Of] did not make it. Such a
// child is made for the first client that connects to it, with the handlers,
// middlewares and the responder that the parent has then. When its last socket
// is gone it is removed, see Options.KeepEmptyNamespaces; there are never more of
// them than Limits.DynamicNamespaces.
//
// match is called for every client, which waits meanwhile, and by several
// goroutines at once; auth is nil if the client sent none. It
// decides about the name: whoever has to wait for an answer does so in a
// middleware. If several parents match, the first made gets the child.
//
// Operators of the parent act on the sockets of all its children; the parent
// itself has no sockets, and its name is "*".
func (srv *Server) OfFunc(match func(name string, auth json.RawMessage) bool) *Namespace {
	ns := &Namespace{srv: srv, name: "*", match: match}
	ns.adapter = fan{ns, false}
	ns.rules.Store(newRules())
	srv.mu.Lock()
	defer srv.mu.Unlock()
	var parents []*Namespace
	if old := srv.parents.Load(); old != nil {
		parents = append(parents, *old...)
	}
	parents = append(parents, ns)
	srv.parents.Store(&parents)
	return ns
}

// OfRegexp is [Server.OfFunc] for the names that re matches. It is usually
// anchored: regexp.MustCompile(`^/tenant-\d+$`).
func (srv *Server) OfRegexp(re *regexp.Regexp) *Namespace {
	return srv.OfFunc(func(name string, _ json.RawMessage) bool { return re.MatchString(name) })
}

// dynamic returns the namespace that a parent has or makes under that name, or
// why there is none. It counts a user of it, whom release takes back.
func (srv *Server) dynamic(name string, auth []byte) (ns *Namespace, refusal string) {
	const invalid = "Invalid namespace"
	parents := srv.parents.Load()
	if parents == nil || len(name) > maxDynamicName {
		return nil, invalid
	}
	var parent *Namespace
	for _, p := range *parents {
		if p.matches(name, bytes.Clone(auth)) {
			parent = p
			break
		}
	}
	if parent == nil {
		return nil, invalid
	}
	var evicted, made *Namespace
	defer func() { // without the lock
		if evicted != nil {
			evicted.discard()
		}
		srv.announce(made)
	}()
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if ns = srv.namespace(name); ns != nil { // Of was quicker
		return ns, ""
	}
	if ns = srv.children[name]; ns == nil {
		if len(srv.children) >= srv.opts.Limits.DynamicNamespaces {
			if evicted = srv.evict(); evicted == nil {
				return nil, "Too many namespaces"
			}
		}
		ns = parent.newChild(name)
		srv.children[name] = ns
		made = ns
	} else if ns.parent != parent {
		return nil, invalid // this client may not have what another was given
	}
	ns.users++
	return ns, ""
}

// newChild makes a child with the parent's rules of now.
func (ns *Namespace) newChild(name string) *Namespace {
	child := newNamespace(ns.srv, name)
	child.parent = ns
	child.rules.Store(ns.rules.Load())
	return child
}

// matches calls the parent's match.
func (ns *Namespace) matches(name string, auth json.RawMessage) (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			ns.srv.opts.Logger.Error("socketio: panic in handler", "namespace", name, "handler", "match",
				"panic", v, "stack", string(debug.Stack()))
			ok = false
		}
	}()
	return ns.match(name, auth)
}

// release ends one use of a child.
func (srv *Server) release(ns *Namespace) {
	srv.mu.Lock()
	ns.users--
	empty := ns.users == 0 && srv.children[ns.name] == ns && !srv.opts.KeepEmptyNamespaces
	if empty {
		delete(srv.children, ns.name)
	}
	srv.mu.Unlock()
	if empty {
		ns.discard()
	}
}

// evict removes an empty child and returns it, or nil. The caller holds mu.
func (srv *Server) evict() *Namespace {
	for name, ns := range srv.children {
		if ns.users == 0 {
			delete(srv.children, name)
			return ns
		}
	}
	return nil
}

// discard ends a namespace that has no sockets.
func (ns *Namespace) discard() {
	if err := ns.closeAdapter(); err != nil {
		ns.srv.opts.Logger.Error("socketio: close adapter", "namespace", ns.name, "err", err)
	}
}

// Namespaces returns the namespaces that exist, in no particular order: those Of
// made and those clients have made, without parents.
func (srv *Server) Namespaces() []*Namespace {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	var all []*Namespace
	for _, ns := range *srv.namespaces.Load() {
		all = append(all, ns)
	}
	for _, ns := range srv.children {
		all = append(all, ns)
	}
	return all
}

// fan is the adapter of a parent: it passes everything to those of its children.
type fan struct {
	parent *Namespace
	local  bool // to their local ones
}

var _ ServerAdapter = fan{}

// each calls f for every child, and joins the errors.
func (f fan) each(do func(ns *Namespace, a Adapter) error) error {
	var errs []error
	for _, ns := range f.parent.srv.Namespaces() {
		if ns.parent == f.parent {
			errs = append(errs, do(ns, Operator{ns: ns, local: f.local}.adapter()))
		}
	}
	return errors.Join(errs...)
}

// forChild returns b without what was encoded for the parent.
func (b *Broadcast) forChild() *Broadcast {
	return &Broadcast{
		Target: b.Target, Data: b.Data, Attachments: b.Attachments, Volatile: b.Volatile, Uncompressed: b.Uncompressed,
	}
}

// Broadcast implements [Adapter].
func (f fan) Broadcast(b *Broadcast) error {
	return f.each(func(_ *Namespace, a Adapter) error { return a.Broadcast(b.forChild()) })
}

// atOnce calls f for every child at the same time, and joins the errors.
func (f fan) atOnce(do func(a Adapter) error) error {
	var wg sync.WaitGroup
	var mu sync.Mutex // guards errs
	var errs []error
	err := f.each(func(_ *Namespace, a Adapter) error {
		wg.Go(func() {
			if err := do(a); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
		return nil
	})
	wg.Wait()
	return errors.Join(append(errs, err)...)
}

// BroadcastWithAck implements [Adapter].
func (f fan) BroadcastWithAck(ctx context.Context, b *Broadcast, sink AckSink) error {
	return f.atOnce(func(a Adapter) error { return a.BroadcastWithAck(ctx, b.forChild(), sink) })
}

// ServerSideEmit implements [ServerAdapter].
func (f fan) ServerSideEmit(ctx context.Context, e *ServerEvent, answer func(*Args)) error {
	return f.atOnce(func(a Adapter) error {
		if sa, ok := a.(ServerAdapter); ok {
			return sa.ServerSideEmit(ctx, e, answer)
		}
		return nil
	})
}

// Update implements [Adapter].
func (f fan) Update(u *Update) error {
	return f.each(func(_ *Namespace, a Adapter) error { return a.Update(u) })
}

// Fetch implements [Adapter].
func (f fan) Fetch(ctx context.Context, t Target) ([]RemoteSocket, error) {
	var all []RemoteSocket
	err := f.each(func(ns *Namespace, a Adapter) error {
		found, err := a.Fetch(ctx, t)
		for i := range found {
			found[i].ns = ns
		}
		all = append(all, found...)
		return err
	})
	return all, err
}

// Close implements [Adapter]: the children's are closed with them.
func (f fan) Close() error { return nil }
