package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

const goodLine = `{"id":"%08d-0000-4000-8000-000000000000","assistant":{"id":"00000000-0000-4000-8000-00000000000a","name":"Helper"},` +
	`"contact":{"id":"00000000-0000-4000-8000-00000000000c","first_name":"Zoë","last_name":"王","email":"Zoe@Example.com","channels":{ "telephone" : "+15551000220" }},` +
	`"device_type":"desktop","includes_voice":false,"attributes":{"n":1.0},"created_at":"2026-09-01T10:00:00+02:00","closed_at":null,"unknown":[1],` +
	`"messages":[{"sender_type":"user","text":"Hello \ud83d\ude42","created_at":"2026-09-01T08:00:01.5Z"}]}`

// line is a good line; each pair of replacements spoils it.
func line(n int, replace ...string) string {
	return strings.NewReplacer(replace...).Replace(fmt.Sprintf(goodLine, n))
}

func lines(from, to int) string {
	var b strings.Builder
	for n := from; n < to; n++ {
		b.WriteString(line(n) + "\n")
	}
	return b.String()
}

func (x *terminal) file(content string) string {
	x.t.Helper()
	name := filepath.Join(filepath.Dir(x.database), "lines.ndjson")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		x.t.Fatal(err)
	}
	return name
}

func packed(t *testing.T, content string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(content))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// look opens the store as Ada.
func (x *terminal) look() (*db.Store, db.Principal) {
	x.t.Helper()
	store := dbtest.Open(x.t, x.database, time.Now)
	p, err := store.MemberByEmail(x.t.Context(), "ada@example.com", "")
	if err != nil {
		x.t.Fatal(err)
	}
	return store, p
}

// total is how many conversations are kept.
func (x *terminal) total() int64 {
	x.t.Helper()
	store, p := x.look()
	defer store.Close()
	list, err := store.Conversations(x.t.Context(), p, db.ConversationFilter{}, db.Page{Number: 1, Size: 1})
	if err != nil {
		x.t.Fatal(err)
	}
	return list.Total
}

func (x *terminal) wantTotal(want int64) {
	x.t.Helper()
	if got := x.total(); got != want {
		x.t.Errorf("conversations kept: got %d, want %d", got, want)
	}
}

func TestImport(t *testing.T) {
	t.Run("a line is kept as it says", func(t *testing.T) {
		x := withAda(t)
		x.ok("import", "--team", "Lovelace", x.file(line(7)))
		store, p := x.look()
		got, err := store.Conversation(t.Context(), p, "00000007-0000-4000-8000-000000000000")
		if err != nil || got.AssistantName != "Helper" || got.ContactFirstName != "Zoë" || got.Attributes != `{"n":1.0}` || got.Status() != "open" ||
			!got.CreatedAt.Equal(time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)) || got.FirstMessage != "Hello 🙂" {
			t.Errorf("got %+v, %v", got, err)
		}
		contact, err := store.Contact(t.Context(), p, got.ContactID)
		if err != nil || contact.Email != "zoe@example.com" || contact.Phone != "+15551000220" || contact.Channels != `{"telephone":"+15551000220"}` {
			t.Errorf("got %+v, %v", contact, err)
		}
	})

	t.Run("again nothing comes twice", func(t *testing.T) {
		x := withAda(t)
		x.ok("import", "--team", "Lovelace", x.file(lines(0, 450))).want(t, exitDone, "450 new, 0 unchanged, 0 changed, 0 refused; 450 messages")
		x.ok("import", "--team", "Lovelace", x.file(lines(0, 450))).want(t, exitDone, "0 new, 450 unchanged, 0 changed, 0 refused")
		x.wantTotal(450)
	})

	t.Run("what has changed is brought up to date", func(t *testing.T) {
		x := withAda(t)
		x.ok("import", "--team", "Lovelace", x.file(lines(0, 2)))
		x.ok("import", "--team", "Lovelace", x.file(line(0)+"\n"+line(1, "1.0", "2"))).want(t, exitDone, "0 new, 1 unchanged, 1 changed, 0 refused")
	})

	t.Run("several files, packed and from stdin", func(t *testing.T) {
		x := withAda(t)
		s := x.runWith(packed(t, lines(450, 460)), "import", "--team", "Lovelace", x.file("\ufeff"+lines(460, 470)+"\r\n\n"), "-")
		s.want(t, exitDone, "20 new, 0 unchanged, 0 changed, 0 refused")
		x.wantTotal(20)
	})

	t.Run("a file that is not there stops it before the first line", func(t *testing.T) {
		x := withAda(t)
		x.run("import", "--team", "Lovelace", x.file(lines(470, 480)), "nowhere.ndjson").want(t, exitFailed, "nowhere.ndjson")
		x.run("import", "--team", "Lovelace", t.TempDir()).want(t, exitFailed, "folder")
		x.run("import", "--team", "Byron", x.file(lines(470, 480))).want(t, exitFailed, `there is no team named "Byron"`, "insighto user add")
		x.wantTotal(0)
	})

	t.Run("a packed file that breaks off gives what is whole", func(t *testing.T) {
		x := withAda(t)
		half := packed(t, lines(1000, 3000))
		x.runWith(half[:len(half)/2], "import", "--team", "Lovelace", "-").want(t, exitFailed, "stdin is damaged after line")
		if n := x.total(); n <= 0 || n >= 2000 {
			t.Errorf("conversations kept: got %d, want some of the 2,000", n)
		}
	})
}

func TestImportOfBadLines(t *testing.T) {
	cases := []struct{ name, line, want string }{
		{"no JSON", `hello`, "The line is not valid JSON at byte 1."},
		{"cut off", line(1)[:200], "The line is not valid JSON at byte 201 (/contact"},
		{"two objects", line(1) + line(2), "The line is not valid JSON at byte"},
		{"an array", `[]`, "The line is no JSON object."},
		{"a name twice", line(1, `"unknown"`, `"device_type"`), "The name /device_type is there twice."},
		{"another case of a name", line(1, `"device_type"`, `"Device_Type"`), "device_type is one of"},
		{"bad UTF-8", line(1, "王", "\xff"), "The line is not valid JSON at byte"},
		{"a number for a text", line(1, `"desktop"`, `7`), "/device_type is of the wrong type."},
		{"no time", line(1, `"2026-09-01T08:00:01.5Z"`, `"yesterday"`), "/messages/0/created_at is no time such as"},
		{"no id", line(1, `"id":"00000001-0000-4000-8000-000000000000",`, ``), "The id is missing."},
		{"a NUL", line(1, `Hello`, `\u0000`), "Message 1: its text holds a NUL"},
		{"another sender", line(1, `"user"`, `"ghost"`), "Message 1: sender_type is one of"},
		{"closed before it began", line(1, `null`, `"2026-08-31T00:00:00Z"`), "closed_at is before created_at."},
		{"too long", line(1, `Hello`, strings.Repeat("x", lineMax)), "The line is longer than 64 MiB."},
	}
	content, complaints := "", []string{}
	for n, c := range cases {
		content += line(100+n) + "\n" + c.line + "\n"
		complaints = append(complaints, fmt.Sprintf(":%d: %s", 2*n+2, c.want))
	}

	t.Run("each is said with its number and reason, and the rest goes on", func(t *testing.T) {
		x := withAda(t)
		s := x.run("import", "--team", "Lovelace", x.file(content))
		s.want(t, exitFailed, append(complaints, fmt.Sprintf("%d new, 0 unchanged, 0 changed, %d refused", len(cases), len(cases)))...)
		x.wantTotal(int64(len(cases)))
	})

	t.Run("--strict writes nothing of the batch with a bad line", func(t *testing.T) {
		x := withAda(t)
		s := x.run("import", "--team", "Lovelace", "--strict", x.file(lines(0, batchLines+5)+"oops\n"+lines(300, 310)))
		s.want(t, exitFailed, fmt.Sprintf(":%d: ", batchLines+6), "--strict", "1 refused")
		x.wantTotal(batchLines)
		x.run("import", "--team", "Lovelace", "--strict", x.file(lines(0, 10))).want(t, exitDone)
	})
}

func TestImportStopsWhenAsked(t *testing.T) {
	x := withAda(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, err bytes.Buffer
	code := run(ctx, []string{"import", "--database", x.database, "--team", "Lovelace", x.file(lines(0, 10))}, os.Getenv, strings.NewReader(""), &out, &err)
	if code != exitFailed || out.Len() > 0 {
		t.Errorf("got exit code %d and stdout %q", code, out.String())
	}
	x.wantTotal(0)
}

func TestImportOfTheSampleConversations(t *testing.T) {
	const sample = "../../../shared/data/conversations.ndjson.gz"
	if _, err := os.Stat(sample); err != nil {
		t.Skip("the sample conversations are not beside the repository: " + sample)
	}
	x := withAda(t)
	x.ok("import", "--team", "Lovelace", sample).want(t, exitDone, "2,628 new, 0 unchanged, 0 changed, 0 refused; 39,706 messages")
	x.ok("import", "--team", "Lovelace", sample).want(t, exitDone, "0 new, 2,628 unchanged, 0 changed, 0 refused; 39,706 messages")

	store, p := x.look()
	one := db.Page{Number: 1, Size: 1}
	open, err := store.Conversations(t.Context(), p, db.ConversationFilter{Status: "open"}, one)
	if err != nil {
		t.Fatal(err)
	}
	assistants, err := store.Assistants(t.Context(), p, one)
	if err != nil {
		t.Fatal(err)
	}
	contacts, err := store.Contacts(t.Context(), p, db.ContactFilter{}, one)
	if err != nil {
		t.Fatal(err)
	}
	if got := [4]int64{x.total(), open.Total, assistants.Total, contacts.Total}; got != [4]int64{2628, 118, 29, 480} {
		t.Errorf("conversations, open ones, assistants, contacts: got %v, want 2628, 118, 29, 480", got)
	}
}
