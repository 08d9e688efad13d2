package wire

// A party plays a release of a story together. Every command carries a cmdId,
// a nonce of the client of at most 64 bytes: sent again it has no second
// effect and gives the first result.

// PlaySettings are how a party plays. The host may change them in the lobby.
type PlaySettings struct {
	Mode        string `json:"mode" ts:"PlayMode"`
	Pace        string `json:"pace" ts:"'live' | 'mail'"`                   // mail: nobody needs to be there at the same time
	TimerSec    int    `json:"timerSec"`                                    // for each choice; 0: none
	Votes       string `json:"votes" ts:"'open' | 'counts' | 'hidden'"`     // what players see before the end of a vote
	Tie         string `json:"tie" ts:"'revote' | 'host' | 'random'"`       // what decides a tie
	LateJoin    string `json:"lateJoin" ts:"'seat' | 'spectator' | 'deny'"` // who comes after the start
	Audience    string `json:"audience" ts:"'off' | 'advice' | 'oneSeat'"`  // what the votes of spectators are
	MinPlayers  int    `json:"minPlayers"`                                  // 1..16
	MaxPlayers  int    `json:"maxPlayers"`                                  // 1..16
	MaxWatchers int    `json:"maxWatchers"`                                 // 0..1000
	Locked      bool   `json:"locked"`                                      // nobody else may join
	StickyHost  bool   `json:"stickyHost"`                                  // the first host gets the part back
}

// PlaySettingsChange has the settings that are to become others.
type PlaySettingsChange struct {
	Mode        *string `json:"mode,omitempty" ts:"PlayMode"`
	Pace        *string `json:"pace,omitempty" ts:"'live' | 'mail'"`
	TimerSec    *int    `json:"timerSec,omitempty" ts:"number"`
	Votes       *string `json:"votes,omitempty" ts:"'open' | 'counts' | 'hidden'"`
	Tie         *string `json:"tie,omitempty" ts:"'revote' | 'host' | 'random'"`
	LateJoin    *string `json:"lateJoin,omitempty" ts:"'seat' | 'spectator' | 'deny'"`
	Audience    *string `json:"audience,omitempty" ts:"'off' | 'advice' | 'oneSeat'"`
	MinPlayers  *int    `json:"minPlayers,omitempty" ts:"number"`
	MaxPlayers  *int    `json:"maxPlayers,omitempty" ts:"number"`
	MaxWatchers *int    `json:"maxWatchers,omitempty" ts:"number"`
	Locked      *bool   `json:"locked,omitempty" ts:"boolean"`
	StickyHost  *bool   `json:"stickyHost,omitempty" ts:"boolean"`
}

// PlayCreate makes a party; the sender is its host and takes the first seat.
type PlayCreate struct {
	StoryID   ID                 `json:"storyId"`
	ReleaseID ID                 `json:"releaseId,omitempty"` // default the last one
	Settings  PlaySettingsChange `json:"settings"`
	CmdID     string             `json:"cmdId"`
}

// PlayJoin joins a party by its id or its code, or comes back to it, and asks
// for its events.
type PlayJoin struct {
	SessionID ID     `json:"sessionId,omitempty"`
	Code      string `json:"code,omitempty"`
	As        string `json:"as,omitempty" ts:"'player' | 'spectator'"` // default player, or what one was
	CmdID     string `json:"cmdId"`
}

// PlayCommand is a command without more to say: start, pause, resume, leave, end, rematch.
type PlayCommand struct {
	SessionID ID     `json:"sessionId"`
	Force     bool   `json:"force,omitempty"` // play:start: also if not all are ready
	CmdID     string `json:"cmdId"`
}

// PlayReady says in the lobby that the sender is ready, or chooses a role.
type PlayReady struct {
	SessionID ID      `json:"sessionId"`
	Ready     *bool   `json:"ready,omitempty" ts:"boolean"`
	Role      *string `json:"role,omitempty" ts:"string"` // empty: any
	CmdID     string  `json:"cmdId"`
}

// PlayConfigure changes the settings.
type PlayConfigure struct {
	SessionID ID                 `json:"sessionId"`
	Settings  PlaySettingsChange `json:"settings"`
	CmdID     string             `json:"cmdId"`
}

// PlayChoose votes for an option, or takes it: play:choose and play:suggest.
type PlayChoose struct {
	SessionID ID     `json:"sessionId"`
	Round     int    `json:"round"` // the one that is shown; an older one is refused
	Option    string `json:"option"`
	CmdID     string `json:"cmdId"`
}

// PlayUser is a command about a player: play:kick and play:host.
type PlayUser struct {
	SessionID ID     `json:"sessionId"`
	UserID    ID     `json:"userId"`
	CmdID     string `json:"cmdId"`
}

// PlayInvite tells people of a party.
type PlayInvite struct {
	SessionID ID   `json:"sessionId"`
	UserIDs   []ID `json:"userIds"`
}

// PlayInvited is the answer to [PlayInvite].
type PlayInvited struct {
	Invited []string `json:"invited"`
}

// PlayRewind proposes to go back to an earlier round.
type PlayRewind struct {
	SessionID ID     `json:"sessionId"`
	ToRound   int    `json:"toRound"`
	CmdID     string `json:"cmdId"`
}

// PlayAgree answers the proposal.
type PlayAgree struct {
	SessionID ID     `json:"sessionId"`
	Agree     *bool  `json:"agree" ts:"boolean"`
	CmdID     string `json:"cmdId"`
}

// PlaySync asks for what was missed. It also attaches the connection to the party.
type PlaySync struct {
	SessionID ID    `json:"sessionId"`
	SinceSeq  int64 `json:"sinceSeq"` // 0: the whole state
}

// PlaySynced is the answer to [PlaySync]: the events after sinceSeq or, where
// there are many or a new round is among them, the state.
type PlaySynced struct {
	Events []PlayEvent `json:"events"`
	State  *PlayState  `json:"state"`
}

// PlayClose ends the events of a party in this connection: its page is not open
// any more. The seat stays, as after a lost connection; play:sync comes back.
type PlayClose struct {
	SessionID ID `json:"sessionId"`
}

// PlayClosed is the answer to [PlayClose].
type PlayClosed struct{}

// PlayDone is the answer to a command.
type PlayDone struct {
	SessionID string `json:"sessionId"`
	Seq       int64  `json:"seq"`               // the party has come so far with it
	Round     int    `json:"round"`             // after it
	Rematch   string `json:"rematch,omitempty"` // play:rematch: id of the new party
}

// PlayChatSend says something to the party.
type PlayChatSend struct {
	SessionID ID     `json:"sessionId"`
	Text      string `json:"text"` // 1..500 characters
	CmdID     string `json:"cmdId"`
}

// PlayChat is something that was said.
type PlayChat struct {
	SessionID string `json:"sessionId"`
	ID        int64  `json:"id"` // rises
	User      User   `json:"user"`
	Text      string `json:"text"`
	At        Time   `json:"at"`
	CmdID     string `json:"cmdId,omitempty"`
}

// PlayTyping says that the sender writes in the chat, or no longer.
type PlayTyping struct {
	SessionID ID    `json:"sessionId"`
	IsTyping  *bool `json:"isTyping" ts:"boolean"`
}

// PlayTypingNews tells the others. It ends by itself after ExpiresInMs.
type PlayTypingNews struct {
	SessionID   string `json:"sessionId"`
	User        User   `json:"user"`
	IsTyping    bool   `json:"isTyping"`
	ExpiresInMs int64  `json:"expiresInMs"`
}

// PlayAudience tells how the spectators have voted so far. It is told a few times a second at most.
type PlayAudience struct {
	SessionID string         `json:"sessionId"`
	Round     int            `json:"round"`
	Counts    map[string]int `json:"counts" ts:"Record<string, number>"`
}

// PlayPresence tells that spectators have come or gone. It is told a few times a
// second at most; whether players are there is told by events of type conn.
type PlayPresence struct {
	SessionID string `json:"sessionId"`
	Watching  int    `json:"watching"`
}

// PlaySeat is a player's place.
type PlaySeat struct {
	No    int    `json:"no"`
	User  User   `json:"user"`
	Ready bool   `json:"ready"`
	Role  string `json:"role"` // empty: none
	Conn  string `json:"conn" ts:"'on' | 'grace' | 'off' | 'left' | 'kicked'"`
}

// PlayOption is a choice of this round.
type PlayOption struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	Who   string `json:"who,omitempty"` // turn, host, role:NAME; absent: anybody
}

// PlayVotes is how a vote stands, as far as the settings let it be seen.
type PlayVotes struct {
	Voted  []string          `json:"voted"`                                     // who has voted
	Counts map[string]int    `json:"counts" ts:"Record<string, number> | null"` // by option; null if hidden
	By     map[string]string `json:"by" ts:"Record<string, string> | null"`     // option by user; null unless open
}

// PlayRound is where the story stands, for one viewer.
type PlayRound struct {
	Round        int          `json:"round"`
	PassageID    string       `json:"passageId"`
	Name         string       `json:"name"`
	Tags         []string     `json:"tags"`
	Text         string       `json:"text"` // plain text, paragraphs separated by blank lines
	Options      []PlayOption `json:"options"`
	Mode         string       `json:"mode" ts:"PlayMode"`
	Eligible     []string     `json:"eligible"`     // user ids
	Turn         *string      `json:"turn"`         // whose turn it is; null: nobody's
	DeadlineInMs *int64       `json:"deadlineInMs"` // null: no time limit, or paused
	TimerMs      *int64       `json:"timerMs"`      // the whole of that time
	Tied         []string     `json:"tied"`         // options of a second vote after a tie; else empty
}

// PlayStep is a step of the path so far.
type PlayStep struct {
	Round     int    `json:"round"`
	PassageID string `json:"passageId"`
	Name      string `json:"name"`
	Label     string `json:"label"` // of the choice that led on from here; empty: none yet
}

// PlayProposal asks the players to go back.
type PlayProposal struct {
	ToRound int      `json:"toRound"`
	By      string   `json:"by"`
	Agreed  []string `json:"agreed"`
}

// PlayMe is what concerns the viewer alone.
type PlayMe struct {
	Seat       *int           `json:"seat"`      // number; null: a spectator, or somebody who left
	Spectator  bool           `json:"spectator"` // watches
	Role       string         `json:"role"`
	CanChoose  []string       `json:"canChoose"`  // options open to the viewer now
	CanSuggest bool           `json:"canSuggest"` // may only suggest: somebody else decides
	Vote       *string        `json:"vote"`
	Vars       map[string]any `json:"vars" ts:"Record<string, string | number | boolean>"` // private variables
}

// PlayView is a party as one viewer sees it.
type PlayView struct {
	SessionID   string            `json:"sessionId"`
	Code        string            `json:"code"` // empty once it has ended
	StoryID     string            `json:"storyId"`
	ReleaseID   string            `json:"releaseId"`
	Title       string            `json:"title"`
	Roles       []string          `json:"roles"` // of the story
	Status      string            `json:"status" ts:"PlayStatus"`
	Reason      string            `json:"reason" ts:"PlayReason"` // why paused or ended
	Host        string            `json:"host"`
	Seats       []PlaySeat        `json:"seats"`    // those who left or were kicked included
	Watching    int               `json:"watching"` // spectators
	Settings    PlaySettings      `json:"settings"`
	Round       *PlayRound        `json:"round"` // null in the lobby
	Votes       PlayVotes         `json:"votes"`
	Suggestions map[string]string `json:"suggestions" ts:"Record<string, string>"` // option by user
	Path        []PlayStep        `json:"path"`
	Proposal    *PlayProposal     `json:"proposal"`
	Rematch     *string           `json:"rematch"` // id of the next party
	Me          PlayMe            `json:"me"`
	CreatedAt   Time              `json:"createdAt"`
}

// PlayState is a party with its position.
type PlayState struct {
	SessionID string   `json:"sessionId"`
	Seq       int64    `json:"seq"`
	V         int64    `json:"v"`
	View      PlayView `json:"view"`
	ServerNow Time     `json:"serverNow"`
}

// PlayEvent is something that happened in a party. Seq rises by one; a hole
// means: play:sync. What concerns another player alone comes as type hidden.
type PlayEvent struct {
	SessionID string      `json:"sessionId"`
	Seq       int64       `json:"seq"`
	V         int64       `json:"v"`
	Round     int         `json:"round"`
	Type      string      `json:"type" ts:"PlayEventType"`
	Actor     *User       `json:"actor"` // null: the server
	Payload   PlayPayload `json:"payload"`
	ServerNow Time        `json:"serverNow"`
}

// PlayPayload is what an event says; what is there depends on its type.
type PlayPayload struct {
	Seat         *PlaySeat      `json:"seat,omitempty" ts:"PlaySeat"`                                  // joined, ready, conn, left, kicked
	UserID       string         `json:"userId,omitempty"`                                              // host_changed, turn, voted, suggested
	Option       string         `json:"option,omitempty"`                                              // resolved, suggested, voted (open votes only)
	Label        string         `json:"label,omitempty"`                                               // resolved
	How          string         `json:"how,omitempty" ts:"PlayHow"`                                    // resolved
	Votes        *PlayVotes     `json:"votes,omitempty" ts:"PlayVotes"`                                // voted, resolved, revote
	Tied         []string       `json:"tied,omitempty"`                                                // revote
	Round        *PlayRound     `json:"round,omitempty" ts:"PlayRound"`                                // round, private
	Vars         map[string]any `json:"vars,omitempty" ts:"Record<string, string | number | boolean>"` // private
	Settings     *PlaySettings  `json:"settings,omitempty" ts:"PlaySettings"`                          // settings
	Reason       string         `json:"reason,omitempty" ts:"PlayReason"`                              // paused, ended
	Message      string         `json:"message,omitempty"`                                             // script_error
	DeadlineInMs *int64         `json:"deadlineInMs,omitempty" ts:"number"`                            // revote, rearmed, turn, resumed: absent if there is none
	Eligible     []string       `json:"eligible,omitempty"`                                            // eligible
	Proposal     *PlayProposal  `json:"proposal,omitempty" ts:"PlayProposal"`                          // proposed, agreed
	Path         []PlayStep     `json:"path,omitempty"`                                                // rewound
	Rematch      string         `json:"rematch,omitempty"`                                             // rematch
}

// PlaySummary is a party in a list.
type PlaySummary struct {
	SessionID string `json:"sessionId"`
	StoryID   string `json:"storyId"`
	Title     string `json:"title"`
	Code      string `json:"code"`
	Status    string `json:"status" ts:"PlayStatus"`
	Reason    string `json:"reason" ts:"PlayReason"`
	Round     int    `json:"round"`
	Passage   string `json:"passage"` // name; empty in the lobby
	Host      User   `json:"host"`
	Players   []User `json:"players"`
	Role      string `json:"role" ts:"'player' | 'spectator'"` // the caller's
	YourTurn  bool   `json:"yourTurn"`                         // the party waits for the caller
	UpdatedAt Time   `json:"updatedAt"`
}

// PlayMap is the story that a party has played to its end: GET /v1/plays/{id}/map.
type PlayMap struct {
	Start    string           `json:"start"`
	Passages []PlayMapPassage `json:"passages"`
}

// PlayMapPassage is a passage on the map, and where its choices lead.
type PlayMapPassage struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Ends    bool     `json:"ends"`
	Visited int      `json:"visited"` // how often the party was here
	To      []string `json:"to"`
}

// PlayGap tells that events of a party may have been missed: play:sync.
type PlayGap struct {
	SessionID string `json:"sessionId"`
}

// PlayLogEntry is an event of the log of a party, without the text of its round.
type PlayLogEntry struct {
	Seq       int64  `json:"seq"`
	Round     int    `json:"round"`
	Type      string `json:"type" ts:"PlayEventType"`
	Actor     *User  `json:"actor"` // null: the server
	At        Time   `json:"at"`
	PassageID string `json:"passageId,omitempty"` // round
	Option    string `json:"option,omitempty"`    // resolved
	How       string `json:"how,omitempty" ts:"PlayHow"`
	Reason    string `json:"reason,omitempty" ts:"PlayReason"`
	Message   string `json:"message,omitempty"`
}
