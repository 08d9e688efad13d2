// Package play lets people play a branching story together.
//
// Its kernel is [Reduce]: a pure function from a party's [State] and a command
// to what happened. It knows no clock, no chance and no database: the time, the
// book and the votes of the audience come in as [Env], chance is made of the
// state's seed and the round. What happened is a list of [Event], and [Apply]
// is the only thing that changes a state, so that the events of a party, applied
// from the first on, are its state. [State.View] is the only way a state leaves
// the package for a player.
//
// A [Service] keeps parties: one row with a version for each, written only if
// nobody else has written it meanwhile, together with the events. Whoever loses
// that race reads the row again and reduces again. So any node may handle any
// command, there is no owner to fail, and a command sent twice has one effect.
//
// A Service may be used by many goroutines at once; states and events are
// values of whoever made them.
package play
