package adaptertest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/storywire/storywire/socketio"
)

// numbers returns the numbers that nodes answered, sorted.
func (c *nodesUnderTest) numbers(all []*socketio.Args) []int {
	c.t.Helper()
	numbers := []int{}
	for _, a := range all {
		var i int
		c.must(a.Decode(0, &i))
		numbers = append(numbers, i)
	}
	slices.Sort(numbers)
	return numbers
}

// Events for servers reach all nodes but the one that sends them.
func testServerSide(t *testing.T, c *nodesUnderTest) {
	told := make(chan int, len(c.nss)+1)
	others := []int{}
	for i, ns := range c.nss {
		if i > 0 {
			others = append(others, i)
		}
		ns.OnServerSide("who", func(_ context.Context, args *socketio.Args) (any, error) {
			var data []byte
			var text string
			if args.Len() != 2 || args.Decode(0, &text) != nil || args.Decode(1, &data) != nil || text != "text" || len(data) != 1 {
				t.Errorf("node %d got %d arguments: %q, %x", i, args.Len(), text, data)
			}
			return i, nil
		})
		ns.OnServerSide("tell", func(context.Context, *socketio.Args) (any, error) {
			told <- i
			return nil, nil
		})
		c.aux[i].OnServerSide("tell", func(context.Context, *socketio.Args) (any, error) {
			t.Error("an event reached another namespace")
			return nil, nil
		})
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	all, err := c.nss[0].ServerSideEmitWithAck(ctx, "who", "text", []byte{1})
	if got := c.numbers(all); err != nil || !slices.Equal(got, others) {
		t.Errorf("answers = %v, %v, want %v", got, err, others)
	}
	c.must(c.nss[0].ServerSideEmit("tell"))
	var heard []int
	for range others {
		select {
		case i := <-told:
			heard = append(heard, i)
		case <-time.After(patience):
			t.Fatalf("only %v heard of it, want %v", heard, others)
		}
	}
	if slices.Sort(heard); len(heard) > 0 && !slices.Equal(heard, others) {
		t.Errorf("%v heard of it, want %v", heard, others)
	}
	if err := c.nss[0].ServerSideEmit("connect"); !errors.Is(err, socketio.ErrReservedEvent) {
		t.Errorf("reserved name: %v", err)
	}
}

// Nodes that do not answer are waited for no longer than the context allows.
func testServerSideUnanswered(t *testing.T, c *nodesUnderTest) {
	want := []int{}
	for i, ns := range c.nss {
		switch i {
		case 1: // has no handler
		default:
			if i > 0 {
				want = append(want, i)
			}
			ns.OnServerSide("q", func(context.Context, *socketio.Args) (any, error) { return i, nil })
		}
		ns.OnServerSide("slow", func(ctx context.Context, _ *socketio.Args) (any, error) {
			if i == 1 {
				select {
				case <-ctx.Done():
				case <-time.After(patience):
				}
			}
			return i, nil
		})
	}
	for _, event := range []string{"q", "slow"} {
		// It must be long enough for the answers that do come.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		all, err := c.nss[0].ServerSideEmitWithAck(ctx, event)
		cancel()
		failed := errors.Is(err, socketio.ErrUnanswered) || errors.Is(err, socketio.ErrAckTimeout)
		if got := c.numbers(all); !slices.Equal(got, want) || failed != (len(c.nss) > 1) {
			t.Errorf("%s: answers = %v, %v, want %v", event, got, err, want)
		}
	}
}
