package adminui

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
)

// Mode says how much admins are told.
type Mode int

// The modes.
const (
	// Production tells of servers and of how much they do.
	Production Mode = iota
	// Development tells of every socket and every event as well.
	Development
)

// Options configure an Admin.
type Options struct {
	// Auth decides who may watch, and act unless ReadOnly is set. It must be
	// chosen: Basic, or NoAuth.
	Auth *Auth

	// Namespace is where the dashboard connects to. Default "/admin".
	Namespace string

	// Mode is how much is told. Default Production.
	Mode Mode

	// ReadOnly refuses what admins would do: emit, join, leave, disconnect.
	ReadOnly bool

	// ServerID tells servers apart. Default: host name and process id.
	ServerID string

	// Logger receives what admins did, and errors. Default slog.Default().
	Logger *slog.Logger
}

// DefaultNamespace is where the dashboard looks unless it is told otherwise.
const DefaultNamespace = "/admin"

func (o Options) withDefaults() (Options, error) {
	if o.Auth == nil {
		return o, errors.New("adminui: Options.Auth must be chosen: Basic or NoAuth")
	}
	if o.Auth.err != nil {
		return o, o.Auth.err
	}
	if o.Mode != Production && o.Mode != Development {
		return o, fmt.Errorf("adminui: there is no mode %d", o.Mode)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	o.Namespace = cmp.Or(o.Namespace, DefaultNamespace)
	o.ServerID = cmp.Or(o.ServerID, host+"#"+strconv.Itoa(os.Getpid()))
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o, nil
}
