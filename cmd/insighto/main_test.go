package main

import (
	"os"
	"strings"
	"testing"
)

func TestManual(t *testing.T) {
	cases := []struct {
		args []string
		want string
	}{
		{[]string{"-h"}, "key create"},
		{[]string{"--help"}, "$INSIGHTO_DATABASE"},
		{[]string{"serve", "-h"}, "$INSIGHTO_TRUSTED_PROXY"},
		{[]string{"key", "create", "-h"}, "$INSIGHTO_DESCRIPTION"},
		{[]string{"import", "--nonsense=1", "-h"}, ""},
	}
	for _, c := range cases {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			s := newTerminal(t).run(c.args...)
			if c.want == "" {
				s.want(t, exitUsage)
				return
			}
			s.want(t, exitDone)
			if !strings.Contains(s.out, c.want) || s.err != "" {
				t.Errorf("got stdout %q and stderr %q, want %q on stdout alone", s.out, s.err, c.want)
			}
		})
	}
}

func TestNonsenseIsRefusedWithASentence(t *testing.T) {
	cases := []struct {
		args string
		want string
	}{
		{"", "expected one of"},
		{"bake", "unexpected argument bake"},
		{"serve now", "unexpected argument now"},
		{"serve --shiny", "unknown flag --shiny"},
		{"serve --listen 8080", "--listen"},
		{"serve --base-url insighto.example.com", "--base-url"},
		{"serve --base-url https://a.example/path", "--base-url"},
		{"serve --trusted-proxy 10.0.0.0/99", "--trusted-proxy"},
		{"serve --webhook-allow-private 10.0.0.0/8,inside", "--webhook-allow-private"},
		{"serve --log-level loud", "--log-level"},
		{"serve --rate-limit many", "--rate-limit"},
		{"serve --rate-limit=-1", "--rate-limit"},
		{"serve --metrics-listen 9100", "--metrics-listen"},
		{"team quota 5", "--team"},
		{"team quota --team T", "<quota>"},
		{"import --team T", "<file>"},
		{"import some.ndjson", "--team"},
		{"user add --email a@example.com", "--name"},
		{"key create --user a@example.com", "--team"},
		{"key revoke", "<id>"},
		{"backup", "<file>"},
	}
	for _, c := range cases {
		t.Run(c.args, func(t *testing.T) {
			x := newTerminal(t)
			s := x.run(strings.Fields(c.args)...)
			s.want(t, exitUsage, "insighto: ", c.want, "Run insighto -h for the manual.")
			if s.out != "" {
				t.Errorf("stdout: got %q, want nothing", s.out)
			}
			if _, err := os.Stat(x.database); err == nil {
				t.Error("a database was made")
			}
		})
	}
}

func TestVariablesStandInForFlags(t *testing.T) {
	x := withAda(t)
	x.env["INSIGHTO_USER"] = "ada@example.com"
	x.ok("key", "list")
	x.run("key", "list", "--user", "bob@example.com").want(t, exitFailed, "bob@example.com")
	x.env["INSIGHTO_JSON"] = "perhaps"
	x.run("key", "list").want(t, exitUsage, "--json")
}

func TestCommandsNeedADatabase(t *testing.T) {
	for _, args := range []string{
		"key list --user a@example.com", "key create --user a@example.com --team T --name n --role read_only --description d",
		"key revoke x", "key delete x", "user deactivate --email a@example.com", "import --team T terminal_test.go", "backup x.db",
	} {
		t.Run(args, func(t *testing.T) {
			x := newTerminal(t)
			x.run(strings.Fields(args)...).want(t, exitFailed, "there is no database at "+x.database)
			if _, err := os.Stat(x.database); err == nil {
				t.Error("a slip in the name made a database")
			}
		})
	}
}

func TestDatabase(t *testing.T) {
	x := withAda(t)
	x.ok("migrate")
	x.ok("version").want(t, exitDone, "insighto ", "go1.")

	copied := x.database + ".backup"
	x.run("backup", copied).want(t, exitDone, copied)
	x.run("backup", copied).want(t, exitFailed, "exists already")
	x.ok("--database", copied, "key", "list", "--user", "ada@example.com")
	info, err := os.Stat(copied)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the backup's mode: got %v, want only its owner to read it", info.Mode())
	}
}
