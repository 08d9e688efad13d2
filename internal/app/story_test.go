package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/storywire/storywire/internal/app"
)

const goodTwee = ":: StoryTitle\nThe door\n:: StoryData\n{\"ifid\":\"D674C58C-DEFA-4F70-B7A2-27742230C0FC\"}\n:: Start\nOpen it?\n[[Yes->End]]\n:: End [end]\nA room.\n"

func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "door.twee")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestCheckStorySaysWhere(t *testing.T) {
	name := file(t, strings.Replace(goodTwee, "Open it?", "<<set $n = nowhere>>\n[[No->Cellar]]\n<<script>>", 1))
	var out strings.Builder
	err := app.CheckStory(&out, name)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if err == nil || len(lines) < 3 {
		t.Fatalf("CheckStory = %v:\n%s", err, out.String())
	}
	for i, want := range []string{":6: ", ":6: ", ":7: "} {
		if !strings.HasPrefix(lines[i], name+want) {
			t.Errorf("line %d is %q, want it to begin with %q", i, lines[i], name+want)
		}
	}
}

// A story goes to a server of the demo without a token, and comes back as it was.
func TestImportAndExportAtADemo(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), "test.db"), func(c *app.Config) { c.Demo = true })
	server := app.Remote{Server: s.URL(), As: "demo-otto"}
	var out strings.Builder
	if err := app.ImportStory(t.Context(), app.ImportConfig{Remote: server, File: file(t, goodTwee)}, &out); err != nil {
		t.Fatal(err)
	}
	address := strings.TrimSpace(out.String())
	if !strings.HasPrefix(address, server.Server+"/story/") {
		t.Fatalf("ImportStory says %q", address)
	}
	id := address[strings.LastIndex(address, "/")+1:]
	out.Reset()
	if err := app.ExportStory(t.Context(), app.ExportConfig{Remote: server, ID: id, Format: "twee"}, &out); err != nil || !strings.Contains(out.String(), "[[Yes->End]]") {
		t.Errorf("ExportStory = %v:\n%s", err, out.String())
	}
	for _, who := range []app.Remote{{Server: server.Server}, {Server: server.Server, As: "demo-nobody"}, {Server: server.Server, Token: "x"}} {
		if err := app.ImportStory(t.Context(), app.ImportConfig{Remote: who, File: file(t, goodTwee)}, &out); err == nil {
			t.Errorf("a story of %+v is taken", who)
		}
	}
	if err := app.ImportStory(t.Context(), app.ImportConfig{Remote: server, File: file(t, ":: Start\n[[Nowhere]]\n")}, &out); err == nil || !strings.Contains(out.String(), "dead-link") {
		t.Errorf("ImportStory of a bad story = %v:\n%s", err, out.String())
	}
}
