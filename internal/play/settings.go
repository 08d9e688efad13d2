package play

import (
	"fmt"

	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/tale"
)

// Words of the settings.
const (
	Live = "live" // all play at the same time
	Mail = "mail" // nobody needs to be there

	VotesOpen   = "open"
	VotesCounts = "counts"
	VotesHidden = "hidden"

	TieRevote = "revote"
	TieHost   = "host"
	TieRandom = "random"

	LateSeat      = "seat"
	LateSpectator = "spectator"
	LateDeny      = "deny"

	AudienceOff     = "off"
	AudienceAdvice  = "advice"
	AudienceOneSeat = "oneSeat"
)

// Settings are how a party plays.
type Settings struct {
	Mode        tale.Mode `json:"mode"`
	Pace        string    `json:"pace"`
	TimerSec    int       `json:"timerSec"` // 0: none
	Votes       string    `json:"votes"`
	Tie         string    `json:"tie"`
	LateJoin    string    `json:"lateJoin"`
	Audience    string    `json:"audience"`
	MinPlayers  int       `json:"minPlayers"`
	MaxPlayers  int       `json:"maxPlayers"`
	MaxWatchers int       `json:"maxWatchers"`
	Locked      bool      `json:"locked"`
	StickyHost  bool      `json:"stickyHost"`
}

// DefaultSettings returns how a party plays unless its host says otherwise.
func DefaultSettings() Settings {
	return Settings{
		Mode: tale.ModeMajority, Pace: Live, TimerSec: 60, Votes: VotesOpen, Tie: TieRevote, LateJoin: LateSeat,
		Audience: AudienceOff, MinPlayers: 1, MaxPlayers: 8, MaxWatchers: 100,
	}
}

// Change has the settings that are to become others; nil stays.
type Change struct {
	Mode, Pace, Votes, Tie, LateJoin, Audience    *string
	TimerSec, MinPlayers, MaxPlayers, MaxWatchers *int
	Locked, StickyHost                            *bool
}

func take[T, U ~string](to *T, from *U) {
	if from != nil {
		*to = T(*from)
	}
}

func takeAny[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// with returns s after a change, or an error of code VALIDATION.
func (s Settings) with(c Change) (Settings, error) {
	take(&s.Mode, c.Mode)
	take(&s.Pace, c.Pace)
	take(&s.Votes, c.Votes)
	take(&s.Tie, c.Tie)
	take(&s.LateJoin, c.LateJoin)
	take(&s.Audience, c.Audience)
	takeAny(&s.TimerSec, c.TimerSec)
	takeAny(&s.MinPlayers, c.MinPlayers)
	takeAny(&s.MaxPlayers, c.MaxPlayers)
	takeAny(&s.MaxWatchers, c.MaxWatchers)
	takeAny(&s.Locked, c.Locked)
	takeAny(&s.StickyHost, c.StickyHost)
	longest := tale.MaxTimer
	if s.Pace == Mail {
		longest = maxMailTimer
	}
	refuse := func(format string, args ...any) (Settings, error) {
		return Settings{}, errs.E("play.Settings", errs.Validation, fmt.Sprintf(format, args...))
	}
	switch {
	case !s.Mode.Valid():
		return refuse("mode must be first, host, majority, unanimous or rotate.")
	case !oneOf(s.Pace, Live, Mail):
		return refuse("pace must be live or mail.")
	case !oneOf(s.Votes, VotesOpen, VotesCounts, VotesHidden):
		return refuse("votes must be open, counts or hidden.")
	case !oneOf(s.Tie, TieRevote, TieHost, TieRandom):
		return refuse("tie must be revote, host or random.")
	case !oneOf(s.LateJoin, LateSeat, LateSpectator, LateDeny):
		return refuse("lateJoin must be seat, spectator or deny.")
	case !oneOf(s.Audience, AudienceOff, AudienceAdvice, AudienceOneSeat):
		return refuse("audience must be off, advice or oneSeat.")
	case s.TimerSec != 0 && (s.TimerSec < tale.MinTimer || s.TimerSec > longest):
		return refuse("timerSec must be 0 or from %d to %d.", tale.MinTimer, longest)
	case s.MaxPlayers < 1 || s.MaxPlayers > MaxSeats:
		return refuse("maxPlayers must be from 1 to %d.", MaxSeats)
	case s.MinPlayers < 1 || s.MinPlayers > s.MaxPlayers:
		return refuse("minPlayers must be from 1 to maxPlayers.")
	case s.MaxWatchers < 0 || s.MaxWatchers > MaxWatchers:
		return refuse("maxWatchers must be from 0 to %d.", MaxWatchers)
	}
	return s, nil
}

func oneOf(s string, words ...string) bool {
	for _, w := range words {
		if s == w {
			return true
		}
	}
	return false
}
