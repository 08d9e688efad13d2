package tale_test

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/storywire/storywire/internal/tale"
)

// bombs are files that cost much if something is read more than once.
var bombs = map[string]func(n int) string{
	"lines":        func(n int) string { return story(strings.Repeat("a\n", n/2)) },
	"passages":     func(n int) string { return story("", strings.Repeat(":: P\n", n/5)) },
	"brackets":     func(n int) string { return story(strings.Repeat("[", n)) },
	"open links":   func(n int) string { return story(strings.Repeat("[[a", n/3)) },
	"long link":    func(n int) string { return story("[[" + strings.Repeat("[", n) + "]]") },
	"open macros":  func(n int) string { return story(strings.Repeat("<<", n/2)) },
	"ifs":          func(n int) string { return story(strings.Repeat("<<if true>>", n/11)) },
	"closed ifs":   func(n int) string { return story(strings.Repeat("<<if true>>a<<endif>>", n/21)) },
	"elseifs":      func(n int) string { return story("<<if true>>" + strings.Repeat("<<elseif true>>a", n/16)) },
	"dollars":      func(n int) string { return story(strings.Repeat("$a", n/2)) },
	"sets":         func(n int) string { return story(strings.Repeat("<<set $a = 1>>", n/14)) },
	"variables":    func(n int) string { return story(numbered(n/20, "<<set $a%d = 1>>\n")) },
	"conditions":   func(n int) string { return story("", numbered(n/40, ":: P%[1]d\n<<if %[1]d == 1>>x<<endif>>\n")) },
	"tags":         func(n int) string { return ":: Start [" + strings.Repeat("a ", n/2) + "]" },
	"backslashes":  func(n int) string { return ":: Start " + strings.Repeat(`\`, n) },
	"metadata":     func(n int) string { return ":: Start " + strings.Repeat("[{", n/2) },
	"macros":       func(n int) string { return story(numbered(n/10, "<<m%d>>\n")) },
	"attributes":   func(n int) string { return story("[[Start]]{" + strings.Repeat("once;", n/5) + "}") },
	"twine":        func(n int) string { return strings.Repeat("{", n) },
	"twine arrays": func(n int) string { return `{"passages":` + strings.Repeat("[", n) },
}

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestReadingIsLinear compares what a file and one of ten times its size
// allocate: copies are what made reading slow whenever it was.
func TestReadingIsLinear(t *testing.T) {
	for name, bomb := range bombs {
		small, large := cost(bomb(20_000)), cost(bomb(200_000))
		if large > 12*small+1<<20 {
			t.Errorf("%s: ten times the file takes %d times the memory (%d and %d bytes)", name, large/small, small, large)
		}
	}
}

func cost(file string) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	tale.Import("bomb.twee", []byte(file))
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc + 1
}

// TestBombsAreRefused gives each bomb the size of the largest file.
func TestBombsAreRefused(t *testing.T) {
	for name, bomb := range bombs {
		got, problems := tale.Import("bomb.twee", []byte(bomb(tale.MaxFile-1000)))
		if got != nil && name != "macros" {
			t.Errorf("%s: %d bytes are taken", name, len(got.Encode()))
		}
		if len(problems) > 201 {
			t.Errorf("%s: %d problems are told", name, len(problems))
		}
	}
	_, problems := tale.Import("bomb.twee", make([]byte, tale.MaxFile+1))
	if len(problems) != 1 || problems[0].Code != "file-too-large" {
		t.Errorf("problems %v, want file-too-large", problems)
	}
}

func FuzzImport(f *testing.F) {
	data, err := os.ReadFile("testdata/cave.twee")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range bombs {
			if !yield(name) {
				return
			}
		}
	}) {
		f.Add([]byte(bombs[name](200)))
	}
	for _, body := range []string{
		"[[a -> b->Out]]{if: true; once; who: role:x; auto}\n:: Out [end]", "<<if true>>\n\n  x\n<<else>>y<<endif>>\n\nz [[Start]] w\n",
		"<<set $a to \"}\">>$a$b\n[[Start]]{if: a == \"}\"}", "  <<if true>>[[Start]]<<endif>> \n x", ":: StoryInit\n<<set private $x = 1>>",
		"<<if true>>a\n<<endif>>\n\n<<if true>>\n\nb<<endif>>\nc",
	} {
		f.Add([]byte(story(body)))
	}
	f.Add([]byte(`{"name":"x","start":1,"passages":[{"pid":"1","name":"a","tags":[],"text":"[[a]]"}]}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, _ := tale.Import("f.twee", file)
		if got == nil {
			return
		}
		book, err := tale.Open(got)
		if err != nil {
			t.Fatalf("what compiles does not open: %v", err)
		}
		book.Reader(nil, nil, "", nil).Text(book.Passages[book.Start])
		decoded, err := tale.Decode(got.Encode())
		if err != nil || !bytes.Equal(decoded.Encode(), got.Encode()) {
			t.Fatalf("decode(encode): %v", err)
		}
		draft := got.Draft()
		if unwritable(draft, got) {
			return
		}
		twee := draft.Twee()
		again, problems := tale.Import("again.twee", twee)
		if again == nil {
			t.Fatalf("what was written cannot be read: %v\n%s", problems, twee)
		}
		if !bytes.Equal(again.Encode(), got.Encode()) {
			t.Fatalf("read again\n got %s\nwant %s\n%q", again.Encode(), got.Encode(), twee)
		}
	})
}

// unwritable reports whether Twee has no way to say something of the story:
// names that look like something else, and lines that look like a header.
func unwritable(d *tale.Draft, t *tale.Tale) bool {
	for _, p := range d.Passages {
		if strings.ContainsAny(p.Name, "<>|[]\\\r") || strings.TrimSpace(p.Name) != p.Name || strings.HasPrefix(p.Name, "Story") ||
			strings.Contains(p.Body, "\n::") || strings.HasPrefix(p.Body, "::") || strings.ContainsAny(p.Body, "\r\v\f\u0085") || len(p.Body) > tale.MaxText/2 {
			return true
		}
	}
	return strings.ContainsAny(t.Title, "\r\n") || strings.Join(strings.Fields(t.Title), " ") != t.Title || strings.HasPrefix(t.Title, "::")
}
