// Package adminui lets the official dashboard of Socket.IO, npm's
// @socket.io/admin-ui 0.5, look into a server and act on it.
//
//	admin, err := adminui.New(adminui.Options{
//		Auth: adminui.Basic("admin", "$2b$10$..."), // a bcrypt hash
//		Mode: adminui.Development,
//	})
//	io := socketio.NewServer(socketio.Options{
//		Engine: engineio.Options{Observer: admin.Observer(nil), AllowedOrigins: []string{"https://admin.socket.io"}},
//	})
//	admin.Instrument(io)
//	defer admin.Close()
//
// The dashboard connects to the namespace "/admin": give it the address of the
// server, and allow the origin it is served from.
//
// In [Production] it shows servers, namespaces and how much they do. In
// [Development] it also shows every socket with its rooms, data and handshake
// (without its credentials), and every event.
//
// Nothing is collected while nobody watches. What an admin costs: twice a second
// a look at all sockets of the process in Development, once in two seconds a few
// numbers in Production, and in Development a small event for every event.
// Events for admins are dropped rather than queued if they come too fast.
//
// With an [socketio.Adapter] that connects servers, each needs an Admin of its
// own, and the dashboard shows them all.
package adminui
