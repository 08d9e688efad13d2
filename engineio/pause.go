package engineio

import "errors"

// errPaused stops a polled connection's parser behind a message.
var errPaused = errors.New("paused")

// Pause makes the session deliver nothing more, from the next message on, until
// Resume has been called as often as Pause. It is how a receiver slows its
// client down without blocking. It does not wait.
func (s *Session) Pause() { s.pauses.Add(1) }

// Resume takes back one call of Pause.
func (s *Session) Resume() {
	if s.pauses.Add(-1) > 0 {
		return
	}
	s.wakeReader()
	if s.carrier.Load() == carrierWebSocket {
		s.shard.put(entry{kind: entryResume, sess: s})
	}
}

// paused reports whether a message has to wait. Those of a closed session do
// not: they are dropped.
func (s *Session) paused() bool {
	return s.pauses.Load() > 0 && s.state.Load() == stateOpen
}

// awaitResume returns when the session is not paused.
func (s *Session) awaitResume() {
	for s.paused() {
		wake := s.resumed.Load()
		if wake == nil {
			ch := make(chan struct{})
			if wake = &ch; !s.resumed.CompareAndSwap(nil, wake) {
				continue
			}
		}
		if s.paused() { // still: whoever changes that will see the channel
			<-*wake
		}
	}
}

// wakeReader makes a goroutine in awaitResume look again.
func (s *Session) wakeReader() {
	if wake := s.resumed.Swap(nil); wake != nil {
		close(*wake)
	}
}

// resume goes on reading. Only the shard calls it.
func (s *Session) resume() {
	if s.ws != nil {
		s.ws.link.resume()
	}
}
