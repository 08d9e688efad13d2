package api

import (
	"testing"
)

func TestAcceptsGzip(t *testing.T) {
	for _, test := range []struct {
		values []string
		want   bool
	}{
		{nil, false},
		{[]string{""}, false},
		{[]string{"identity"}, false},
		{[]string{"gzip"}, true},
		{[]string{"br, GZIP;q=0.5"}, true},
		{[]string{"br", "deflate, gzip"}, true},
		{[]string{"*"}, true},
		{[]string{"*, gzip;q=0"}, false},
		{[]string{"gzip; q=0.000"}, false},
		{[]string{"gzip;q=nonsense"}, false},
		{[]string{"*;q=0"}, false},
	} {
		if got := acceptsGzip(test.values); got != test.want {
			t.Errorf("acceptsGzip(%q) = %t", test.values, got)
		}
	}
}
