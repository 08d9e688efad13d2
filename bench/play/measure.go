//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/storywire/storywire/bench/load"
	"github.com/storywire/storywire/bench/process"
)

// circle is a story that never ends, with variables and conditions, and two
// choices or three in each passage.
const circle = ":: StoryTitle\nCircle\n:: StoryData\n{\"ifid\":\"D674C58C-DEFA-4F70-B7A2-27742230C0FC\"}\n:: StoryInit\n<<set $n = 0>>\n<<set $m = 0>>\n" +
	":: Start\n<<set $n = ($n + 1) % 100>>Step $n.\n[[Left]]\n[[Right]]\n[[Straight->Start]]{if: n > 1}\n" +
	":: Left\n<<set $m = $n>><<if $m > 50>>Far<<else>>Near<<endif>>.\n[[Back->Start]]\n[[Right]]\n:: Right\nHere.\n[[Back->Start]]\n[[Left]]\n"

// report is what was measured.
type report struct {
	parties int
	made    time.Duration // to connect all and make the parties
	memory  int64         // bytes of a party in the heap
	rss     int64         // growth of the resident set for each party
	cases   []figures
}

// figures are those of one load.
type figures struct {
	load      int
	r         *load.PartyResult
	commits   float64 // transactions
	writes    float64 // parties and other things written in them
	conflicts float64 // writes that had to be done again
	disk      float64 // bytes written
}

func measure(ctx context.Context, o options, loads []int, dir string) (*report, error) {
	memory, err := weigh(ctx, filepath.Join(dir, "weigh.db"))
	if err != nil {
		return nil, fmt.Errorf("memory: %w", err)
	}
	p, t, err := process.Serve(ctx, o.binary, filepath.Join(dir, "play.db"), "LOG_LEVEL=warn")
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.Stop() }()
	rep := &report{parties: o.parties, memory: memory}
	story, err := makeStory(ctx, t)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	s, connected, err := load.Connect(ctx, t, load.ConnectOptions{Conns: o.parties})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if connected.Dropped > 0 {
		return nil, fmt.Errorf("%d connections dropped: %w", connected.Dropped, connected.Err)
	}
	before, err := look(ctx, t)
	if err != nil {
		return nil, err
	}
	parties, err := s.Party(ctx, story)
	if err != nil {
		return nil, err
	}
	rep.made = time.Since(began)
	for _, n := range loads {
		f, err := measureLoad(ctx, t, parties, n, o.window)
		if err != nil {
			return nil, fmt.Errorf("load %d: %w", n, err)
		}
		rep.cases = append(rep.cases, f)
		fmt.Fprintln(os.Stderr, f)
	}
	after, err := look(ctx, t)
	if err != nil {
		return nil, err
	}
	rep.rss = (after.rss - before.rss) / int64(o.parties)
	return rep, nil
}

// measureLoad measures one load.
func measureLoad(ctx context.Context, t load.Target, parties *load.Parties, times int, window time.Duration) (figures, error) {
	before, err := look(ctx, t)
	if err != nil {
		return figures{}, err
	}
	round := naturalRound / time.Duration(times)
	began := time.Now()
	r, err := parties.Play(ctx, load.PartyOptions{Round: round, Warm: min(round, 3*time.Second), Window: window})
	if err != nil {
		return figures{}, err
	}
	after, err := look(ctx, t)
	if err != nil {
		return figures{}, err
	}
	seconds := time.Since(began).Seconds()
	return figures{
		load: times, r: r,
		commits: (after.commits - before.commits) / seconds, writes: (after.writes - before.writes) / seconds,
		conflicts: (after.conflicts - before.conflicts) / max(1, after.plays-before.plays),
		disk:      float64(after.disk-before.disk) / seconds,
	}, nil
}

func (f figures) String() string {
	return fmt.Sprintf("x%d: %.0f choices/s, p50 %v, p99 %v, %.0f us", f.load, float64(f.r.Choices)/f.r.Elapsed.Seconds(),
		f.r.Latency.Quantile(0.5), f.r.Latency.Quantile(0.99), f.cpu())
}

// cpu returns microseconds of the server for each choice.
func (f figures) cpu() float64 {
	return float64(f.r.ServerCPU.Microseconds()) / float64(max(1, f.r.Choices))
}

// makeStory imports circle, with a release, for anybody to play.
func makeStory(ctx context.Context, t load.Target) (id string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+t.Addr+"/v1/stories:import?name=circle.twee", strings.NewReader(circle))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+load.Token(t.Secret, "author"))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var made struct{ Story struct{ ID string } }
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&made); err != nil || made.Story.ID == "" {
		return "", fmt.Errorf("import a story: %s: %w", res.Status, err)
	}
	return made.Story.ID, nil
}

// sight is what a server says of itself and the kernel of it.
type sight struct {
	commits, writes, plays, conflicts float64
	rss, disk                         int64
}

// look reads the metrics of a server.
func look(ctx context.Context, t load.Target) (s sight, err error) {
	if s.rss, err = (load.Process{PID: t.PID}).RSS(); err != nil {
		return s, err
	}
	if s.disk, err = (load.Process{PID: t.PID}).Written(); err != nil {
		return s, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+t.Addr+"/metrics", nil)
	if err != nil {
		return s, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return s, err
	}
	defer res.Body.Close()
	values := map[string]*float64{
		"storywire_store_batch_writes_count": &s.commits,
		"storywire_store_batch_writes_sum":   &s.writes,
		"storywire_play_writes_total":        &s.plays,
		"storywire_play_conflicts_total":     &s.conflicts,
	}
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if to := values[name]; to != nil {
			if *to, err = strconv.ParseFloat(value, 64); err != nil {
				return s, fmt.Errorf("metric %s: %w", name, err)
			}
		}
	}
	return s, nil
}
