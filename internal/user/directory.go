package user

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/storywire/storywire/internal/auth"
)

// Options of a Directory. The zero value means the defaults.
type Options struct {
	CacheSize  int           // profiles kept in memory; default 20,000
	FlushEvery time.Duration // how long a changed profile may wait to be stored; default 250 ms
	Logger     *slog.Logger  // default: discard
}

// Directory answers who somebody is, from memory where it can.
type Directory struct {
	store Store
	opts  Options
	wake  chan struct{}

	mu      sync.Mutex // guards the fields below
	cache   map[auth.UserID]Profile
	changed map[auth.UserID]Profile // to be stored; always also served from
}

// NewDirectory returns a directory over store. Changed profiles are stored by [Directory.Run].
func NewDirectory(store Store, opts Options) *Directory {
	if opts.CacheSize <= 0 {
		opts.CacheSize = 20_000
	}
	if opts.FlushEvery <= 0 {
		opts.FlushEvery = 250 * time.Millisecond
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Directory{
		store: store, opts: opts, wake: make(chan struct{}, 1),
		cache:   make(map[auth.UserID]Profile),
		changed: make(map[auth.UserID]Profile),
	}
}

// FromClaims returns the profile a verified token speaks of, cut to the limits.
func FromClaims(c auth.Claims) Profile {
	p := Profile{ID: c.UserID, DisplayName: clean(c.DisplayName), AvatarURL: c.AvatarURL}
	if p.DisplayName == "" {
		p.DisplayName = Nobody(c.UserID).DisplayName
	}
	if len(p.AvatarURL) > MaxAvatarURL || !utf8.ValidString(p.AvatarURL) {
		p.AvatarURL = ""
	}
	return p
}

func clean(name string) string {
	name = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(name, ""), "\x00", ""))
	if utf8.RuneCountInString(name) <= MaxDisplayName {
		return name
	}
	return strings.TrimSpace(string([]rune(name)[:MaxDisplayName]))
}

// Remember takes over the profile of a verified token: others see it at once,
// and it is stored soon after, if it says anything new.
func (d *Directory) Remember(c auth.Claims) Profile {
	p := FromClaims(c)
	d.mu.Lock()
	known, ok := d.cache[p.ID]
	fresh := !ok || known != p
	if fresh {
		d.put(p)
		d.changed[p.ID] = p
	}
	d.mu.Unlock()
	if fresh {
		select {
		case d.wake <- struct{}{}:
		default:
		}
	}
	return p
}

// put caches p and makes room by forgetting any other. Callers hold mu.
func (d *Directory) put(p Profile) {
	if _, ok := d.cache[p.ID]; !ok && len(d.cache) >= d.opts.CacheSize {
		for id := range d.cache {
			delete(d.cache, id)
			break
		}
	}
	d.cache[p.ID] = p
}

// Profile returns who id is. It always answers: somebody unknown, or known
// only to a store that fails now, is shown by their id.
func (d *Directory) Profile(ctx context.Context, id auth.UserID) Profile {
	if p, ok := d.cached(id); ok {
		return p
	}
	return d.Profiles(ctx, []auth.UserID{id})[id]
}

// Profiles returns who the ids are: one entry for each id.
func (d *Directory) Profiles(ctx context.Context, ids []auth.UserID) map[auth.UserID]Profile {
	found := make(map[auth.UserID]Profile, len(ids))
	var missing []auth.UserID
	for _, id := range ids {
		if _, ok := found[id]; ok {
			continue
		}
		p, ok := d.cached(id)
		if !ok {
			p = Nobody(id)
			missing = append(missing, id)
		}
		found[id] = p
	}
	if len(missing) == 0 {
		return found
	}
	stored, err := d.store.Profiles(ctx, missing)
	if err != nil {
		d.opts.Logger.WarnContext(ctx, "load profiles", "error", err)
		return found
	}
	for _, p := range stored {
		found[p.ID] = p
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range missing {
		if newer, ok := d.lookup(id); ok {
			found[id] = newer // remembered from a token while we asked the store
		} else {
			d.put(found[id]) // also nobody: a token will say it when there is somebody
		}
	}
	return found
}

func (d *Directory) cached(id auth.UserID) (Profile, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lookup(id)
}

func (d *Directory) lookup(id auth.UserID) (Profile, bool) {
	if p, ok := d.cache[id]; ok {
		return p, true
	}
	p, ok := d.changed[id]
	return p, ok
}

// Run stores changed profiles in batches until ctx ends, and once more then.
// A failing store is asked again later. Run returns nil.
func (d *Directory) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			d.flush(context.WithoutCancel(ctx))
			return nil
		case <-d.wake:
		}
		select {
		case <-ctx.Done():
		case <-time.After(d.opts.FlushEvery):
			d.flush(ctx)
		}
	}
}

func (d *Directory) flush(ctx context.Context) {
	d.mu.Lock()
	batch := make([]Profile, 0, len(d.changed))
	for _, p := range d.changed {
		batch = append(batch, p)
	}
	d.mu.Unlock()
	if len(batch) == 0 {
		return
	}
	if err := d.store.SaveProfiles(ctx, batch); err != nil {
		d.opts.Logger.WarnContext(ctx, "save profiles", "count", len(batch), "error", err)
		select {
		case d.wake <- struct{}{}:
		default:
		}
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range batch {
		if d.changed[p.ID] == p {
			delete(d.changed, p.ID)
		}
	}
}
