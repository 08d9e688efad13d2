// Package web carries the built web application inside the binary.
//
// The application is exported by `npm run build` in this folder into dist.
// A build of the binary without it works too; Assets then says so.
package web

import (
	"embed"
	"io/fs"
)

// all: because Next.js names its folder _next, which a plain pattern skips.
//
//go:embed all:dist
var dist embed.FS

// Assets returns the exported application, rooted at its index.html, and
// whether it has been built into this binary. Without it the file system is
// nil. The returned file system is read-only and safe for concurrent use.
func Assets() (fs.FS, bool) {
	assets, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, false
	}
	if _, err := fs.Stat(assets, "index.html"); err != nil {
		return nil, false
	}
	return assets, true
}
