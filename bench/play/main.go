// Command play measures parties on one node: how long after a choice its event
// is told, and what a party costs in memory. Bots speak to the service as the
// gateway does; sockets are measured elsewhere (make bench).
//
//	go run ./bench/play -sessions 10000 -for 60s
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/store"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

const (
	bots = 4
	// circle is a story that never ends, with two variables and conditions.
	circle = ":: StoryTitle\nCircle\n:: StoryData\n{\"ifid\":\"D674C58C-DEFA-4F70-B7A2-27742230C0FC\"}\n:: StoryInit\n<<set $n = 0>>\n<<set $m = 0>>\n" +
		":: Start\n<<set $n = ($n + 1) % 100>>Step $n.\n[[Left]]\n[[Right]]{if: n > 1}\n[[Straight->Start]]\n" +
		":: Left\n<<set $m = $n>><<if $m > 50>>Far<<else>>Near<<endif>>.\n[[Back->Start]]\n[[Right]]\n:: Right\nHere.\n[[Back->Start]]\n[[Left]]\n"
)

// bench is the site and what is measured of it.
type bench struct {
	plays *play.Service
	ids   []play.ID
	sent  sync.Map // time.Time by party and command
	now   sync.Map // *play.State by party, as the bots were told
	mu    sync.Mutex
	took  []time.Duration // from choice to event
	quiet atomic.Bool     // nothing is measured yet
	lost  atomic.Int64    // refused choices
	moves atomic.Int64
}

// PlayChanged takes the time of the choices that are told.
func (b *bench) PlayChanged(_ context.Context, n play.News) {
	now := time.Now()
	b.now.Store(n.State.ID, n.State)
	for _, e := range n.Events {
		if at, ok := b.sent.LoadAndDelete(string(n.State.ID) + e.CmdID); ok && e.CmdID != "" && !b.quiet.Load() {
			b.mu.Lock()
			b.took = append(b.took, now.Sub(at.(time.Time)))
			b.mu.Unlock()
		}
	}
}
func (b *bench) PlaySaid(context.Context, play.Message)                     {}
func (b *bench) PlayAudience(context.Context, play.ID, int, map[string]int) {}

// nobody knows nobody and tells nobody.
type nobody struct{}

func (nobody) Profile(_ context.Context, id auth.UserID) user.Profile { return user.Nobody(id) }
func (nobody) Profiles(context.Context, []auth.UserID) map[auth.UserID]user.Profile {
	return nil
}
func (nobody) Create(context.Context, notification.Draft) ([]notification.Notification, bool, error) {
	return nil, false, nil
}

func main() {
	sessions := flag.Int("sessions", 10_000, "parties of four bots")
	length := flag.Duration("for", 60*time.Second, "how long they play")
	round := flag.Duration("round", 30*time.Second, "how long a party takes for a round")
	flag.Parse()
	if err := run(*sessions, *length, *round); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(sessions int, length, round time.Duration) error {
	dir, err := os.MkdirTemp("", "storywire-play-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithCancel(context.Background())
	db, err := store.Open(ctx, filepath.Join(dir, "bench.db"), store.Options{})
	if err != nil {
		cancel()
		return err
	}
	stories := story.NewService(db, nobody{}, story.Options{})
	b := &bench{}
	b.plays = play.NewService(play.Deps{Store: db, Stories: stories, People: nobody{}, Publisher: b, Notifier: nobody{}}, play.Options{Logger: slog.New(slog.DiscardHandler)})
	var running sync.WaitGroup
	running.Go(func() { _ = b.plays.Run(ctx) })
	defer func() { cancel(); running.Wait(); db.Close() }()

	imported, err := stories.Import(ctx, "author", story.Draft{}, "circle.twee", []byte(circle))
	if err != nil {
		return err
	}
	b.quiet.Store(true)
	before := heap()
	began := time.Now()
	if err := b.gather(ctx, imported.Story.ID, sessions); err != nil {
		return err
	}
	fmt.Printf("%d parties of %d: made in %.1f s, %.0f bytes of memory each\n", sessions, bots, time.Since(began).Seconds(), float64(heap()-before)/float64(sessions))

	b.quiet.Store(false)
	cpu := cpuTime()
	b.playAll(ctx, length, round)
	spent := cpuTime() - cpu
	b.mu.Lock()
	defer b.mu.Unlock()
	slices.Sort(b.took)
	n := len(b.took)
	if n == 0 {
		return fmt.Errorf("no choice was told; %d were refused", b.lost.Load())
	}
	at := func(p float64) time.Duration { return b.took[min(int(float64(n)*p), n-1)].Round(10 * time.Microsecond) }
	fmt.Printf("%.0f s: %d choices (%.0f/s), %d refused or too late\n", length.Seconds(), b.moves.Load(), float64(b.moves.Load())/length.Seconds(), b.lost.Load())
	fmt.Printf("choose -> event: p50 %v, p99 %v, longest %v (bar: p99 40 ms)\n", at(0.5), at(0.99), b.took[n-1].Round(10*time.Microsecond))
	fmt.Printf("CPU: %.0f us per choice, %.0f %% of a core\n", spent.Seconds()*1e6/float64(b.moves.Load()), 100*spent.Seconds()/length.Seconds())
	fmt.Printf("memory after play: %.0f bytes per party (bar: 8192)\n", float64(heap()-before)/float64(sessions))
	return nil
}

// gather makes the parties and starts them, some at a time.
func (b *bench) gather(ctx context.Context, of story.ID, sessions int) error {
	b.ids = make([]play.ID, sessions)
	mode, timer := "majority", 60
	return atOnce(64, sessions, func(i int) error {
		host := auth.UserID(fmt.Sprint("p", i, "b0"))
		r, err := b.plays.Create(ctx, host, play.Draft{StoryID: of, Change: play.Change{Mode: &mode, TimerSec: &timer}, CmdID: "create", Attach: true})
		if err != nil {
			return err
		}
		b.ids[i] = r.State.ID
		for j := 1; j < bots; j++ {
			if _, err := b.plays.Enter(ctx, auth.UserID(fmt.Sprint("p", i, "b", j)), play.Entry{ID: r.State.ID, CmdID: fmt.Sprint("j", j), Attach: true}); err != nil {
				return err
			}
		}
		_, err = b.plays.Do(ctx, host, r.State.ID, play.Cmd{Kind: play.Start, ID: "start", Force: true})
		return err
	})
}

// atOnce calls f(0..n-1), some at the same time, and returns the first error.
func atOnce(width, n int, f func(int) error) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	errList := make(chan error, width)
	for range width {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := f(i); err != nil {
					errList <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errList)
	return <-errList
}

// playAll has every party make a round in each round, spread evenly over it.
func (b *bench) playAll(ctx context.Context, length, round time.Duration) {
	var wg sync.WaitGroup
	end := time.Now().Add(length)
	began := time.Now()
	for turn := 0; ; turn++ {
		for i, id := range b.ids {
			at := began.Add(time.Duration(turn)*round + round*time.Duration(i)/time.Duration(len(b.ids)))
			if at.After(end) {
				wg.Wait()
				return
			}
			if wait := time.Until(at); wait > time.Millisecond {
				time.Sleep(wait)
			}
			wg.Go(func() { b.vote(ctx, i, id, turn) })
		}
	}
}

// vote has the four bots of a party choose at the same moment.
func (b *bench) vote(ctx context.Context, i int, id play.ID, turn int) {
	told, ok := b.now.Load(id)
	if !ok {
		b.lost.Add(1)
		return
	}
	st := told.(*play.State)
	option := st.Options[turn%len(st.Options)].ID
	var wg sync.WaitGroup
	for j := range bots {
		wg.Go(func() {
			c := play.Cmd{Kind: play.Choose, ID: fmt.Sprint("t", turn, "b", j), Round: st.Round, Option: option}
			bot := auth.UserID(fmt.Sprint("p", i, "b", j))
			sent := string(id) + play.CommandID(bot, c.ID)
			b.sent.Store(sent, time.Now())
			b.moves.Add(1)
			if _, err := b.plays.Do(ctx, bot, id, c); err != nil {
				b.sent.Delete(sent)
				if errs.CodeOf(err) != errs.StaleRound { // the fourth comes when three have decided
					b.lost.Add(1)
				}
			}
		})
	}
	wg.Wait()
}

// heap returns the bytes in use after everything else was collected.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first one has found to be finalized
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// cpuTime returns what the process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
