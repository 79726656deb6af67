package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// shell runs programs in the repository's root and says what it runs. It is a value: what with adds to the environment
// does not reach the caller's copy.
type shell struct {
	root     string
	env      []string
	in       io.Reader
	out, err io.Writer
}

// with returns the shell with more variables; the last one of a name wins.
func (sh shell) with(env ...string) shell {
	sh.env = append(append([]string(nil), sh.env...), env...)
	return sh
}

// getenv is the value a program run now would see.
func (sh shell) getenv(name string) string {
	for i := len(sh.env) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(sh.env[i], name+"="); ok {
			return value
		}
	}
	return ""
}

// run prints the command line, runs it and prints how long it took. Its error begins with the command line.
func (sh shell) run(ctx context.Context, args ...string) error {
	line := strings.Join(args, " ")
	fmt.Fprintln(sh.out, "$", line)
	start := time.Now()
	cmd := sh.command(ctx, args...)
	err := cmd.Run()
	fmt.Fprintf(sh.out, "  %s\n", took(start))
	if ctx.Err() != nil {
		endGroup(cmd, syscall.SIGKILL)
		return fmt.Errorf("%s: stopped", line)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", line, err)
	}
	return nil
}

// quiet reports whether a command succeeds, and shows nothing of it.
func (sh shell) quiet(ctx context.Context, args ...string) bool {
	sh.out, sh.err = nil, nil
	return sh.command(ctx, args...).Run() == nil
}

// command is ready to start. Cancelling ctx asks it, and whatever it started, to stop, and ends it ten seconds later.
func (sh shell) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = sh.root, sh.env, sh.out, sh.err
	// A group of its own, so that Ctrl-C reaches it once, by us, and PostgreSQL outlives the tests that use it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return endGroup(cmd, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

func endGroup(cmd *exec.Cmd, sig syscall.Signal) error {
	if cmd.Process == nil {
		return os.ErrProcessDone
	}
	err := syscall.Kill(-cmd.Process.Pid, sig)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

func took(start time.Time) time.Duration { return time.Since(start).Round(100 * time.Millisecond) }
