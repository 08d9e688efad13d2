// Package webtransport lets clients of an [engineio.Server] connect over
// WebTransport: HTTP/3, which is QUIC over UDP. It is a package of its own so
// that programs which do not import it do not link QUIC.
//
//	wt := webtransport.NewServer(webtransport.Options{TLS: config})
//	io := socketio.NewServer(socketio.Options{Engine: engineio.Options{WebTransport: wt}})
//	mux.Handle("/socket.io/", io)
//	go wt.Serve(udp, mux) // beside the http.Server for the other transports
//
// A connection of QUIC carries one session of Engine.IO and nothing else.
// Requests pass the handler as those of the other transports do, so middlewares
// see them; one that wraps the ResponseWriter must not do so for CONNECT.
//
// The client asks for it with transports: ["webtransport"], or upgrades to it
// from polling over HTTPS on the same host and port. Browsers insist on a
// certificate that they trust or whose hash the page names.
//
// All methods of [Server] may be called by any goroutine.
package webtransport
