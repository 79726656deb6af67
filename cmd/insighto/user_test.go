package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// signsIn tells whether the password opens a session.
func (x *terminal) signsIn(email, password string) bool {
	x.t.Helper()
	_, err := dbtest.Open(x.t, x.database, time.Now).SignIn(x.t.Context(), email, password, db.Client{})
	if err != nil && !db.Unauthenticated.Is(err) {
		x.t.Fatal(err)
	}
	return err == nil
}

func TestUserAdd(t *testing.T) {
	add := func(email, team string, more ...string) []string {
		return append([]string{"user", "add", "--email", email, "--name", "Ada", "--team", team}, more...)
	}

	t.Run("the password is the first line of stdin", func(t *testing.T) {
		x := newTerminal(t)
		s := x.runWith("  three short calm words \r\nand more", add("ada@example.com", "Lovelace")...)
		s.want(t, exitDone, "owner of the team Lovelace")
		if s.out != "" || strings.Contains(s.err, "calm") {
			t.Errorf("got stdout %q and stderr %q, want no password", s.out, s.err)
		}
		if !x.signsIn("ada@example.com", "  three short calm words ") {
			t.Error("the password does not sign in")
		}
	})

	t.Run("without one, a strong one is made and printed once", func(t *testing.T) {
		x := withAda(t)
		s := x.run(add("Bob@Example.com", "Lovelace")...)
		s.want(t, exitDone, "bob@example.com is member of the team Lovelace")
		password := strings.TrimSpace(s.out)
		if !regexp.MustCompile(`^[a-z2-7-]{20,}$`).MatchString(password) || strings.Contains(s.err, password) {
			t.Errorf("got stdout %q and stderr %q", s.out, s.err)
		}
		if !x.signsIn("bob@example.com", password) {
			t.Error("the password does not sign in")
		}
		if again := x.run(add("cat@example.com", "Lovelace")...); again.out == s.out {
			t.Error("two people got the same password")
		}
	})

	t.Run("a person who is here joins another team with the password they have", func(t *testing.T) {
		x := withAda(t)
		s := x.run(add("ada@example.com", "Byron", "--role", "admin")...)
		s.want(t, exitDone, "admin of the team Byron", "keeps the password")
		if s.out != "" {
			t.Errorf("stdout: got %q, want nothing", s.out)
		}
	})

	t.Run("what is wrong is said, all of it", func(t *testing.T) {
		x := withAda(t)
		s := x.runWith("short\n", add("nobody", "Lovelace", "--role", "king")...)
		s.want(t, exitFailed, "name@example.com", "owner, admin or member", "15 characters")
		x.run(add("ada@example.com", "Lovelace")...).want(t, exitFailed, "in the team Lovelace already")
	})
}

func TestUserDeactivate(t *testing.T) {
	x := withAda(t)
	x.run("user", "deactivate", "--email", "bob@example.com").want(t, exitFailed, "bob@example.com")
	x.ok("user", "deactivate", "--email", "Ada@example.com")
	if x.signsIn("ada@example.com", "three short calm words") {
		t.Error("a deactivated person signs in")
	}
}
