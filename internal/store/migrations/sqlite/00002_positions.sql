-- +goose Up
-- Every durable event has a position: they rise by one in the order of the
-- commits. What was stored before there were positions has none: 0.

CREATE TABLE feed_head (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), -- there is one row
    pos INTEGER NOT NULL                              -- of the last committed event
) WITHOUT ROWID;
INSERT INTO feed_head (one, pos) VALUES (1, 0);

ALTER TABLE comments ADD COLUMN pos INTEGER NOT NULL DEFAULT 0;
ALTER TABLE notifications ADD COLUMN pos INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE notifications DROP COLUMN pos;
ALTER TABLE comments DROP COLUMN pos;
DROP TABLE feed_head;
