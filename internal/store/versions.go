package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
)

var _ coedit.Versions = (*Store)(nil)

const versionColumns = `v.id, v.seq, v.kind, v.label, v.created_by, v.created_at`

const (
	insertVersion = `INSERT INTO edit_versions (id, story_n, seq, kind, label, created_by, created_at, state)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (story_n, seq, kind) DO UPDATE SET label = excluded.label WHERE excluded.label <> ''`
	selectSameVersion = `SELECT ` + versionColumns + ` FROM edit_versions v WHERE v.story_n = ? AND v.seq = ? AND v.kind = ?`
	selectVersions    = `SELECT ` + versionColumns + ` FROM edit_versions v JOIN stories s ON s.n = v.story_n
		WHERE s.id = ? ORDER BY v.created_at DESC, v.id DESC`
	selectVersion = `SELECT ` + versionColumns + `, v.state FROM edit_versions v JOIN stories s ON s.n = v.story_n
		WHERE s.id = ? AND v.id = ?`
	deleteVersion = `DELETE FROM edit_versions WHERE story_n = ? AND id = ?`
)

func scanVersion(row scanner, more ...any) (v coedit.Version, err error) {
	var at int64
	err = row.Scan(append([]any{&v.ID, &v.Seq, &v.Kind, &v.Label, &v.CreatedBy, &at}, more...)...)
	v.CreatedAt = fromMillis(at)
	return v, err
}

// InsertVersion implements coedit.Versions.
func (s *Store) InsertVersion(ctx context.Context, id story.ID, v coedit.Version, state []byte) (coedit.Version, error) {
	packed := pack(state)
	var stored coedit.Version
	err := s.w.do(ctx, "store.InsertVersion", &write{run: func(se *session) error {
		t, err := se.tail(id)
		if err != nil {
			return err
		}
		_, err = se.exec(insertVersion, v.ID, t.n, v.Seq, string(v.Kind), v.Label, string(v.CreatedBy), millis(v.CreatedAt), packed)
		if err != nil {
			return fmt.Errorf("insert version: %w", err)
		}
		stored, err = scanVersion(se.row(selectSameVersion, t.n, v.Seq, string(v.Kind)))
		return err
	}})
	return stored, err
}

// VersionsOf implements coedit.Versions.
func (s *Store) VersionsOf(ctx context.Context, id story.ID) ([]coedit.Version, error) {
	list := []coedit.Version{}
	err := s.read(ctx, selectVersions, []any{string(id)}, func(rows *sql.Rows) error {
		v, err := scanVersion(rows)
		list = append(list, v)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list versions: %w", err)
	}
	return list, nil
}

// VersionState implements coedit.Versions.
func (s *Store) VersionState(ctx context.Context, id story.ID, version string) (coedit.Version, []byte, error) {
	var packed []byte
	v, err := scanVersion(s.row(ctx, selectVersion, string(id), version), &packed)
	if errors.Is(err, sql.ErrNoRows) {
		return v, nil, errs.E("store.VersionState", errs.NotFound, "There is no such version.")
	}
	if err != nil {
		return v, nil, fmt.Errorf("read version: %w", err)
	}
	state, err := unpack(packed)
	if err != nil {
		return v, nil, fmt.Errorf("read version: %w", err)
	}
	return v, state, nil
}

// DropVersions implements coedit.Versions.
func (s *Store) DropVersions(ctx context.Context, id story.ID, versions []string) error {
	return s.w.do(ctx, "store.DropVersions", &write{run: func(se *session) error {
		t, err := se.tail(id)
		if err != nil {
			return err
		}
		for _, version := range versions {
			if _, err := se.exec(deleteVersion, t.n, version); err != nil {
				return fmt.Errorf("delete version: %w", err)
			}
		}
		return nil
	}})
}
