package play

// maxRecent is how many commands of a party are remembered: some more than a
// full table sends in two rounds.
const maxRecent = 4 * MaxSeats

// recent remembers the choices of the last rounds that went through a mailbox,
// so that one which comes too late need not be looked for in the log.
type recent struct {
	from int // the choices of this round and of later ones are all in done
	done []done
}

type done struct {
	id    string
	round int
	seq   int64
}

// reset forgets all: what was stored before, or by others, is not known.
func (r *recent) reset(s *State) { r.from, r.done = s.Round+1, nil }

// add takes in what was stored of w.
func (r *recent) add(w *work) {
	r.from = max(r.from, w.state.Round-1)
	kept := r.done[:0]
	for _, d := range r.done {
		if d.round >= r.from {
			kept = append(kept, d)
		}
	}
	clear(r.done[len(kept):])
	r.done = kept
	for i, c := range w.calls {
		if reply := &w.replies[i]; chooses(&c.cmd) && !reply.idle && c.cmd.Round >= r.from {
			r.done = append(r.done, done{c.cmd.ID, c.cmd.Round, reply.result.Seq})
		}
	}
	if len(r.done) > maxRecent {
		r.reset(w.state)
	}
}

// find returns where a command was stored; 0: it was not. known is false if that cannot be told.
func (r *recent) find(c *Cmd) (seq int64, known bool) {
	if !chooses(c) || c.Round < r.from {
		return 0, false
	}
	for i := range r.done {
		if r.done[i].id == c.ID {
			return r.done[i].seq, true
		}
	}
	return 0, true
}

// chooses reports whether a command belongs to the round that it names.
func chooses(c *Cmd) bool { return c.Kind == Choose || c.Kind == Suggest }
