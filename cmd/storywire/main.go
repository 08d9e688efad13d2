// Command storywire runs the realtime server of a story community.
//
//	storywire serve --demo
//	storywire migrate --database-url postgres://...
//	storywire token --sub u1 --name Ann
//	storywire story check cave.twee
//	storywire version
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/storywire/storywire/internal/app"
)

// version is set by the linker in releases.
var version string

type cli struct {
	Serve   serveCmd   `cmd:"" help:"Run the server."`
	Migrate migrateCmd `cmd:"" help:"Bring the database to this program's schema, which serve also does unless told not to."`
	Token   tokenCmd   `cmd:"" help:"Mint a token for trying things."`
	Story   storyCmd   `cmd:"" help:"Check, import and export stories."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

type serveCmd struct {
	app.Config `embed:""`
}

// Run serves until the first SIGINT or SIGTERM; a second one ends the process at once.
func (c *serveCmd) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return app.Serve(ctx, c.Config, os.Stdout, os.Stderr)
}

type migrateCmd struct {
	app.MigrateConfig `embed:""`
}

func (c *migrateCmd) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return app.Migrate(ctx, c.MigrateConfig, os.Stdout)
}

type tokenCmd struct {
	app.TokenConfig `embed:""`
}

func (c *tokenCmd) Run() error {
	token, err := app.Mint(c.TokenConfig)
	if err != nil {
		return err
	}
	fmt.Println(token)
	return nil
}

type storyCmd struct {
	Check  checkCmd  `cmd:"" help:"Say what is wrong with a Twee 3 or Twine 2 file."`
	Import importCmd `cmd:"" help:"Make a story of a Twee 3 or Twine 2 file on a server."`
	Export exportCmd `cmd:"" help:"Print the last release of a story on a server."`
}

type checkCmd struct {
	File string `arg:"" help:"Twee 3 or Twine 2 JSON."`
}

func (c *checkCmd) Run() error { return app.CheckStory(os.Stdout, c.File) }

type importCmd struct {
	app.ImportConfig `embed:""`
}

func (c *importCmd) Run() error {
	return app.ImportStory(context.Background(), c.ImportConfig, os.Stdout)
}

type exportCmd struct {
	app.ExportConfig `embed:""`
}

func (c *exportCmd) Run() error {
	return app.ExportStory(context.Background(), c.ExportConfig, os.Stdout)
}

type versionCmd struct{}

func (versionCmd) Run() error {
	v := version
	if info, ok := debug.ReadBuildInfo(); ok && v == "" {
		v = info.Main.Version
	}
	fmt.Println("storywire", v)
	return nil
}

func main() {
	var c cli
	k := kong.Parse(&c,
		kong.Name("storywire"),
		kong.Description("The realtime server of a story community: live comments, typing, presence and notifications."),
	)
	k.FatalIfErrorf(k.Run())
}
