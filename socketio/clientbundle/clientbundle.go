// Package clientbundle holds the browser's side of Socket.IO, so that a page can
// load it from the server it talks to:
//
//	io := socketio.NewServer(socketio.Options{ClientFiles: clientbundle.Files()})
//
//	<script src="/socket.io/socket.io.js"></script>
//
// It is a package of its own: programs whose pages bundle the client themselves do
// not carry it. The files are those of npm's socket.io-client, [Version], under
// the MIT licence, see dist/LICENSE; of the forms that package has, only the small
// ones are here.
package clientbundle

import (
	"embed"
	"io/fs"
)

// Version is that of socket.io-client.
const Version = "4.8.4"

//go:embed dist/*.js dist/LICENSE
var dist embed.FS

// Files returns socket.io.min.js, socket.io.esm.min.js and socket.io.msgpack.min.js,
// and the first of them under the name socket.io.js too, which pages ask for.
func Files() fs.FS { return files{} }

type files struct{}

// Open implements fs.FS.
func (files) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) || name == "." {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if name == "socket.io.js" {
		name = "socket.io.min.js"
	}
	return dist.Open("dist/" + name)
}
