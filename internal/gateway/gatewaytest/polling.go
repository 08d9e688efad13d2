package gatewaytest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// polling is a wire.
type polling struct {
	url  string
	http *http.Client
	ctx  context.Context // ends with close
	stop context.CancelFunc

	posting sync.Mutex // held during a POST: one at a time
}

// Poll opens a session over HTTP long-polling, and stays with it.
func Poll(ctx context.Context, addr string) (*Client, error) {
	p := &polling{url: "http://" + addr + "/socket.io/?EIO=4&transport=polling", http: &http.Client{Transport: &http.Transport{}}}
	p.ctx, p.stop = context.WithCancel(context.Background())
	open, err := p.ask(ctx, http.MethodGet, "")
	var hello struct{ SID string }
	if err == nil {
		err = json.Unmarshal([]byte(strings.TrimPrefix(open, "0")), &hello)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	p.url += "&sid=" + hello.SID
	return newClient(p), nil
}

func (p *polling) ask(ctx context.Context, method, body string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	res, err := p.http.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", method, res.Status, answer)
	}
	return string(answer), err
}

func (p *polling) send(packet string) error {
	p.posting.Lock()
	defer p.posting.Unlock()
	_, err := p.ask(p.ctx, http.MethodPost, packet)
	return err
}

func (p *polling) receive() ([]string, error) {
	payload, err := p.ask(p.ctx, http.MethodGet, "")
	return strings.Split(payload, "\x1e"), err
}

func (p *polling) close() {
	p.stop()
	p.http.CloseIdleConnections()
}
