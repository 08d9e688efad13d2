// Package story keeps stories, their members and their roles, and decides who
// may read and who may comment.
//
// A public story can be read and commented by every signed-in user. A private
// one is for its author and its members. Somebody who asks for a private story
// of others is told FORBIDDEN, not NOT_FOUND: ids cannot be guessed, so whoever
// has one was given it, and is better told to ask the author than that the
// link is broken. The answer says nothing else of the story.
//
// What is published of a story is a [Release]: a checked version that never
// changes and can be played.
//
// The rules of the stories in use are kept in memory; a change of members is
// effective for the next question after it returned.
//
// A [Service] may be used by many goroutines at once.
//
//	s := story.NewService(st, people, story.Options{})
//	access, err := s.MayComment(ctx, caller, id)
package story
