package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// saidMax is how many bytes of complaint one line may bring to the terminal.
const saidMax = 400

// FuzzImportLine holds a line to this: what is refused is refused in one printable sentence, and what is accepted can be
// kept by both engines and is unchanged when it comes again.
func FuzzImportLine(f *testing.F) {
	for _, text := range []string{
		"", "{", "null", "[]", `"x"`, "\ufeff" + line(1), line(2), line(3, `"Helper"`, `""`), line(4, `{"n":1.0}`, `{"n":1.0,"n":2}`), line(5, `{"n":1.0}`, `null`),
		line(6, `{"n":1.0}`, `{"a":{"b":[[[[1e400]]]]}}`), line(7, `"Zoë"`, `"\u0000"`), line(8, `"Zoë"`, `"\ud800"`), line(9, `"Zoë"`, "\"\xff\""), line(10, `"Zoë"`, `"\u001b[2J"`),
		line(11, `"created_at":"2026-09-01T10:00:00+02:00"`, `"created_at":"0000-01-01T00:00:00Z"`), line(12, `"closed_at":null`, `"closed_at":"9999-12-31T23:59:59.999999999-23:59"`),
		line(13, `"desktop"`, `"toaster"`), line(14, `"closed_at":null`, `"chat_count":-1`), line(15, `"messages":[`, `"messages":[null,`), line(16, `"messages":[`, `"messages":[],"x":[`),
		line(17, `"unknown":[1]`, "\"\x1b[2J\":1,\"\x1b[2J\":2"), line(18, `"unknown":[1]`, `"\u001b[2J":1,"\u001b[2J":2`), line(19, `"unknown":[1]`, `"summary":"s","intent_name":"i","intent_id":"00000000-0000-4000-8000-00000000000B"`),
		line(20, `"Zoe@Example.com"`, `"Zoe@Example.com, x@y.example"`), line(21, `"+15551000220"`, `15551000220`), line(22, `"messages"`, `"first_message":"Hi","chat_count":3,"said"`),
		line(23, `"user"`, `"user","message_type":"voice","voice_base64":"AAAA","data_sources":[{"a":1}]`), line(24, `{"n":1.0}`, `{"n":"`+strings.Repeat("x", 2000)+`"}`),
		line(25, `"unknown":[1]`, `"`+strings.Repeat("y", 2000)+`":1,"`+strings.Repeat("y", 2000)+`":2`),
	} {
		f.Add([]byte(text))
	}
	store := dbtest.Open(f, f.TempDir()+"/fuzz.db", time.Now)
	_, team, err := store.AddUser(f.Context(), db.Operator(""), db.NewUser{Email: "ada@example.com", Name: "Ada", Team: "A", Member: "owner", Password: "a long enough pass phrase"})
	if err != nil {
		f.Fatal(err)
	}
	p := db.Operator(team.ID)
	f.Fuzz(func(t *testing.T, text []byte) {
		c, reason := conversationOf(text)
		if reason != "" {
			if unprintable := strings.IndexFunc(reason, func(r rune) bool { return !unicode.IsPrint(r) }); unprintable >= 0 || !utf8.ValidString(reason) || len(reason) > saidMax || !strings.HasSuffix(reason, ".") {
				t.Fatalf("%q is refused with %q, want one printable sentence of at most %d bytes", text, reason, saidMax)
			}
			return
		}
		if all := fmt.Sprintf("%+v", c); !utf8.ValidString(all) || strings.ContainsRune(all, 0) {
			t.Fatalf("%q is accepted as %q, which PostgreSQL cannot keep", text, all)
		}
		for n, want := range []string{"new unchanged changed", "unchanged"} {
			got, err := store.Import(t.Context(), p, []db.ArchivedConversation{c})
			if err != nil || len(got) != 1 || !strings.Contains(want, string(got[0])) {
				t.Fatalf("import %d of %q: got %v (%v), want %s", n+1, text, got, err, want)
			}
		}
	})
}
