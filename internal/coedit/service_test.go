package coedit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
	"github.com/storywire/storywire/yjs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is a service in memory with everything it is told and tells.
type desk struct {
	t *testing.T
	*coedit.Service
	log   *memory
	roles *roles
	inbox *inbox
	shelf *shelf
	stop  func()

	saving chan struct{} // told when a document is being saved, and then asked whether it may go on

	mu   sync.Mutex
	told []string // what the connections hear
	down bool     // the log stores nothing
}

func (d *desk) Append(ctx context.Context, id story.ID, e coedit.Entry) (int64, error) {
	d.mu.Lock()
	down := d.down
	d.mu.Unlock()
	if down {
		return 0, errDown
	}
	return d.log.Append(ctx, id, e)
}

// flakyLog is the memory of a desk, except for Append, and for Compact where saving is watched.
type flakyLog struct {
	*memory
	d *desk
}

func (l flakyLog) Compact(ctx context.Context, id story.ID, seq int64, state []byte) error {
	if l.d.saving != nil {
		l.d.saving <- struct{}{}
		<-l.d.saving
	}
	return l.memory.Compact(ctx, id, seq, state)
}

func (l flakyLog) Append(ctx context.Context, id story.ID, e coedit.Entry) (int64, error) {
	return l.d.Append(ctx, id, e)
}

func (d *desk) say(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.told = append(d.told, fmt.Sprintf(format, args...))
}

// heard returns what was told since the last call.
func (d *desk) heard() string {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	told := strings.Join(d.told, ", ")
	d.told = nil
	return told
}

func (d *desk) Updated(_ story.ID, u coedit.Update, from uint64, except string) {
	d.say("update %d from %d not to %q", u.Seq, from, except)
}

func (d *desk) AwarenessChanged(_ story.ID, msg []byte, except string) {
	list, err := yjs.DecodeAwareness(msg)
	if err != nil {
		d.t.Error(err)
	}
	for _, p := range list {
		d.say("awareness of %d: %s not to %q", p.Client, p.State, except)
	}
}

func (d *desk) CursorsMoved(conns []string, _ story.ID, msg []byte) {
	list, err := yjs.DecodeAwareness(msg)
	if err != nil {
		d.t.Error(err)
	}
	slices.Sort(conns)
	for _, p := range list {
		d.say("cursor of %d to %v", p.Client, conns)
	}
}

func (d *desk) RoleChanged(conn string, _ story.ID, role story.Role) { d.say("%s is %s", conn, role) }
func (d *desk) ResetNeeded(conn string, _ story.ID, reason errs.Code) {
	d.say("%s resets: %s", conn, reason)
}
func (d *desk) DocClosed(story.ID) { d.say("closed") }
func (d *desk) NoteChanged(_ story.ID, n coedit.Note) {
	d.say("note %q of %s", n.Text, n.User.DisplayName)
}
func (d *desk) DocPublished(_ story.ID, r coedit.Release) { d.say("release %d", r.No) }

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, log: newMemory(), inbox: &inbox{}, shelf: &shelf{}}
	d.roles = &roles{members: map[auth.UserID]story.Role{"bob": story.Editor, "cleo": story.Commenter, "vic": story.Viewer}}
	d.start()
	t.Cleanup(func() { d.stop() })
	return d
}

func (d *desk) start() { d.run(nil, coedit.Options{}) }

func (d *desk) run(bus coedit.Bus, opts coedit.Options) {
	ids := 0
	opts.Logger, opts.NewID = slog.New(slog.DiscardHandler), func() string { ids++; return fmt.Sprint("id", ids) }
	d.Service = coedit.NewService(coedit.Deps{
		Log: flakyLog{d.log, d}, Writers: d.log, Versions: d.log, Notes: d.log, Invitations: d.log, Stories: d.roles, Members: d.roles,
		People: people{}, Notifications: d.inbox, Publisher: d, Releases: d.shelf, Seed: seed, Bus: bus,
	}, opts)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = d.Run(ctx) }()
	d.stop = func() { cancel(); <-ended }
}

// writer is a client with its replica.
type writer struct {
	d    *desk
	conn string
	id   auth.UserID
	doc  *yjs.Doc
	n    uint64
}

func (d *desk) open(conn string, id auth.UserID, n uint64) *writer {
	d.t.Helper()
	w := &writer{d, conn, id, yjs.New(), n}
	opened, err := d.Open(d.t.Context(), coedit.Visitor{Conn: conn, User: user.Profile{ID: id, DisplayName: string(id) + "!"}, Client: n}, lighthouse, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := w.doc.Apply(opened.Update); err != nil {
		d.t.Fatal(err)
	}
	return w
}

func (w *writer) edit(f func(*yjs.Txn) error) []byte {
	w.d.t.Helper()
	update, err := w.doc.Edit(w.n, f)
	if err != nil {
		w.d.t.Fatal(err)
	}
	return update
}

func (w *writer) body() *yjs.Type {
	v, _ := w.doc.Root("passages", yjs.Map).Get(passage)
	v, _ = v.(*yjs.Type).Get("body")
	return v.(*yjs.Type)
}

func (w *writer) typed(text string) []byte {
	return w.edit(func(tx *yjs.Txn) error { return tx.InsertText(w.body(), w.body().Len(), text) })
}

// push sends an update and returns the seq, or the code it is refused with.
func (w *writer) push(update []byte) string {
	w.d.t.Helper()
	return <-w.send(update)
}

func (w *writer) send(update []byte) <-chan string {
	answer := make(chan string, 1)
	w.d.Push(w.conn, w.id, lighthouse, update, func(seq int64, err error) {
		if err != nil {
			answer <- string(errs.CodeOf(err))
			return
		}
		answer <- fmt.Sprint(seq)
	})
	return answer
}

func (d *desk) text() string {
	d.t.Helper()
	c, _, err := d.Content(d.t.Context(), "ada", lighthouse, "")
	if err != nil {
		d.t.Fatal(err)
	}
	return c.Passages[0].Body
}

func inBubble(t *testing.T, f func(t *testing.T, d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newDesk(t)) })
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %s, want %s", what, got, want)
	}
}

func TestUpdateIsStoredThenTold(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		ada := d.open("a", "ada", 5000)
		expect(t, "opening", d.heard(), `update 1 from 0 not to ""`)
		expect(t, "ada", ada.push(ada.typed(" up")), "2")
		expect(t, "told nobody else", d.heard(), "")
		d.open("b", "bob", 6000)
		expect(t, "ada", ada.push(ada.typed("on")), "3")
		expect(t, "told", d.heard(), `update 3 from 5000 not to "a"`)
		d.mu.Lock()
		d.down = true
		d.mu.Unlock()
		lost := ada.typed(" a time")
		expect(t, "without a database", ada.push(lost), "UNAVAILABLE")
		expect(t, "told", d.heard(), "")
		expect(t, "text", d.text(), "Once upon")
		d.mu.Lock()
		d.down = false
		d.mu.Unlock()
		expect(t, "what depends on it", ada.push(ada.typed("!")), "GAP")
		expect(t, "again", ada.push(lost), "4")
		expect(t, "the same once more", ada.push(lost), "4")
		expect(t, "told", d.heard(), `update 4 from 5000 not to "a"`)
	})
}

func TestBatchesThatWaitAreStoredTogether(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		ada, bob := d.open("a", "ada", 5000), d.open("b", "bob", 6000)
		d.heard()
		var answers []<-chan string
		for i := range 10 { // each builds on the one before it
			answers = append(answers, ada.send(ada.typed(fmt.Sprint(i))))
		}
		bad := bob.send([]byte{1, 2, 3})
		good := bob.send(bob.typed("!"))
		for i, a := range answers {
			if got := <-a; got == "" || strings.Trim(got, "0123456789") != "" {
				t.Errorf("batch %d: %s", i, got)
			}
		}
		expect(t, "what is no update", <-bad, "MALFORMED_UPDATE")
		if got := <-good; strings.Trim(got, "0123456789") != "" {
			t.Errorf("bob: %s", got)
		}
		if text := d.text(); !strings.Contains(text, "0123456789") || !strings.Contains(text, "!") {
			t.Errorf("text = %s", text)
		}
		if told := d.heard(); !strings.Contains(told, "b resets: MALFORMED_UPDATE") {
			t.Errorf("told %s", told)
		}
		if len(d.log.refused) != 1 || d.log.refused[0].UserID != "bob" {
			t.Errorf("kept %+v", d.log.refused)
		}
	})
}

func TestRolesCountWithEveryBatch(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		if _, err := d.Open(t.Context(), coedit.Visitor{Conn: "e", User: user.Profile{ID: "eve"}, Client: 7000}, lighthouse, nil); errs.CodeOf(err) != errs.Forbidden {
			t.Errorf("a stranger opens: %v", err)
		}
		bob, cleo := d.open("b", "bob", 6000), d.open("c", "cleo", 7000)
		d.heard()
		expect(t, "a commenter writes", cleo.push(cleo.typed("x")), "FORBIDDEN")
		expect(t, "a commenter synchronizes", cleo.push(bob.doc.EncodeState(nil)), "1")
		expect(t, "an editor writes", bob.push(bob.typed("y")), "2")
		d.heard()
		if _, err := d.roles.SetMember(t.Context(), "ada", lighthouse, "bob", story.Viewer); err != nil {
			t.Fatal(err)
		}
		expect(t, "lowered, before anybody is told", bob.push(bob.typed("z")), "FORBIDDEN")
		d.AccessChanged(lighthouse, "bob")
		expect(t, "told", d.heard(), "b is viewer")
		d.roles.mu.Lock()
		delete(d.roles.members, "bob")
		d.roles.mu.Unlock()
		d.AccessChanged(lighthouse, "bob")
		expect(t, "told", d.heard(), "b is none")
		expect(t, "out", bob.push(bob.typed("z")), "FORBIDDEN")
	})
}

func TestClientIDsBelongToUsers(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		ada, bob := d.open("a", "ada", 5000), d.open("b", "bob", 6000)
		expect(t, "ada", ada.push(ada.typed("1")), "2")
		stolen := &writer{d, "b", "bob", ada.doc, 5000}
		expect(t, "bob as ada", stolen.push(stolen.typed("2")), "CLIENT_ID")
		if _, err := d.Open(t.Context(), coedit.Visitor{Conn: "b2", User: user.Profile{ID: "bob"}, Client: 5000}, lighthouse, nil); errs.CodeOf(err) != errs.ClientID {
			t.Errorf("bob opens as ada: %v", err)
		}
		for _, n := range []uint64{0, 1, 1023, 1 << 53} {
			if _, err := d.Open(t.Context(), coedit.Visitor{Conn: "b3", User: user.Profile{ID: "bob"}, Client: n}, lighthouse, nil); errs.CodeOf(err) != errs.ClientID {
				t.Errorf("client id %d: %v", n, err)
			}
		}
		server := &writer{d, "b", "bob", bob.doc, 1}
		if err := bob.doc.Apply(ada.doc.EncodeState(nil)); err != nil {
			t.Fatal(err)
		}
		server.doc = yjs.New()
		if err := server.doc.Apply(d.state(t)); err != nil {
			t.Fatal(err)
		}
		expect(t, "bob as the server", server.push(server.typed("3")), "CLIENT_ID")
	})
}

func (d *desk) state(t *testing.T) []byte {
	t.Helper()
	s, err := d.State(t.Context(), "ada", lighthouse, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s.Update
}

func TestBadUpdatesMuteTheirUser(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		bob := d.open("b", "bob", 6000)
		for range 3 {
			expect(t, "bad", bob.push([]byte{9}), "MALFORMED_UPDATE")
		}
		update := bob.typed("x")
		expect(t, "muted", bob.push(update), "RATE_LIMITED")
		time.Sleep(10*time.Minute + time.Second)
		expect(t, "later", bob.push(update), "2")
	})
}

func TestAwarenessIsSigned(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.open("a", "ada", 5000)
		d.open("c", "cleo", 7000)
		d.open("v", "vic", 8000)
		d.heard()
		say := func(conn string, client, clock uint64, state string) error {
			return d.SetAwareness(conn, lighthouse, yjs.EncodeAwareness(yjs.Presence{Client: client, Clock: clock, State: []byte(state)}))
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Error(err)
			}
		}
		must(say("c", 7000, 1, `{"passageId":"`+passage+`","cursor":{"anchor":1},"user":{"id":"ada"},"evil":1}`))
		must(say("c", 5000, 1, `{}`)) // somebody else's
		must(say("v", 8000, 1, `{}`)) // viewers only look
		must(say("a", 5000, 1, `"text"`))
		if err := d.SetAwareness("a", lighthouse, []byte{0}); errs.CodeOf(err) != errs.Validation {
			t.Errorf("no entry: %v", err)
		}
		if err := say("a", 5000, 1, `{"mode":"`+strings.Repeat("x", 9000)+`"}`); errs.CodeOf(err) != errs.Validation {
			t.Errorf("too long: %v", err)
		}
		time.Sleep(time.Second)
		want := `awareness of 7000: {"passageId":"` + passage + `","cursor":{"anchor":1},"user":{"id":"cleo","name":"cleo!","color":`
		if got := d.heard(); !strings.HasPrefix(got, want) || strings.Contains(got, "evil") || strings.Count(got, "awareness") != 1 || !strings.HasSuffix(got, `not to "c"`) {
			t.Errorf("told %s", got)
		}
		d.Disconnected("c")
		time.Sleep(time.Second)
		expect(t, "gone", d.heard(), `awareness of 7000:  not to ""`)
		must(say("a", 5000, 2, `{"mode":"write"}`))
		time.Sleep(time.Second)
		d.heard()
		time.Sleep(40 * time.Second)
		if got := d.heard(); !strings.HasPrefix(got, "awareness of 5000: ") {
			t.Errorf("after a long silence: %s", got)
		}
	})
}

// In a crowd, who only moves the cursor is seen by those in the same passage;
// who goes to another one, comes, leaves or stays silent is seen by all.
func TestCursorsInACrowd(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		const here, there = passage, "01BX5ZZKBKACTAV9WEVGEMMVRZ"
		clock := uint64(0)
		say := func(n uint64, passage string, cursor int) {
			clock++
			state := fmt.Sprintf(`{"passageId":%q,"cursor":{"anchor":%d}}`, passage, cursor)
			if err := d.SetAwareness(fmt.Sprint("c", n), lighthouse, yjs.EncodeAwareness(yjs.Presence{Client: n, Clock: clock, State: []byte(state)})); err != nil {
				t.Error(err)
			}
		}
		soon := func() string { time.Sleep(100 * time.Millisecond); return d.heard() }
		for n := range uint64(51) {
			d.open(fmt.Sprint("c", 7000+n), "cleo", 7000+n)
			where := there
			if n < 3 {
				where = here
			}
			if n < 50 {
				say(7000+n, where, 1)
			}
		}
		soon()
		say(7000, here, 2)
		if got := soon(); !strings.HasPrefix(got, "awareness of 7000") {
			t.Errorf("50 show themselves: %s", got)
		}
		say(7050, there, 1)
		if got := soon(); !strings.HasPrefix(got, "awareness of 7050") {
			t.Errorf("one more comes: %s", got)
		}
		say(7000, here, 3)
		expect(t, "a cursor moves", soon(), "cursor of 7000 to [c7000 c7001 c7002]")
		say(7000, here, 3)
		if got := soon(); !strings.HasPrefix(got, "awareness of 7000") {
			t.Errorf("a sign of life: %s", got)
		}
		say(7000, there, 3)
		say(7000, there, 4)
		if got := soon(); !strings.HasPrefix(got, "awareness of 7000") || strings.Contains(got, "cursor of") {
			t.Errorf("somebody goes elsewhere and moves there: %s", got)
		}
		d.Disconnected("c7000")
		expect(t, "somebody leaves", soon(), `awareness of 7000:  not to ""`)
		say(7001, here, 9)
		if got := soon(); !strings.HasPrefix(got, "awareness of 7001") {
			t.Errorf("50 are left: %s", got)
		}
	})
}

func TestDocumentIsUnloadedAndComesBack(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		ada := d.open("a", "ada", 5000)
		expect(t, "ada", ada.push(ada.typed(" upon")), "2")
		d.Disconnected("a")
		synctest.Wait()
		if d.log.stateSeq != 2 || len(d.log.versions) != 1 || d.log.versions[0].Kind != coedit.AutoVersion {
			t.Errorf("after the last visitor: saved at %d, versions %v", d.log.stateSeq, d.log.versions)
		}
		time.Sleep(time.Minute)
		d.heard()
		expect(t, "text", d.text(), "Once upon")
		expect(t, "nothing is written by reading", d.heard(), "")
		d.stop()
		d.Push("a", "ada", lighthouse, ada.typed("x"), func(_ int64, err error) {
			if errs.CodeOf(err) != errs.Unavailable {
				t.Errorf("after the end: %v", err)
			}
		})
		d.start()
		expect(t, "after a restart", d.text(), "Once upon")
	})
}

func TestRestoreIsAnEdit(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		ada, bob := d.open("a", "ada", 5000), d.open("b", "bob", 6000)
		v, err := d.NameVersion(t.Context(), "ada", lighthouse, " before ")
		if err != nil || v.Label != "before" {
			t.Fatalf("NameVersion = %+v, %v", v, err)
		}
		const second = "01BX5ZZKBKACTAV9WEVGEMMVRZ"
		expect(t, "ada", ada.push(ada.edit(func(tx *yjs.Txn) error {
			m, err := tx.SetType(ada.doc.Root("passages", yjs.Map), second, yjs.Map)
			return errors.Join(err, tx.Set(m, "name", "Second"), tx.Delete(ada.body(), 0, 4), tx.Set(ada.doc.Root("story", yjs.Map), "title", "Other"))
		})), "2")
		offline := bob.typed(" (bob)")
		v, now, then, err := d.Compare(t.Context(), "bob", lighthouse, v.ID)
		if err != nil || now.Passages[0].Body != "" || then.Passages[0].Body != "Once" || len(now.Passages) != 2 {
			t.Errorf("Compare = %+v, %+v, %v", now, then, err)
		}
		seq, err := d.Restore(t.Context(), "bob", lighthouse, v.ID)
		if err != nil || seq != 3 {
			t.Fatalf("Restore = %d, %v", seq, err)
		}
		expect(t, "what was written offline", bob.push(offline), "4")
		c, seq, err := d.Content(t.Context(), "ada", lighthouse, "")
		if err != nil || seq != 4 {
			t.Fatal(err)
		}
		expect(t, "title", c.Title, "The Lighthouse")
		if body := c.Passages[0].Body; !strings.Contains(body, "Once") || !strings.Contains(body, "(bob)") {
			t.Errorf("body = %s", body)
		}
		if len(c.Passages) != 2 || c.Passages[1].TrashedAt.IsZero() {
			t.Errorf("the new passage is not in the trash: %+v", c.Passages)
		}
		list, err := d.ListVersions(t.Context(), "ada", lighthouse)
		if err != nil || len(list) != 2 || list[0].Kind != coedit.RestoreVersion || list[0].Seq != 2 {
			t.Errorf("versions = %+v, %v", list, err)
		}
		runs, err := d.Authors(t.Context(), "ada", lighthouse, passage)
		if err != nil || !slices.ContainsFunc(runs, func(r coedit.AuthoredRun) bool { return r.UserID == "bob" && r.Text == " (bob)" }) {
			t.Errorf("authors = %+v, %v", runs, err)
		}
		if _, err := d.Restore(t.Context(), "cleo", lighthouse, v.ID); errs.CodeOf(err) != errs.Forbidden {
			t.Errorf("a commenter restores: %v", err)
		}
	})
}

func TestTrashIsEmptiedAfterAMonth(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.restart(coedit.Options{Poll: time.Hour})
		ada := d.open("a", "ada", 5000)
		expect(t, "ada", ada.push(ada.edit(func(tx *yjs.Txn) error {
			v, _ := ada.doc.Root("passages", yjs.Map).Get(passage)
			return tx.Set(v.(*yjs.Type), "trashedAt", float64(time.Now().UnixMilli()))
		})), "2")
		passages := func() int {
			c, _, err := d.Content(t.Context(), "ada", lighthouse, "")
			if err != nil {
				t.Error(err)
			}
			return len(c.Passages)
		}
		d.Disconnected("a")
		time.Sleep(time.Minute)
		if passages() != 1 {
			t.Error("the trash was emptied at once")
		}
		time.Sleep(31 * 24 * time.Hour)
		if passages() != 0 {
			t.Error("the trash was not emptied")
		}
	})
}

func TestPublishWaitsForASeq(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		ada := d.open("a", "ada", 5000)
		d.heard()
		go func() {
			time.Sleep(time.Second)
			ada.push(ada.typed(" upon"))
		}()
		r, problems, err := d.Publish(t.Context(), "ada", lighthouse, 2)
		if err != nil || r.No != 1 || r.Seq != 2 || len(problems) != 0 || d.shelf.drafts[0].Passages[0].Body != "Once upon" {
			t.Errorf("Publish = %+v, %v, %v", r, problems, err)
		}
		if told := d.heard(); !strings.HasSuffix(told, "release 1") {
			t.Errorf("told %s", told)
		}
		if _, _, err := d.Publish(t.Context(), "ada", lighthouse, 9); errs.CodeOf(err) != errs.Conflict {
			t.Errorf("a seq that never comes: %v", err)
		}
		expect(t, "no start", ada.push(ada.edit(func(tx *yjs.Txn) error { return tx.Set(ada.doc.Root("story", yjs.Map), "start", "") })), "3")
		if r, problems, err := d.Publish(t.Context(), "ada", lighthouse, 0); r != nil || len(problems) != 1 || err != nil {
			t.Errorf("with an error: %+v, %v, %v", r, problems, err)
		}
	})
}
