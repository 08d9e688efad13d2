package adminui

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/storywire/storywire/socketio"
)

// What the goroutine is told.
type (
	newAdmin  struct{ socket *socketio.Socket }
	greeting  struct{ admin string } // of another server
	arrival   struct{ socket *socketio.Socket }
	departure struct {
		socket *socketio.Socket
		reason string
	}
)

// maxArgs is how large the arguments of an event may be that admins are shown.
const maxArgs = 16 << 10 // bytes of JSON

// follow makes a namespace tell of its sockets and events, in Development.
func (a *Admin) follow(ns *socketio.Namespace) {
	ns.OnConnect(func(s *socketio.Socket) {
		if a.isWatched() {
			a.tell(arrival{s})
		}
	})
	ns.OnDisconnect(func(s *socketio.Socket, reason socketio.DisconnectReason) {
		if a.isWatched() {
			a.tell(departure{s, string(reason)})
		}
	})
	if ns == a.ns {
		return
	}
	ns.OnAny(func(s *socketio.Socket, call *socketio.Call) {
		if a.isWatched() {
			a.tellEvent("event_received", ns, s.ID(), call.Event(), &call.Args)
		}
	})
	ns.OnAnyOutgoing(func(out socketio.Outgoing) {
		if !a.isWatched() {
			return
		}
		to := "all"
		switch {
		case out.Socket != nil:
			to = out.Socket.ID()
		case len(out.Target.Rooms) > 0:
			to = strings.Join(out.Target.Rooms, ", ")
		}
		a.tellEvent("event_sent", ns, to, out.Event, out.Args)
	})
}

// tellEvent shows an event. A broadcast is shown once, with the rooms it goes to
// in the place of a socket's id.
func (a *Admin) tellEvent(kind string, ns *socketio.Namespace, id, event string, args *socketio.Args) {
	values := []any{event}
	size := 0
	for i := range args.Len() {
		raw := args.Raw(i)
		size += len(raw)
		values = append(values, raw)
	}
	if size > maxArgs {
		values = []any{event, "(too large to be shown)"}
	}
	a.check("emit event", a.ns.Volatile().Emit(kind, ns.Name(), id, values, timestamp()))
}

// key tells sockets of all namespaces apart.
type key struct{ nsp, id string }

// watch is what the goroutine knows while somebody watches.
type watch struct {
	*Admin
	sockets map[key]shown // nil: nobody watches
}

// run tells admins, until Close.
func (a *Admin) run(ctx context.Context) {
	defer close(a.done)
	look, stats := time.NewTicker(lookInterval), time.NewTicker(statsInterval)
	defer look.Stop()
	defer stats.Stop()
	w := watch{Admin: a}
	for {
		select {
		case <-ctx.Done():
			return
		case news := <-a.news:
			w.hear(ctx, news)
		case <-look.C:
			w.look(ctx)
		case <-stats.C:
			if !a.isWatched() {
				if a.tally != nil {
					a.tally.collect(false)
				}
				continue
			}
			a.tellStats(ctx)
			if a.admins.Load() > 0 {
				a.check("tell servers", a.ns.ServerSideEmit(watchEvent))
			}
		}
	}
}

// hear deals with news.
func (w *watch) hear(ctx context.Context, news any) {
	if n, ok := news.(newAdmin); ok {
		w.tellStats(ctx)
		w.check("tell servers", w.ns.ServerSideEmit(watchEvent, n.socket.ID()))
	}
	if w.opts.Mode != Development {
		return
	}
	switch n := news.(type) {
	case newAdmin:
		w.look(ctx)
		w.check("emit sockets", n.socket.Emit("all_sockets", slices.Collect(maps.Values(w.sockets))))
	case greeting:
		w.look(ctx)
		for _, s := range w.sockets {
			w.check("emit socket", w.ns.To(n.admin).Emit("socket_connected", s, timestamp()))
		}
	case arrival:
		w.arrived(n.socket)
	case departure:
		w.departed(key{n.socket.Namespace().Name(), n.socket.ID()}, n.reason)
	}
}

func (w *watch) arrived(s *socketio.Socket) {
	k := key{s.Namespace().Name(), s.ID()}
	if _, known := w.sockets[k]; known || w.sockets == nil || !s.Connected() {
		return
	}
	w.sockets[k] = show(s)
	w.check("emit socket", w.ns.Emit("socket_connected", w.sockets[k], timestamp()))
}

func (w *watch) departed(k key, reason string) {
	if _, known := w.sockets[k]; known {
		delete(w.sockets, k)
		w.check("emit socket", w.ns.Emit("socket_disconnected", k.nsp, k.id, reason, timestamp()))
	}
}

// look compares the sockets with what admins know of them.
func (w *watch) look(ctx context.Context) {
	if w.opts.Mode != Development || !w.isWatched() {
		w.sockets = nil
		return
	}
	first := w.sockets == nil
	if first {
		w.sockets = map[key]shown{}
	}
	seen := map[key]bool{}
	for _, ns := range w.io.Namespaces() {
		found, err := ns.Local().FetchSockets(ctx)
		if err != nil {
			return
		}
		for _, r := range found {
			k := key{ns.Name(), r.ID}
			seen[k] = true
			before, known := w.sockets[k]
			switch {
			case first:
				w.sockets[k] = show(r.Socket())
			case !known:
				w.arrived(r.Socket())
			default:
				w.compare(k, before, r.Socket())
			}
		}
	}
	for k := range w.sockets {
		if !seen[k] {
			w.departed(k, string(socketio.TransportClose))
		}
	}
}

// compare tells what has changed about a socket.
func (w *watch) compare(k key, before shown, s *socketio.Socket) {
	after := before.refreshed(s)
	now := timestamp()
	for _, room := range after.Rooms {
		if !slices.Contains(before.Rooms, room) {
			w.check("emit room", w.ns.Emit("room_joined", k.nsp, room, k.id, now))
		}
	}
	for _, room := range before.Rooms {
		if !slices.Contains(after.Rooms, room) {
			w.check("emit room", w.ns.Emit("room_left", k.nsp, room, k.id, now))
		}
	}
	if after.Transport != before.Transport || string(after.Data) != string(before.Data) {
		w.check("emit update", w.ns.Emit("socket_updated", map[string]any{
			"id": k.id, "nsp": k.nsp, "transport": after.Transport, "data": after.Data,
		}))
	}
	w.sockets[k] = after
}

// shown is a socket as admins are shown it.
type shown struct {
	ID        string          `json:"id"`
	ClientID  string          `json:"clientId"`
	Transport string          `json:"transport"`
	NSP       string          `json:"nsp"`
	Data      json.RawMessage `json:"data"`
	Handshake handshake       `json:"handshake"`
	Rooms     []string        `json:"rooms"`
}

type handshake struct {
	Address string            `json:"address"`
	Headers map[string]string `json:"headers"`
	Query   map[string]string `json:"query"`
	Issued  int64             `json:"issued"` // Unix milliseconds
	Secure  bool              `json:"secure"`
	Time    string            `json:"time"`
	URL     string            `json:"url"`
	XDomain bool              `json:"xdomain"`
}

// secrets are the headers that admins are not shown.
var secrets = []string{"authorization", "cookie", "proxy-authorization"}

// clientIDLength is how much of a session's id tells a client from others; the
// whole would let an admin act as the client.
const clientIDLength = 12

// show describes a socket.
func show(s *socketio.Socket) shown {
	h := s.Handshake()
	address := h.RemoteAddr
	if i := strings.LastIndexByte(address, ':'); i > 0 {
		address = strings.Trim(address[:i], "[]")
	}
	session := s.Session().ID()
	v := shown{
		ID: s.ID(), ClientID: session[:min(len(session), clientIDLength)], NSP: s.Namespace().Name(),
		Handshake: handshake{
			Address: address, Headers: map[string]string{"host": h.Host}, Query: map[string]string{},
			Issued: h.Time.UnixMilli(), Secure: h.Secure, Time: h.Time.UTC().Format(time.RFC1123),
			URL: h.URL.Path, XDomain: h.Header.Get("Origin") != "",
		},
	}
	for name, values := range h.Header {
		if name = strings.ToLower(name); !slices.Contains(secrets, name) {
			v.Handshake.Headers[name] = strings.Join(values, ", ")
		}
	}
	for name := range h.Query {
		v.Handshake.Query[name] = h.Query.Get(name)
	}
	return v.refreshed(s)
}

// refreshed returns the description with what may have changed.
func (v shown) refreshed(s *socketio.Socket) shown {
	v.Transport = string(s.Session().Transport())
	v.Rooms = append([]string{}, s.Rooms()...) // none: [], which the dashboard needs
	v.Data = json.RawMessage("{}")
	if data := s.Data(); data != nil {
		if raw, err := json.Marshal(data); err == nil && len(raw) <= maxArgs && raw[0] == '{' {
			v.Data = raw
		}
	}
	return v
}

// timestamp is now, as a JavaScript Date would tell it.
func timestamp() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
