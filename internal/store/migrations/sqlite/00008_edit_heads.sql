-- +goose Up
-- The last update of a document is the last row of edit_updates, some of which always stay. To count it
-- here too would write the row with the whole state again with every update.
ALTER TABLE edit_docs DROP COLUMN head_seq;
ALTER TABLE edit_docs DROP COLUMN updated_at;

-- +goose Down
ALTER TABLE edit_docs ADD COLUMN head_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE edit_docs ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
INSERT INTO edit_docs (story_n) SELECT DISTINCT story_n FROM edit_updates WHERE true ON CONFLICT DO NOTHING;
UPDATE edit_docs SET head_seq = (SELECT max(seq) FROM edit_updates u WHERE u.story_n = edit_docs.story_n);
