package engineio

// A Session is one client's connection, whatever transports it uses. All
// methods may be called by any goroutine.
type Session struct{ shard *Shard }

// ID returns the session id: 20 characters of base64url, random.
func (s *Session) ID() string { return "" }

// Handshake returns what the client sent when it opened the session. It is
// parsed at every call: keep what you need.
func (s *Session) Handshake() Handshake { return Handshake{} }

// Transport returns the transport in use.
func (s *Session) Transport() Transport { return "" }

// Shard returns the shard that writes to this session; it never changes.
func (s *Session) Shard() *Shard { return s.shard }

// Send queues messages, one behind the other with nothing between them. It
// never blocks. After the session was closed they are dropped.
func (s *Session) Send(frames ...*Frame) {}

// SendVolatile queues messages that are dropped unless the client can take
// them now: a WebSocket with nothing left unwritten, or a waiting poll.
func (s *Session) SendVolatile(frames ...*Frame) {}

// Close sends what was queued before, then closes the session with the reason
// given (ForcedClose for an ordinary close). Nothing is received from now on.
// Closing twice does nothing.
func (s *Session) Close(reason CloseReason) {}

// Discard closes the session without sending what is queued.
func (s *Session) Discard(reason CloseReason) {}

// Closed reports whether the session is closed or closing.
func (s *Session) Closed() bool { return false }
