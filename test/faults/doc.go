// Package faults breaks a running storywire on purpose and checks that it keeps
// its promises: what was acknowledged is stored, once, and nothing was shown
// that is not.
package faults
