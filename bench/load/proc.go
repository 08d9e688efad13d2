//go:build linux

package load

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// tick is the unit of CPU times in /proc: USER_HZ is 100 on every Linux
// architecture that Go runs on.
const tick = 10 * time.Millisecond

// Process is a running process, looked at through /proc.
type Process struct{ PID int }

// CPU returns the user and system time that the process has used, in steps of 10 ms.
func (p Process) CPU() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID))
	if err != nil {
		return 0, fmt.Errorf("read CPU time: %w", err)
	}
	// The command may hold spaces and parentheses: count the fields after it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("read CPU time: %d fields after the command", len(fields))
	}
	user, err1 := strconv.ParseInt(string(fields[11]), 10, 64)
	system, err2 := strconv.ParseInt(string(fields[12]), 10, 64)
	if err1 != nil || err2 != nil {
		return 0, fmt.Errorf("read CPU time: fields %q and %q", fields[11], fields[12])
	}
	return time.Duration(user+system) * tick, nil
}

// RSS returns the resident set of the process in bytes.
func (p Process) RSS() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID))
	if err != nil {
		return 0, fmt.Errorf("read RSS: %w", err)
	}
	_, rest, ok := bytes.Cut(status, []byte("VmRSS:"))
	if fields := bytes.Fields(rest); ok && len(fields) >= 2 && string(fields[1]) == "kB" {
		kb, err := strconv.ParseInt(string(fields[0]), 10, 64)
		return kb << 10, err
	}
	return 0, fmt.Errorf("read RSS: no VmRSS of process %d", p.PID)
}

// Written returns the bytes that the process has had written to disks.
func (p Process) Written() (int64, error) {
	io, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", p.PID))
	if err != nil {
		return 0, fmt.Errorf("read I/O: %w", err)
	}
	_, rest, ok := bytes.Cut(io, []byte("\nwrite_bytes: "))
	number, _, _ := bytes.Cut(rest, []byte("\n"))
	if !ok {
		return 0, fmt.Errorf("read I/O: no write_bytes of process %d", p.PID)
	}
	return strconv.ParseInt(string(number), 10, 64)
}

// MachineCPU returns the time that all processors have spent on anything but
// idling, in steps of 10 ms: what it grew by beyond server and generator is what
// others used.
func MachineCPU() (time.Duration, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, fmt.Errorf("read machine CPU: %w", err)
	}
	line, _, _ := bytes.Cut(stat, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) < 9 || string(fields[0]) != "cpu" {
		return 0, fmt.Errorf("read machine CPU: %q", line)
	}
	var busy time.Duration
	// user nice system (idle iowait) irq softirq steal
	for _, i := range []int{1, 2, 3, 6, 7, 8} {
		n, err := strconv.ParseInt(string(fields[i]), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read machine CPU: %w", err)
		}
		busy += time.Duration(n) * tick
	}
	return busy, nil
}
