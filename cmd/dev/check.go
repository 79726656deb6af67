package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// check runs what needs no test to be wrong.
func check(ctx context.Context, sh shell, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("check takes no arguments, not %q", args)
	}
	start := time.Now()
	if err := install(ctx, sh, compiler(ctx, sh)); err != nil {
		return err
	}
	if err := checks(ctx, sh); err != nil {
		return err
	}
	fmt.Fprintf(sh.out, "check: all fine in %s\n", took(start))
	return nil
}

// gen writes everything that check holds against its source, and formats the rest.
func gen(ctx context.Context, sh shell, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("gen takes no arguments, not %q", args)
	}
	if err := sh.run(ctx, "go", "tool", "templ", "fmt", "."); err != nil {
		return err
	}
	if err := sh.run(ctx, "go", "tool", "templ", "generate"); err != nil {
		return err
	}
	return sh.run(ctx, "gofmt", "-w", ".")
}

func checks(ctx context.Context, sh shell) error {
	if err := formatted(ctx, sh); err != nil {
		return err
	}
	if err := sh.run(ctx, "go", "tool", "templ", "generate", "-check"); err != nil {
		return fmt.Errorf("%w: run `go run ./cmd/dev gen`", err)
	}
	if err := sh.run(ctx, "go", "tool", "templ", "fmt", "-fail", "."); err != nil {
		return fmt.Errorf("%w: templ has written the files anew, look at the diff and run `go run ./cmd/dev gen`", err)
	}
	// With -race both read what the race tests compile anyway. Without it SQLite's C code is compiled twice, a minute each.
	if err := sh.run(ctx, "go", "vet", "-race", "./..."); err != nil {
		return err
	}
	race := strings.TrimSpace(sh.getenv("GOFLAGS") + " -race")
	return sh.run(ctx, "env", "GOFLAGS="+race, "go", "tool", "staticcheck", "./...")
}

// formatted refuses files that gofmt would change; gofmt itself calls that a success.
func formatted(ctx context.Context, sh shell) error {
	var list bytes.Buffer
	listing := sh
	listing.out = io.MultiWriter(sh.out, &list)
	if err := listing.run(ctx, "gofmt", "-l", "."); err != nil {
		return err
	}
	if strings.Contains(list.String(), ".go\n") {
		return errors.New("gofmt -l .: run `go run ./cmd/dev gen`")
	}
	return nil
}
