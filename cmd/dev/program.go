package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// up serves the demo until it is told to stop, and ends with the server's own exit code.
func up(ctx context.Context, sh shell, args []string) error {
	program, err := compile(ctx, sh)
	if err != nil {
		return err
	}
	cmd := sh.command(ctx, append([]string{program, "serve", "--demo"}, args...)...)
	cmd.Stdin = sh.in
	// The server finishes the requests in flight first.
	cmd.WaitDelay = 40 * time.Second
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		return exitCode(exit.ExitCode())
	}
	if ctx.Err() != nil && cmd.ProcessState != nil && cmd.ProcessState.Success() {
		return nil
	}
	return err
}

// build writes the program that people install.
func build(ctx context.Context, sh shell, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("build takes no arguments, not %q", args)
	}
	if err := install(ctx, sh, compiler(ctx, sh)); err != nil {
		return err
	}
	if err := sh.run(ctx, "go", "build", "-trimpath", "-o", "insighto", "./cmd/insighto"); err != nil {
		return err
	}
	fmt.Fprintln(sh.out, "build: ./insighto is ready")
	return nil
}

// compile builds the program into the person's cache, so that the checkout stays clean, and returns its path.
func compile(ctx context.Context, sh shell) (string, error) {
	if err := install(ctx, sh, compiler(ctx, sh)); err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	// One folder a checkout, or two of them would serve each other's program.
	dir := filepath.Join(cache, "insighto-dev", fmt.Sprintf("%.4x", sha256.Sum256([]byte(sh.root))))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	program := filepath.Join(dir, "insighto")
	if _, err := os.Stat(program); err != nil {
		fmt.Fprintln(sh.out, "The first build compiles SQLite too and takes a minute or two.")
	}
	return program, sh.run(ctx, "go", "build", "-o", program, "./cmd/insighto")
}
