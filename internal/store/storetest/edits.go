package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

func entry(data string, after int64) coedit.Entry {
	return coedit.Entry{Data: []byte(data), Node: "n1", After: after, At: noon}
}

func appended(t *testing.T, st Store, id story.ID, e coedit.Entry) int64 {
	t.Helper()
	seq, err := st.Append(t.Context(), id, e)
	if err != nil {
		t.Fatalf("Append(%q): %v", e.Data, err)
	}
	return seq
}

func document(t *testing.T, st Store, id story.ID) string {
	t.Helper()
	saved, err := st.Document(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	tail := make([]string, len(saved.Tail))
	for i, u := range saved.Tail {
		tail[i] = fmt.Sprintf("%d %s", u.Seq, u.Data)
	}
	return fmt.Sprintf("head %d, %q at %d, %q", saved.Head, saved.Data, saved.Seq, tail)
}

func updatesAreOrderedPerStory(t *testing.T, st Store) {
	newStory(t, st, "s1", "ada", story.Public)
	newStory(t, st, "s2", "ada", story.Public)
	same(t, "an unknown document", document(t, st, "s1"), `head 0, "" at 0, []`)
	for _, step := range []struct {
		in   story.ID
		data string
		want int64
	}{{"s1", "a", 1}, {"s2", "x", 1}, {"s1", "b", 2}, {"s1", "c", 3}} {
		if got := appended(t, st, step.in, entry(step.data, coedit.Anywhere)); got != step.want {
			t.Errorf("Append(%s) = %d, want %d", step.data, got, step.want)
		}
	}
	same(t, "s1", document(t, st, "s1"), `head 3, "" at 0, ["1 a" "2 b" "3 c"]`)
	updates, err := st.Updates(t.Context(), "s1", 1, 1)
	if err != nil || len(updates) != 1 || updates[0].Seq != 2 {
		t.Errorf("Updates after 1 = %v, %v", updates, err)
	}
	heads, err := st.Heads(t.Context(), []story.ID{"s1", "s2", "none"})
	if err != nil || len(heads) != 2 || heads["s1"] != 3 || heads["s2"] != 1 {
		t.Errorf("Heads = %v, %v", heads, err)
	}
	if _, err := st.Append(t.Context(), "none", entry("a", coedit.Anywhere)); errs.CodeOf(err) != errs.NotFound {
		t.Errorf("Append in no story: %v", err)
	}
}

func updateFollowsTheHeadItNames(t *testing.T, st Store) {
	newStory(t, st, "s1", "ada", story.Public)
	appended(t, st, "s1", entry("a", 0))
	for _, after := range []int64{0, 2} {
		if _, err := st.Append(t.Context(), "s1", entry("b", after)); !errors.Is(err, coedit.ErrConflict) {
			t.Errorf("Append after %d: %v, want ErrConflict", after, err)
		}
	}
	appended(t, st, "s1", entry("b", 1))
	same(t, "s1", document(t, st, "s1"), `head 2, "" at 0, ["1 a" "2 b"]`)
}

func updatesOfManyAtOnceHaveOneOrder(t *testing.T, st Store) {
	newStory(t, st, "s1", "ada", story.Public)
	var wg sync.WaitGroup
	seqs := make([]int64, 50)
	for i := range seqs {
		wg.Go(func() {
			seq, err := st.Append(t.Context(), "s1", entry(fmt.Sprint(i), coedit.Anywhere))
			if err != nil {
				t.Error(err)
			}
			seqs[i] = seq
		})
	}
	wg.Wait()
	updates, err := st.Updates(t.Context(), "s1", 0, 100)
	if err != nil || len(updates) != len(seqs) {
		t.Fatalf("%d updates, %v", len(updates), err)
	}
	for i, seq := range seqs {
		if u := updates[seq-1]; u.Seq != seq || string(u.Data) != fmt.Sprint(i) {
			t.Errorf("update %d is %q, want %d", seq, u.Data, i)
		}
	}
}

func clientIDIsWhoseItWasFirst(t *testing.T, st Store) {
	newStory(t, st, "s1", "ada", story.Public)
	newStory(t, st, "s2", "ada", story.Public)
	const most = 1<<53 - 1
	with := func(data string, client uint64, by auth.UserID) coedit.Entry {
		e := entry(data, coedit.Anywhere)
		e.Clients = map[uint64]auth.UserID{client: by}
		return e
	}
	appended(t, st, "s1", with("a", most, "bob"))
	appended(t, st, "s1", with("b", most, "bob"))
	_, err := st.Append(t.Context(), "s1", with("c", most, "eve"))
	if foreign, ok := errors.AsType[*coedit.ForeignClientError](err); !ok || foreign.Owner != "bob" || foreign.Client != most {
		t.Errorf("Append with another's client id: %v", err)
	}
	appended(t, st, "s2", with("x", most, "eve")) // in another story it is another's
	same(t, "s1", document(t, st, "s1"), `head 2, "" at 0, ["1 a" "2 b"]`)
	owners, err := st.WritersOf(t.Context(), "s1", []uint64{most, 5})
	if err != nil || len(owners) != 1 || owners[most] != "bob" {
		t.Errorf("WritersOf = %v, %v", owners, err)
	}
}

func savedStateReplacesItsUpdates(t *testing.T, st Store) {
	newStory(t, st, "s1", "ada", story.Public)
	for i := range 210 {
		appended(t, st, "s1", entry(fmt.Sprint(i), coedit.Anywhere))
	}
	state := bytes.Repeat([]byte("state "), 10_000)
	for _, save := range []struct {
		seq   int64
		state []byte
	}{{208, state}, {100, []byte("older")}, {208, []byte("again")}} {
		if err := st.Compact(t.Context(), "s1", save.seq, save.state); err != nil {
			t.Fatal(err)
		}
	}
	saved, err := st.Document(t.Context(), "s1")
	if err != nil || saved.Seq != 208 || !bytes.Equal(saved.Data, state) || len(saved.Tail) != 2 || saved.Tail[0].Seq != 209 {
		t.Errorf("Document = %d bytes at %d, tail %v, %v", len(saved.Data), saved.Seq, saved.Tail, err)
	}
	updates, err := st.Updates(t.Context(), "s1", 0, 1000)
	if err != nil || len(updates) != 202 || updates[0].Seq != 9 {
		t.Errorf("%d updates are left, from %v, %v", len(updates), updates[0].Seq, err)
	}
}

func refusedUpdateIsKept(t *testing.T, st Store) {
	newStory(t, st, "s1", "ada", story.Public)
	err := st.Quarantine(t.Context(), "s1", coedit.Refused{UserID: "eve", Code: "SCHEMA", Data: []byte{0, 255}, At: noon})
	if err != nil {
		t.Error(err)
	}
	for _, step := range []struct {
		before time.Time
		want   int64
	}{{noon, 0}, {noon.Add(time.Millisecond), 1}, {noon.Add(time.Hour), 0}} {
		if n, err := st.DropRefused(t.Context(), step.before); n != step.want || err != nil {
			t.Errorf("before %v: dropped %d, %v", step.before, n, err)
		}
	}
}

func documentsAreListed(t *testing.T, st Store) {
	for _, id := range []story.ID{"s2", "s3", "s1", "s4"} { // the order in which they are made
		newStory(t, st, id, "ada", story.Public)
	}
	for _, id := range []story.ID{"s1", "s2", "s4"} { // nobody writes in s3
		appended(t, st, id, entry("x", coedit.Anywhere))
	}
	for _, test := range []struct {
		after story.ID
		limit int
		want  string
	}{{"", 10, "[s2 s1 s4]"}, {"", 2, "[s2 s1]"}, {"s1", 2, "[s4]"}, {"s3", 9, "[s1 s4]"}, {"s4", 9, "[]"}} {
		got, err := st.Documents(t.Context(), test.after, test.limit)
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("Documents(%q, %d)", test.after, test.limit), ids(got, func(id story.ID) string { return string(id) }), test.want)
	}
}

func versionsAreKept(t *testing.T, st Store) {
	newStory(t, st, "s1", "ada", story.Public)
	version := func(id string, seq int64, kind coedit.VersionKind, minute int) coedit.Version {
		return coedit.Version{
			ID: id, Seq: seq, Kind: kind, Label: "label of " + id, CreatedBy: "ada", CreatedAt: noon.Add(time.Duration(minute) * time.Minute),
		}
	}
	for _, v := range []coedit.Version{version("v1", 1, coedit.AutoVersion, 0), version("v2", 2, coedit.NamedVersion, 1), version("v3", 2, coedit.AutoVersion, 2)} {
		if got, err := st.InsertVersion(t.Context(), "s1", v, []byte("state of "+v.ID)); err != nil || got != v {
			t.Errorf("InsertVersion(%s) = %+v, %v", v.ID, got, err)
		}
	}
	if got, err := st.InsertVersion(t.Context(), "s1", version("v4", 2, coedit.NamedVersion, 3), nil); err != nil || got.ID != "v2" || got.Label != "label of v4" {
		t.Errorf("the same again under another name = %+v, %v", got, err)
	}
	unnamed := version("v5", 2, coedit.NamedVersion, 4)
	unnamed.Label = ""
	if got, err := st.InsertVersion(t.Context(), "s1", unnamed, nil); err != nil || got.ID != "v2" || got.Label != "label of v4" {
		t.Errorf("the same again without a name = %+v, %v", got, err)
	}
	list, err := st.VersionsOf(t.Context(), "s1")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "versions", ids(list, func(v coedit.Version) string { return v.ID }), "[v3 v2 v1]")
	v, state, err := st.VersionState(t.Context(), "s1", "v2")
	if err != nil || v != list[1] || string(state) != "state of v2" {
		t.Errorf("VersionState = %+v, %q, %v", v, state, err)
	}
	if err := st.DropVersions(t.Context(), "s1", []string{"v2", "none"}); err != nil {
		t.Error(err)
	}
	if _, _, err := st.VersionState(t.Context(), "s1", "v2"); errs.CodeOf(err) != errs.NotFound {
		t.Errorf("a dropped version: %v", err)
	}
}

func notesAreKept(t *testing.T, st Store) {
	newStory(t, st, "s1", "ada", story.Public)
	note := func(id, command string) coedit.Note {
		return coedit.Note{
			ID: id, StoryID: "s1", PassageID: "p1", Anchor: &coedit.Anchor{Start: "AA", End: "AB", Quote: "é"}, Text: "text of " + id,
			User: user.Profile{ID: "ada"}, CreatedAt: noon, Command: command,
		}
	}
	for _, n := range []coedit.Note{note("n1", "c1"), note("n2", ""), note("n3", "")} {
		if _, err := st.InsertNote(t.Context(), n, 3); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := st.InsertNote(t.Context(), note("n4", "c1"), 3); err != nil || got.ID != "n1" {
		t.Errorf("the same command again = %+v, %v", got, err)
	}
	if _, err := st.InsertNote(t.Context(), note("n5", ""), 3); errs.CodeOf(err) != errs.Validation {
		t.Errorf("one too many: %v", err)
	}
	got, err := st.ResolveNote(t.Context(), "s1", "n2", "bob", noon.Add(time.Minute))
	if err != nil || got.ResolvedBy.ID != "bob" || !got.ResolvedAt.Equal(noon.Add(time.Minute)) {
		t.Errorf("ResolveNote = %+v, %v", got, err)
	}
	if got, err = st.ResolveNote(t.Context(), "s1", "n2", "bob", time.Time{}); err != nil || got.ResolvedBy.ID != "" || !got.ResolvedAt.IsZero() {
		t.Errorf("opened again = %+v, %v", got, err)
	}
	if _, err := st.ResolveNote(t.Context(), "s1", "none", "bob", noon); errs.CodeOf(err) != errs.NotFound {
		t.Errorf("ResolveNote(none): %v", err)
	}
	list, err := st.NotesOf(t.Context(), "s1")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "notes", ids(list, func(n coedit.Note) string { return n.ID }), "[n1 n2 n3]")
	if *list[0].Anchor != *note("", "").Anchor || list[0].Text != "text of n1" || list[0].User.ID != "ada" {
		t.Errorf("the first is %+v", list[0])
	}
}

func invitationsExpire(t *testing.T, st Store) {
	newStory(t, st, "s1", "ada", story.Public)
	invitation := func(code string, hours int) coedit.Invitation {
		return coedit.Invitation{
			Code: code, StoryID: "s1", Role: story.Editor, User: user.Profile{ID: "bob"}, InvitedBy: user.Profile{ID: "ada"},
			ExpiresAt: noon.Add(time.Duration(hours) * time.Hour),
		}
	}
	for _, i := range []coedit.Invitation{invitation("i1", 1), invitation("i2", 2)} {
		if err := st.InsertInvitation(t.Context(), i, noon, 2); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.InsertInvitation(t.Context(), invitation("i3", 3), noon, 2); errs.CodeOf(err) != errs.Validation {
		t.Errorf("one too many: %v", err)
	}
	if err := st.InsertInvitation(t.Context(), invitation("i3", 3), noon.Add(90*time.Minute), 2); err != nil {
		t.Errorf("after one has expired: %v", err)
	}
	if got, err := st.Invitation(t.Context(), "i2"); err != nil || got != invitation("i2", 2) {
		t.Errorf("Invitation = %+v, %v", got, err)
	}
	list, err := st.InvitationsOf(t.Context(), "s1", noon)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "invitations", ids(list, func(i coedit.Invitation) string { return i.Code }), "[i3 i2]")
	if err := st.DeleteInvitation(t.Context(), "s1", "i2"); err != nil {
		t.Error(err)
	}
	if _, err := st.Invitation(t.Context(), "i2"); errs.CodeOf(err) != errs.NotFound {
		t.Errorf("a withdrawn one: %v", err)
	}
}
