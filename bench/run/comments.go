//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/storywire/storywire/bench/load"
)

const commenters = 200

// comments measures acknowledged durable comments per second on `storywire
// serve`: every connection comments in the story that its user wrote, so that
// nobody is to be notified. Afterwards the stories must hold exactly what was
// acknowledged.
func (b *bench) comments(ctx context.Context, round int) error {
	p, t, err := b.programs.serve(ctx, round)
	if err != nil {
		return err
	}
	defer func() { _ = p.Stop() }()
	s, err := b.connect(ctx, t, commenters)
	if err != nil {
		return err
	}
	defer s.Close()
	rest := restClient{base: "http://" + t.Addr}
	ids := make([]string, b.conns(commenters))
	for i := range ids {
		var story struct{ ID string }
		rest.token = load.Token(t.Secret, load.User(i))
		if err := rest.do(ctx, http.MethodPost, "/v1/stories", map[string]string{"title": fmt.Sprintf("Story %d", i)}, &story); err != nil {
			return err
		}
		ids[i] = story.ID
	}
	r, err := s.Comment(ctx, load.CommentOptions{
		Stories: ids, Run: fmt.Sprintf("r%d", round), Warm: 2 * b.scale.warm, Window: 2 * b.scale.window,
	})
	if err != nil {
		return err
	}
	perSec := float64(r.Requests) / r.Elapsed.Seconds()
	v := ackSample(&r.AckResult, perSec)
	v.Extra = micros(r.ServerCPU) / float64(max(1, r.Requests))
	b.report.add(rowComments, ours, v)
	var stored uint64
	for _, id := range ids {
		var story struct{ CommentCount uint64 }
		if err := rest.do(ctx, http.MethodGet, "/v1/stories/"+id, nil, &story); err != nil {
			return err
		}
		stored += story.CommentCount
	}
	if stored != r.Acknowledged {
		return fmt.Errorf("%d comments acknowledged, %d in the stories", r.Acknowledged, stored)
	}
	return nil
}

type restClient struct{ base, token string }

func (c restClient) do(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, &body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %.300s", method, path, res.Status, answer)
	}
	return json.Unmarshal(answer, out)
}
