package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

var keyShape = regexp.MustCompile(`^in-[0-9A-Za-z]{43}$`)

func (x *terminal) createKey(more ...string) said {
	x.t.Helper()
	return x.run(append([]string{"key", "create", "--user", "ada@example.com", "--team", "Lovelace", "--name", "laptop",
		"--role", "read_only", "--description", "for a <test>"}, more...)...)
}

func (x *terminal) keys() []keyLine {
	x.t.Helper()
	var lines []keyLine
	if err := json.Unmarshal([]byte(x.ok("key", "list", "--user", "ada@example.com", "--json").out), &lines); err != nil {
		x.t.Fatal(err)
	}
	return lines
}

func TestKeyCreate(t *testing.T) {
	x := withAda(t)

	t.Run("stdout is the key alone", func(t *testing.T) {
		s := x.createKey()
		s.want(t, exitDone)
		secret, one := strings.CutSuffix(s.out, "\n")
		if !one || !keyShape.MatchString(secret) || strings.Contains(s.err, secret) {
			t.Fatalf("got stdout %q and stderr %q", s.out, s.err)
		}
		caller, err := dbtest.Open(t, x.database, time.Now).Introspect(t.Context(), secret)
		if err != nil || caller.User.Email != "ada@example.com" || caller.Team.Name != "Lovelace" {
			t.Errorf("the key: got %+v, %v", caller.User, err)
		}
	})

	t.Run("with --json it is one object with the key in it", func(t *testing.T) {
		s := x.createKey("--json")
		s.want(t, exitDone)
		var l keyLine
		if err := json.Unmarshal([]byte(s.out), &l); err != nil {
			t.Fatal(err)
		}
		if !keyShape.MatchString(l.Key) || !strings.HasPrefix(l.Key, l.Prefix) || l.Role != "read_only" || l.Status != "live" ||
			l.Description != "for a <test>" || l.Team != "Lovelace" || !db.IsID(l.ID) || l.CreatedAt.IsZero() {
			t.Errorf("got %+v", l)
		}
		if strings.Count(s.out, l.Key) != 1 || strings.Contains(s.err, l.Key) {
			t.Error("the key is there more than once")
		}
	})

	t.Run("the key is in no list and in no file", func(t *testing.T) {
		secret := strings.TrimSpace(x.createKey().out)
		list := x.ok("key", "list", "--user", "ada@example.com")
		if strings.Contains(list.out+list.err, secret) || !strings.Contains(list.out, secret[:11]) {
			t.Errorf("list: got %q, want the prefix alone", list.out)
		}
		for _, file := range []string{x.database, x.database + "-wal"} {
			if kept, err := os.ReadFile(file); err == nil && strings.Contains(string(kept), secret[11:]) {
				t.Errorf("%s holds the key", file)
			}
		}
	})

	t.Run("what is wrong is said", func(t *testing.T) {
		x.createKey("--role", "king").want(t, exitFailed, "Choose what the key may do")
		x.createKey("--name", " ").want(t, exitFailed, "A name is required")
		x.createKey("--team", "Byron").want(t, exitFailed, "no team named \"Byron\"")
		x.createKey("--user", "bob@example.com").want(t, exitFailed, "insighto user add")
	})
}

func TestKeyRevokeAndDelete(t *testing.T) {
	x := withAda(t)
	x.ok("key", "list", "--user", "ada@example.com").want(t, exitDone, "No keys yet")
	if got := x.ok("key", "list", "--user", "ada@example.com", "--json").out; got != "[]\n" {
		t.Errorf("no keys as JSON: got %q", got)
	}
	secret := strings.TrimSpace(x.createKey().out)
	id := x.keys()[0].ID

	x.ok("key", "revoke", id)
	x.ok("key", "revoke", id)
	if got := x.keys()[0]; got.Status != "revoked" || got.RevokedAt == nil {
		t.Errorf("revoked: got %+v", got)
	}
	if _, err := dbtest.Open(t, x.database, time.Now).Authenticate(t.Context(), secret); !db.Unauthenticated.Is(err) {
		t.Errorf("a revoked key: got %v", err)
	}
	x.ok("key", "list", "--user", "ada@example.com").want(t, exitDone, "revoked 2")

	x.ok("key", "delete", id)
	if got := x.keys(); len(got) != 0 {
		t.Errorf("after delete: got %+v", got)
	}
	for _, verb := range []string{"revoke", "delete"} {
		for _, gone := range []string{id, "x", "\xff"} {
			x.run("key", verb, gone).want(t, exitFailed, "there is no key with the id")
		}
	}
	x.run("key", "list", "--user", "bob@example.com").want(t, exitFailed, "bob@example.com")
}
