//go:build linux

package load

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// CommentOptions says who comments where and for how long.
type CommentOptions struct {
	Stories []string // ids: connection i comments in Stories[i]
	Run     string   // makes the cids of this run different from others'; at most 20 bytes
	Warm    time.Duration
	Window  time.Duration
	Text    int // bytes of a comment; default 100
}

// CommentResult counts the comments acknowledged within the window.
type CommentResult struct {
	AckResult
	Acknowledged uint64 // before, within and after the window: what the database has to hold
}

// Comment joins every connection to its story and keeps one comment in flight on
// each, with a cid, as the web client sends it.
func (s *Swarm) Comment(ctx context.Context, o CommentOptions) (*CommentResult, error) {
	if len(o.Stories) != len(s.conns) {
		return nil, fmt.Errorf("%d stories for %d connections", len(o.Stories), len(s.conns))
	}
	if o.Text == 0 {
		o.Text = defaultText
	}
	err := s.askAll(ctx, func(i int) string { return fmt.Sprintf(`1["story:join",{"storyId":%q}]`, o.Stories[i]) })
	if err != nil {
		return nil, fmt.Errorf("story:join: %w", err)
	}
	text := strings.Repeat("a line of the story ", o.Text/20+1)[:o.Text]
	heads := make([]string, len(s.conns))
	for i, id := range o.Stories {
		heads[i] = fmt.Sprintf(`42%s,7["comment:new",{"storyId":%q,"content":%q,"cid":"`, Namespace, id, text)
	}
	// Rising with time over all connections, as the web client makes them.
	cid := uint64(time.Now().UnixMilli()) << 20
	var frame []byte
	e := &exchange{swarm: s, warm: o.Warm, window: o.Window}
	e.next = func(c *conn) []byte {
		cid++
		frame = appendMasked(frame[:0], heads[c.index]+strconv.FormatUint(cid, 36)+o.Run+`"}]`)
		return frame
	}
	stored := []byte(`43` + Namespace + `,7[{"ok":true,`)
	e.check = func(c *conn, p []byte) error {
		if !bytes.HasPrefix(p, stored) || bytes.Contains(p, []byte(`"duplicate":true`)) {
			return fmt.Errorf("connection %d: not stored: %.300q", c.index, p)
		}
		return nil
	}
	r, err := e.run(ctx)
	if err != nil {
		return nil, fmt.Errorf("comment:new: %w", err)
	}
	return &CommentResult{AckResult: *r, Acknowledged: e.answered}, nil
}
