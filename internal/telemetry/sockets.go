package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/storywire/storywire/socketio"
)

// Sockets counts sockets and events.
type Sockets struct {
	open         prometheus.Gauge
	connected    prometheus.Counter
	refused      prometheus.Counter
	disconnected family[prometheus.Counter]

	handled family[prometheus.Observer]
	failed  family[prometheus.Counter]

	emitted      family[prometheus.Counter]
	emittedBytes prometheus.Counter
	reached      prometheus.Histogram
}

var _ socketio.Observer = Sockets{}

func newSockets(f factory, events []string) Sockets {
	return Sockets{
		open:      f.gauge("sockets", "Connected sockets: clients that are signed in."),
		connected: f.counter("sockets_connected_total", "Sockets that were let in."),
		refused:   f.counter("sockets_refused_total", "Sockets that were not let in: no valid token, too many, too often."),
		disconnected: f.counters("sockets_disconnected_total", "Sockets ended, by reason.", "reason", []string{
			string(socketio.TransportError), string(socketio.TransportClose), string(socketio.ForcedClose),
			string(socketio.PingTimeout), string(socketio.ParseError), string(socketio.ServerShuttingDown),
			string(socketio.ForcedServerClose), string(socketio.ClientNamespaceDisconnect),
			string(socketio.ServerNamespaceDisconnect), string(socketio.SlowClient),
		}),
		handled: f.histograms("event_seconds", "How long events of clients took to handle.", "event", events,
			prometheus.ExponentialBuckets(0.00025, 4, 8)),
		failed:       f.counters("event_errors_total", "Events of clients that were answered with an error.", "event", events),
		emitted:      f.counters("events_sent_total", "Events sent, each to one socket or to many.", "event", events),
		emittedBytes: f.counter("events_sent_bytes_total", "Bytes of the values of events sent, once per event."),
		reached: f.histogram("broadcast_sockets", "Sockets of this process that a broadcast was queued for.",
			append([]float64{0}, prometheus.ExponentialBuckets(1, 4, 9)...)),
	}
}

// Connected implements [socketio.Observer].
func (s Sockets) Connected(*socketio.Socket) {
	s.open.Inc()
	s.connected.Inc()
}

// Refused implements [socketio.Observer].
func (s Sockets) Refused(*socketio.Namespace, error) { s.refused.Inc() }

// Disconnected implements [socketio.Observer].
func (s Sockets) Disconnected(_ *socketio.Socket, reason socketio.DisconnectReason) {
	s.open.Dec()
	s.disconnected.of(string(reason)).Inc()
}

// Handled implements [socketio.Observer].
func (s Sockets) Handled(_ *socketio.Socket, event string, took time.Duration, err error) {
	s.handled.of(event).Observe(took.Seconds())
	if err != nil {
		s.failed.of(event).Inc()
	}
}

// Emitted implements [socketio.Observer].
func (s Sockets) Emitted(_ *socketio.Namespace, event string, bytes int) {
	s.emitted.of(event).Inc()
	s.emittedBytes.Add(float64(bytes))
}

// Delivered implements [socketio.Observer].
func (s Sockets) Delivered(_ *socketio.Namespace, sockets int) { s.reached.Observe(float64(sockets)) }
