package app_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/storywire/storywire/"

// allowed says what each package may import of this module. Only app, which is
// not in it, may import all. The library (engineio, socketio, redisbus) knows nothing of
// the product, features nothing of transports and of the database, and api,
// gateway and store nothing of each other.
var allowed = map[string]string{
	"engineio/parser": "",
	"engineio":        "engineio/parser",

	"engineio/webtransport": "engineio",

	"socketio/clientbundle": "",

	"socketio/parser": "",
	"socketio":        "engineio socketio/parser",

	"socketio/internal/msgpack": "socketio/parser",
	"socketio/msgpack":          "socketio socketio/internal/msgpack socketio/parser",
	"socketio/adminui":          "engineio socketio",

	"redisbus":              "",
	"socketio/redisadapter": "engineio redisbus socketio socketio/internal/msgpack socketio/parser",

	"internal/errs":     "",
	"internal/cluster":  "redisbus",
	"internal/auth":     "internal/errs",
	"internal/user":     "internal/auth internal/errs",
	"internal/tale":     "",
	"internal/story":    "internal/tale internal/user internal/auth internal/errs",
	"internal/play":     "internal/notification internal/story internal/tale internal/user internal/auth internal/errs",
	"internal/presence": "internal/story internal/user internal/auth internal/errs",

	"internal/notification": "internal/user internal/auth internal/errs",
	"internal/coedit":       "yjs internal/notification internal/story internal/tale internal/user internal/auth internal/errs",
	"internal/comment":      "internal/notification internal/story internal/user internal/auth internal/errs",

	"internal/recovery": "internal/story internal/user internal/auth internal/errs",
	"internal/feed":     "",

	"internal/store": "internal/play internal/recovery internal/coedit internal/comment internal/notification internal/presence internal/story internal/tale internal/user internal/auth internal/errs",
	"internal/wire":  "internal/play internal/coedit internal/comment internal/notification internal/presence internal/story internal/tale internal/user internal/auth internal/errs",

	"internal/wire/gen":  "internal/play internal/wire internal/story internal/tale internal/errs",
	"internal/ratelimit": "",
	"internal/telemetry": "engineio socketio",
	"internal/demo":      "internal/comment internal/story internal/tale internal/user internal/auth internal/errs",
	"internal/gateway":   "internal/play internal/coedit socketio internal/feed internal/recovery internal/wire internal/ratelimit internal/comment internal/notification internal/presence internal/story internal/tale internal/user internal/auth internal/errs",
	"internal/api":       "internal/play internal/coedit internal/wire internal/ratelimit internal/demo internal/comment internal/notification internal/presence internal/story internal/tale internal/user internal/auth internal/errs",

	"web":           "",
	"cmd/storywire": "internal/app",
}

// owners are the packages that alone import a third-party module, by prefix.
var owners = map[string][]string{
	"github.com/expr-lang/expr":  {"internal/tale"},
	"modernc.org/sqlite":         {"internal/store"},
	"github.com/jackc/pgx":       {"internal/store"},
	"github.com/pressly/goose":   {"internal/store"},
	"github.com/golang-jwt/jwt":  {"internal/auth"},
	"golang.org/x/time/rate":     {"internal/ratelimit"},
	"github.com/alecthomas/kong": {"cmd/storywire"},
	"github.com/google/uuid":     {"internal/coedit", "internal/comment", "internal/notification", "internal/play", "internal/story"},
	"github.com/redis/rueidis":   {"internal/cluster"},
	"golang.org/x/sync/errgroup": {"internal/app"},

	"github.com/prometheus/client_golang": {"internal/telemetry"},
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var found []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		found = append(found, p)
	}
}

func TestWhoMayImportWhom(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		rule, ruled := allowed[name]
		for _, path := range p.Imports {
			if own, ok := strings.CutPrefix(path, module); ok && ruled && !slices.Contains(strings.Fields(rule), own) {
				t.Errorf("%s imports %s: may it? Then say so in allowed", name, own)
			}
			for prefix, users := range owners {
				if strings.HasPrefix(path, prefix) && product(name) && !slices.Contains(users, name) {
					t.Errorf("%s imports %s, which belongs to %v", name, path, users)
				}
			}
		}
		switch {
		case ruled, name == "internal/app", !product(name), strings.HasSuffix(name, "test"):
		default:
			t.Errorf("%s has no rule: add it to allowed", name)
		}
		if !product(name) && library(name) {
			for _, path := range p.Imports {
				if strings.HasPrefix(path, module+"internal/") {
					t.Errorf("%s belongs to the library and imports %s", name, path)
				}
			}
		}
	}
}

func product(name string) bool {
	return strings.HasPrefix(name, "internal/") || strings.HasPrefix(name, "cmd/")
}

func library(name string) bool {
	return strings.HasPrefix(name, "engineio") || strings.HasPrefix(name, "socketio") || strings.HasPrefix(name, "redisbus") || strings.HasPrefix(name, "examples")
}
