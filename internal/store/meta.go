package store

import (
	"context"
	"crypto/rand"
	"time"
)

// Secret returns the random value of that name, made by the first call and
// kept from then on; size is in bytes.
func (s *Store) Secret(ctx context.Context, name string, size int) ([]byte, error) {
	fresh := make([]byte, size)
	_, _ = rand.Read(fresh) // never fails
	var value []byte
	err := s.w.do(ctx, "store.Secret", &write{single: true, run: func(se *session) error {
		// The update changes nothing; it makes RETURNING see the row that was there.
		return se.row(`INSERT INTO meta (name, value) VALUES (?, ?)
			ON CONFLICT (name) DO UPDATE SET value = meta.value RETURNING value`, name, fresh).Scan(&value)
	}})
	return value, err
}

// millis is how times are stored.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
