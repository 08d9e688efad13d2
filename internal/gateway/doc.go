// Package gateway joins the sockets of browsers to the services: it takes the
// events of package wire, asks the services, and tells their news to rooms. It
// decides nothing: the rules are in the services.
//
// A [Hub] is the outgoing half: it implements what the services tell their news
// to. A [Gateway] is the incoming half: the handlers of the namespace. They are
// two because the services stand between them:
//
//	hub, err := gateway.NewHub(ctx, io.Of("/ws"), gateway.HubOptions{History: db, People: people})
//	comments := comment.NewService(comment.Deps{Publisher: hub, ...}, ...)
//	gw := gateway.New(hub, gateway.Deps{Comments: comments, ...}, gateway.Options{})
//	go hub.Run(ctx)
//	go gw.Run(ctx)
//
// What a connection has joined belongs to its session record, not to its
// socket. Both halves are safe for concurrent use; the events of one socket are
// handled one at a time, in order.
//
// Rooms: "story:ID" hears comments and typing, "presence:story:ID" who comes and
// goes there, "user:ID" is every connection of a user, "online" is every
// connection that has been told session:ready.
package gateway
