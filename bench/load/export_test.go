//go:build linux

package load

// The codec, for its tests.
var (
	AppendMasked = appendMasked
	NextFrame    = nextFrame
)
