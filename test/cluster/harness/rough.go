package harness

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// RoughRedis stands between a node and Redis. Of what is published on some
// channels a fifth never reaches the node, a fifth comes twice, and a fifth
// after what was published later. Everything else goes through as it is.
type RoughRedis struct {
	URL string

	redis   string
	channel string // what the names of the channels contain
	serving sync.WaitGroup

	mu                   sync.Mutex // guards the fields below
	rng                  *rand.Rand
	conns                map[net.Conn]bool
	lost, doubled, later int
}

// NewRoughRedis stands before the Redis at url. It ends with the test.
func NewRoughRedis(t testing.TB, url, channel string, seed uint64) *RoughRedis {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &RoughRedis{
		URL: "redis://" + listener.Addr().String(), redis: strings.TrimPrefix(url, "redis://"), channel: channel,
		rng: rand.New(rand.NewPCG(seed, 3)), conns: map[net.Conn]bool{},
	}
	r.serving.Go(func() {
		for {
			node, err := listener.Accept()
			if err != nil {
				return
			}
			r.serving.Go(func() { r.connect(node) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		r.Cut()
		r.serving.Wait()
	})
	return r
}

// Cut closes all connections: what is published until the node has subscribed
// again is lost.
func (r *RoughRedis) Cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		_ = c.Close()
	}
}

// Counts returns how many messages were lost, came twice, and came later.
func (r *RoughRedis) Counts() (lost, doubled, later int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost, r.doubled, r.later
}

func (r *RoughRedis) connect(node net.Conn) {
	defer node.Close()
	redis, err := net.Dial("tcp", r.redis)
	if err != nil {
		return
	}
	defer redis.Close()
	r.mu.Lock()
	r.conns[node] = true
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.conns, node)
	}()
	var up sync.WaitGroup
	up.Go(func() {
		_, _ = io.Copy(redis, node)
		_ = redis.Close()
	})
	_ = r.answers(node, bufio.NewReader(redis)) // one of the two has gone
	_ = node.Close()
	up.Wait()
}

// answers takes what Redis says to the node.
func (r *RoughRedis) answers(node io.Writer, redis *bufio.Reader) error {
	var held [][]byte
	for {
		answer, words, err := readAnswer(redis)
		if err != nil {
			return err
		}
		send := [][]byte{answer}
		if len(words) > 2 && strings.HasSuffix(words[0], "message") && strings.Contains(words[len(words)-2], r.channel) {
			send, held = r.roughly(answer, held)
		}
		for _, b := range send {
			if _, err := node.Write(b); err != nil {
				return err
			}
		}
	}
}

// roughly decides what becomes of a message: what is sent now, and what later.
func (r *RoughRedis) roughly(message []byte, held [][]byte) (send, hold [][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch r.rng.IntN(5) {
	case 0:
		r.lost++
		return nil, held
	case 1:
		r.doubled++
		return append([][]byte{message, message}, held...), nil
	case 2:
		r.later++
		return nil, append(held, message)
	}
	return append([][]byte{message}, held...), nil
}

// readAnswer reads one value of the Redis protocol (RESP3). words are the
// strings in it.
func readAnswer(r *bufio.Reader) (raw []byte, words []string, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return nil, nil, err
	}
	raw = append(raw, line...)
	n, err := strconv.Atoi(strings.TrimSpace(string(raw[1:])))
	switch kind := raw[0]; {
	case strings.IndexByte("$=!*>~%|", kind) < 0: // a line is all
		return raw, nil, nil
	case err != nil:
		return nil, nil, fmt.Errorf("redis says %q", raw)
	case kind == '$' || kind == '=' || kind == '!':
		if n < 0 {
			return raw, nil, nil
		}
		text := make([]byte, n+2)
		if _, err := io.ReadFull(r, text); err != nil {
			return nil, nil, err
		}
		return append(raw, text...), []string{string(text[:n])}, nil
	case kind == '%':
		n *= 2
	case kind == '|':
		n = 2*n + 1 // and what they are about
	}
	for ; n > 0; n-- {
		part, more, err := readAnswer(r)
		if err != nil {
			return nil, nil, err
		}
		raw, words = append(raw, part...), append(words, more...)
	}
	return raw, words, nil
}
