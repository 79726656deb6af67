package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// withBabbage gives withAda a second, empty team.
func withBabbage(t *testing.T) *terminal {
	x := withAda(t)
	x.runWith("three short calm words\n", "user", "add", "--email", "charles@example.com", "--name", "Charles", "--team", "Babbage").want(t, exitDone)
	return x
}

var lastCursor = regexp.MustCompile(`--after ([\w-]{38}) goes on`)

func TestExport(t *testing.T) {
	x := withBabbage(t)
	x.ok("import", "--team", "Lovelace", x.file(lines(0, 30)+line(30, `"desktop"`, `"phone"`, `2026-09-01T10:00:00+02:00`, `2026-09-02T10:00:00+02:00`, `null`, `"2026-09-02T11:00:00Z"`)))
	whole := x.ok("export", "--team", "Lovelace", "--include", "messages")
	all := strings.SplitAfter(whole.out, "\n")[:31]
	whole.want(t, exitDone, "31 conversations")

	t.Run("stdout holds lines and nothing else", func(t *testing.T) {
		if strings.Count(whole.out, "\n") != 31 || strings.Contains(whole.out, "conversations in") || !strings.Contains(all[0], "Hello 🙂") {
			t.Errorf("got %q", whole.out)
		}
	})

	t.Run("the last cursor goes on", func(t *testing.T) {
		first := x.ok("export", "--team", "Lovelace", "--to", "2026-09-01", "--include", "messages")
		cursor := lastCursor.FindStringSubmatch(first.err)
		if cursor == nil {
			t.Fatalf("no cursor in %q", first.err)
		}
		rest := x.ok("export", "--team", "Lovelace", "--include", "messages", "--after", cursor[1])
		if first.out+rest.out != whole.out || rest.out != all[30] {
			t.Errorf("got %d and %d lines", strings.Count(first.out, "\n"), strings.Count(rest.out, "\n"))
		}
		x.ok("export", "--team", "Lovelace", "--after", lastCursor.FindStringSubmatch(rest.err)[1]).want(t, exitDone, "0 conversations", "goes on from there")
	})

	t.Run("flags narrow it", func(t *testing.T) {
		for args, want := range map[string]int{
			"--status open": 30, "--status closed": 1, "--from 2026-09-02": 1, "--to 2026-09-01": 30, "--from 2026-09-01T08:00:00Z --to 2026-09-01T08:00:00Z": 30,
			"--to 2026-09-01 --timezone Pacific/Pago_Pago": 31, "--assistant 00000000-0000-4000-8000-00000000000A": 31, "--assistant 00000000-0000-4000-8000-00000000000b": 0,
		} {
			s := x.ok(append([]string{"export", "--team", "Lovelace"}, strings.Fields(args)...)...)
			if n := strings.Count(s.out, "\n"); n != want {
				t.Errorf("%s: got %d lines, want %d", args, n, want)
			}
		}
	})

	t.Run("a file is made, compressed by its name, and never overwritten", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "a.ndjson.gz")
		if s := x.ok("export", "--team", "Lovelace", "--include", "messages", name); s.out != "" {
			t.Errorf("stdout: got %q", s.out)
		}
		if got := unzipped(t, name); got != whole.out {
			t.Errorf("got %d bytes, want %d", len(got), len(whole.out))
		}
		x.run("export", "--team", "Lovelace", name).want(t, exitFailed, "exists already")
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("got %v, %v; want only its owner to read it", info.Mode(), err)
		}
	})

	t.Run("as CSV", func(t *testing.T) {
		s := x.ok("export", "--team", "Lovelace", "--format", "csv")
		rows, err := csv.NewReader(strings.NewReader(s.out)).ReadAll()
		if err != nil || len(rows) != 32 || rows[0][0] != "id" {
			t.Errorf("got %d rows, %v", len(rows), err)
		}
	})

	t.Run("import reads it, and a second export is the same", func(t *testing.T) {
		x.runWith(whole.out, "import", "--team", "Babbage", "-").want(t, exitDone, "31 new", "0 refused")
		if again := x.ok("export", "--team", "Babbage", "--include", "messages"); again.out != whole.out {
			t.Errorf("\n got %.2000s\nwant %.2000s", again.out, whole.out)
		}
		x.runWith(whole.out, "import", "--team", "Lovelace", "-").want(t, exitDone, "31 unchanged")
	})

	t.Run("whoever stops it is told where", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		stop()
		var out, err bytes.Buffer
		if code := run(ctx, []string{"export", "--team", "Lovelace"}, func(name string) string { return x.env[name] }, strings.NewReader(""), &out, &err); code != exitFailed {
			t.Errorf("exit code: got %d, want %d; stderr: %s", code, exitFailed, err.String())
		}
	})
}

func TestExportOfNonsense(t *testing.T) {
	x := withAda(t)
	for args, want := range map[string]string{
		"":                             "--team",
		"--team Lovelace --from x":     "--from: That is no date we can read. Write 2026-11-20, or 2026-11-20T08:00:00Z.\n",
		"--team Lovelace --to x":       "--to: That is no date",
		"--team Lovelace --timezone x": "--timezone: That is no IANA time zone",
		"--team Lovelace --from 2026-09-02 --to 2026-09-01": "--to: --to lies before --from. Swap them.\n",
		"--team Lovelace --after x":                         "--after: that is no cursor",
		"--team Lovelace --assistant x":                     "--assistant",
		"--team Lovelace --status done":                     "--status",
		"--team Lovelace --format xml":                      "--format",
		"--team Lovelace --include everything":              "--include",
	} {
		x.run(append([]string{"export"}, strings.Fields(args)...)...).want(t, exitUsage, want)
	}
	x.run("export", "--team", "Byron").want(t, exitFailed, `there is no team named "Byron"`)
	file := filepath.Join(t.TempDir(), "none", "x")
	x.run("export", "--team", "Lovelace", file).want(t, exitFailed, "none")
}

// The words of real people and assistants go in, out, in and out.
func TestTheArchiveComesBackAsItWas(t *testing.T) {
	archive := filepath.Join("..", "..", "..", "shared", "data", "conversations.ndjson.gz")
	if _, err := os.Stat(archive); err != nil {
		t.Skip("the archive of conversations is not beside the project")
	}
	x := withBabbage(t)
	x.ok("import", "--team", "Lovelace", archive).want(t, exitDone, "2,628 new", "0 refused")
	first, second := filepath.Join(t.TempDir(), "1.ndjson.gz"), filepath.Join(t.TempDir(), "2.ndjson")
	x.ok("export", "--team", "Lovelace", "--include", "messages", first).want(t, exitDone, "2,628 conversations")
	x.ok("import", "--team", "Babbage", first).want(t, exitDone, "2,628 new", "0 refused; 39,706 messages")
	x.ok("export", "--team", "Babbage", "--include", "messages", second)
	again, err := os.ReadFile(second)
	if err != nil {
		t.Fatal(err)
	}
	if want := unzipped(t, first); string(again) != want || strings.Count(want, "\n") != 2628 {
		t.Errorf("got %d bytes, want the same %d", len(again), len(want))
	}
	x.ok("import", "--team", "Lovelace", first, archive).want(t, exitDone, "0 new, 5,256 unchanged, 0 changed")
}

func unzipped(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}
