package socketio

import (
	"bytes"
	"encoding/json"
	"net/url"

	"github.com/storywire/storywire/socketio/parser"
)

// Clients of Socket.IO 2, which engineio.Options.AllowEIO3 lets in, speak the
// packets of today with four differences: every client is in "/" without asking;
// what they send with CONNECT is a query behind the namespace's name; they make
// up the ids of their sockets, so ours must be the same; and the error of a
// refused socket is its data or its message alone.

// legacy reports whether the client is one of Socket.IO 2.
func (c *conn) legacy() bool { return c.session.Protocol() == 3 }

// fromLegacy turns the CONNECT of an old client into one of today: the query is
// the auth payload.
func fromLegacy(p parser.Packet) parser.Packet {
	name, query, _ := bytes.Cut(p.Namespace, []byte("?"))
	p.Namespace, p.Data = name, nil
	if string(name) == "/" {
		p.Namespace = nil
	}
	values, _ := url.ParseQuery(string(query)) // what can be read of it
	if len(values) == 0 {
		return p
	}
	auth := make(map[string]any, len(values))
	for key, all := range values {
		if len(all) == 1 {
			auth[key] = all[0]
		} else {
			auth[key] = all
		}
	}
	p.Data, _ = json.Marshal(auth) // strings always marshal
	return p
}

// newSocketID makes the id of a socket of the connection.
func (c *conn) newSocketID(ns *Namespace) string {
	switch {
	case !c.legacy():
		return newID()
	case ns.name == "/":
		return c.session.ID()
	default:
		return ns.name + "#" + c.session.ID()
	}
}

// toLegacy reduces the payload of CONNECT_ERROR.
func toLegacy(body []byte) []byte {
	var full struct {
		Message json.RawMessage `json:"message"`
		Data    json.RawMessage `json:"data"`
	}
	switch err := json.Unmarshal(body, &full); {
	case err != nil:
		return body
	case full.Data != nil:
		return full.Data
	default:
		return full.Message
	}
}
