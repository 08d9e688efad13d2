package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
)

var _ story.ReleaseStore = (*Store)(nil)

const releaseColumns = `r.id, s.id, r.no, r.sha, r.published_by, r.created_at, r.warnings, r.content`

const (
	insertRelease = `INSERT INTO story_releases (id, story_n, no, sha, published_by, created_at, warnings, content)
		VALUES (?1, ?2, coalesce((SELECT max(no) FROM story_releases WHERE story_n = ?2), 0) + 1, ?3, ?4, ?5, ?6, ?7)
		ON CONFLICT (story_n, sha) DO NOTHING`
	updateTitle        = `UPDATE stories SET title = ?2 WHERE n = ?1`
	selectReleases     = `SELECT ` + releaseColumns + ` FROM story_releases r JOIN stories s ON s.n = r.story_n `
	selectReleaseBySHA = selectReleases + `WHERE r.story_n = ? AND r.sha = ?`
	selectRelease      = selectReleases + `WHERE r.id = ?`
	selectLastRelease  = selectReleases + `WHERE s.id = ? ORDER BY r.no DESC LIMIT 1`
)

// InsertRelease implements story.ReleaseStore.
func (s *Store) InsertRelease(ctx context.Context, r story.Release) (stored story.Release, existed bool, err error) {
	warnings, err := json.Marshal(r.Warnings)
	if err != nil {
		return story.Release{}, false, fmt.Errorf("encode warnings: %w", err)
	}
	err = s.w.do(ctx, "store.InsertRelease", &write{run: func(se *session) error {
		var n int64
		err := se.row(selectNumber, string(r.StoryID)).Scan(&n)
		if errors.Is(err, sql.ErrNoRows) {
			return noStory("store.InsertRelease")
		}
		if err != nil {
			return fmt.Errorf("read story: %w", err)
		}
		made, err := se.changed(insertRelease, string(r.ID), n, r.SHA, string(r.By), millis(r.At), string(warnings), r.Content)
		if err != nil {
			return fmt.Errorf("insert release: %w", err)
		}
		existed = made == 0
		if !existed && r.Title != "" {
			if _, err := se.changed(updateTitle, n, r.Title); err != nil {
				return fmt.Errorf("update title: %w", err)
			}
		}
		stored, err = scanRelease(se.row(selectReleaseBySHA, n, r.SHA))
		return err
	}})
	if err != nil {
		return story.Release{}, false, err
	}
	return stored, existed, nil
}

func scanRelease(row scanner) (r story.Release, err error) {
	var at int64
	var warnings string
	err = row.Scan(&r.ID, &r.StoryID, &r.No, &r.SHA, &r.By, &at, &warnings, &r.Content)
	if errors.Is(err, sql.ErrNoRows) {
		return r, errs.E("store.Release", errs.NotFound, "This story has no release that can be played.")
	}
	if err != nil {
		return r, fmt.Errorf("read release: %w", err)
	}
	r.At = fromMillis(at)
	if err := json.Unmarshal([]byte(warnings), &r.Warnings); err != nil {
		return r, fmt.Errorf("decode warnings: %w", err)
	}
	return r, nil
}

// Release implements story.ReleaseStore.
func (s *Store) Release(ctx context.Context, id story.ReleaseID) (story.Release, error) {
	return scanRelease(s.row(ctx, selectRelease, string(id)))
}

// LatestRelease implements story.ReleaseStore.
func (s *Store) LatestRelease(ctx context.Context, id story.ID) (story.Release, error) {
	return scanRelease(s.row(ctx, selectLastRelease, string(id)))
}
