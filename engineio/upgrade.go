package engineio

import (
	"net/http"
	"time"
)

// noopInterval is how often a waiting poll is answered while a WebSocket is
// probed, so that the client can finish its last poll: Engine.IO v4,
// "Upgrade".
const noopInterval = 100 * time.Millisecond

// probe takes a WebSocket that names an existing session. One that may not
// take over is accepted and closed at once, as by the reference server.
func (srv *Server) probe(w http.ResponseWriter, r *http.Request, s *Session) {
	fields := srv.upgradeFields(r, false)
	if !srv.reserve() {
		refuseClosing(w)
		return
	}
	c, early, ok := s.accept(w, r, fields, nil)
	if !ok {
		srv.wg.Done()
		return
	}
	if srv.opts.DisableUpgrades || !s.carrier.CompareAndSwap(carrierPolling, carrierProbing) {
		c.link.start(nil, true)
		return
	}
	c.startProbe()
	c.link.start(early, false)
}

// startProbe makes the connection one that may take over its session.
func (c *wsConn) startProbe() {
	c.probing = true
	// The reader fails by itself if the upgrade takes too long.
	c.link.limitRead(c.sess.shard.srv.opts.UpgradeTimeout)
	c.sess.shard.Post(&startProbe{c})
}

// startProbe lets the shard know the connection, to close it with the session.
type startProbe struct{ conn *wsConn }

// Run implements Task.
func (t *startProbe) Run(sh *Shard) {
	s := t.conn.sess
	if s.ended || s.lp == nil {
		sh.closeConn(t.conn, statusNone, true)
		return
	}
	s.lp.probe = t.conn
}

// probePacket handles a packet on a connection that has not taken over yet.
func (c *wsConn) probePacket(data []byte, binary bool) error {
	s := c.sess
	switch {
	case binary:
		return errNoUpgrade
	case string(data) == "2probe":
		s.shard.Post(&answerProbe{c})
		return nil
	case len(data) > 0 && data[0] == '5':
		return c.takeOver()
	}
	return errNoUpgrade
}

// answerProbe answers "2probe" and starts the noops.
type answerProbe struct{ conn *wsConn }

// Run implements Task.
func (t *answerProbe) Run(sh *Shard) {
	c := t.conn
	lp := c.sess.lp
	if c.closeSent || lp == nil || lp.probe != c {
		return
	}
	sh.push(c, probeFrame.wire)
	if lp.tick == nil {
		lp.tick = time.AfterFunc(noopInterval, func() { sh.Post(&noopTick{c}) })
	}
}

// noopTick answers the waiting poll, if any, while the probe goes on.
type noopTick struct{ conn *wsConn }

// Run implements Task.
func (t *noopTick) Run(*Shard) {
	lp := t.conn.sess.lp
	if lp == nil || lp.probe != t.conn {
		return
	}
	if lp.waiting != nil {
		lp.answer([]*Frame{noopFrame})
	}
	lp.tick.Reset(noopInterval)
}

// takeOver makes the connection carry the session from the next packet on. The
// shard follows: until then it queues, afterwards it writes here.
func (c *wsConn) takeOver() error {
	s := c.sess
	c.link.limitRead(0)
	if !s.carrier.CompareAndSwap(carrierProbing, c.carrier()) {
		return errNoUpgrade
	}
	c.probing = false
	s.upgraded.Store(true)
	if s.state.Load() == stateClosed {
		return errNoUpgrade // its end may have come before the deadline was lifted
	}
	s.shard.Post(&takeOver{c})
	return nil
}

// takeOver is the shard's part of an upgrade.
type takeOver struct{ conn *wsConn }

// Run implements Task.
func (t *takeOver) Run(sh *Shard) {
	c := t.conn
	s, lp := c.sess, c.sess.lp
	if s.ended || lp == nil {
		sh.closeConn(c, statusNone, true)
		return
	}
	if lp.waiting != nil {
		// It should have come to an end before: it is treated as one that came
		// after the upgrade.
		lp.waiting.reply <- pollReply{refused: refuse(codeBadRequest)}
	}
	lp.probe = nil
	if lp.tick != nil {
		lp.tick.Stop()
	}
	if lp.expire != nil {
		lp.expire.Stop()
	}
	s.lp = nil
	s.carry(c)
	if o := sh.srv.opts.Observer; o != nil {
		o.Upgraded(s)
	}
	closed := s.wclosed
	s.wclosed = false
	for _, f := range lp.queue {
		sh.Append(s, f)
	}
	s.wclosed = closed
	if s.bye != nil {
		s.bye.Run(sh) // Close was waiting for the upgrade
	}
}

// probeFailed leaves the session on polling, open for another attempt.
func (c *wsConn) probeFailed() {
	c.sess.shard.Post(&endProbe{c})
	c.sess.carrier.CompareAndSwap(carrierProbing, carrierPolling)
}

// endProbe makes the shard forget a probe.
type endProbe struct{ conn *wsConn }

// Run implements Task.
func (t *endProbe) Run(*Shard) {
	if lp := t.conn.sess.lp; lp != nil && lp.probe == t.conn {
		lp.probe = nil
		if lp.tick != nil {
			lp.tick.Stop()
			lp.tick = nil
		}
	}
}
