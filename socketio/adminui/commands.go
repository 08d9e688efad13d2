package adminui

import (
	"context"
	"fmt"

	"github.com/storywire/storywire/socketio"
)

// registerCommands lets admins act. Each command names the namespace and, as a
// filter, a room or the id of a socket, or nothing for all.
func (a *Admin) registerCommands() {
	command := func(name string, filter int, act func(call *socketio.Call, on socketio.Operator) error) {
		a.ns.On(name, func(_ context.Context, s *socketio.Socket, call *socketio.Call) error {
			on, err := a.selected(call, filter)
			if err == nil {
				err = act(call, on)
			}
			a.opts.Logger.Info("adminui: command", "command", name, "admin", s.ID(), "err", err)
			return nil // the dashboard asks for no answer
		})
	}
	command("emit", 1, func(call *socketio.Call, on socketio.Operator) error {
		event, err := text(call, 2)
		if err != nil {
			return err
		}
		args := make([]any, call.Len()-3)
		for i := range args {
			if err := call.Decode(3+i, &args[i]); err != nil {
				return err
			}
		}
		return on.Emit(event, args...)
	})
	command("join", 2, func(call *socketio.Call, on socketio.Operator) error {
		room, err := text(call, 1)
		if err != nil {
			return err
		}
		return on.SocketsJoin(room)
	})
	command("leave", 2, func(call *socketio.Call, on socketio.Operator) error {
		room, err := text(call, 1)
		if err != nil {
			return err
		}
		return on.SocketsLeave(room)
	})
	command("_disconnect", 2, func(call *socketio.Call, on socketio.Operator) error {
		var closeTransport bool
		if err := call.Decode(1, &closeTransport); err != nil {
			return err
		}
		return on.DisconnectSockets(closeTransport)
	})
}

// selected returns the sockets that a command is about: those of the namespace
// in its first argument, in the room of the argument at filter if it is there.
func (a *Admin) selected(call *socketio.Call, filter int) (socketio.Operator, error) {
	name, err := text(call, 0)
	if err != nil {
		return socketio.Operator{}, err
	}
	for _, ns := range a.io.Namespaces() {
		if ns.Name() != name {
			continue
		}
		var room *string
		if filter < call.Len() {
			if err := call.Decode(filter, &room); err != nil {
				return socketio.Operator{}, err
			}
		}
		if room == nil || *room == "" {
			return ns.To(), nil
		}
		return ns.To(*room), nil
	}
	return socketio.Operator{}, fmt.Errorf("no namespace %q", name)
}

func text(call *socketio.Call, i int) (string, error) {
	var s string
	err := call.Decode(i, &s)
	return s, err
}
