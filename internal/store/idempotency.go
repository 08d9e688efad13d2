package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	selectKey = `SELECT result, created_at FROM idempotency WHERE scope = ? AND key = ?`
	insertKey = `INSERT INTO idempotency (scope, key, result, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (scope, key) DO UPDATE SET result = excluded.result, created_at = excluded.created_at`
	// A few at a time, so that no write pays for many.
	deleteOldKeys = `DELETE FROM idempotency WHERE (scope, key) IN
		(SELECT scope, key FROM idempotency WHERE created_at <= ? ORDER BY created_at LIMIT 10)`
)

// remembered returns what was made with the key after since, nil if nothing.
func (se *session) remembered(scope, key string, since time.Time) ([]string, error) {
	if key == "" {
		return nil, nil
	}
	if _, err := se.exec(deleteOldKeys, millis(since)); err != nil {
		return nil, fmt.Errorf("delete old keys: %w", err)
	}
	var result string
	var at int64
	err := se.row(selectKey, scope, key).Scan(&result, &at)
	if errors.Is(err, sql.ErrNoRows) || err == nil && at <= millis(since) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	return strings.Split(result, ","), nil
}

func (se *session) remember(scope, key string, ids []string, at time.Time) error {
	if key == "" {
		return nil
	}
	if _, err := se.exec(insertKey, scope, key, strings.Join(ids, ","), millis(at)); err != nil {
		return fmt.Errorf("store key: %w", err)
	}
	return nil
}
