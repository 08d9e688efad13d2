// Command storywire runs the realtime server of a story community.
//
//	storywire serve --demo
//	storywire token --sub u1 --name Ann
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
	Token   tokenCmd   `cmd:"" help:"Mint a token for trying things."`
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
