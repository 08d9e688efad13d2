//go:build linux

package load

import (
	"fmt"
	"syscall"
	"time"
)

// Cost is what a measured window took.
type Cost struct {
	Elapsed   time.Duration
	ServerCPU time.Duration // user and system time of the servers, in steps of 10 ms; 0 without Target.PID
	LoadCPU   time.Duration // the same of this process
	OtherCPU  time.Duration // the same of the rest of the machine: the noise of the window
}

// meter takes the difference between two looks at the clocks.
type meter struct {
	target              Target
	at                  time.Time
	cpu, machine, loads time.Duration
}

func startMeter(t Target) (*meter, error) {
	m := &meter{target: t}
	err := m.read()
	return m, err
}

func (m *meter) read() (err error) {
	m.at = time.Now()
	if m.loads, err = ownCPU(); err != nil {
		return err
	}
	if m.machine, err = MachineCPU(); err != nil {
		return err
	}
	m.cpu = 0
	for _, t := range m.target.all() {
		if t.PID == 0 {
			continue
		}
		used, err := Process{t.PID}.CPU()
		if err != nil {
			return err
		}
		m.cpu += used
	}
	return nil
}

// stop returns what was used since the meter was started.
func (m *meter) stop() (Cost, error) {
	start := *m
	if err := m.read(); err != nil {
		return Cost{}, err
	}
	c := Cost{
		Elapsed:   m.at.Sub(start.at),
		ServerCPU: m.cpu - start.cpu,
		LoadCPU:   m.loads - start.loads,
	}
	c.OtherCPU = max(0, m.machine-start.machine-c.ServerCPU-c.LoadCPU)
	return c, nil
}

func ownCPU() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("read own CPU time: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
