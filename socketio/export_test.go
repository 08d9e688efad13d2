package socketio

import "github.com/storywire/storywire/socketio/parser"

// FromLegacy returns the namespace and the auth payload of an old client's CONNECT.
func FromLegacy(namespace []byte) (name, auth []byte) {
	p := fromLegacy(parser.Packet{Namespace: namespace})
	return p.Namespace, p.Data
}

// PendingAcks returns how many acknowledgements the socket's client owes.
func (s *Socket) PendingAcks() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.extra == nil {
		return 0
	}
	return len(s.extra.acks)
}
