package comment

import (
	"encoding/json"
	"strings"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

// Bus carries what nodes tell each other: Publish to all others, in order. The
// function that Subscribe gets must not keep data.
type Bus interface {
	Publish(channel string, data []byte)
	Subscribe(channel string, receive func(data []byte)) (cancel func())
}

const (
	typingChannel = "typing"
	refreshes     = 3 // in the time after which typing expires: two may be lost
)

// typingMessage tells other nodes of somebody who types here. Typing that no
// message ends expires, also when the node that told of it is gone.
type typingMessage struct {
	Node    string      `json:"n"`
	Kind    string      `json:"k"`
	Story   story.ID    `json:"s"`
	User    auth.UserID `json:"u"`
	Name    string      `json:"d,omitempty"` // of typingOn
	Picture string      `json:"a,omitempty"`
}

// The kinds of typingMessage.
const (
	typingOn     = "on"     // begins, or still types
	typingOff    = "off"    // over no connection of this node any more
	typingPosted = "posted" // has commented: over no connection of any node
)

// nodePrefix makes a node a connection that no client can have.
const nodePrefix = "\x00node "

func isNode(conn string) bool { return strings.HasPrefix(conn, nodePrefix) }

// post notes what publish is to tell. The caller holds mu.
func (t *Typing) post(m typingMessage) {
	if t.opts.Bus != nil {
		t.mail = append(t.mail, m)
		t.signal()
	}
}

// publish tells the other nodes what is noted.
func (t *Typing) publish() {
	t.mu.Lock()
	mail := t.mail
	t.mail = nil
	t.mu.Unlock()
	for _, m := range mail {
		m.Node = t.node
		if data, err := json.Marshal(m); err == nil { // strings alone: it always is
			t.opts.Bus.Publish(typingChannel, data)
		}
	}
}

// receive takes a message of another node. One that makes no sense is dropped:
// the worst it can do is a typist who is not, for a few seconds.
func (t *Typing) receive(data []byte) {
	var m typingMessage
	if json.Unmarshal(data, &m) != nil || m.Story == "" || m.User == "" || len(m.Story) > story.MaxID {
		return
	}
	conn := nodePrefix + m.Node
	t.mu.Lock()
	defer t.mu.Unlock()
	switch m.Kind {
	case typingOn:
		p := user.Profile{ID: m.User, DisplayName: m.Name, AvatarURL: m.Picture}
		if p.DisplayName == "" {
			p = user.Nobody(m.User)
		}
		t.begin(conn, m.Story, p)
	case typingOff:
		t.end(conn, typingPlace{m.Story, m.User})
	case typingPosted:
		t.posted(m.Story, m.User)
	}
}
