package socketio

// PendingAcks returns how many acknowledgements the socket's client owes.
func (s *Socket) PendingAcks() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.extra == nil {
		return 0
	}
	return len(s.extra.acks)
}
