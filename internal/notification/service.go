package notification

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/user"
)

// Options of a Service. The zero value means the defaults.
type Options struct {
	Now   func() time.Time // default time.Now
	NewID func() string    // default: random, rising with time
}

// Service holds the rules of inboxes. It may be used by many goroutines at once.
type Service struct {
	store  Store
	people People
	pusher Pusher
	opts   Options
}

// NewService returns a service over store.
func NewService(store Store, people People, pusher Pusher, opts Options) *Service {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.NewID == nil {
		opts.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	return &Service{store: store, people: people, pusher: pusher, opts: opts}
}

func (s *Service) now() time.Time { return s.opts.Now().UTC().Truncate(time.Millisecond) }

// Create stores a notification for each of the draft's users and pushes it. It
// is for trusted callers: it asks for no rights. duplicate says that they are
// those of the first request with the same key. It returns none if the only
// user is the actor.
func (s *Service) Create(ctx context.Context, in Draft) (ns []Notification, duplicate bool, err error) {
	const op = "notification.Create"
	in, err = checkDraft(op, in)
	if err != nil {
		return nil, false, err
	}
	now := s.now()
	var actor user.Profile
	if in.Actor != "" {
		actor = s.people.Profile(ctx, in.Actor)
	}
	drafts := make([]Notification, 0, len(in.UserIDs))
	seen := make(map[auth.UserID]bool, len(in.UserIDs))
	for _, id := range in.UserIDs {
		if seen[id] || id == in.Actor {
			continue // one for each person, and none for whoever did it
		}
		seen[id] = true
		drafts = append(drafts, Notification{
			ID: ID(s.opts.NewID()), UserID: id, Type: in.Type, Title: in.Title, Body: in.Body,
			Link: in.Link, Actor: actor, Data: in.Data, CreatedAt: now,
		})
	}
	if len(drafts) == 0 {
		return nil, false, nil
	}
	told := context.WithoutCancel(ctx)
	stored, duplicate, err := s.store.InsertNotifications(ctx, drafts, in.Key, now.Add(-KeyWindow), func(stored []Stored) {
		s.Deliver(told, stored)
	})
	if err != nil {
		return nil, false, errs.Wrap(op, err)
	}
	ns = make([]Notification, len(stored))
	for i, st := range stored {
		ns[i] = st.Notification
	}
	s.name(ctx, ns)
	return ns, duplicate, nil
}

func checkDraft(op string, in Draft) (Draft, error) {
	refuse := func(format string, args ...any) (Draft, error) {
		return Draft{}, errs.E(op, errs.Validation, fmt.Sprintf(format, args...))
	}
	in.Title, in.Body = strings.TrimSpace(in.Title), strings.TrimSpace(in.Body)
	if in.Type == "" {
		in.Type = System
	}
	for _, id := range in.UserIDs {
		if id == "" || len(id) > MaxUserID || !text(string(id)) {
			return refuse("A user id is text of 1 to %d bytes.", MaxUserID)
		}
	}
	switch {
	case len(in.UserIDs) == 0 || len(in.UserIDs) > MaxUsers:
		return refuse("A notification goes to 1 to %d users.", MaxUsers)
	case len(in.Type) > MaxType || !text(string(in.Type)):
		return refuse("A type has at most %d bytes.", MaxType)
	case in.Title == "" || !text(in.Title) || utf8.RuneCountInString(in.Title) > MaxTitle:
		return refuse("A title has 1 to %d characters.", MaxTitle)
	case !text(in.Body) || utf8.RuneCountInString(in.Body) > MaxBody:
		return refuse("A body has at most %d characters.", MaxBody)
	case len(in.Link) > MaxLink || !text(in.Link) || !safeLink(in.Link):
		return refuse("A link is a path of this site or an http(s) address, at most %d bytes.", MaxLink)
	case len(in.Actor) > MaxUserID || !text(string(in.Actor)):
		return refuse("An actor is a user id.")
	case len(in.Key) > MaxKey || !text(in.Key):
		return refuse("An idempotency key has at most %d bytes.", MaxKey)
	case len(in.Data) > MaxData || len(in.Data) > 0 && !json.Valid(in.Data):
		return refuse("Data is JSON of at most %d bytes.", MaxData)
	}
	if bytes.Equal(bytes.TrimSpace(in.Data), []byte("null")) {
		in.Data = nil
	}
	return in, nil
}

func text(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// safeLink refuses what a browser would run (javascript:) and what looks like
// a path but leaves the site (//host, /\host).
func safeLink(link string) bool {
	if strings.ContainsAny(link, "\t\r\n") {
		return false // browsers drop them before they look at the scheme
	}
	if strings.HasPrefix(link, "/") {
		return len(link) == 1 || link[1] != '/' && link[1] != '\\'
	}
	return link == "" || strings.HasPrefix(link, "https://") || strings.HasPrefix(link, "http://")
}

// Deliver pushes notifications, whose actors are named, in order. It does not block.
func (s *Service) Deliver(ctx context.Context, stored []Stored) {
	for _, n := range stored {
		s.pusher.NotificationCreated(ctx, n)
	}
}

// List returns a page of caller's inbox, newest first, and its totals.
func (s *Service) List(ctx context.Context, caller auth.UserID, q Query) (Page, error) {
	const op = "notification.List"
	if q.Limit == 0 {
		q.Limit = DefaultPage
	}
	if q.Limit < 1 || q.Limit > MaxPage {
		return Page{}, errs.E(op, errs.Validation, fmt.Sprintf("A page has 1 to %d notifications.", MaxPage))
	}
	below, err := parseCursor(q.Cursor)
	if err != nil {
		return Page{}, errs.E(op, errs.Validation, "This cursor is not one of ours.")
	}
	items, counts, err := s.store.Notifications(ctx, caller, q.Unread, below, q.Limit+1)
	if err != nil {
		return Page{}, errs.Wrap(op, err)
	}
	page := Page{Items: items, Counts: counts}
	if len(items) > q.Limit {
		page.Items = items[:q.Limit]
		page.NextCursor = cursor(page.Items[q.Limit-1])
	}
	s.name(ctx, page.Items)
	return page, nil
}

// name fills in who the actors are.
func (s *Service) name(ctx context.Context, ns []Notification) {
	var ids []auth.UserID
	for _, n := range ns {
		if n.Actor.ID != "" {
			ids = append(ids, n.Actor.ID)
		}
	}
	if len(ids) == 0 {
		return
	}
	people := s.people.Profiles(ctx, ids)
	for i := range ns {
		if id := ns[i].Actor.ID; id != "" {
			ns[i].Actor = people[id]
		}
	}
}

func cursor(n Notification) string {
	return "n" + strconv.FormatInt(n.CreatedAt.UnixMilli(), 36) + "." + string(n.ID)
}

func parseCursor(c string) (Position, error) {
	if c == "" {
		return Position{}, nil
	}
	at, id, ok := strings.Cut(strings.TrimPrefix(c, "n"), ".")
	ms, err := strconv.ParseInt(at, 36, 64)
	if !ok || err != nil || ms <= 0 || len(id) > 64 || c[0] != 'n' {
		return Position{}, fmt.Errorf("cursor %q", c)
	}
	return Position{CreatedAt: time.UnixMilli(ms).UTC(), ID: ID(id)}, nil
}

// MarkRead marks notifications of caller as read and tells their connections.
// Ids that are unknown, of others, or read already are not in the answer.
func (s *Service) MarkRead(ctx context.Context, caller auth.UserID, m Mark) (Marked, error) {
	const op = "notification.MarkRead"
	if m.All == (len(m.IDs) > 0) || len(m.IDs) > MaxRead {
		return Marked{}, errs.E(op, errs.Validation, fmt.Sprintf("Say which notifications were read: 1 to %d ids, or all.", MaxRead))
	}
	told := context.WithoutCancel(ctx)
	marked, err := s.store.MarkRead(ctx, caller, m, s.now(), func(marked Marked) {
		s.pusher.NotificationsRead(told, caller, marked, m.Origin)
	})
	return marked, errs.Wrap(op, err)
}

// Counts returns the totals of caller's inbox.
func (s *Service) Counts(ctx context.Context, caller auth.UserID) (Counts, error) {
	counts, err := s.store.NotificationCounts(ctx, caller)
	return counts, errs.Wrap("notification.Counts", err)
}
