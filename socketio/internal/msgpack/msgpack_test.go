package msgpack_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/socketio/internal/msgpack"
	"github.com/storywire/storywire/socketio/internal/siotest"
	"github.com/storywire/storywire/socketio/parser"
)

// vector is one entry of testdata/values.json, which npm's notepack.io reads and
// writes as well.
type vector struct {
	Name        string
	JSON        string
	Attachments []string // hex
	Bytes       string   // hex
	Reads       bool     // only read: notepack.io 3 writes it in another way
}

func (v vector) attachments(t testing.TB) [][]byte {
	var all [][]byte
	for _, a := range v.Attachments {
		all = append(all, siotest.Unhex(t, a))
	}
	return all
}

func TestVectors(t *testing.T) {
	for _, v := range siotest.Vectors[vector](t, "testdata/values.json") {
		t.Run(v.Name, func(t *testing.T) {
			want := siotest.Unhex(t, v.Bytes)
			if !v.Reads {
				got, err := msgpack.AppendJSON([]byte("head"), []byte(v.JSON), v.attachments(t))
				if err != nil || !bytes.Equal(got, append([]byte("head"), want...)) {
					t.Errorf("AppendJSON(%s) = %x, %v, want %x", v.JSON, got, err, want)
				}
			}
			r := msgpack.NewReader(want)
			got, attachments, err := r.JSON(nil, nil, msgpack.MaxDepth)
			if err != nil || r.End() != nil || !siotest.SameJSON(got, []byte(v.JSON)) {
				t.Errorf("JSON(%x) = %s, %v, want %s", want, got, err, v.JSON)
			}
			if !reflect.DeepEqual(attachments, v.attachments(t)) {
				t.Errorf("JSON(%x): attachments %x, want %x", want, attachments, v.attachments(t))
			}
		})
	}
}

// TestValuesComeBack: what Append writes, Value reads.
func TestValuesComeBack(t *testing.T) {
	at := time.Date(2024, 2, 29, 23, 59, 59, 7e6, time.UTC)
	for _, v := range []any{
		nil, true, false, int64(0), int64(-1), int64(math.MinInt64), int64(math.MaxInt64), uint64(math.MaxUint64),
		1.5, -2.25e-8, math.Inf(1), "", "text", strings.Repeat("x", 70_000), []byte{}, []byte{1}, make([]byte, 70_000),
		at, time.Unix(-1, 0).UTC(), time.Unix(1<<34, 5e6).UTC(), []any{}, map[string]any{},
		[]any{int64(1), []any{"two", map[string]any{"three": []byte{3}}}}, make([]any, 70_000),
		map[string]any{"": nil, "a": []any{at}},
	} {
		buf, err := msgpack.Append(nil, v)
		if err != nil {
			t.Fatalf("Append(%.50v): %v", v, err)
		}
		r := msgpack.NewReader(buf)
		got, err := r.Value()
		if err != nil || !reflect.DeepEqual(got, v) {
			t.Errorf("Value of %.50v = %.50v, %v", v, got, err)
		}
		again := msgpack.NewReader(buf)
		if err := errors.Join(r.End(), again.Skip(), again.End()); err != nil {
			t.Errorf("%.50v is not read to its end: %v", v, err)
		}
	}
}

func TestValuesOfOtherTypes(t *testing.T) {
	tests := []struct {
		in   any
		want string
	}{
		{[]string{"a", "b"}, "92a161a162"},
		{7, "07"},
		{2.0, "02"},
		{-3e3, "d1f448"},
		{1e300, "cb7e37e43c8800759c"},
		{json.RawMessage(`{"a":[1]}`), "81a16191" + "01"},
		{map[string]any{"b": 1, "a": 2}, "82a16102a16201"},
	}
	for _, tt := range tests {
		if got, err := msgpack.Append(nil, tt.in); err != nil || hex.EncodeToString(got) != tt.want {
			t.Errorf("Append(%v) = %x, %v, want %s", tt.in, got, err, tt.want)
		}
	}
	if _, err := msgpack.Append(nil, struct{}{}); !errors.Is(err, msgpack.ErrType) {
		t.Errorf("Append of a struct: %v, want ErrType", err)
	}
}

func TestLargeContainersOfJSON(t *testing.T) {
	elements := strings.Repeat("0,", 65_535) + "0"
	tests := []struct {
		json string
		head string
	}{
		{"[" + elements + "]", "dd00010000"},
		{"[" + elements[2:] + "]", "dcffff"},
		{`"` + strings.Repeat("x", 65_536) + `"`, "db00010000"},
		{`"` + strings.Repeat("x", 65_535) + `"`, "daffff"},
	}
	for _, tt := range tests {
		got, err := msgpack.AppendJSON(nil, []byte(tt.json), nil)
		if head := siotest.Unhex(t, tt.head); err != nil || !bytes.HasPrefix(got, head) {
			t.Errorf("AppendJSON(%.20s): %v, head %x, want %s", tt.json, err, got[:8], tt.head)
		}
		back, _, err := msgpack.NewReader(got).JSON(nil, nil, 1)
		if err != nil || string(back) != tt.json {
			t.Errorf("JSON of AppendJSON(%.20s) = %.20s, %v", tt.json, back, err)
		}
	}
}

func TestMessageByHand(t *testing.T) {
	buf := msgpack.AppendMap(msgpack.AppendArray(nil, 2), 1)
	buf = msgpack.AppendTime(msgpack.AppendString(buf, "at"), time.UnixMilli(1))
	buf = msgpack.AppendBool(buf, true)
	r := msgpack.NewReader(buf)
	if n, err := r.Array(); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	if n, err := r.Map(); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if key, err := r.Key(); key != "at" || err != nil {
		t.Fatal(key, err)
	}
	if at, err := r.Value(); at != time.UnixMilli(1).UTC() || err != nil {
		t.Fatal(at, err)
	}
	if _, err := r.Text(); !errors.Is(err, msgpack.ErrType) {
		t.Errorf("Text of a boolean: %v, want ErrType", err)
	}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name, hex string
		want      error
	}{
		{"nothing", "", msgpack.ErrSyntax},
		{"the byte that is never used", "c1", msgpack.ErrSyntax},
		{"an array of which nothing follows", "91", msgpack.ErrSyntax},
		{"an array of four billion", "ddffffffff00", msgpack.ErrSyntax},
		{"a map of four billion", "dfffffffff0000", msgpack.ErrSyntax},
		{"a map with half a pair", "81a161", msgpack.ErrSyntax},
		{"a string of four billion", "dbffffffff61", msgpack.ErrSyntax},
		{"binary of four billion", "c6ffffffff61", msgpack.ErrSyntax},
		{"an extension of four billion", "c9ffffffff0061", msgpack.ErrSyntax},
		{"a string that ends early", "a36161", msgpack.ErrSyntax},
		{"a length that ends early", "da00", msgpack.ErrSyntax},
		{"a number that ends early", "cf00", msgpack.ErrSyntax},
		{"an unknown extension", "d40100", msgpack.ErrType},
		{"a legacy extension of no known size", "d5000000", msgpack.ErrType},
		{"a timestamp of no known size", "d5ff0000", msgpack.ErrSyntax},
		{"a timestamp with too many nanoseconds", "d7ffffffffff00000000", msgpack.ErrSyntax},
		{"a map with a map as key", "818000", msgpack.ErrType},
		{"too deep", strings.Repeat("91", msgpack.MaxDepth+1) + "00", msgpack.ErrDepth},
		{"maps too deep", strings.Repeat("8100", msgpack.MaxDepth+1) + "00", msgpack.ErrDepth},
		{"a million brackets", strings.Repeat("91", 1<<20) + "00", msgpack.ErrDepth},
	}
	for _, tt := range tests {
		data := siotest.Unhex(t, tt.hex)
		if _, err := msgpack.NewReader(data).Value(); !errors.Is(err, tt.want) {
			t.Errorf("%s: Value: %v, want %v", tt.name, err, tt.want)
		}
		if _, _, err := msgpack.NewReader(data).JSON(nil, nil, msgpack.MaxDepth); !errors.Is(err, tt.want) {
			t.Errorf("%s: JSON: %v, want %v", tt.name, err, tt.want)
		}
	}
	trailing := msgpack.NewReader([]byte{1, 2})
	if err := errors.Join(trailing.Skip(), trailing.End()); !errors.Is(err, msgpack.ErrSyntax) {
		t.Errorf("trailing bytes: %v, want ErrSyntax", err)
	}
}

func TestJSONRefused(t *testing.T) {
	placeholder := `{"_placeholder":true,"num":1}`
	tests := []struct {
		json        string
		attachments int
		want        error
	}{
		{"", 0, msgpack.ErrSyntax}, {"[", 0, msgpack.ErrSyntax}, {"[1 2]", 0, msgpack.ErrSyntax}, {`{"a"}`, 0, msgpack.ErrSyntax},
		{`{1:2}`, 0, msgpack.ErrSyntax}, {"01", 0, msgpack.ErrSyntax}, {"-", 0, msgpack.ErrSyntax}, {"tru", 0, msgpack.ErrSyntax},
		{`"`, 0, msgpack.ErrSyntax}, {`"\x"`, 0, msgpack.ErrSyntax}, {"\"\n\"", 0, msgpack.ErrSyntax}, {"1 2", 0, msgpack.ErrSyntax},
		{strings.Repeat("[", 1<<20), 0, msgpack.ErrDepth},
		{placeholder, 1, parser.ErrAttachments},
		{placeholder, 0, nil}, // nothing but an object
	}
	for _, tt := range tests {
		if _, err := msgpack.AppendJSON(nil, []byte(tt.json), make([][]byte, tt.attachments)); !errors.Is(err, tt.want) {
			t.Errorf("AppendJSON(%.40s) with %d attachments: %v, want %v", tt.json, tt.attachments, err, tt.want)
		}
	}
}

func TestDeclaredLengthsAllocateNothing(t *testing.T) {
	bomb := append([]byte{0xdd, 0x00, 0x0f, 0xff, 0xff}, bytes.Repeat([]byte{0xc1}, 1<<20)...)
	if n := testing.AllocsPerRun(10, func() {
		if _, err := msgpack.NewReader(bomb).Value(); err == nil {
			t.Fatal("accepted")
		}
	}); n > 2 {
		t.Errorf("%v allocations, want at most 2", n)
	}
}

// FuzzReader: nothing panics; what can be read is JSON that comes back.
func FuzzReader(f *testing.F) {
	for _, v := range siotest.Vectors[vector](f, "testdata/values.json") {
		f.Add(siotest.Unhex(f, v.Bytes))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := msgpack.NewReader(data)
		raw, attachments, err := r.JSON(nil, nil, msgpack.MaxDepth)
		skipped := msgpack.NewReader(data).Skip()
		_, valued := msgpack.NewReader(data).Value()
		if err == nil && (skipped != nil || valued != nil) {
			t.Fatalf("JSON reads %x, but not Skip (%v) or Value (%v)", data, skipped, valued)
		}
		if err != nil {
			return
		}
		if !json.Valid(raw) {
			t.Fatalf("JSON(%x) = %q", data, raw)
		}
		packed, err := msgpack.AppendJSON(nil, raw, attachments)
		if errors.Is(err, parser.ErrAttachments) {
			return // a map of the sender's that looks like a placeholder
		}
		if err != nil {
			t.Fatalf("AppendJSON(%s): %v", raw, err)
		}
		again, more, err := msgpack.NewReader(packed).JSON(nil, nil, msgpack.MaxDepth)
		if err != nil || bytes.Count(raw, []byte("_placeholder")) == len(attachments) && (!siotest.SameJSON(raw, again) || len(more) != len(attachments)) {
			t.Fatalf("%s came back as %s, %v", raw, again, err)
		}
	})
}

// FuzzAppendJSON: nothing panics; what is accepted is JSON and comes back.
func FuzzAppendJSON(f *testing.F) {
	for _, v := range siotest.Vectors[vector](f, "testdata/values.json") {
		f.Add([]byte(v.JSON))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		packed, err := msgpack.AppendJSON(nil, raw, nil)
		if err != nil {
			return
		}
		if !json.Valid(raw) {
			t.Fatalf("AppendJSON accepts %q", raw)
		}
		r := msgpack.NewReader(packed)
		again, _, err := r.JSON(nil, nil, msgpack.MaxDepth)
		if err != nil || r.End() != nil || !json.Valid(again) {
			t.Fatalf("%q came back as %q, %v", raw, again, err)
		}
	})
}
