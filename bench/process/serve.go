//go:build linux

package process

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/storywire/storywire/bench/load"
)

const (
	// Secret signs the tokens of the benchmarks.
	Secret  = "the benchmark's secret of 32 bytes or more"
	anyRate = "1000000/s:1000000"
)

// Serve starts `storywire serve` on a database of its own, with the rates raised,
// and returns it when it is ready. It must be called where [Start] must.
func Serve(ctx context.Context, binary, database string, env ...string) (*Process, load.Target, error) {
	port, err := FreePort()
	if err != nil {
		return nil, load.Target{}, err
	}
	p, err := Start("storywire serve", []string{binary, "serve"}, append([]string{
		"HOST=127.0.0.1", "PORT=" + port, "JWT_SECRET=" + Secret, "DATABASE_URL=" + database,
		"RATE_WRITE=" + anyRate, "RATE_READ=" + anyRate, "RATE_CONN=" + anyRate, "RATE_CONN_USER=" + anyRate, "RATE_MOVE=" + anyRate,
	}, env...))
	if err != nil {
		return nil, load.Target{}, err
	}
	t := load.Target{Addr: "127.0.0.1:" + port, PID: p.PID(), Secret: []byte(Secret)}
	if err := p.ready(ctx, t.Addr); err != nil {
		_ = p.Stop()
		return nil, load.Target{}, err
	}
	return p, t, nil
}

// FreePort returns a port that nobody listens on.
func FreePort() (string, error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer ln.Close()
	return strconv.Itoa(ln.Addr().(*net.TCPAddr).Port), nil
}

// ready asks /readyz until it says yes.
func (p *Process) ready(ctx context.Context, addr string) error {
	for deadline := time.Now().Add(StartTimeout); time.Now().Before(deadline); {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.ended:
			return fmt.Errorf("%s ended: %s", p.Name, p.stderr)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s: not ready within %v: %s", p.Name, StartTimeout, p.stderr)
}
