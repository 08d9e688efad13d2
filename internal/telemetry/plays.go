package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Plays observes the parties, as play.Observer.
type Plays struct {
	writes, commands, conflicts, same, differ, forgotten prometheus.Counter
}

func newPlays(f factory) Plays {
	checked := f.counters("play_checked_total", "Parties whose log was replayed at their end.", "result", []string{"same", "differs"})
	return Plays{
		writes:    f.counter("play_writes_total", "Writes of parties."),
		commands:  f.counter("play_commands_total", "Commands that shared those writes."),
		conflicts: f.counter("play_conflicts_total", "Writes that were done again because others had written the party."),
		same:      checked.of("same"),
		differ:    checked.of("differs"),
		forgotten: f.counter("play_forgotten_events_total", "Events deleted because their party ended long ago."),
	}
}

// PlayWritten counts a write of so many commands after so many tries.
func (p Plays) PlayWritten(commands, tries int) {
	p.writes.Inc()
	p.commands.Add(float64(commands))
	p.conflicts.Add(float64(tries - 1))
}

// PlayChecked counts a party whose log was replayed.
func (p Plays) PlayChecked(same bool) {
	if same {
		p.same.Inc()
	} else {
		p.differ.Inc()
	}
}

// PlayForgotten counts deleted events.
func (p Plays) PlayForgotten(events int) { p.forgotten.Add(float64(events)) }
