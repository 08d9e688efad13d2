package tale

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Version is the version of the JSON of a [Tale].
const Version = 1

// Limits of a story. A draft that crosses one is refused.
const (
	MaxFile      = 4 << 20  // bytes of a Twee or Twine file
	MaxTitle     = 200      // runes
	MaxPassages  = 5000     // in one story
	MaxName      = 200      // bytes of a passage's name
	MaxTags      = 32       // of one passage
	MaxTag       = 64       // bytes
	MaxText      = 64 << 10 // bytes of one passage
	MaxChoices   = 12       // of one passage
	MaxLabel     = 280      // bytes
	MaxSets      = 64       // assignments of one passage
	MaxVars      = 500      // variables
	MaxVarName   = 64       // bytes
	MaxString    = 256      // bytes of a variable's text
	MaxDepth     = 8        // conditions inside of each other
	MaxExpr      = 300      // bytes of an expression as it is written
	MaxInt       = 1 << 53  // a number is within -MaxInt..MaxInt
	MinTimer     = 5        // seconds
	MaxTimer     = 600      // seconds
	maxExprs     = 20_000   // different expressions of a story
	maxCombined  = 1200     // bytes of the conditions around a choice, joined
	maxProblems  = 100      // what is reported of one story
	maxExprNodes = 100      // of the syntax tree of an expression; four times that of joined ones
)

// PassageID names a passage within its story, for as long as a release lives.
type PassageID string

// Mode is a way in which a party chooses.
type Mode string

// Modes.
const (
	ModeFirst     Mode = "first"     // the first valid choice
	ModeHost      Mode = "host"      // the host's choice
	ModeMajority  Mode = "majority"  // most votes
	ModeUnanimous Mode = "unanimous" // all agree
	ModeRotate    Mode = "rotate"    // one after the other
)

// Valid reports whether m is one of the modes.
func (m Mode) Valid() bool {
	return slices.Contains([]Mode{ModeFirst, ModeHost, ModeMajority, ModeUnanimous, ModeRotate}, m)
}

// Who may take a choice.
const (
	WhoAny  = ""      // everybody who may choose
	WhoTurn = "turn"  // whose turn it is
	WhoHost = "host"  // the host of the party
	WhoRole = "role:" // followed by a role: who plays it
)

// EndTag marks a passage that ends the story.
const EndTag = "end"

// Scope says whose a variable is.
type Scope string

// Scopes.
const (
	Shared  Scope = "shared"  // one value for the party
	Private Scope = "private" // each player has a value that the others never see
)

// Var is a declared variable.
type Var struct {
	Type  Type  `json:"t"`
	Init  Value `json:"init"`
	Scope Scope `json:"scope"`
}

// Tale is a story ready for play: the content of a release.
type Tale struct {
	V        int                    `json:"v"`
	Title    string                 `json:"title"`
	IFID     string                 `json:"ifid"`
	Start    PassageID              `json:"start"`
	Vars     map[string]Var         `json:"vars"`
	Passages map[PassageID]*Passage `json:"passages"`
}

// Passage is one step of a story.
type Passage struct {
	Name     string   `json:"name"`
	Tags     []string `json:"tags,omitempty"`
	Blocks   []Block  `json:"blocks,omitempty"`
	Set      []Assign `json:"set,omitempty"`
	Choices  []Choice `json:"choices,omitempty"`
	TimerSec int      `json:"timerSec,omitempty"` // 0: as the party plays
	Mode     Mode     `json:"mode,omitempty"`     // empty: as the party plays
}

// Ends reports whether the passage is an ending.
func (p *Passage) Ends() bool { return slices.Contains(p.Tags, EndTag) }

// Block is a piece of a passage: text, the value of a variable, or what depends on a condition.
type Block struct {
	Text  string  `json:"text,omitempty"`
	Print string  `json:"print,omitempty"`
	If    string  `json:"if,omitempty"`
	Then  []Block `json:"then,omitempty"`
	Else  []Block `json:"else,omitempty"`

	Mistake *Problem `json:"-"` // what is wrong at this place; only in a [Sketch]
}

// Assign sets a variable when a passage is entered.
type Assign struct {
	Var  string `json:"var"`
	Expr string `json:"expr"`
	If   string `json:"if,omitempty"`
}

// Choice leads from one passage to another.
type Choice struct {
	ID    string    `json:"id"` // "<passage>:<index>"
	Label string    `json:"label"`
	To    PassageID `json:"to"`
	If    string    `json:"if,omitempty"`
	Once  bool      `json:"once,omitempty"` // can be taken once in a session
	Who   string    `json:"who,omitempty"`
	Auto  bool      `json:"auto,omitempty"` // taken at once if it is the only one
}

// Encode returns the canonical JSON of t: equal stories have equal bytes.
func (t *Tale) Encode() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(t) // plain values always encode
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Decode returns the tale that Encode wrote.
func Decode(data []byte) (*Tale, error) {
	var t Tale
	if err := json.Unmarshal(data, &t); err != nil {
		return nil, fmt.Errorf("decode a tale: %w", err)
	}
	if t.V != Version {
		return nil, fmt.Errorf("decode a tale: version %d, want %d", t.V, Version)
	}
	for id, p := range t.Passages {
		if p == nil {
			return nil, fmt.Errorf("decode a tale: passage %q is null", id)
		}
	}
	return &t, nil
}

// Roles returns the roles that choices are reserved for, sorted.
func (t *Tale) Roles() []string {
	var roles []string
	for _, p := range t.Passages {
		for _, c := range p.Choices {
			if role, ok := strings.CutPrefix(c.Who, WhoRole); ok && !slices.Contains(roles, role) {
				roles = append(roles, role)
			}
		}
	}
	slices.Sort(roles)
	return roles
}
