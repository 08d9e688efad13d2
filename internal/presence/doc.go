// Package presence knows who is online and who is in which story.
//
// People are counted over their connections (tabs, devices): somebody comes
// online with the first and goes offline when the last is gone and a grace
// period has passed, so that a reload is no news. A deliberate end, leaving a
// story or logging out, needs no grace.
//
// What is told to others are transitions of people, never of connections, and
// for each story a numbered diff at most four times a second. All of it is
// told by the one goroutine of [Tracker.Run], in order.
//
// Each connection is a lease: it has an id that is never used twice, it is
// taken by Connect and given back by Disconnect, whichever order the news of
// several connections arrive in.
//
// A [Tracker] may be used by many goroutines at once.
//
//	t := presence.NewTracker(st, gateway, presence.Options{})
//	go t.Run(ctx)
//	t.Connect("socket-1", profile)
//	t.Enter("socket-1", storyID)
//	defer t.Disconnect("socket-1")
package presence
