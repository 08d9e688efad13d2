// Package notification keeps everybody's inbox: what is stored, what is pushed
// to open connections, what has been read, and the totals.
//
// A notification is stored first and pushed after the commit. Each inbox has a
// rev that rises with every change, so that a client which hears of two totals
// out of order keeps the newer.
//
// A [Service] may be used by many goroutines at once.
//
//	s := notification.NewService(st, people, gateway, notification.Options{})
//	_, _, err := s.Create(ctx, notification.Draft{UserIDs: ids, Title: "We are back", Key: key})
package notification
