-- +goose Up
-- Documents that are written together. Their states are compressed (DEFLATE).

CREATE TABLE edit_docs (
    story_n    INTEGER NOT NULL PRIMARY KEY REFERENCES stories (n),
    head_seq   INTEGER NOT NULL,            -- of the last update
    snap_seq   INTEGER NOT NULL DEFAULT 0,  -- that snap includes
    updated_at INTEGER NOT NULL,
    snap       BLOB
);

CREATE TABLE edit_updates (
    story_n INTEGER NOT NULL REFERENCES stories (n),
    seq     INTEGER NOT NULL, -- 1, 2, 3 ... in each story
    node    TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    u       BLOB    NOT NULL,
    PRIMARY KEY (story_n, seq)
) WITHOUT ROWID;

CREATE TABLE edit_clients (
    story_n   INTEGER NOT NULL REFERENCES stories (n),
    client_id INTEGER NOT NULL,
    user_id   TEXT    NOT NULL,
    first_at  INTEGER NOT NULL,
    PRIMARY KEY (story_n, client_id)
) WITHOUT ROWID;

CREATE TABLE edit_versions (
    id         TEXT    NOT NULL PRIMARY KEY,
    story_n    INTEGER NOT NULL REFERENCES stories (n),
    seq        INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    label      TEXT    NOT NULL,
    created_by TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    state      BLOB    NOT NULL,
    UNIQUE (story_n, seq, kind)
);

CREATE TABLE edit_notes (
    n           INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    story_n     INTEGER NOT NULL REFERENCES stories (n),
    passage_id  TEXT    NOT NULL,
    parent_id   TEXT    NOT NULL,
    anchor      TEXT    NOT NULL, -- JSON; empty: none
    user_id     TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    resolved_at INTEGER NOT NULL DEFAULT 0,
    resolved_by TEXT    NOT NULL DEFAULT '',
    command     TEXT,             -- the author's nonce
    body        TEXT    NOT NULL,
    UNIQUE (user_id, command)
);
CREATE INDEX edit_notes_story ON edit_notes (story_n, n);

CREATE TABLE edit_invitations (
    code       TEXT    NOT NULL PRIMARY KEY,
    story_n    INTEGER NOT NULL REFERENCES stories (n),
    role       INTEGER NOT NULL,
    user_id    TEXT    NOT NULL, -- empty: whoever has the code
    invited_by TEXT    NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE INDEX edit_invitations_story ON edit_invitations (story_n, expires_at);

CREATE TABLE edit_quarantine (
    n       INTEGER PRIMARY KEY,
    story_n INTEGER NOT NULL REFERENCES stories (n),
    user_id TEXT    NOT NULL,
    code    TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    u       BLOB    NOT NULL
);
CREATE INDEX edit_quarantine_oldest ON edit_quarantine (at);

-- +goose Down
DROP TABLE edit_quarantine;
DROP TABLE edit_invitations;
DROP TABLE edit_notes;
DROP TABLE edit_versions;
DROP TABLE edit_clients;
DROP TABLE edit_updates;
DROP TABLE edit_docs;
