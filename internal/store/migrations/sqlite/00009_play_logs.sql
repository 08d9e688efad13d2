-- +goose Up
ALTER TABLE plays ADD COLUMN logged INTEGER NOT NULL DEFAULT 1; -- 0: play_events no longer has what happened
CREATE INDEX plays_logged ON plays (updated_at) WHERE status = 'ended' AND logged = 1;

-- +goose Down
DROP INDEX plays_logged;
ALTER TABLE plays DROP COLUMN logged;
