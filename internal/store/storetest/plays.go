package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/user"
)

// newPlay stores a party of ada.
func newPlay(t *testing.T, st Store, id play.ID, code string) play.Row {
	t.Helper()
	settings := play.DefaultSettings()
	seat := play.Seat{User: "ada", No: 1, Conn: play.On, Links: []play.Link{{Node: "n1", Epoch: 1}}}
	state, events := play.New(play.Data{ID: id, Code: code, StoryID: "1", ReleaseID: "r", Title: "T", Settings: &settings, Seat: &seat}, noon.UnixMilli(), "create-"+string(id))
	if _, _, err := st.CreatePlay(t.Context(), state, events, "create-"+string(id)); err != nil {
		t.Fatal(err)
	}
	return play.Row{State: state, Version: 1}
}

// move reduces a command and stores what comes of it.
func move(t *testing.T, st Store, row play.Row, c play.Cmd, committed func()) (play.Row, error) {
	t.Helper()
	next, events, err := play.Reduce(row.State, c, play.Env{NowMs: noon.UnixMilli()})
	if err != nil || len(events) == 0 {
		t.Fatalf("%s by %s: %d events, %v", c.Kind, c.Actor, len(events), err)
	}
	err = st.CommitPlay(t.Context(), play.Write{From: row.Version, State: next, Events: events}, committed)
	return play.Row{State: next, Version: row.Version + 1}, err
}

func partyIsReadAsStored(t *testing.T, st Store) {
	row := newPlay(t, st, "p1", "ABCDEF")
	told := 0
	row, err := move(t, st, row, play.Cmd{Kind: play.Join, ID: "c1", Actor: "bob", Node: "n2", Epoch: 3}, func() { told++ })
	if err != nil || told != 1 {
		t.Fatalf("CommitPlay: %v, told %d times", err, told)
	}
	got, err := st.Play(t.Context(), "p1")
	if err != nil || got.Version != 2 || fmt.Sprint(*got.State) != fmt.Sprint(*row.State) {
		t.Errorf("Play = %+v, %v\nwant %+v", got.State, err, row.State)
	}
	events, err := st.PlayEvents(t.Context(), "p1", 0, 10)
	replayed := new(play.State)
	for i := range events {
		play.Apply(replayed, &events[i])
	}
	if err != nil || len(events) != 2 || fmt.Sprint(*replayed) != fmt.Sprint(*got.State) {
		t.Errorf("the events %v, %v make %+v", events, err, replayed)
	}
	if some, err := st.PlayEvents(t.Context(), "p1", 1, 10); err != nil || len(some) != 1 || some[0].Seq != 2 {
		t.Errorf("PlayEvents after 1 = %v, %v", some, err)
	}
	same(t, "the code's party", fmt.Sprint(st.PlayOfCode(t.Context(), "ABCDEF")), "p1<nil>")
	for what, err := range map[string]error{"Play": second(st.Play(t.Context(), "nowhere")), "PlayOfCode": second(st.PlayOfCode(t.Context(), ""))} {
		if code := errs.CodeOf(err); code != errs.NotFound && code != errs.BadCode {
			t.Errorf("%s of nothing: %v", what, err)
		}
	}
}

func partyIsWrittenByOneOfTwo(t *testing.T, st Store) {
	row := newPlay(t, st, "p1", "ABCDEF")
	var wg sync.WaitGroup
	results := make([]error, 8)
	for i := range results {
		wg.Go(func() {
			_, results[i] = move(t, st, row, play.Cmd{Kind: play.Join, ID: fmt.Sprint("c", i), Actor: auth.UserID(fmt.Sprint("u", i)), Node: "n1"}, nil)
		})
	}
	wg.Wait()
	won := 0
	for _, err := range results {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, play.ErrConflict):
			t.Errorf("CommitPlay: %v, want a conflict", err)
		}
	}
	got, err := st.Play(t.Context(), "p1")
	if won != 1 || err != nil || got.Version != 2 || got.State.Seq != 2 {
		t.Errorf("%d won; version %d, seq %d, %v", won, got.Version, got.State.Seq, err)
	}
}

func partyCommandIsStoredOnce(t *testing.T, st Store) {
	row := newPlay(t, st, "p1", "ABCDEF")
	row, err := move(t, st, row, play.Cmd{Kind: play.Join, ID: "c1", Actor: "bob", Node: "n1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := move(t, st, row, play.Cmd{Kind: play.Join, ID: "c1", Actor: "cat", Node: "n1"}, nil); !errors.Is(err, play.ErrDuplicate) {
		t.Errorf("the same command again: %v, want ErrDuplicate", err)
	}
	if got, err := st.Play(t.Context(), "p1"); err != nil || got.Version != 2 {
		t.Errorf("after a duplicate: version %d, %v", got.Version, err)
	}
	// A long log, of which the last command is the one from before, with fresh ones beside it.
	next := *row.State
	var log []play.Event
	for i := range 12 {
		e := play.Event{Seq: row.State.Seq + int64(i) + 1, Type: play.Suggested, Actor: "bob", CmdID: fmt.Sprint("n", i), At: noon.UnixMilli(), Data: play.Data{Option: "o"}}
		if i == 11 {
			e.CmdID = "c1"
		}
		play.Apply(&next, &e)
		log = append(log, e)
	}
	if err := st.CommitPlay(t.Context(), play.Write{From: 2, Was: row.State, State: &next, Events: log}, nil); !errors.Is(err, play.ErrDuplicate) {
		t.Errorf("a log with the same command: %v, want ErrDuplicate", err)
	}
	got, err := st.Play(t.Context(), "p1")
	left, logErr := st.PlayEvents(t.Context(), "p1", 0, 100)
	if err != nil || logErr != nil || got.Version != 2 || got.State.Seq != 2 || len(left) != 2 {
		t.Errorf("a duplicate has left version %d, seq %d, %d events, %v, %v", got.Version, got.State.Seq, len(left), err, logErr)
	}
	log[11].CmdID = "n11"
	if err := st.CommitPlay(t.Context(), play.Write{From: 2, Was: row.State, State: &next, Events: log}, nil); err != nil {
		t.Errorf("the log without it: %v", err)
	}
	if err := st.CommitPlay(t.Context(), play.Write{From: 2, Was: row.State, State: &next, Events: log}, nil); !errors.Is(err, play.ErrConflict) {
		t.Errorf("the same write again: %v, want ErrConflict", err)
	}
	same(t, "PlayCommand", fmt.Sprint(st.PlayCommand(t.Context(), "p1", "c1")), "2 <nil>")
	same(t, "PlayCommand of another", fmt.Sprint(st.PlayCommand(t.Context(), "p1", "c2")), "0 <nil>")
	settings := play.DefaultSettings()
	state, events := play.New(play.Data{ID: "p9", Code: "ZZZZZZ", Settings: &settings, Seat: &play.Seat{User: "ada", No: 1}}, noon.UnixMilli(), "create-p1")
	id, duplicate, err := st.CreatePlay(t.Context(), state, events, "create-p1")
	if err != nil || !duplicate || id != "p1" {
		t.Errorf("CreatePlay with the same key = %s, %v, %v", id, duplicate, err)
	}
	state, events = play.New(play.Data{ID: "p9", Code: "ABCDEF", Settings: &settings, Seat: &play.Seat{User: "bob", No: 1}}, noon.UnixMilli(), "k")
	if _, _, err := st.CreatePlay(t.Context(), state, events, "k"); !errors.Is(err, play.ErrCodeTaken) {
		t.Errorf("CreatePlay with a taken code: %v", err)
	}
}

func partiesAreFoundByWhatIsDue(t *testing.T, st Store) {
	row := newPlay(t, st, "p1", "ABCDEF")
	newPlay(t, st, "p2", "ABCDEG")
	row, err := move(t, st, row, play.Cmd{Kind: play.Detach, Actor: "ada", Node: "n1", Epoch: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	grace := noon.Add(play.Grace)
	due := func(at time.Time) string { return fmt.Sprint(st.DuePlays(t.Context(), at, 10)) }
	same(t, "due before the grace ends", due(grace.Add(-time.Millisecond)), "[] <nil>")
	same(t, "due after it", due(grace), "[p1] <nil>")
	same(t, "parties of the node", fmt.Sprint(st.PlaysOfNode(t.Context(), "n1", 10)), "[p2] <nil>")
	if _, err = move(t, st, row, play.Cmd{Kind: play.End, Actor: "ada", ID: "c"}, nil); err != nil {
		t.Fatal(err)
	}
	same(t, "due after the end", due(noon.Add(time.Hour)), "[] <nil>")
	if _, err := st.PlayOfCode(t.Context(), "ABCDEF"); errs.CodeOf(err) != errs.BadCode {
		t.Errorf("the code of a party that has ended: %v", err)
	}
}

func partyNodesComeAndGo(t *testing.T, st Store) {
	beat := func(node string, at time.Time) string { return fmt.Sprint(st.BeatNode(t.Context(), node, at)) }
	same(t, "the first beat", beat("n1", noon), "true <nil>")
	same(t, "the second", beat("n1", noon.Add(time.Second)), "false <nil>")
	same(t, "another's", beat("n2", noon.Add(time.Minute)), "true <nil>")
	same(t, "silent", fmt.Sprint(st.SilentNodes(t.Context(), "n2", noon.Add(time.Minute))), "[n1] <nil>")
	if err := st.ForgetNode(t.Context(), "n1"); err != nil {
		t.Error(err)
	}
	same(t, "after it was forgotten", beat("n1", noon), "true <nil>")
}

func partyMembersAreListed(t *testing.T, st Store) {
	row := newPlay(t, st, "p1", "ABCDEF")
	newPlay(t, st, "p2", "ABCDEG")
	row, err := move(t, st, row, play.Cmd{Kind: play.Join, ID: "c1", Actor: "bob", Node: "n1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	list := func(who auth.UserID) string {
		seen, err := st.PlaysOf(t.Context(), who, "1", 10)
		if err != nil {
			t.Error(err)
		}
		return ids(seen, func(s play.Seen) play.ID { return s.State.ID + play.ID(":"+s.Role) })
	}
	same(t, "ada's", list("ada"), "[p2:player p1:player]")
	same(t, "bob's", list("bob"), "[p1:player]")
	if err := st.AddWatcher(t.Context(), "p2", "bob", noon, 1); err != nil {
		t.Error(err)
	}
	if err := st.AddWatcher(t.Context(), "p2", "cat", noon, 1); errs.CodeOf(err) != errs.Full {
		t.Errorf("one spectator too many: %v", err)
	}
	same(t, "the spectators of p2", fmt.Sprint(st.Watchers(t.Context(), "p2")), "1 <nil>")
	same(t, "bob's role", fmt.Sprint(st.PlayRole(t.Context(), "p2", "bob")), "spectator<nil>")
	same(t, "ada's open", fmt.Sprint(st.OpenPlays(t.Context(), "ada")), "2 <nil>")
	if _, err := move(t, st, row, play.Cmd{Kind: play.Leave, ID: "c2", Actor: "bob"}, nil); err != nil {
		t.Error(err)
	}
	same(t, "RemoveWatcher", fmt.Sprint(st.RemoveWatcher(t.Context(), "p2", "bob")), "true <nil>")
	same(t, "bob's after leaving", list("bob"), "[]")
}

func partyTalkIsKept(t *testing.T, st Store) {
	newPlay(t, st, "p1", "ABCDEF")
	say := func(cmdID, text string) (play.Message, bool) {
		m, duplicate, err := st.InsertMessage(t.Context(), play.Message{PlayID: "p1", User: user.Profile{ID: "bob"}, Text: text, CmdID: cmdID, At: noon})
		if err != nil {
			t.Fatal(err)
		}
		return m, duplicate
	}
	first, _ := say("m1", "hello")
	again, duplicate := say("m1", "hello again")
	if !duplicate || again.ID != first.ID || again.Text != "hello" {
		t.Errorf("the same command says %+v, %v", again, duplicate)
	}
	next, _ := say("m2", "there")
	list, err := st.Messages(t.Context(), "p1", 0, 10)
	if err != nil || len(list) != 2 || list[0].ID != next.ID || next.ID <= first.ID || list[1].Text != "hello" || !list[1].At.Equal(noon) {
		t.Errorf("Messages = %+v, %v", list, err)
	}
	if below, err := st.Messages(t.Context(), "p1", next.ID, 10); err != nil || len(below) != 1 {
		t.Errorf("Messages below = %+v, %v", below, err)
	}
	for voter, option := range map[auth.UserID]string{"cat": "a", "dan": "a", "eve": "b"} {
		if err := st.SetAudienceVote(t.Context(), "p1", 2, voter, option); err != nil {
			t.Error(err)
		}
	}
	if err := st.SetAudienceVote(t.Context(), "p1", 2, "cat", "b"); err != nil {
		t.Error(err)
	}
	same(t, "AudienceVotes", fmt.Sprint(st.AudienceVotes(t.Context(), "p1", 2)), "map[a:1 b:2] <nil>")
}

func oldLogsAreForgotten(t *testing.T, st Store) {
	row := newPlay(t, st, "p1", "ABCDEF")
	newPlay(t, st, "p2", "ABCDEG")
	row, err := move(t, st, row, play.Cmd{Kind: play.Join, ID: "c1", Actor: "bob", Node: "n1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	forget := func(ended time.Time) string { return fmt.Sprint(st.ForgetEvents(t.Context(), ended, 2)) }
	same(t, "while it goes on", forget(noon.Add(time.Hour)), "0 false <nil>")
	if _, err := move(t, st, row, play.Cmd{Kind: play.End, ID: "c2", Actor: "ada"}, nil); err != nil {
		t.Fatal(err)
	}
	same(t, "too early", forget(noon), "0 false <nil>")
	same(t, "the first two", forget(noon.Add(time.Hour)), "2 true <nil>")
	if left, err := st.PlayEvents(t.Context(), "p1", 0, 10); err != nil || len(left) != 1 || left[0].Seq != 3 {
		t.Errorf("of the log are left %v, %v", left, err)
	}
	same(t, "the last", forget(noon.Add(time.Hour)), "1 true <nil>")
	same(t, "none any more", forget(noon.Add(time.Hour)), "0 false <nil>")
	if got, err := st.Play(t.Context(), "p1"); err != nil || got.Version != 3 || got.State.Status != play.Ended {
		t.Errorf("the party is %v, %v", got, err)
	}
	if left, err := st.PlayEvents(t.Context(), "p2", 0, 10); err != nil || len(left) != 1 {
		t.Errorf("of another party are left %v, %v", left, err)
	}
}
