// Package comment holds the rules of live comments: who may post, what a
// comment is, what a retry gives back, who is notified, and who is typing.
//
// A comment is decided, stored, and then told: the [Publisher] hears of it
// only after the commit, in the order of its story's seq, so that nobody sees
// a comment that may still vanish.
//
// A [Service] may be used by many goroutines at once.
//
//	s := comment.NewService(comment.Deps{Store: st, Stories: stories, People: people,
//		Publisher: gateway, Notifier: notifications}, comment.Options{})
//	c, duplicate, err := s.Post(ctx, caller, comment.Draft{StoryID: id, Content: "What a twist!", CID: nonce})
package comment
