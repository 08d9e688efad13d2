package engineio

// An Observer is told what happens to the sessions of a server, so that it can
// be counted. Its methods are called on the paths of messages by many goroutines
// at once, some with locks held: they must be quick and call nothing of this
// package but Session.Transport, Opened and Handshake. Without an Observer each of
// them costs one comparison.
type Observer interface {
	// Opened tells of a session whose handshake was accepted.
	Opened(s *Session)
	// Upgraded tells that a polling session goes on over another transport.
	Upgraded(s *Session)
	// Closed tells of the end of a session that was Opened, with what
	// Receiver.Closed is told: a client that was cut has ErrSlow.
	Closed(s *Session, reason CloseReason, err error)
	// Refused tells of a request that was refused, with the code that its client
	// is told.
	Refused(code int)
	// Received tells of a message of a client.
	Received(bytes int)
	// Sent tells of what goes to a client at once: the joined messages of one
	// write, or of one answer to a poll.
	Sent(bytes int)
}

func (s *Session) observeOpened() {
	if o := s.shard.srv.opts.Observer; o != nil {
		o.Opened(s)
	}
}

func (s *Session) observeClosed(e ending) {
	if o := s.shard.srv.opts.Observer; o != nil {
		o.Closed(s, e.reason, e.err)
	}
}

func (sh *Shard) observeSent(bytes int) {
	if o := sh.srv.opts.Observer; o != nil {
		o.Sent(bytes)
	}
}

func (srv *Server) observeRefused(code errorCode) {
	if o := srv.opts.Observer; o != nil {
		o.Refused(int(code))
	}
}
