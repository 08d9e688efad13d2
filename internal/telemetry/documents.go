package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Documents counts the writing together, as package coedit tells it.
type Documents struct {
	open, bytes                  prometheus.Gauge
	updates, batches, updateSize prometheus.Counter
	refused                      family[prometheus.Counter]
	diverged                     prometheus.Counter
}

func newDocuments(f factory) Documents {
	return Documents{
		open:       f.gauge("documents", "Documents that this node has open."),
		bytes:      f.gauge("document_bytes", "Memory of the open documents, estimated."),
		updates:    f.counter("document_updates_total", "Updates that this node has stored."),
		batches:    f.counter("document_batches_total", "Batches of clients in those updates."),
		updateSize: f.counter("document_update_bytes_total", "Bytes of those updates."),
		refused: f.counters("document_batches_refused_total", "Batches that were checked and refused, by error code.", "code", []string{
			"MALFORMED_UPDATE", "GAP", "SCHEMA", "CLIENT_ID", "FUTURE_DELETE", "PAYLOAD_TOO_LARGE", "DOC_TOO_LARGE",
		}),
		diverged: f.counter("document_divergences_total", "Replicas given up because another node had a different one at the same seq."),
	}
}

// DocOpened counts a document that is open on this node.
func (d Documents) DocOpened() { d.open.Inc() }

// DocClosed counts it no more.
func (d Documents) DocClosed() { d.open.Dec() }

// DocsGrew counts the memory of the open documents.
func (d Documents) DocsGrew(bytes int) { d.bytes.Add(float64(bytes)) }

// DocStored counts an update that is in the log.
func (d Documents) DocStored(batches, bytes int) {
	d.updates.Inc()
	d.batches.Add(float64(batches))
	d.updateSize.Add(float64(bytes))
}

// DocRefused counts a batch that was checked and refused.
func (d Documents) DocRefused(code string) { d.refused.of(code).Inc() }

// DocDiverged counts a replica that was not what another node had.
func (d Documents) DocDiverged() { d.diverged.Inc() }
