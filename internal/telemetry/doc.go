// Package telemetry counts what the server does, in the terms of Prometheus, and
// tells it at GET /metrics.
//
// Labels are a fixed set: transports, codes, reasons and the events of our
// catalogue. Nothing that a client chooses (a path, a user, a room, the name of an
// unknown event) makes a series. docs/operations.md lists the metrics.
package telemetry
