package telemetry

import (
	"crypto/subtle"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// other is the label of events that are not in the catalogue.
const other = "other"

// Metrics are the server's. Engine, Sockets and Documents observe it.
type Metrics struct {
	Engine    Engine
	Sockets   Sockets
	Plays     Plays
	Documents Documents

	registry   *prometheus.Registry
	batchSize  prometheus.Histogram
	batchTimes prometheus.Histogram
}

// New returns Metrics that know these names of events; others count as "other".
func New(events []string) *Metrics {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	f := factory{r}
	return &Metrics{
		Engine:    newEngine(f),
		Sockets:   newSockets(f, events),
		Plays:     newPlays(f),
		Documents: newDocuments(f),
		registry:  r,
		batchSize: f.histogram("store_batch_writes", "Writes that shared a transaction.",
			prometheus.ExponentialBuckets(1, 2, 10)),
		batchTimes: f.histogram("store_batch_seconds", "How long a transaction took to be stored.",
			prometheus.ExponentialBuckets(0.0005, 2, 14)),
	}
}

// Stored counts a transaction of so many writes.
func (m *Metrics) Stored(writes int, took time.Duration) {
	m.batchSize.Observe(float64(writes))
	m.batchTimes.Observe(took.Seconds())
}

// Handler answers with all metrics. With a token, requests must carry it as a
// bearer token.
func (m *Metrics) Handler(token string) http.Handler {
	metrics := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
	if token == "" {
		return metrics
	}
	want := []byte("Bearer " + token)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "a bearer token is needed", http.StatusUnauthorized)
			return
		}
		metrics.ServeHTTP(w, r)
	})
}

// factory makes metrics and registers them.
type factory struct{ prometheus.Registerer }

const namespace = "storywire"

func (f factory) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
	f.MustRegister(c)
	return c
}

func (f factory) gauge(name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help})
	f.MustRegister(g)
	return g
}

func (f factory) histogram(name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets})
	f.MustRegister(h)
	return h
}

// counters makes a counter for each value of a label.
func (f factory) counters(name, help, label string, values []string) family[prometheus.Counter] {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, []string{label})
	f.MustRegister(vec)
	return newFamily(values, func(v string) prometheus.Counter { return vec.WithLabelValues(v) })
}

// histograms makes a histogram for each value of a label.
func (f factory) histograms(name, help, label string, values []string, buckets []float64) family[prometheus.Observer] {
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, []string{label})
	f.MustRegister(vec)
	return newFamily(values, func(v string) prometheus.Observer { return vec.WithLabelValues(v) })
}

// family holds a metric for each known value of a label, and one for all others.
type family[M any] struct {
	known map[string]M
	other M
}

func newFamily[M any](values []string, metric func(value string) M) family[M] {
	f := family[M]{known: make(map[string]M, len(values)), other: metric(other)}
	for _, v := range values {
		f.known[v] = metric(v)
	}
	return f
}

func (f family[M]) of(value string) M {
	if m, ok := f.known[value]; ok {
		return m
	}
	return f.other
}
