//go:build unix

package store_test

import (
	"testing"

	"github.com/storywire/storywire/internal/store/storetest"
	"github.com/storywire/storywire/test/servers"
)

func TestSuiteOnPostgres(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store { return open(t, servers.Postgres(t)) })
}
