-- +goose Up
-- Times are milliseconds since 1970, UTC. Rows are numbered (n) so that indexes
-- stay small; the ids that the outside knows are text.

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE users (
    id           TEXT    NOT NULL PRIMARY KEY,
    display_name TEXT    NOT NULL DEFAULT '', -- empty: only seen, never introduced
    avatar_url   TEXT    NOT NULL DEFAULT '',
    last_seen_at INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE stories (
    n           INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    author_id   TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    synopsis    TEXT    NOT NULL,
    cover_color TEXT    NOT NULL,
    visibility  TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    body        TEXT    NOT NULL -- last: lists do not read it
);
CREATE INDEX stories_newest ON stories (created_at, id);

CREATE TABLE story_members (
    story_n    INTEGER NOT NULL REFERENCES stories (n),
    user_id    TEXT    NOT NULL,
    role       INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (story_n, user_id)
) WITHOUT ROWID;
CREATE INDEX story_members_user ON story_members (user_id, story_n);

CREATE TABLE comments (
    n          INTEGER PRIMARY KEY,
    id         TEXT    NOT NULL UNIQUE,
    story_n    INTEGER NOT NULL REFERENCES stories (n),
    seq        INTEGER NOT NULL, -- 1, 2, 3 ... in each story
    parent_id  TEXT,
    user_id    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    cid        TEXT,             -- the author's nonce; null once it may be used again
    content    TEXT    NOT NULL
);
CREATE UNIQUE INDEX comments_seq ON comments (story_n, seq);
-- The nonce before the author: nonces that begin with the time (UUIDv7, ULID)
-- are then added side by side, whoever posts, and a commit writes few pages.
CREATE UNIQUE INDEX comments_cid ON comments (cid, user_id) WHERE cid IS NOT NULL;

CREATE TABLE inboxes (
    user_id TEXT    NOT NULL PRIMARY KEY,
    unread  INTEGER NOT NULL,
    rev     INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE notifications (
    n          INTEGER PRIMARY KEY,
    id         TEXT    NOT NULL UNIQUE,
    user_id    TEXT    NOT NULL,
    type       TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    link       TEXT    NOT NULL,
    actor_id   TEXT    NOT NULL,
    data       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    read_at    INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX notifications_newest ON notifications (user_id, created_at, id);
CREATE INDEX notifications_unread ON notifications (user_id, created_at, id) WHERE read_at = 0;

CREATE TABLE idempotency (
    scope      TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    result     TEXT    NOT NULL, -- ids of what was made, separated by commas
    created_at INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_oldest ON idempotency (created_at);

-- +goose Down
DROP TABLE idempotency;
DROP TABLE notifications;
DROP TABLE inboxes;
DROP TABLE comments;
DROP TABLE story_members;
DROP TABLE stories;
DROP TABLE users;
DROP TABLE meta;
