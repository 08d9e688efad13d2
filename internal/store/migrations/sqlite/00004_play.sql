-- +goose Up
-- Releases are the versions of a story that can be played. They never change.

CREATE TABLE story_releases (
    n            INTEGER PRIMARY KEY,
    id           TEXT    NOT NULL UNIQUE,
    story_n      INTEGER NOT NULL REFERENCES stories (n),
    no           INTEGER NOT NULL, -- 1, 2, 3 ... in each story
    sha          TEXT    NOT NULL, -- of the content
    published_by TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    warnings     TEXT    NOT NULL, -- JSON
    content      BLOB    NOT NULL, -- JSON of package tale
    UNIQUE (story_n, no),
    UNIQUE (story_n, sha)
);

-- A party that plays a story is one row, written only if version is the one
-- that was read; what happened in it is in play_events.

CREATE TABLE plays (
    n           INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    code        TEXT    NOT NULL, -- to join by; empty once it has ended
    story_id    TEXT    NOT NULL,
    release_id  TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    deadline_at INTEGER NOT NULL, -- when something is due; 0: nothing is
    nodes       TEXT    NOT NULL, -- that have connections of it: ids between spaces
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    state       BLOB    NOT NULL  -- JSON of package play
);
CREATE UNIQUE INDEX plays_code ON plays (code) WHERE code <> '';
CREATE INDEX plays_deadline ON plays (deadline_at) WHERE deadline_at > 0;

CREATE TABLE play_events (
    play_n   INTEGER NOT NULL REFERENCES plays (n),
    seq      INTEGER NOT NULL, -- 1, 2, 3 ... in each party
    round    INTEGER NOT NULL,
    type     TEXT    NOT NULL,
    actor_id TEXT    NOT NULL,
    cmd_id   TEXT    NOT NULL, -- the client's id of the command, at its first event; else empty
    at       INTEGER NOT NULL,
    payload  TEXT    NOT NULL, -- JSON of package play
    PRIMARY KEY (play_n, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX play_events_cmd ON play_events (play_n, cmd_id) WHERE cmd_id <> '';

CREATE TABLE play_members (
    user_id   TEXT    NOT NULL,
    play_n    INTEGER NOT NULL REFERENCES plays (n),
    role      TEXT    NOT NULL,
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, play_n)
) WITHOUT ROWID;

-- Votes of the audience; those of players are in the state.
CREATE TABLE play_votes (
    play_n    INTEGER NOT NULL REFERENCES plays (n),
    round     INTEGER NOT NULL,
    voter_id  TEXT    NOT NULL,
    option_id TEXT    NOT NULL,
    PRIMARY KEY (play_n, round, voter_id)
) WITHOUT ROWID;

CREATE TABLE play_chat (
    n          INTEGER PRIMARY KEY,
    play_n     INTEGER NOT NULL REFERENCES plays (n),
    user_id    TEXT    NOT NULL,
    cmd_id     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    content    TEXT    NOT NULL
);
CREATE UNIQUE INDEX play_chat_cmd ON play_chat (play_n, user_id, cmd_id) WHERE cmd_id <> '';
CREATE INDEX play_chat_newest ON play_chat (play_n, n);

-- Nodes that have connections of parties, and when each last said so.
CREATE TABLE play_nodes (
    id      TEXT    NOT NULL PRIMARY KEY,
    seen_at INTEGER NOT NULL
) WITHOUT ROWID;

-- +goose Down
DROP TABLE play_nodes;
DROP TABLE play_chat;
DROP TABLE play_votes;
DROP TABLE play_members;
DROP TABLE play_events;
DROP TABLE plays;
DROP TABLE story_releases;
