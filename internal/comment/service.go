package comment

import (
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
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/story"
)

// maxExcerpt is how much of a comment its notification shows, in runes.
const maxExcerpt = 140

// Options of a Service. The zero value means the defaults.
type Options struct {
	Now       func() time.Time // default time.Now
	NewID     func() string    // default: random, rising with time
	TypingTTL time.Duration    // how long somebody types without saying so again; default 8 s
	Bus       Bus              // tells the other nodes who types here; default: there are none
}

// Deps are what a Service works with; all are needed.
type Deps struct {
	Store     Store
	Stories   Stories
	People    People
	Publisher Publisher
	Notifier  Notifier
}

// Service holds the rules of comments. It may be used by many goroutines at once.
type Service struct {
	deps   Deps
	opts   Options
	typing *Typing
}

// NewService returns a service. Typing is announced and expires only while [Service.Run] runs.
func NewService(deps Deps, opts Options) *Service {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.NewID == nil {
		opts.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	s := &Service{deps: deps, opts: opts}
	s.typing = NewTyping(TypingOptions{TTL: opts.TypingTTL, Now: opts.Now, Announce: deps.Publisher.TypingChanged, Bus: opts.Bus})
	return s
}

// Run announces typing transitions until ctx ends. It returns nil.
func (s *Service) Run(ctx context.Context) error { return s.typing.Run(ctx) }

// Post stores a comment and tells the readers. duplicate says that it is the
// one stored before for the same cid; it is not told again.
func (s *Service) Post(ctx context.Context, caller auth.UserID, in Draft) (c Comment, duplicate bool, err error) {
	const op = "comment.Post"
	content, err := checkDraft(op, in)
	if err != nil {
		return Comment{}, false, err
	}
	access, err := s.deps.Stories.MayComment(ctx, caller, in.StoryID)
	if err != nil {
		return Comment{}, false, err
	}
	now := s.opts.Now().UTC().Truncate(time.Millisecond)
	c = Comment{
		ID: ID(s.opts.NewID()), StoryID: in.StoryID, ParentID: in.ParentID, Content: content,
		User: s.deps.People.Profile(ctx, caller), CreatedAt: now, CID: in.CID,
	}
	var parent auth.UserID
	if in.ParentID != "" {
		if parent, err = s.parentAuthor(ctx, in); err != nil {
			return Comment{}, false, err
		}
	}
	// What is stored is told, also if the author is gone by then.
	told := context.WithoutCancel(ctx)
	committed := func(r Receipt) {
		s.typing.Posted(r.Comment.StoryID, caller)
		s.deps.Publisher.CommentCreated(told, r.Comment, in.Origin)
		if len(r.Notifications) > 0 {
			s.deps.Notifier.Deliver(told, r.Notifications)
		}
	}
	r, err := s.deps.Store.InsertComment(ctx, c, now.Add(-CIDWindow), s.notifications(c, access, parent), committed)
	if err != nil {
		return Comment{}, false, errs.Wrap(op, err)
	}
	if r.Duplicate {
		r.Comment.User = c.User // the same author: a cid is the author's own
	}
	return r.Comment, r.Duplicate, nil
}

// checkDraft returns the content as it will be stored.
func checkDraft(op string, in Draft) (content string, err error) {
	content = strings.TrimSpace(in.Content)
	switch {
	case in.StoryID == "" || len(in.StoryID) > story.MaxID:
		return "", errs.E(op, errs.Validation, "A comment needs the story it belongs to.")
	case content == "":
		return "", errs.E(op, errs.Validation, "A comment needs some text.")
	case len(content) > MaxContentBytes || utf8.RuneCountInString(content) > MaxContent:
		return "", errs.E(op, errs.Validation, fmt.Sprintf("A comment can have at most %d characters.", MaxContent))
	case !utf8.ValidString(content) || strings.ContainsRune(content, 0):
		return "", errs.E(op, errs.Validation, "The text has characters that cannot be stored.")
	case len(in.CID) > MaxCID || !utf8.ValidString(in.CID) || strings.ContainsRune(in.CID, 0):
		return "", errs.E(op, errs.Validation, fmt.Sprintf("A cid is text of at most %d bytes.", MaxCID))
	case len(in.ParentID) > MaxID:
		return "", errs.E(op, errs.Validation, "There is no such comment to reply to.")
	}
	return content, nil
}

func (s *Service) parentAuthor(ctx context.Context, in Draft) (auth.UserID, error) {
	const op = "comment.Post"
	parent, err := s.deps.Store.Comment(ctx, in.ParentID)
	if errs.CodeOf(err) == errs.NotFound || err == nil && parent.StoryID != in.StoryID {
		// One answer for both: it tells nothing of other stories.
		return "", errs.E(op, errs.Validation, "The comment to reply to is not in this story.")
	}
	if err != nil {
		return "", errs.Wrap(op, err)
	}
	return parent.User.ID, nil
}

// notifications returns whom c concerns: the author of the parent, and the
// author of the story. Nobody hears of what they did themselves, hears of it
// twice, or hears of a story that they may no longer read.
func (s *Service) notifications(c Comment, access *story.Access, parent auth.UserID) []notification.Notification {
	var ns []notification.Notification
	if parent != "" && parent != c.User.ID && access.RoleOf(parent) >= story.Viewer {
		ns = append(ns, s.notification(c, parent, notification.CommentReply,
			fmt.Sprintf("%s replied to you in “%s”", c.User.DisplayName, access.Title)))
	}
	if owner := access.Author; owner != c.User.ID && owner != parent {
		ns = append(ns, s.notification(c, owner, notification.StoryComment,
			fmt.Sprintf("%s commented on “%s”", c.User.DisplayName, access.Title)))
	}
	return ns
}

// about is the data of a notification.
type about struct {
	StoryID   story.ID `json:"storyId"`
	CommentID ID       `json:"commentId"`
}

func (s *Service) notification(c Comment, to auth.UserID, t notification.Type, title string) notification.Notification {
	data, _ := json.Marshal(about{StoryID: c.StoryID, CommentID: c.ID}) // strings always marshal
	return notification.Notification{
		ID: notification.ID(s.opts.NewID()), UserID: to, Type: t, Title: title, Body: excerpt(c.Content),
		Link: "/story/" + string(c.StoryID), Actor: c.User, CreatedAt: c.CreatedAt,
		Data: data,
	}
}

func excerpt(content string) string {
	line := strings.Join(strings.Fields(content), " ")
	if utf8.RuneCountInString(line) <= maxExcerpt {
		return line
	}
	return string([]rune(line)[:maxExcerpt-1]) + "…"
}

// Get returns a comment of a story that caller may read.
func (s *Service) Get(ctx context.Context, caller auth.UserID, id ID) (Comment, error) {
	const op = "comment.Get"
	if id == "" || len(id) > MaxID {
		return Comment{}, errs.E(op, errs.NotFound, "There is no such comment.")
	}
	c, err := s.deps.Store.Comment(ctx, id)
	if err != nil {
		return Comment{}, errs.Wrap(op, err)
	}
	if _, err := s.deps.Stories.MayRead(ctx, caller, c.StoryID); err != nil {
		return Comment{}, err
	}
	c.User = s.deps.People.Profile(ctx, c.User.ID)
	return c, nil
}

// List returns a page of a story's comments, newest first.
func (s *Service) List(ctx context.Context, caller auth.UserID, q Query) (Page, error) {
	const op = "comment.List"
	if q.Limit == 0 {
		q.Limit = DefaultPage
	}
	if q.Limit < 1 || q.Limit > MaxPage {
		return Page{}, errs.E(op, errs.Validation, fmt.Sprintf("A page has 1 to %d comments.", MaxPage))
	}
	below, err := parseCursor(q.Cursor)
	if err != nil {
		return Page{}, errs.E(op, errs.Validation, "This cursor is not one of ours.")
	}
	if _, err := s.deps.Stories.MayRead(ctx, caller, q.StoryID); err != nil {
		return Page{}, err
	}
	items, pos, err := s.deps.Store.Comments(ctx, q.StoryID, below, q.Limit)
	if err != nil {
		return Page{}, errs.Wrap(op, err)
	}
	page := Page{Items: items, Seq: pos}
	// Numbers have no gaps: below the last one there are as many as it says.
	if n := len(items); n > 0 && items[n-1].Seq > 1 {
		page.NextCursor = "c" + strconv.FormatInt(items[n-1].Seq, 36)
	}
	s.name(ctx, items)
	return page, nil
}

// name fills in who the authors are.
func (s *Service) name(ctx context.Context, items []Comment) {
	authors := make([]auth.UserID, len(items))
	for i := range items {
		authors[i] = items[i].User.ID
	}
	people := s.deps.People.Profiles(ctx, authors)
	for i := range items {
		items[i].User = people[items[i].User.ID]
	}
}

// Since returns the comments of a story above a seq, the oldest first and at most
// limit, and where the story is now.
func (s *Service) Since(ctx context.Context, caller auth.UserID, id story.ID, seq int64, limit int) ([]Comment, Seq, error) {
	if _, err := s.deps.Stories.MayRead(ctx, caller, id); err != nil {
		return nil, Seq{}, err
	}
	items, pos, err := s.deps.Store.CommentsSince(ctx, id, seq, limit)
	if err != nil {
		return nil, Seq{}, errs.Wrap("comment.Since", err)
	}
	s.name(ctx, items)
	return items, pos, nil
}

// parseCursor returns the seq that a page starts below; 0 is above all.
func parseCursor(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	digits, ok := strings.CutPrefix(cursor, "c")
	seq, err := strconv.ParseInt(digits, 36, 64)
	if !ok || err != nil || seq < 1 {
		return 0, fmt.Errorf("cursor %q", cursor)
	}
	return seq, nil
}

// Position returns where a story's durable events are now. It decides nothing
// about rights.
func (s *Service) Position(ctx context.Context, id story.ID) (Seq, error) {
	_, pos, err := s.deps.Store.Comments(ctx, id, 0, 0)
	return pos, errs.Wrap("comment.Position", err)
}
