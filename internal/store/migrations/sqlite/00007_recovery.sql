-- +goose Up
-- What a connection is in, so that another can carry it on; see package recovery.
CREATE TABLE socket_sessions (
    pid     TEXT    NOT NULL PRIMARY KEY,
    user_id TEXT    NOT NULL,
    owner   TEXT    NOT NULL, -- the connection that holds it
    seen_at INTEGER NOT NULL, -- when it was last known to live
    state   TEXT    NOT NULL  -- JSON
) WITHOUT ROWID;
CREATE INDEX socket_sessions_oldest ON socket_sessions (seen_at);

-- The position of the event that told that it was read.
ALTER TABLE notifications ADD COLUMN read_pos INTEGER NOT NULL DEFAULT 0;
CREATE INDEX notifications_news ON notifications (user_id, pos);
CREATE INDEX notifications_reads ON notifications (user_id, read_pos) WHERE read_pos > 0;

-- +goose Down
DROP INDEX notifications_reads;
DROP INDEX notifications_news;
ALTER TABLE notifications DROP COLUMN read_pos;
DROP TABLE socket_sessions;
