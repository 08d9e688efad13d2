package main

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/wire"
)

// preamble holds what reflection cannot see: generic types and unions.
const preamble = `// Generated from internal/wire by ` + "`go generate ./internal/wire`" + `. Do not edit.

/** The answer to an event. */
export type Ack<T> = Success<T> | Failure;

export interface Success<T> {
  ok: true;
  data: T;
  duplicate?: true;
}

/** One page of a list, newest first. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** Bytes: what is sent is a Uint8Array; what comes is an ArrayBuffer in browsers and a Buffer in Node. */
export type Binary = Uint8Array | ArrayBuffer;

export type Role = %s;

export type PlayMode = 'first' | 'host' | 'majority' | 'unanimous' | 'rotate';

export type PlayStatus = 'lobby' | 'playing' | 'paused' | 'ended';

/** Why a party is paused (host, empty, loop) or has ended (story, host, expired); empty: neither. */
export type PlayReason = '' | 'host' | 'empty' | 'loop' | 'story' | 'expired';

/** What decided a round. */
export type PlayHow = 'chosen' | 'host' | 'majority' | 'most' | 'agreed' | 'random' | 'auto';

export type PlayEventType =
  | 'created'
  | 'joined'
  | 'left'
  | 'kicked'
  | 'ready'
  | 'settings'
  | 'started'
  | 'round'
  | 'private'
  | 'voted'
  | 'suggested'
  | 'revote'
  | 'rearmed'
  | 'turn'
  | 'eligible'
  | 'resolved'
  | 'conn'
  | 'host_changed'
  | 'paused'
  | 'resumed'
  | 'proposed'
  | 'agreed'
  | 'declined'
  | 'rewound'
  | 'script_error'
  | 'ended'
  | 'rematch'
  | 'hidden';

export type ErrorCode =
  | %s;
`

// roles returns the names of the roles in rising order.
func roles() []string {
	var names []string
	for r := story.None; r <= story.Admin; r++ {
		names = append(names, r.String())
	}
	return names
}

var codes = []errs.Code{
	errs.Unauthenticated, errs.TokenExpired, errs.Forbidden, errs.NotFound, errs.NotJoined, errs.Validation,
	errs.Conflict, errs.RoomFull, errs.RateLimited, errs.PayloadTooLarge, errs.Unavailable, errs.Internal,
	errs.StaleRound, errs.NotEligible, errs.BadOption, errs.NotHost, errs.Full, errs.Locked, errs.Kicked, errs.BadCode, errs.WrongState,
	errs.MalformedUpdate, errs.Gap, errs.Schema, errs.ClientID, errs.FutureDelete, errs.DocTooLarge,
}

// generator collects the types that are met on the way.
type generator struct {
	queue []reflect.Type
	seen  map[reflect.Type]bool
}

// generate returns the whole file.
func generate() ([]byte, error) {
	g := &generator{seen: map[reflect.Type]bool{}}
	var events bytes.Buffer
	events.WriteString("\n/** What a client sends: the payload and the data of a successful answer. */\nexport interface ClientEvents {\n")
	for _, e := range wire.ClientEvents() {
		fmt.Fprintf(&events, "  %s: { in: %s; data: %s };\n", key(e.Name), g.name(e.In), g.name(e.Data))
	}
	events.WriteString("}\n\n/** What the server sends. */\nexport interface ServerEvents {\n")
	for _, e := range wire.ServerEvents() {
		fmt.Fprintf(&events, "  %s: %s;\n", key(e.Name), g.name(e.Out))
	}
	events.WriteString("}\n")
	for _, t := range wire.RESTBodies() {
		g.name(t)
	}

	var out bytes.Buffer
	fmt.Fprintf(&out, preamble, union(roles(), " | "), union(codes, "\n  | "))
	out.Write(events.Bytes())
	for len(g.queue) > 0 {
		t := g.queue[0]
		g.queue = g.queue[1:]
		fmt.Fprintf(&out, "\nexport interface %s {\n", t.Name())
		if err := g.fields(&out, t); err != nil {
			return nil, err
		}
		out.WriteString("}\n")
	}
	parties(&out)
	return out.Bytes(), nil
}

// parties writes what clients need to know of parties before they are in one.
func parties(out *bytes.Buffer) {
	out.WriteString("\n/** How a party plays unless its host says otherwise. */\nexport const PLAY_DEFAULTS: PlaySettings = {\n")
	settings := reflect.ValueOf(wire.PlaySettingsOf(play.DefaultSettings()))
	for i := range settings.NumField() {
		name, _, _ := strings.Cut(settings.Type().Field(i).Tag.Get("json"), ",")
		value := fmt.Sprint(settings.Field(i))
		if settings.Field(i).Kind() == reflect.String {
			value = "'" + value + "'"
		}
		fmt.Fprintf(out, "  %s: %s,\n", name, value)
	}
	out.WriteString("};\n\n/** What a party may grow to. */\nexport const PLAY_LIMITS = {\n")
	for _, limit := range []struct {
		doc, name string
		value     int
	}{
		{"Players.", "seats", play.MaxSeats},
		{"Characters of one message.", "message", play.MaxText},
		{"Steps of its way that it remembers.", "path", play.MaxPath},
	} {
		fmt.Fprintf(out, "  /** %s */\n  %s: %d,\n", limit.doc, limit.name, limit.value)
	}
	out.WriteString("} as const;\n")
}

func union[S ~string](words []S, sep string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "'" + string(w) + "'"
	}
	return strings.Join(quoted, sep)
}

// key quotes an event's name where TypeScript needs it.
func key(event string) string {
	if strings.Contains(event, ":") {
		return "'" + event + "'"
	}
	return event
}

// fields writes the members of t, those of embedded structs included.
func (g *generator) fields(out *bytes.Buffer, t reflect.Type) error {
	for f := range t.Fields() {
		if f.Anonymous {
			if err := g.fields(out, f.Type); err != nil {
				return err
			}
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			return fmt.Errorf("%s.%s has no json name", t.Name(), f.Name)
		}
		optional := ""
		if slices.Contains(strings.Split(options, ","), "omitempty") {
			optional = "?"
		}
		kind := f.Tag.Get("ts")
		if kind == "" {
			kind = g.name(f.Type)
		}
		fmt.Fprintf(out, "  %s%s: %s;\n", name, optional, kind)
	}
	return nil
}

// name returns the TypeScript name of t and queues t if it is a struct of package wire.
func (g *generator) name(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[wire.Time](), reflect.TypeFor[wire.ID]():
		return "string"
	case reflect.TypeFor[errs.Code]():
		return "ErrorCode"
	case reflect.TypeFor[[]byte]():
		return "Binary"
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64, reflect.Float64:
		return "number"
	case reflect.Pointer:
		return g.name(t.Elem()) + " | null"
	case reflect.Slice:
		return g.name(t.Elem()) + "[]"
	case reflect.Map:
		return "Record<string, " + g.name(t.Elem()) + ">"
	case reflect.Struct:
		if !g.seen[t] {
			g.seen[t] = true
			g.queue = append(g.queue, t)
		}
		return t.Name()
	default:
		return "unknown"
	}
}
