package engineio_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/storywire/storywire/engineio"
)

func TestOriginIsJudgedOnEveryTransport(t *testing.T) {
	open := engineio.Options{AllowedOrigins: []string{"https://app.example", "http://LOCALHOST:5173/"}}
	any := engineio.Options{AllowedOrigins: []string{"*"}}
	custom := engineio.Options{CheckOrigin: func(r *http.Request) bool {
		return strings.HasSuffix(r.Header.Get("Origin"), ".example")
	}}
	for _, tt := range []struct {
		name   string
		opts   engineio.Options
		origin string
		want   bool
	}{
		{"none", engineio.Options{}, "", true},
		{"same host", engineio.Options{}, "http://example.test", true},
		{"same host, other case", engineio.Options{}, "https://EXAMPLE.test", true},
		{"foreign", engineio.Options{}, "https://evil.example", false},
		{"foreign port", engineio.Options{}, "http://example.test:81", false},
		{"null", engineio.Options{}, "null", false},
		{"null with *", any, "null", false},
		{"any with *", any, "https://evil.example", true},
		{"listed", open, "https://app.example", true},
		{"listed, other case", open, "http://localhost:5173", true},
		{"listed host, other scheme", open, "http://app.example", false},
		{"listed as prefix", open, "https://app.example.evil", false},
		{"no URL", open, "garbage", false},
		{"custom yes", custom, "https://a.example", true},
		{"custom no", custom, "https://a.test", false},
		{"custom null", custom, "null", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHarness(t, tt.opts, nil)
			var header []string
			if tt.origin != "" {
				header = append(header, "Origin: "+tt.origin)
			}
			status := func(want bool, yes, no int) int {
				if want {
					return yes
				}
				return no
			}
			ws := h.dialRaw("/engine.io/?EIO=4&transport=websocket", header...)
			if want := status(tt.want, 101, 400); ws.status != want {
				t.Errorf("WebSocket: %d, want %d", ws.status, want)
			}
			ws.Close()
			resp := h.request("GET", "?EIO=4&transport=polling", "", header...)
			if want := status(tt.want, 200, 403); resp.StatusCode != want {
				t.Errorf("polling: %d, want %d", resp.StatusCode, want)
			}
			if !tt.want {
				if body := readBody(t, resp); body != `{"code":4,"message":"Forbidden"}` {
					t.Errorf("body %q", body)
				}
				return
			}
			resp.Body.Close()
			if got := resp.Header.Get("Access-Control-Allow-Origin"); got != tt.origin {
				t.Errorf("Access-Control-Allow-Origin = %q", got)
			}
		})
	}
}

// request sends a request with the harness's Host, example.test.
func (h *harness) request(method, query, body string, header ...string) *http.Response {
	h.t.Helper()
	req, err := http.NewRequest(method, h.http.URL+"/engine.io/"+query, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Host = "example.test"
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	resp, err := h.http.Client().Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp
}

func TestOriginIsJudgedWithASession(t *testing.T) {
	h := newHarness(t, engineio.Options{}, nil)
	sid := sidOf(t, readBody(t, h.request("GET", "?EIO=4&transport=polling", "")))
	const evil = "Origin: https://evil.example"
	resp := h.request("POST", "?EIO=4&transport=polling&sid="+sid, "4x", evil)
	if resp.Body.Close(); resp.StatusCode != http.StatusForbidden {
		t.Errorf("POST: %d", resp.StatusCode)
	}
	if ws := h.dialRaw("/engine.io/?EIO=4&transport=websocket&sid="+sid, evil); ws.status != http.StatusBadRequest {
		t.Errorf("upgrade: %d", ws.status)
	}
}

func TestCORS(t *testing.T) {
	h := newHarness(t, engineio.Options{AllowedOrigins: []string{"https://app.example"}}, nil)
	const origin = "Origin: https://app.example"
	resp := h.request("OPTIONS", "?EIO=4&transport=polling", "", origin,
		"Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type, x-token")
	if body := readBody(t, resp); resp.StatusCode != http.StatusNoContent || body != "" {
		t.Errorf("preflight: %d %q", resp.StatusCode, body)
	}
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin":      "https://app.example",
		"Access-Control-Allow-Credentials": "true",
		"Access-Control-Allow-Methods":     "GET,POST",
		"Access-Control-Allow-Headers":     "content-type, x-token",
		"Vary":                             "Origin, Access-Control-Request-Headers",
	} {
		if got := strings.Join(resp.Header[name], ", "); got != want {
			t.Errorf("preflight: %s = %q, want %q", name, got, want)
		}
	}
	resp = h.request("OPTIONS", "?EIO=4&transport=polling", "", "Origin: https://evil.example",
		"Access-Control-Request-Method: POST")
	if resp.Body.Close(); resp.StatusCode != http.StatusForbidden || resp.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("foreign preflight: %d, %v", resp.StatusCode, resp.Header)
	}
	// A page may also read why it was refused.
	resp = h.request("GET", "?EIO=4&transport=polling&sid=nobody", "", origin)
	if body := readBody(t, resp); body != `{"code":1,"message":"Session ID unknown"}` ||
		resp.Header.Get("Access-Control-Allow-Origin") != "https://app.example" {
		t.Errorf("refusal: %q, %v", body, resp.Header)
	}
}

func TestAllowRequest(t *testing.T) {
	h := newHarness(t, engineio.Options{AllowRequest: func(r *http.Request) error {
		if r.URL.Query().Get("pass") != "1" {
			return errNoPass
		}
		return nil
	}}, nil)
	resp := h.request("GET", "?EIO=4&transport=polling", "")
	if body := readBody(t, resp); resp.StatusCode != http.StatusForbidden || body != `{"code":4,"message":"no pass"}` {
		t.Errorf("polling: %d %s", resp.StatusCode, body)
	}
	if ws := h.dialRaw("/engine.io/?EIO=4&transport=websocket"); ws.status != http.StatusBadRequest || ws.body != "no pass" {
		t.Errorf("WebSocket: %d %s", ws.status, ws.body)
	}
	// Only handshakes are asked for it.
	sid := sidOf(t, readBody(t, h.request("GET", "?EIO=4&transport=polling&pass=1", "")))
	if body := readBody(t, h.request("POST", "?EIO=4&transport=polling&sid="+sid, "4x")); body != "ok" {
		t.Errorf("POST: %s", body)
	}
}

type noPass struct{}

func (noPass) Error() string { return "no pass" }

var errNoPass = noPass{}
