package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/storywire/storywire/internal/tale"
	"github.com/storywire/storywire/internal/wire"
)

// transferTimeout is how long a story may take to get to a server or back.
const transferTimeout = 2 * time.Minute

// errProblems says that a story has errors, which have been printed.
var errProblems = errors.New("the story has errors")

// CheckStory reads a story file and prints what is wrong with it to out.
func CheckStory(out io.Writer, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	t, problems := tale.Import(path, data)
	for _, p := range problems {
		fmt.Fprintln(out, p)
	}
	if t == nil {
		return errProblems
	}
	fmt.Fprintf(out, "%s: %q has %d passages and %d endings.\n", path, t.Title, len(t.Passages), len(t.Endings()))
	return nil
}

// Remote is a running server and who asks it.
type Remote struct {
	Server string `default:"http://localhost:3000" env:"STORYWIRE_SERVER" help:"Address of the server."`
	Token  string `env:"STORYWIRE_TOKEN" help:"Your token; see storywire token."`
	As     string `placeholder:"NAME" help:"Who to be at a server with --demo, in place of a token: the id of a character, like demo-ines, or any name."`
}

// ImportConfig is what becomes a story.
type ImportConfig struct {
	Remote  `embed:""`
	File    string `arg:"" help:"Twee 3 or Twine 2 JSON."`
	Title   string `help:"Title; the file's unless given."`
	Private bool   `help:"Only for members that you choose."`
}

// ImportStory makes a story of a file on the server and prints its address.
func ImportStory(ctx context.Context, c ImportConfig, out io.Writer) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	q := url.Values{"name": {filepath.Base(c.File)}}
	if c.Title != "" {
		q.Set("title", c.Title)
	}
	if c.Private {
		q.Set("visibility", "private")
	}
	body, err := c.call(ctx, http.MethodPost, "/v1/stories:import?"+q.Encode(), data)
	if err != nil {
		return err
	}
	var answer wire.StoryImported
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	for _, p := range answer.Problems {
		fmt.Fprintln(out, tale.Problem{
			Severity: tale.Severity(p.Severity), Code: p.Code, Message: p.Message, File: p.File, Line: p.Line, Passage: p.Passage,
		})
	}
	if answer.Story == nil {
		return errProblems
	}
	fmt.Fprintf(out, "%s/story/%s\n", strings.TrimSuffix(c.Server, "/"), answer.Story.ID)
	return nil
}

// ExportConfig is what becomes a file.
type ExportConfig struct {
	Remote `embed:""`
	ID     string `arg:"" help:"Id of the story."`
	Format string `enum:"twee,json" default:"twee" help:"twee or json."`
}

// ExportStory writes the last release of a story to out.
func ExportStory(ctx context.Context, c ExportConfig, out io.Writer) error {
	body, err := c.call(ctx, http.MethodGet, "/v1/stories/"+url.PathEscape(c.ID)+"/export?format="+c.Format, nil)
	if err != nil {
		return err
	}
	_, err = out.Write(body)
	return err
}

// signIn returns the token of whoever asks.
func (r Remote) signIn(ctx context.Context) (string, error) {
	switch {
	case r.Token != "":
		return r.Token, nil
	case r.As == "":
		return "", errors.New("who are you? Give a --token (see storywire token) or, at a server with --demo, a name: --as NAME")
	}
	who := wire.SignIn{Name: r.As}
	if strings.HasPrefix(r.As, "demo-") {
		who = wire.SignIn{CharacterID: r.As}
	}
	body, _ := json.Marshal(who) // strings always marshal
	data, err := r.send(ctx, http.MethodPost, "/demo/v1/sign-in", "application/json", "", body)
	if err != nil {
		return "", fmt.Errorf("sign in as %s: %w", r.As, err)
	}
	var signed wire.SignedIn
	if err := json.Unmarshal(data, &signed); err != nil {
		return "", fmt.Errorf("sign in as %s: %w", r.As, err)
	}
	return signed.Token, nil
}

// call sends a request of whoever asks and returns the body of its answer.
func (r Remote) call(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, transferTimeout)
	defer cancel()
	token, err := r.signIn(ctx)
	if err != nil {
		return nil, err
	}
	return r.send(ctx, method, path, "text/plain; charset=utf-8", token, body)
}

// send sends a request to the server and returns the body of its answer.
func (r Remote) send(ctx context.Context, method, path, kind, token string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(r.Server, "/")+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("Content-Type", kind)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read the server's answer: %w", err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		var p wire.Problem
		if json.Unmarshal(data, &p) == nil && p.Detail != "" {
			return nil, fmt.Errorf("%s (%s)", p.Detail, p.Code)
		}
		return nil, fmt.Errorf("the server answered %s", res.Status)
	}
	return data, nil
}
