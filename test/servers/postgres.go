//go:build unix

package servers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// startWait is how long a server may take to start or stop on a busy machine.
const startWait = time.Minute

// shared is the server of this test process; it ends with the process.
var shared = sync.OnceValues(startPostgres)

// Postgres returns the URL of an empty database that is the test's own. It is
// on the server that DATABASE_URL names (postgres://...), where databases are
// created for it, else on one that is started for the test process. If there is
// none, the test is skipped, and fails under CI=true.
func Postgres(t testing.TB) string {
	t.Helper()
	if admin := os.Getenv("DATABASE_URL"); strings.HasPrefix(admin, "postgres") {
		name, url := newDatabase(t, admin)
		t.Cleanup(func() { administer(t, admin, "DROP DATABASE "+name+" WITH (FORCE)") })
		return url
	}
	needPostgres(t)
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	_, url := newDatabase(t, s.url("postgres")) // it goes with the server
	return url
}

// PostgresServer is a server of a test's own, which it may stop and start.
type PostgresServer struct {
	Addr string // host:port; stays through restarts
	URL  string // of an empty database

	bin, dir string
	as       *syscall.Credential // nil: ourselves
	watchdog io.Closer           // the server ends when it is closed, at the latest with this process
}

// NewPostgresServer starts a server that ends with the test. It skips or fails as [Postgres] does.
func NewPostgresServer(t testing.TB) *PostgresServer {
	t.Helper()
	needPostgres(t)
	s, err := startPostgres()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.watchdog.Close() })
	_, s.URL = newDatabase(t, s.url("postgres"))
	return s
}

// Stop ends the server at once, as a crash would: what was committed is there after [PostgresServer.Start].
func (s *PostgresServer) Stop(t testing.TB) {
	t.Helper()
	if err := s.control("stop", "-m", "immediate"); err != nil {
		t.Fatal(err)
	}
}

// Start starts a stopped server and waits until it answers.
func (s *PostgresServer) Start(t testing.TB) {
	t.Helper()
	if err := s.control("start", "-l", filepath.Join(s.dir, "log")); err != nil {
		t.Fatal(err)
	}
}

func (s *PostgresServer) url(database string) string {
	return "postgres://storywire@" + s.Addr + "/" + database + "?sslmode=disable"
}

// needPostgres skips the test if the server's programs are not there.
func needPostgres(t testing.TB) {
	t.Helper()
	if _, err := postgresPrograms(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

// postgresPrograms returns the folder with initdb and pg_ctl: that of PATH, else the newest of Debian's.
func postgresPrograms() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.New("no PostgreSQL: install the package postgresql, or set DATABASE_URL=postgres://... to a server that lets databases be created")
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

// account is whom the server runs as: it refuses to run as root.
func account() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil //nolint:nilnil // nobody else is needed
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, fmt.Errorf("find a user for PostgreSQL: %w", err)
		}
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", u.Username, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", u.Username, err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func startPostgres() (*PostgresServer, error) {
	bin, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	s := &PostgresServer{bin: bin}
	if s.as, err = account(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "storywire-postgres-"); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	if s.as != nil {
		if err := os.Chown(s.dir, int(s.as.Uid), int(s.as.Gid)); err != nil {
			return nil, fmt.Errorf("give the folder away: %w", err)
		}
	}
	if err := s.watch(); err != nil {
		return nil, err
	}
	if err := s.init(); err != nil {
		_ = s.watchdog.Close()
		return nil, err
	}
	return s, nil
}

// init makes the files and starts the server on a port that is free.
func (s *PostgresServer) init() error {
	if err := s.run("initdb", "-D", s.data(), "-U", "storywire", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"); err != nil {
		return err
	}
	var err error
	for range 5 {
		if s.Addr, err = freeAddr(); err != nil {
			return err
		}
		_, port, _ := net.SplitHostPort(s.Addr)
		settings := "\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 200\nport = " + port + "\n"
		if err := appendFile(filepath.Join(s.data(), "postgresql.conf"), settings); err != nil {
			return err
		}
		if err = s.control("start", "-l", filepath.Join(s.dir, "log")); err == nil {
			return nil // else somebody else may have taken the port
		}
	}
	return err
}

func (s *PostgresServer) data() string { return filepath.Join(s.dir, "data") }

// watch starts a shell that ends the server and removes its files when this
// process closes the shell's input or ends, however it ends.
func (s *PostgresServer) watch() error {
	const script = `read -r _; "$1/pg_ctl" -D "$2/data" -m immediate stop >/dev/null 2>&1; rm -rf "$2"`
	cmd := exec.Command("sh", "-c", script, "sh", s.bin, s.dir)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as, Setpgid: true} // an interrupt of the terminal is not for it
	var err error
	if s.watchdog, err = cmd.StdinPipe(); err != nil {
		return fmt.Errorf("watchdog: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("watchdog: %w", err)
	}
	return nil
}

// control runs pg_ctl and waits until it is done.
func (s *PostgresServer) control(verb string, args ...string) error {
	return s.run("pg_ctl", append([]string{"-D", s.data(), "-w", "-s", verb}, args...)...)
}

func (s *PostgresServer) run(program string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startWait)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, program), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as, Setpgid: true}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, out)
	}
	return nil
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func appendFile(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("open settings: %w", err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return nil
}

// newDatabase makes an empty database on the server of admin.
func newDatabase(t testing.TB, admin string) (name, address string) {
	t.Helper()
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatalf("DATABASE_URL: %v", err)
	}
	name = "test_" + strings.ToLower(rand.Text())
	administer(t, admin, "CREATE DATABASE "+name)
	u.Path = "/" + name
	return name, u.String()
}

func administer(t testing.TB, admin, query string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startWait)
	defer cancel()
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		t.Fatalf("connect to Postgres: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}
