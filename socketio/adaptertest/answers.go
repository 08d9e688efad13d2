package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/storywire/storywire/socketio"
)

// ask emits an event with acknowledgements and has the clients in replies
// answer their index; the others, of asked, keep silent until mute has run.
func (c *nodesUnderTest) ask(op socketio.Operator, all []client, asked, replies []int, mute func()) ([]int, error) {
	c.t.Helper()
	type outcome struct {
		all []*socketio.Args
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		got, err := op.EmitWithAck(context.Background(), "q")
		done <- outcome{got, err}
	}()
	for _, i := range asked {
		text := all[i].Next().String()
		var id int
		if n, err := fmt.Sscanf(text, `2%d["q"]`, &id); n != 1 || err != nil {
			c.t.Fatalf("client %d got %s", i, text)
		}
		if slices.Contains(replies, i) {
			all[i].Send(fmt.Sprintf(`3%d[%d]`, id, i))
		}
	}
	mute()
	var numbers []int
	select {
	case got := <-done:
		for _, a := range got.all {
			var i int
			c.must(a.Decode(0, &i))
			numbers = append(numbers, i)
		}
		slices.Sort(numbers)
		return numbers, got.err
	case <-time.After(patience):
		c.t.Fatal("EmitWithAck does not return")
		return nil, nil
	}
}

// The answers of the sockets of all nodes come together.
func testAnswers(t *testing.T, c *nodesUnderTest) {
	all := c.join([]string{"a"}, []string{"a"}, []string{"a"}, []string{"b"}, []string{"a"})
	op := c.nss[0].To("a").Timeout(patience)
	members := []int{0, 1, 2, 4}
	nothing := func() {}
	if got, err := c.ask(op, all, members, members, nothing); err != nil || !slices.Equal(got, members) {
		t.Errorf("answers = %v, %v, want %v", got, err, members)
	}
	if got, err := c.ask(c.nss[0].To("empty").Timeout(patience), all, nil, nil, nothing); err != nil || len(got) > 0 {
		t.Errorf("of nobody = %v, %v", got, err)
	}
	var here []int
	for i := range all {
		if i%len(c.nss) == 0 {
			here = append(here, i)
		}
	}
	if got, err := c.ask(c.nss[0].Local(), all, here, here, nothing); err != nil || !slices.Equal(got, here) {
		t.Errorf("local answers = %v, %v, want %v", got, err, here)
	}
	some := []int{1, 2}
	// It must be long enough for the answers that do come.
	got, err := c.ask(op.Timeout(time.Second), all, members, some, nothing)
	if !errors.Is(err, socketio.ErrAckTimeout) || !slices.Equal(got, some) {
		t.Errorf("in time = %v, %v, want %v", got, err, some)
	}
	for _, i := range members { // none of them was harmed
		if id := all[i].id; !slices.Contains(c.ids(c.nss[0].To("a")), id) {
			t.Errorf("client %d is gone", i)
		}
	}
}

// A socket that is disconnected is not waited for longer than those that do not
// answer; an adapter that learns of it need not wait at all.
func testLost(t *testing.T, c *nodesUnderTest) {
	all := c.join([]string{"a"}, []string{"a"}, []string{"a"})
	members := []int{0, 1, 2}
	got, err := c.ask(c.nss[0].To("a").Timeout(time.Second), all, members, members[:1], func() {
		all[1].Close()
		all[2].Close()
	})
	if err == nil || !slices.Equal(got, members[:1]) {
		t.Errorf("answers = %v, %v, want %v and an error", got, err, members[:1])
	}
}
