-- +goose Up
ALTER TABLE users ADD COLUMN invisible BIGINT NOT NULL DEFAULT 0; -- does not want to be seen online

-- +goose Down
ALTER TABLE users DROP COLUMN invisible;
