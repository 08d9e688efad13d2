-- +goose Up
-- What a connection is in, so that another can carry it on; see package recovery.
CREATE TABLE socket_sessions (
    pid     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL,
    owner   TEXT COLLATE "C" NOT NULL, -- the connection that holds it
    seen_at BIGINT           NOT NULL, -- when it was last known to live
    state   TEXT             NOT NULL  -- JSON
);
CREATE INDEX socket_sessions_oldest ON socket_sessions (seen_at);

-- The position of the event that told that it was read.
ALTER TABLE notifications ADD COLUMN read_pos BIGINT NOT NULL DEFAULT 0;
CREATE INDEX notifications_news ON notifications (user_id, pos);
CREATE INDEX notifications_reads ON notifications (user_id, read_pos) WHERE read_pos > 0;
CREATE INDEX notifications_read_pos ON notifications (read_pos) WHERE read_pos > 0; -- for the other nodes

-- +goose Down
DROP INDEX notifications_read_pos;
DROP INDEX notifications_reads;
DROP INDEX notifications_news;
ALTER TABLE notifications DROP COLUMN read_pos;
DROP TABLE socket_sessions;
