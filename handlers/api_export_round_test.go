package handlers_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/archive"
)

// spoken are texts that break what treats them lightly.
var spoken = []string{"", "plain", `"quoted" \back/slash`, "two\nlines\r\n", "<b>&</b>", "\u2028\u2029\u0085\x1f\x7f\t", "’“–…", "👩🏽‍💻", "שלום\u202Eעולם", "=1+1", "+1", "@x", "{\"a\": [1, \"x y\"]}"}

// strange gives a conversation with whatever an archive may hold.
func strange(r *rand.Rand, n int) db.ArchivedConversation {
	said := func() string { return spoken[r.IntN(len(spoken))] }
	at := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(5000)) * time.Millisecond)
	c := conversations(1)[0]
	c.ID, c.CreatedAt, c.ClosedAt, c.Messages = conversationID(n), at, time.Time{}, []db.ArchivedMessage{}
	c.Contact = db.ArchivedContact{ID: fmt.Sprintf("22222222-0000-4000-8000-%012d", 100+n), FirstName: "=" + []string{"", "👩🏽‍💻", "\u2028"}[r.IntN(3)],
		Channels: `{ "telephone" : "+15551000220" , "slack":"a\" b" }`, CustomFields: "{\"a\":\n\"\u2028\"}"}
	c.Attributes, c.Summary, c.UniqueDeviceID = `{ "a" : [ 1.50, "x  y" ] }`, said(), said()
	if r.IntN(2) == 0 {
		c.IntentID, c.IntentName = "55555555-0000-4000-8000-000000000001", said()
	}
	if r.IntN(2) == 0 {
		c.ClosedAt, c.UpdatedAt = at.Add(time.Minute), at.Add(time.Hour)
	}
	if c.Widget = (db.ArchivedWidget{}); r.IntN(2) == 0 {
		c.Widget = db.ArchivedWidget{ID: widget, Type: "chat"}
	}
	for i := range r.IntN(5) {
		m := db.ArchivedMessage{SenderType: []string{"user", "bot", "agent", "tool"}[r.IntN(4)], Text: said(), CreatedAt: at}
		if i%2 == 1 {
			m.VoiceBase64, m.DataSources, m.UpdatedAt, m.MessageType = "UklGRg==", `[ {"url": "https://a.example"} ]`, at.Add(time.Hour), "voice"
		}
		c.Messages = append(c.Messages, m)
	}
	return c
}

// lived makes conversations in Ada's team by every way there is, and some of whom they name are gone.
func (w *world) lived() (secret string) {
	w.T.Helper()
	secret = w.filled(4)
	r := rand.New(rand.NewPCG(3, 3))
	var batch []db.ArchivedConversation
	for n := range 60 {
		batch = append(batch, strange(r, 100+n))
	}
	if _, err := w.Store.Import(context.Background(), w.Ada, batch); err != nil {
		w.T.Fatal(err)
	}
	_, full := w.Key(w.Ada, "full_access")
	send := func(method, path, body string) {
		if rec := w.Do(method, "/api/v1/"+path+"?api_key="+full, body, "Content-Type", "application/json"); rec.Code != 200 {
			w.T.Fatalf("%s %s: got %d %s", method, path, rec.Code, rec.Body)
		}
	}
	message := `"messages":[{"sender_type":"user","text":"<Hi> \u2028 🙂"},{"sender_type":"bot","message_type":"voice","text":""}]`
	send("POST", "conversation", `{"assistant_id":"`+claims+`","created_at":"2026-11-05T00:00:00Z"}`)
	send("POST", "conversation", `{"assistant_id":"`+claims+`","created_at":"2026-11-05T00:00:00Z","widget_id":"`+missing+`","attributes":{"<":"\u2028"},`+message+`}`)
	send("POST", "conversation", `{"assistant_id":"`+quotes+`","created_at":"2026-11-06T00:00:00.123Z","closed_at":"2026-11-07T00:00:00Z",`+message+`,
		"contact":{"email":"New@Example.com","phone":"+49 30 901820","first_name":"<Ü>","custom_fields":{"a":1.0}}}`)
	send("POST", "conversation/"+conversationID(1)+"/message", `{"sender_type":"user","text":"One more."}`)
	send("POST", "conversation/"+conversationID(1)+"/close", ``)
	send("DELETE", "contact/"+zoe, "")
	send("DELETE", "assistant/"+quotes, "")
	return secret
}

// imported reads lines into a team as insighto import does, and gives a key of that team. Empty, want is anything.
func (w *world) imported(p db.Principal, lines []string, want db.Imported) (secret string) {
	w.T.Helper()
	for some := range slices.Chunk(lines, 7) {
		batch := make([]db.ArchivedConversation, len(some))
		for i, line := range some {
			var l archive.Line
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				w.T.Fatalf("%v in %s", err, line)
			}
			batch[i] = l.Conversation()
		}
		results, err := w.Store.Import(context.Background(), p, batch)
		if err != nil {
			w.T.Fatalf("%v in %s", err, some)
		}
		for i, result := range results {
			if result != want && want != "" {
				w.T.Errorf("import: got %s, want %s: %.300s", result, want, some[i])
			}
		}
	}
	_, secret = w.Key(p, "read_only")
	return secret
}

func TestWhatExportWritesImportReads(t *testing.T) {
	const always = "date_from=2026-01-01&date_to=2099-12-31"
	eachWorld(t, func(t *testing.T, w *world) {
		secret := w.lived()
		for n, include := range []string{"&include=messages", ""} {
			t.Run("with "+include, func(t *testing.T) {
				want := w.exported(secret, always+include)
				if len(want) != 67 {
					t.Fatalf("got %d lines, want 67", len(want))
				}
				copied := w.imported(w.Person(fmt.Sprintf("eve%d@b.example", n), fmt.Sprintf("B%d", n)), want, db.ImportedNew)
				got := w.exported(copied, always+include)
				for i := range want {
					if i >= len(got) || got[i] != want[i] {
						t.Fatalf("line %d of %d:\n got %s\nwant %s", i+1, len(got), got[min(i, len(got)-1)], want[i])
					}
				}
				w.imported(w.Ada, want, "") // what was kept with blanks is kept without
				w.imported(w.Ada, want, db.ImportedUnchanged)
				if again := w.exported(secret, always+include); !slices.Equal(again, want) {
					t.Error("import into its own team changed the export")
				}
			})
		}
		t.Run("totals and days count what came in", func(t *testing.T) {
			copied := w.imported(w.Person("eve@c.example", "C"), w.exported(secret, always+"&include=messages"), db.ImportedNew)
			for _, path := range []string{"/api/v1/conversation?" + always, "/api/v1/conversation/counts?date_from=2026-11-01&date_to=2026-11-30&group_by=none"} {
				want, got := w.Get(path+"&size=1", secret), w.Get(path+"&size=1", copied)
				if got.Code != http.StatusOK || got.Body.String() != want.Body.String() {
					t.Errorf("%s:\n got %s\nwant %s", path, got.Body, want.Body)
				}
			}
		})
	})
}
