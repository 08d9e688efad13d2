package api

import (
	"net/http"

	"github.com/storywire/storywire/internal/demo"
	"github.com/storywire/storywire/internal/wire"
)

func (s *Server) listCharacters(w http.ResponseWriter, _ *http.Request) error {
	items := wire.Map(demo.Characters(), func(c demo.Character) wire.Character {
		return wire.Character{ID: string(c.ID), DisplayName: c.Name, Color: c.Color}
	})
	respond(w, http.StatusOK, wire.PageOf(items, ""))
	return nil
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	var in wire.SignIn
	if err := body(r, &in); err != nil {
		return err
	}
	token, claims, err := s.deps.Demo.SignIn(in.CharacterID, in.Name)
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.SignedIn{
		Token: token, User: wire.UserOf(s.deps.People.Remember(claims)), ExpiresAt: wire.At(claims.ExpiresAt),
	})
	return nil
}
