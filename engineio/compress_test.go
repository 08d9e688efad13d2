package engineio_test

import (
	"compress/gzip"
	"compress/zlib"
	"crypto/rand"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/storywire/storywire/engineio"
)

// decoded returns an answer's body as the client would read it.
func decoded(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	var body io.Reader = resp.Body
	var err error
	switch coding := resp.Header.Get("Content-Encoding"); coding {
	case "":
	case "gzip":
		body, err = gzip.NewReader(resp.Body)
	case "deflate":
		body, err = zlib.NewReader(resp.Body)
	default:
		t.Fatalf("Content-Encoding: %s", coding)
	}
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// polled opens a session, sends it a message and returns the poll that brings
// it.
func (h *harness) polled(message string, header ...string) *http.Response {
	h.t.Helper()
	sid := sidOf(h.t, readBody(h.t, h.request("GET", "?EIO=4&transport=polling", "")))
	(<-h.sessions).Send(text(message))
	return h.request("GET", "?EIO=4&transport=polling&sid="+sid, "", header...)
}

func TestCodingIsChosenByAcceptEncoding(t *testing.T) {
	h := newHarness(t, engineio.Options{}, nil)
	message := strings.Repeat("news ", 300)
	for accept, want := range map[string]string{
		"identity":                        "",
		"gzip":                            "gzip",
		"deflate":                         "deflate",
		"gzip, deflate, br":               "gzip",
		"deflate, GZIP":                   "gzip",
		"x-gzip":                          "gzip",
		"deflate;q=1.0, gzip;q=0.5":       "deflate",
		"gzip;q=0, deflate;q=0.001":       "deflate",
		"gzip;q=0":                        "",
		"br":                              "",
		"*":                               "gzip",
		"*, gzip;q=0":                     "deflate",
		"*;q=0":                           "",
		"identity, gzip;q=0.5":            "",
		"identity;q=0.5, gzip ; Q=0.5":    "gzip",
		"gzip;q=NaN, deflate;q=2":         "",
		"gzip;level=9;q=0.1, identity;q=": "gzip",
	} {
		resp := h.polled(message, "Accept-Encoding: "+accept)
		if got := resp.Header.Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: Content-Encoding = %q, want %q", accept, got, want)
		}
		if got := resp.Header.Get("Vary"); got != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: Vary = %q", accept, got)
		}
		if n := resp.ContentLength; n > 200 != (want == "") {
			t.Errorf("Accept-Encoding %q: %d bytes on the wire", accept, n)
		}
		if got := decoded(t, resp); got != "4"+message {
			t.Errorf("Accept-Encoding %q: read %d bytes", accept, len(got))
		}
	}
}

func TestWhatIsNotWorthItTravelsAsItIs(t *testing.T) {
	noise := make([]byte, 3000)
	_, _ = rand.Read(noise)
	for _, tt := range []struct {
		name    string
		opts    engineio.Options
		message string
		want    string
	}{
		{"at the threshold", engineio.Options{}, strings.Repeat("x", 1023), "gzip"}, // and the packet's type
		{"below the threshold", engineio.Options{}, strings.Repeat("x", 1022), ""},
		{"another threshold", engineio.Options{CompressionThreshold: 100}, strings.Repeat("x", 99), "gzip"},
		{"switched off", engineio.Options{DisableCompression: true}, strings.Repeat("x", 5000), ""},
		{"noise in base64", engineio.Options{}, base64.StdEncoding.EncodeToString(noise), "gzip"},
		{"noise", engineio.Options{}, string(noise), ""},
	} {
		h := newHarness(t, tt.opts, nil)
		resp := h.polled(tt.message, "Accept-Encoding: gzip")
		if got := resp.Header.Get("Content-Encoding"); got != tt.want {
			t.Errorf("%s: Content-Encoding = %q, want %q", tt.name, got, tt.want)
		}
		if got := decoded(t, resp); got != "4"+tt.message {
			t.Errorf("%s: read %d bytes", tt.name, len(got))
		}
	}
}

func TestManyCompressedPollsAtOnce(t *testing.T) {
	h := newHarness(t, engineio.Options{}, nil)
	var wg sync.WaitGroup
	for i := range 32 {
		sid := sidOf(t, readBody(t, h.request("GET", "?EIO=4&transport=polling", "")))
		message := strings.Repeat(sid, 1000+100*i)
		(<-h.sessions).Send(text(message))
		accept := "Accept-Encoding: " + []string{"gzip", "deflate"}[i%2]
		wg.Go(func() {
			resp := h.request("GET", "?EIO=4&transport=polling&sid="+sid, "", accept)
			if got := decoded(t, resp); got != "4"+message {
				t.Errorf("%d: read %d bytes, want %d", i, len(got), len(message)+1)
			}
		})
	}
	wg.Wait()
}
