//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/storywire/storywire/bench/load"
)

const (
	startTimeout = 30 * time.Second
	secret       = "the benchmark's own secret, 32 bytes at least"
	anyRate      = "1000000/s:1000000"
)

// server is a running server.
type server struct {
	name string
	cmd  *exec.Cmd
	addr string
}

// start runs a program that says where it listens: it must be called on the
// main thread, whose end the kernel takes as the sign to end the program.
func start(name string, env []string, argv ...string) (*server, io.Reader, error) {
	s := &server{name: name, cmd: exec.Command(argv[0], argv[1:]...)}
	s.cmd.Env = append(os.Environ(), env...)
	s.cmd.Stderr = os.Stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("start %s: %w", name, err)
	}
	return s, out, nil
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(10*time.Second, func() { _ = s.cmd.Process.Kill() })
	_ = s.cmd.Wait()
	kill.Stop()
}

func (s *server) cpu() (time.Duration, error) { return load.Process{PID: s.cmd.Process.Pid}.CPU() }

func startHocuspocus(root string) (*server, error) {
	s, out, err := start("hocuspocus", []string{"NODE_ENV=production"}, "node", filepath.Join(root, "bench/peers/hocuspocus/server.js"))
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if port, ok := strings.CutPrefix(lines.Text(), "listening "); ok {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			s.addr = net.JoinHostPort("127.0.0.1", port)
			return s, nil
		}
	}
	s.stop()
	return nil, errors.New("hocuspocus did not start")
}

func startStorywire(ctx context.Context, binary, database string) (*server, error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := ln.Addr().String()
	_ = ln.Close()
	_, port, _ := net.SplitHostPort(addr)
	s, out, err := start("storywire", []string{
		"HOST=127.0.0.1", "PORT=" + port, "JWT_SECRET=" + secret, "DATABASE_URL=" + database, "LOG_LEVEL=warn",
		"RATE_WRITE=" + anyRate, "RATE_READ=" + anyRate, "RATE_DOC=" + anyRate, "RATE_DOC_BYTES=100000000/s:100000000",
	}, binary, "serve")
	if err != nil {
		return nil, err
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	s.addr = addr
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err := request(ctx, http.MethodGet, addr, "/readyz", "", nil, nil); err == nil {
			return s, nil
		}
	}
	s.stop()
	return nil, errors.New("storywire did not start")
}

// request is one REST call.
func request(ctx context.Context, method, addr, path, token string, in, out any) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+addr+path, &body)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil || res.StatusCode >= 300 {
		return errors.Join(err, fmt.Errorf("%s %s: %s: %.200s", method, path, res.Status, answer))
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}
