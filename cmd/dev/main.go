// Command dev builds, serves and tests Insighto on a fresh machine. It imports only the standard library and needs no cgo,
// because it is what fetches the C compiler the program itself needs.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() { os.Exit(run(os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)) }

// command is one word after `go run ./cmd/dev`.
type command struct {
	name, does string
	run        func(ctx context.Context, sh shell, args []string) error
}

func commands() []command {
	return []command{
		{"up", "build and serve the demo on http://localhost:8080; more flags go to `insighto serve`", up},
		{"test", "the checks, then every test on both databases; arguments replace ./...", test},
		{"check", "gofmt, templ, vet, staticcheck", check},
		{"gen", "write the Go code of the templ pages again, and format", gen},
		{"bench", "what answers cost beside plain ones and as tables grow; arguments name packages to benchmark", bench},
		{"build", "the program to install, ./insighto", build},
		{"kill", "kill -9 the program under load and look for what it lost; -h for its flags", kill},
	}
}

// exitCode is the answer of a program that has already said why it stopped.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

func run(args, env []string, in io.Reader, out, errOut io.Writer) int {
	if len(args) == 0 {
		usage(errOut)
		return 2
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(out)
		return 0
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return runOne(c, args[1:], env, in, out, errOut)
		}
	}
	fmt.Fprintf(errOut, "There is no command %q.\n\n", args[0])
	usage(errOut)
	return 2
}

func runOne(c command, args, env []string, in io.Reader, out, errOut io.Writer) int {
	root, err := moduleRoot()
	if err != nil {
		fmt.Fprintln(errOut, err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	leaveWithParent(ctx, cancel)
	// Without cgo the build succeeds and the server dies at its first query, so it is never left to chance.
	sh := shell{root: root, env: append(env, "CGO_ENABLED=1"), in: in, out: out, err: errOut}

	err = c.run(ctx, sh, args)
	var code exitCode
	if errors.As(err, &code) {
		return int(code)
	}
	if err != nil {
		fmt.Fprintf(errOut, "%s FAILED at: %v\n", c.name, err)
		return 1
	}
	return 0
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "Usage: go run ./cmd/dev <command> [arguments]")
	fmt.Fprintln(w)
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-6s %s\n", c.name, c.does)
	}
}

// moduleRoot is the folder of go.mod at or above the working directory.
func moduleRoot() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("there is no go.mod in %s or above it: run this inside the repository", here)
		}
	}
}

// leaveWithParent cancels once `go run` is gone. It hands an interrupt on but dies of SIGTERM without a word, and the
// server it started would hold its port, and PostgreSQL its folder, for ever.
func leaveWithParent(ctx context.Context, cancel context.CancelFunc) {
	parent := os.Getppid()
	comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", parent))
	if err != nil || strings.TrimSpace(string(comm)) != "go" {
		return
	}
	go func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for os.Getppid() == parent {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
		cancel()
	}()
}
