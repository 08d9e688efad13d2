package app

import (
	"strings"

	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/play"
)

// newPlays makes the part that lets people play a story together.
func (a *App) newPlays(notifications *notification.Service) *play.Service {
	a.nodes.bus.OnGap(a.hub.PartiesUnknown)
	return play.NewService(play.Deps{
		Store: a.store, Stories: a.stories, People: a.people, Publisher: a.hub, Notifier: notifications,
	}, play.Options{
		Node: string(a.nodes.node.ID), Shared: strings.HasPrefix(a.cfg.DatabaseURL, "postgres"), Logger: a.log,
		Keep: a.cfg.Limits.PlayRetention, Check: a.cfg.Limits.PlayCheck, Observer: a.metrics.Plays,
	})
}
