package harness

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"testing"
)

// Bots is a process of Node.js in which players with the stock client play
// parties. Its methods are called by one goroutine.
type Bots struct {
	// Said is what the players tell, in order; it is closed when they have gone.
	Said <-chan BotSaid

	t  testing.TB
	in io.WriteCloser
}

// BotSaid is something that a player tells.
type BotSaid struct {
	Bot    string          `json:"bot"`
	Party  string          `json:"party"`
	Joined bool            `json:"joined"`
	Acked  string          `json:"acked"` // cmdId of a choice that was acknowledged
	Final  json.RawMessage `json:"final"` // how the party has ended for the player
	Wrong  string          `json:"wrong"` // what must not happen
}

// Bot is one player.
type Bot struct {
	Name    string   `json:"name"`
	URL     string   `json:"url"`
	Token   string   `json:"token"`
	Parties []string `json:"parties"`
	First   bool     `json:"first"` // votes where the others let the time run out
}

// maxSaid is more than the players tell before somebody listens.
const maxSaid = 1 << 16

// StartBots starts the process. It ends with the test. Without Node.js or its
// packages the test is skipped; on CI it fails.
func StartBots(t testing.TB) *Bots {
	t.Helper()
	cmd := script(t, "bots.mjs")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	b := &Bots{t: t}
	if err == nil {
		b.in, err = cmd.StdinPipe()
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan BotSaid, maxSaid)
	b.Said = said
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(said)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 4<<20)
		for lines.Scan() {
			var s BotSaid
			if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
				t.Errorf("a bot said %q: %v", lines.Text(), err)
				continue
			}
			said <- s
		}
	}()
	t.Cleanup(func() {
		_ = b.in.Close()
		<-read
		if err := cmd.Wait(); err != nil {
			t.Errorf("the bots' process: %v", err)
		}
	})
	return b
}

// Play lets a player join and play.
func (b *Bots) Play(bot Bot) {
	b.t.Helper()
	b.order(struct {
		Do string `json:"do"`
		Bot
	}{"play", bot})
}

// Rest lets all players choose nothing any more; they still listen.
func (b *Bots) Rest() {
	b.t.Helper()
	b.order(map[string]string{"do": "rest"})
}

func (b *Bots) order(o any) {
	b.t.Helper()
	line, err := json.Marshal(o)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(line, '\n')); err != nil {
		b.t.Fatalf("order the bots: %v", err)
	}
}
