package telemetry

import (
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/storywire/storywire/engineio"
)

// slow is the reason of connections that were cut because their client did not
// read.
const slow = "slow"

// Engine counts connections.
type Engine struct {
	open     prometheus.Gauge
	opened   family[prometheus.Counter]
	upgraded prometheus.Counter
	closed   family[prometheus.Counter]
	refused  family[prometheus.Counter]
	lasted   prometheus.Histogram

	received, receivedBytes prometheus.Counter
	sent, sentBytes         prometheus.Counter
}

var _ engineio.Observer = Engine{}

func newEngine(f factory) Engine {
	return Engine{
		open: f.gauge("connections", "Open connections."),
		opened: f.counters("connections_opened_total", "Connections accepted, by the transport they began on.", "transport",
			[]string{string(engineio.Polling), string(engineio.WebSocket), string(engineio.WebTransport)}),
		upgraded: f.counter("connections_upgraded_total", "Connections that went from polling to another transport."),
		closed: f.counters("connections_closed_total", "Connections ended, by reason.", "reason", []string{
			string(engineio.TransportError), string(engineio.TransportClose), string(engineio.ForcedClose),
			string(engineio.PingTimeout), string(engineio.ParseError), slow,
		}),
		lasted: f.histogram("connection_seconds", "How long connections lasted that have ended.",
			prometheus.ExponentialBuckets(1, 4, 9)),
		refused:       f.counters("connection_requests_refused_total", "Requests refused, by Engine.IO code.", "code", []string{"0", "1", "2", "3", "4", "5"}),
		received:      f.counter("messages_received_total", "Messages of clients."),
		receivedBytes: f.counter("received_bytes_total", "Bytes of messages of clients."),
		sent:          f.counter("writes_total", "Writes to clients; each carries what was waiting."),
		sentBytes:     f.counter("sent_bytes_total", "Bytes sent to clients."),
	}
}

// Opened implements [engineio.Observer].
func (e Engine) Opened(s *engineio.Session) {
	e.open.Inc()
	e.opened.of(string(s.Transport())).Inc()
}

// Upgraded implements [engineio.Observer].
func (e Engine) Upgraded(*engineio.Session) { e.upgraded.Inc() }

// Closed implements [engineio.Observer].
func (e Engine) Closed(s *engineio.Session, reason engineio.CloseReason, err error) {
	e.open.Dec()
	label := string(reason)
	if errors.Is(err, engineio.ErrSlow) {
		label = slow
	}
	e.closed.of(label).Inc()
	e.lasted.Observe(time.Since(s.Opened()).Seconds())
}

// Refused implements [engineio.Observer].
func (e Engine) Refused(code int) { e.refused.of(strconv.Itoa(code)).Inc() }

// Received implements [engineio.Observer].
func (e Engine) Received(bytes int) {
	e.received.Inc()
	e.receivedBytes.Add(float64(bytes))
}

// Sent implements [engineio.Observer].
func (e Engine) Sent(bytes int) {
	e.sent.Inc()
	e.sentBytes.Add(float64(bytes))
}
