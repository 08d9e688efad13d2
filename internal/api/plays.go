package api

import (
	"crypto/rand"
	"net/http"
	"strconv"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/wire"
)

// playRoutes let somebody play without a socket: by mail, turn by turn.
func (s *Server) playRoutes() {
	read, write, ctrl, move := s.deps.Limits.Read, s.deps.Limits.Write, s.deps.Limits.Ctrl, s.deps.Limits.Move
	s.user("POST /v1/plays", write, s.createPlay)
	s.user("GET /v1/plays", read, s.listPlays)
	s.user("POST /v1/plays:join", ctrl, s.joinPlayByCode)
	s.user("GET /v1/plays/{id}", read, s.getPlay)
	s.user("GET /v1/plays/{id}/log", read, s.playLog)
	s.user("GET /v1/plays/{id}/map", read, s.playMap)
	s.user("GET /v1/plays/{id}/chat", read, s.playChat)
	s.user("POST /v1/plays/{id}/join", ctrl, s.joinPlay)
	s.user("POST /v1/plays/{id}/rematch", write, s.rematchPlay)
	s.user("POST /v1/plays/{id}/invite", write, s.inviteToPlay)
	s.user("POST /v1/plays/{id}/chat", write, s.sayInPlay)
	for name, kind := range map[string]play.Kind{
		"leave": play.Leave, "start": play.Start, "pause": play.Pause, "resume": play.Resume, "end": play.End,
	} {
		s.user("POST /v1/plays/{id}/"+name, ctrl, command(s, func(in wire.PlayCommand) play.Cmd {
			return play.Cmd{Kind: kind, ID: in.CmdID, Force: in.Force}
		}))
	}
	choose := command(s, func(in wire.PlayChoose) play.Cmd {
		return play.Cmd{Kind: play.Choose, ID: in.CmdID, Round: in.Round, Option: in.Option}
	})
	s.user("POST /v1/plays/{id}/choose", move, choose)
	s.user("POST /v1/plays/{id}/vote", move, choose)
	s.user("POST /v1/plays/{id}/suggest", move, command(s, func(in wire.PlayChoose) play.Cmd {
		return play.Cmd{Kind: play.Suggest, ID: in.CmdID, Round: in.Round, Option: in.Option}
	}))
	s.user("POST /v1/plays/{id}/ready", ctrl, command(s, func(in wire.PlayReady) play.Cmd {
		return play.Cmd{Kind: play.Ready, ID: in.CmdID, Ready: in.Ready, Role: in.Role}
	}))
	s.user("POST /v1/plays/{id}/settings", ctrl, command(s, func(in wire.PlayConfigure) play.Cmd {
		return play.Cmd{Kind: play.Configure, ID: in.CmdID, Change: wire.ChangeOf(in.Settings)}
	}))
	s.user("POST /v1/plays/{id}/kick", ctrl, command(s, func(in wire.PlayUser) play.Cmd {
		return play.Cmd{Kind: play.Kick, ID: in.CmdID, User: auth.UserID(in.UserID)}
	}))
	s.user("POST /v1/plays/{id}/host", ctrl, command(s, func(in wire.PlayUser) play.Cmd {
		return play.Cmd{Kind: play.GiveHost, ID: in.CmdID, User: auth.UserID(in.UserID)}
	}))
	s.user("POST /v1/plays/{id}/rewind", ctrl, command(s, func(in wire.PlayRewind) play.Cmd {
		return play.Cmd{Kind: play.Rewind, ID: in.CmdID, Round: in.ToRound}
	}))
	s.user("POST /v1/plays/{id}/agree", ctrl, command(s, func(in wire.PlayAgree) play.Cmd {
		return play.Cmd{Kind: play.Agree, ID: in.CmdID, Agree: *in.Agree}
	}))
}

func playID(r *http.Request) play.ID { return play.ID(r.PathValue("id")) }

// addressed is a body that says which party it is about and carries the id of its command.
type addressed interface{ Address(id, cmdID string) }

// order reads the body of a command about a party into in. The id is that of
// the path, the command's is the header's, else the body's, else a new one.
func order(r *http.Request, in addressed) error {
	k, err := key(r)
	if err != nil {
		return err
	}
	fresh := k
	if fresh == "" {
		fresh = rand.Text()
	}
	in.Address(r.PathValue("id"), fresh)
	if r.ContentLength != 0 {
		if err := body(r, in); err != nil {
			return err
		}
	} else if c, ok := in.(wire.Checker); ok {
		if err := c.Check(); err != nil {
			return err
		}
	}
	in.Address(r.PathValue("id"), k)
	return nil
}

// command answers a command of the kernel.
func command[In any, P interface {
	*In
	addressed
}](s *Server, cmd func(In) play.Cmd) handler {
	return func(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
		var in In
		if err := order(r, P(&in)); err != nil {
			return err
		}
		done, err := s.deps.Plays.Do(r.Context(), caller, playID(r), cmd(in))
		if err != nil {
			return err
		}
		respond(w, http.StatusOK, wire.PlayDoneOf(done))
		return nil
	}
}

func (s *Server) respondPlay(w http.ResponseWriter, r *http.Request, status int, caller auth.UserID, id play.ID) error {
	found, role, err := s.deps.Plays.Get(r.Context(), caller, id)
	if err != nil {
		return err
	}
	people := s.deps.Plays.People(r.Context(), found.State)
	st := wire.PlayStateOf(found.Row, found.Book, caller, role, people, s.deps.Plays.Now())
	st.View.Watching = s.deps.Plays.Watchers(r.Context(), id)
	respond(w, status, st)
	return nil
}

func (s *Server) createPlay(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	in := wire.PlayCreate{}
	k, err := key(r)
	if err != nil {
		return err
	}
	if in.CmdID = k; k == "" {
		in.CmdID = rand.Text()
	}
	if err := body(r, &in); err != nil {
		return err
	}
	made, err := s.deps.Plays.Create(r.Context(), caller, play.Draft{
		StoryID: story.ID(in.StoryID), ReleaseID: story.ReleaseID(in.ReleaseID), Change: wire.ChangeOf(in.Settings), CmdID: in.CmdID,
	})
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/plays/"+string(made.State.ID))
	return s.respondPlay(w, r, created(made.Duplicate), caller, made.State.ID)
}

func (s *Server) listPlays(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	list, people, err := s.deps.Plays.List(r.Context(), caller, story.ID(r.URL.Query().Get("storyId")))
	if err != nil {
		return err
	}
	items := make([]wire.PlaySummary, 0, len(list))
	for _, seen := range list {
		passage := ""
		if seen.State.Round > 0 {
			book, err := s.deps.Plays.Book(r.Context(), seen.State.ReleaseID)
			if err != nil {
				return err
			}
			passage = book.Passages[seen.State.Passage].Name
		}
		items = append(items, wire.PlaySummaryOf(seen, passage, caller, people))
	}
	respond(w, http.StatusOK, wire.PageOf(items, ""))
	return nil
}

func (s *Server) getPlay(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	return s.respondPlay(w, r, http.StatusOK, caller, playID(r))
}

func (s *Server) joinPlay(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	var in wire.PlayJoin
	if err := order(r, &in); err != nil {
		return err
	}
	return s.enter(w, r, caller, playID(r), in)
}

func (s *Server) joinPlayByCode(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	if err := allow(s.deps.Limits.Code, string(caller)); err != nil {
		return err
	}
	var in wire.PlayJoin
	if err := order(r, &in); err != nil {
		return err
	}
	id, err := s.deps.Plays.Find(r.Context(), "", in.Code)
	if err != nil {
		return err
	}
	return s.enter(w, r, caller, id, in)
}

func (s *Server) enter(w http.ResponseWriter, r *http.Request, caller auth.UserID, id play.ID, in wire.PlayJoin) error {
	if _, err := s.deps.Plays.Enter(r.Context(), caller, play.Entry{ID: id, As: in.As, CmdID: in.CmdID}); err != nil {
		return err
	}
	return s.respondPlay(w, r, http.StatusOK, caller, id)
}

func (s *Server) rematchPlay(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	var in wire.PlayCommand
	if err := order(r, &in); err != nil {
		return err
	}
	made, err := s.deps.Plays.Rematch(r.Context(), caller, playID(r), in.CmdID)
	if err != nil {
		return err
	}
	return s.respondPlay(w, r, http.StatusCreated, caller, made.State.ID)
}

func (s *Server) inviteToPlay(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	in := wire.PlayInvite{SessionID: wire.ID(playID(r))}
	if err := body(r, &in); err != nil {
		return err
	}
	ids, err := s.deps.Plays.Invite(r.Context(), caller, playID(r), wire.UserIDs(in.UserIDs))
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.PlayInvited{Invited: wire.Map(ids, func(id auth.UserID) string { return string(id) })})
	return nil
}

func (s *Server) sayInPlay(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	var in wire.PlayChatSend
	if err := order(r, &in); err != nil {
		return err
	}
	m, duplicate, err := s.deps.Plays.Say(r.Context(), caller, playID(r), in.Text, in.CmdID)
	if err != nil {
		return err
	}
	respond(w, created(duplicate), wire.PlayChatOf(m))
	return nil
}

// number returns a whole number of the query, 0 if there is none.
func number(r *http.Request, name string) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, errs.E("api.number", errs.Validation, name+" must be a whole number.")
	}
	return n, nil
}

func (s *Server) playChat(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	below, err := number(r, "below")
	if err != nil {
		return err
	}
	list, err := s.deps.Plays.Messages(r.Context(), caller, playID(r), below)
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.PageOf(wire.Map(list, wire.PlayChatOf), ""))
	return nil
}

// playLog gives the events of a party as caller may see them, without the
// texts of the rounds, which the release has.
func (s *Server) playLog(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	after, err := number(r, "after")
	if err != nil {
		return err
	}
	list, found, err := s.deps.Plays.Log(r.Context(), caller, playID(r), after)
	if err != nil {
		return err
	}
	people := s.deps.Plays.People(r.Context(), found.State)
	items := wire.Map(list, func(e play.Event) wire.PlayLogEntry { return wire.PlayLogEntryOf(e, caller, people) })
	respond(w, http.StatusOK, wire.PageOf(items, ""))
	return nil
}

// playMap shows the whole story to who has played it to its end.
func (s *Server) playMap(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	found, _, err := s.deps.Plays.Get(r.Context(), caller, playID(r))
	if err != nil {
		return err
	}
	if found.State.Status != play.Ended {
		return errs.E("api.playMap", errs.WrongState, "The map is for the end of the story.")
	}
	respond(w, http.StatusOK, wire.PlayMapOf(found.Book, found.State))
	return nil
}
