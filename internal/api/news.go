package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/wire"
)

// Limits of reading durable events without a socket.
const (
	maxReaders   = 6                // of one user at a time
	maxNewsRooms = 20               // of one request
	maxNewsWait  = 25 * time.Second // below what proxies allow
	newsBeat     = 25 * time.Second // between two signs of life of a stream
	newsWrite    = 10 * time.Second // that a write to a stream may take
)

// News has the durable events of rooms: "story:ID", or "user:me". It asks for no rights.
type News interface {
	// News returns what is above an offset; without one nothing, and where to begin.
	News(ctx context.Context, caller auth.UserID, rooms []string, offset string) (wire.News, error)
	// Watch returns a channel that has a value when there is more, until cancel is called.
	Watch(caller auth.UserID, rooms []string) (rang <-chan struct{}, cancel func())
}

// readers counts those who read, by user.
type readers struct {
	mu     sync.Mutex // guards byUser
	byUser map[auth.UserID]int
}

// enter counts one more, unless there are too many; leave takes it back.
func (r *readers) enter(id auth.UserID) (leave func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byUser[id] >= maxReaders {
		return nil, &errs.Error{Op: "api.news", Code: errs.RateLimited, Message: "You read in too many places at once.", RetryAfter: time.Minute}
	}
	r.byUser[id]++
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.byUser[id]--; r.byUser[id] == 0 {
			delete(r.byUser, id)
		}
	}, nil
}

// Drain ends the requests that wait for news: the server stops. It is called once.
func (s *Server) Drain() { close(s.draining) }

// rooms returns the request's rooms, if the caller may read them.
func (s *Server) rooms(r *http.Request, caller auth.UserID) ([]string, error) {
	const op = "api.rooms"
	names := strings.Split(r.URL.Query().Get("rooms"), ",")
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > maxNewsRooms {
		return nil, errs.E(op, errs.Validation, "rooms may name at most 20.")
	}
	for _, name := range names {
		id, isStory := strings.CutPrefix(name, "story:")
		switch {
		case isStory:
			if _, err := s.deps.Stories.MayRead(r.Context(), caller, story.ID(id)); err != nil {
				return nil, err
			}
		case name != "user:me":
			return nil, errs.E(op, errs.Validation, `rooms must be a list like "story:ID,user:me".`)
		}
	}
	return names, nil
}

// sync answers what has happened since an offset, and waits for it if need be.
func (s *Server) sync(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	rooms, err := s.rooms(r, caller)
	if err != nil {
		return err
	}
	wait, err := seconds(r, "wait", maxNewsWait)
	if err != nil {
		return err
	}
	leave, err := s.readers.enter(caller)
	if err != nil {
		return err
	}
	defer leave()
	rang, cancel := s.deps.News.Watch(caller, rooms)
	defer cancel()
	since := r.URL.Query().Get("since")
	news, err := s.deps.News.News(r.Context(), caller, rooms, since)
	if err != nil {
		return err
	}
	if since != "" && wait > 0 && len(news.Events)+len(news.Gaps) == 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-rang:
		case <-timer.C:
		case <-s.draining:
		case <-r.Context().Done():
			return nil //nolint:nilerr // nobody is there any more
		}
		if rooms, err = s.rooms(r, caller); err != nil { // the right may have gone meanwhile
			return err
		}
		if news, err = s.deps.News.News(r.Context(), caller, rooms, since); err != nil {
			return err
		}
	}
	respond(w, http.StatusOK, news)
	return nil
}

// seconds returns the query's name as a duration of at most limit, 0 if there is none.
func seconds(r *http.Request, name string, limit time.Duration) (time.Duration, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, errs.E("api.seconds", errs.Validation, name+" must be a whole number of seconds.")
	}
	return min(time.Duration(n)*time.Second, limit), nil
}

// stream sends events as they happen (text/event-stream), until the token or the
// right to a story ends.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	rooms, err := s.rooms(r, caller)
	if err != nil {
		return err
	}
	leave, err := s.readers.enter(caller)
	if err != nil {
		return err
	}
	defer leave()
	rang, cancel := s.deps.News.Watch(caller, rooms)
	defer cancel()
	// The whole of it may take as long as it likes; each write may not.
	out := http.NewResponseController(w)
	_ = out.SetReadDeadline(time.Time{}) // writers of tests have none
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // proxies keep nothing back

	claims, _ := auth.FromContext(r.Context()) // they are there: see user
	ends := time.NewTimer(time.Until(claims.ExpiresAt))
	defer ends.Stop()
	beat := time.NewTicker(newsBeat)
	defer beat.Stop()
	for offset := r.Header.Get("Last-Event-ID"); ; {
		news, err := s.deps.News.News(r.Context(), caller, rooms, offset)
		if err != nil {
			return nil //nolint:nilerr // the client comes back with its Last-Event-ID
		}
		_ = out.SetWriteDeadline(time.Now().Add(newsWrite)) // writers of tests have none
		if err := writeNews(w, news); err != nil || out.Flush() != nil {
			return nil //nolint:nilerr // nobody is there any more
		}
		offset = news.Offset
		select {
		case <-rang:
		case <-beat.C:
		case <-ends.C:
			return nil
		case <-s.draining:
			return nil
		case <-r.Context().Done():
			return nil //nolint:nilerr // as above
		}
		if _, err := s.rooms(r, caller); err != nil {
			return nil //nolint:nilerr // the next request says why
		}
	}
}

// writeNews writes events, and at their end where the stream has come to.
func writeNews(w http.ResponseWriter, news wire.News) error {
	for _, gap := range news.Gaps {
		data, err := wire.Encode(gap)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", wire.SyncGapEvent, data); err != nil {
			return err
		}
	}
	for _, e := range news.Events {
		if _, err := fmt.Fprintf(w, "id: %s\nevent: %s\ndata: %s\n\n", e.Offset, e.Event, e.Data); err != nil {
			return err
		}
	}
	// Without data it is no event, but it moves the client's Last-Event-ID.
	_, err := fmt.Fprintf(w, "id: %s\n\n", news.Offset)
	return err
}
