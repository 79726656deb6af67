package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// terminal runs commands on a database of its own.
type terminal struct {
	t        *testing.T
	database string
	env      map[string]string
}

func newTerminal(t *testing.T) *terminal { return terminalOn(t, filepath.Join(t.TempDir(), "test.db")) }

func terminalOn(t *testing.T, database string) *terminal {
	return &terminal{t, database, map[string]string{"INSIGHTO_DATABASE": database}}
}

// said is what a command left behind.
type said struct {
	code     int
	out, err string
}

func (x *terminal) run(args ...string) said { return x.runWith("", args...) }

func (x *terminal) runWith(stdin string, args ...string) said {
	x.t.Helper()
	var out, err bytes.Buffer
	ctx, cancel := context.WithTimeout(x.t.Context(), time.Minute)
	defer cancel()
	code := run(ctx, args, func(name string) string { return x.env[name] }, strings.NewReader(stdin), &out, &err)
	return said{code, out.String(), err.String()}
}

// ok runs a command that must succeed.
func (x *terminal) ok(args ...string) said {
	x.t.Helper()
	s := x.run(args...)
	s.want(x.t, exitDone)
	return s
}

// want checks the exit code, and that stdout and stderr together hold each text.
func (s said) want(t *testing.T, code int, texts ...string) {
	t.Helper()
	if s.code != code {
		t.Errorf("exit code: got %d, want %d; stderr:\n%s", s.code, code, s.err)
	}
	for _, text := range texts {
		if !strings.Contains(s.out+s.err, text) {
			t.Errorf("got stdout %q and stderr %q, want %q in them", s.out, s.err, text)
		}
	}
}

// withAda gives a terminal whose database has a team with one person.
func withAda(t *testing.T) *terminal { return newTerminal(t).withAda() }

func (x *terminal) withAda() *terminal {
	x.t.Helper()
	x.runWith("three short calm words\n", "user", "add", "--email", "ada@example.com", "--name", "Ada", "--team", "Lovelace").want(x.t, exitDone)
	return x
}
