package handlers_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
)

const (
	exportPath = "/api/v1/conversation/export?"
	november   = "date_from=2026-11-01&date_to=2026-11-30"
)

// exported gives the whole lines of an export, each with its end.
func (w *world) exported(secret, query string) []string {
	w.T.Helper()
	rec := w.Get(exportPath+query, secret)
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "application/x-ndjson" {
		w.T.Fatalf("got %d, %s: %s", rec.Code, rec.Header().Get("Content-Type"), rec.Body)
	}
	return wholeLines(rec.Body.String())
}

// wholeLines leaves out what a transfer that broke off has of the next line.
func wholeLines(body string) []string {
	lines := strings.SplitAfter(body, "\n")
	return lines[:len(lines)-1]
}

type exportedLine struct {
	ID     string `json:"id"`
	Cursor string `json:"cursor"`
}

func parsed(t testing.TB, line string) (l exportedLine) {
	t.Helper()
	if err := json.Unmarshal([]byte(line), &l); err != nil || l.Cursor == "" {
		t.Fatalf("%v in %s", err, line)
	}
	return l
}

func idsOf(t testing.TB, lines []string) (ids []string) {
	t.Helper()
	for _, line := range lines {
		ids = append(ids, parsed(t, line).ID)
	}
	return ids
}

func numbered(from, to int) (ids []string) {
	for n := from; n < to; n++ {
		ids = append(ids, conversationID(n))
	}
	return ids
}

func TestExport(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		secret := w.filled(12)

		t.Run("a line has its fields to the letter", func(t *testing.T) {
			want := `{"id":"` + conversationID(0) + `","created_at":"2026-11-01T00:00:00Z","updated_at":"2026-11-01T00:01:00Z","closed_at":"2026-11-01T00:01:00Z","status":"closed",` +
				`"assistant_id":"` + claims + `","assistant_name":"Claims","widget_id":"` + widget + `","widget_type":"chat","widget_provider":"web",` +
				`"contact_id":"` + zoe + `","contact_first_name":"Zoë","contact_last_name":"Novak","device_type":"mobile","includes_voice":false,"chat_count":2,"first_message":"Grüße","attributes":{"n":1},` +
				`"assistant":{"id":"` + claims + `","name":"Claims"},"widget":{"id":"` + widget + `","name":"Site","widget_type":"chat","widget_provider":"web"},` +
				`"contact":{"id":"` + zoe + `","first_name":"Zoë","last_name":"Novak","channels":{"telephone":"+15551000220"},"user_attributes":{},"custom_fields":{}},` +
				`"cursor":"` + db.Cursor{At: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), ID: conversationID(0)}.String() + `"}` + "\n"
			if got := w.exported(secret, november)[0]; got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})

		t.Run("its messages are those of the transcript", func(t *testing.T) {
			line := w.exported(secret, november+"&include=messages")[1]
			transcript := decode(t, w.Get("/api/v1/conversation/"+conversationID(1)+"/transcript", secret))["data"]
			var got map[string]any
			if err := json.Unmarshal([]byte(line), &got); err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(got["messages"]) != fmt.Sprint(transcript) || len(transcript.([]any)) != 2 {
				t.Errorf("\n got %v\nwant %v", got["messages"], transcript)
			}
		})

		t.Run("it is the list, oldest first, whatever is asked", func(t *testing.T) {
			for _, query := range []string{
				november, "date_from=2026-11-02&date_to=2026-11-02", "date_from=2026-11-02&date_to=2026-11-02&timezone=America/New_York",
				"date_from=2026-11-02T06:00:00Z&date_to=2026-11-02T12:00:00Z", november + "&assistant_id=" + claims, november + "&assistant_id=" + missing,
				november + "&contact_id=" + dev, november + "&includes_voice=true", november + "&status=closed", november + "&status=open&includes_voice=false",
				november + "&assistant_id=" + claims + "&contact_id=" + zoe, november + "&intent_id=" + missing, "date_from=2026-12-01&date_to=2026-12-31",
			} {
				want, _ := ids(t, w.Get("/api/v1/conversation?size=100&"+query, secret))
				slices.Reverse(want)
				for _, messages := range []string{"", "&include=messages"} {
					if got := idsOf(t, w.exported(secret, query+messages)); !slices.Equal(got, want) {
						t.Errorf("%s: got %v, want %v", query, got, want)
					}
				}
			}
		})

		t.Run("each cursor goes on after its line", func(t *testing.T) {
			all := w.exported(secret, november)
			for n, line := range all {
				if got := w.exported(secret, november+"&after="+parsed(t, line).Cursor); !slices.Equal(got, all[n+1:]) {
					t.Errorf("after line %d: got %d lines, want %d", n, len(got), len(all)-n-1)
				}
			}
			old := db.Cursor{At: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), ID: missing}.String()
			if got := w.exported(secret, november+"&after="+old); !slices.Equal(got, all) {
				t.Errorf("after a cursor before date_from: got %d lines, want %d", len(got), len(all))
			}
		})

		t.Run("another team sees nothing of it", func(t *testing.T) {
			_, foreign := w.Key(w.Person("eve@b.example", "B"), "full_access")
			if got := w.exported(foreign, november+"&include=messages&after="+parsed(t, w.exported(secret, november)[0]).Cursor); len(got) != 0 {
				t.Errorf("got %v", got)
			}
		})

		t.Run("HEAD tells the same without a line", func(t *testing.T) {
			rec := w.Do(http.MethodHead, exportPath+november+"&api_key="+secret, "")
			if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "application/x-ndjson" || rec.Body.Len() != 0 {
				t.Errorf("got %d, %s, %d bytes", rec.Code, rec.Header().Get("Content-Type"), rec.Body.Len())
			}
		})
	})
}

func TestExportOfWrongParameters(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		key, secret := w.Key(w.Ada, "conversations_export")
		for query, loc := range map[string]string{
			"":                              `["query","date_from"]`,
			"date_from=2026-11-01":          `["query","date_to"]`,
			november + "&after=x":           `["query","after"]`,
			november + "&format=xml":        `["query","format"]`,
			november + "&include=all":       `["query","include"]`,
			november + "&status=done":       `["query","status"]`,
			november + "&timezone=Mars":     `["query","timezone"]`,
			november + "&contact_id=x":      `["query","contact_id"]`,
			november + "&format=csv&format": `["query","format"]`,
		} {
			rec := w.Get(exportPath+query, secret)
			if rec.Code != 422 || !strings.Contains(rec.Body.String(), `"loc":`+loc) || decode(t, rec)["code"] != "invalid" {
				t.Errorf("%s: got %d %s, want 422 with %s", query, rec.Code, rec.Body, loc)
			}
		}
		if err := w.Usage.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		if kept, err := w.Store.Key(context.Background(), w.Ada, key.ID); err != nil || kept.LastUsed.Route != "/api/v1/conversation/export" || kept.LastUsed.Status != 422 {
			t.Errorf("last use: got %+v, %v", kept.LastUsed, err)
		}
		_, other := w.Key(w.Ada, "contacts_sync")
		if rec := w.Get(exportPath+november, other); rec.Code != 403 || decode(t, rec)["code"] != "role_forbids" {
			t.Errorf("another role: got %d %s", rec.Code, rec.Body)
		}
	})
}

func TestExportAsCSV(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		secret := w.filled(3)
		odd := conversations(4)[3:]
		odd[0].Messages[0].Text = "=HYPERLINK(\"http://x.example\")\n, and \"more\""
		odd[0].Contact.LastName, odd[0].Attributes, odd[0].Summary = "+Plus", `{"a":"=1"}`, "@summary"
		if _, err := w.Store.Import(context.Background(), w.Ada, odd); err != nil {
			t.Fatal(err)
		}
		rows := func(query string) [][]string {
			rec := w.Get(exportPath+november+"&format=csv"+query, secret)
			if rec.Code != 200 || rec.Header().Get("Content-Type") != "text/csv; charset=utf-8" {
				t.Fatalf("got %d, %s", rec.Code, rec.Header().Get("Content-Type"))
			}
			table, err := csv.NewReader(rec.Body).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			return table
		}
		table := rows("&include=messages")
		if len(table) != 5 {
			t.Fatalf("got %d rows, want a header and 4", len(table))
		}
		row := map[string]string{}
		for i, name := range table[0] {
			row[name] = table[4][i]
		}
		for name, want := range map[string]string{
			"id": conversationID(3), "first_message": "'=HYPERLINK(\"http://x.example\")\n, and \"more\"", "contact_last_name": "'+Plus", "summary": "'@summary",
			"attributes": `{"a":"=1"}`, "status": "open", "closed_at": "", "includes_voice": "true", "chat_count": "2", "created_at": "2026-11-01T18:00:00Z",
		} {
			if row[name] != want {
				t.Errorf("%s: got %q, want %q", name, row[name], want)
			}
		}
		var messages []map[string]any
		if err := json.Unmarshal([]byte(row["messages"]), &messages); err != nil || len(messages) != 2 || messages[0]["text"] != odd[0].Messages[0].Text {
			t.Errorf("messages: got %s, %v", row["messages"], err)
		}
		after := rows("&after=" + table[2][len(table[2])-1])
		if len(after) != 3 || after[0][0] != "id" || after[1][0] != conversationID(2) || slices.Contains(after[0], "messages") {
			t.Errorf("after the second row: got %v", after)
		}
	})
}

// breaking does something to the world after the first write of an answer.
type breaking struct {
	http.ResponseWriter
	broke bool
	do    func()
}

func (b *breaking) Write(part []byte) (int, error) {
	n, err := b.ResponseWriter.Write(part)
	if !b.broke {
		b.broke = true
		b.do()
	}
	return n, err
}

func (b *breaking) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// served is a server whose answers are broken by do; its clients wait no longer than it.
func (w *world) served(do func()) *httptest.Server {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.Handler.ServeHTTP(&breaking{ResponseWriter: rw, do: do}, r)
	}))
	server.Config.ReadTimeout = 100 * time.Millisecond
	server.Start()
	w.T.(*testing.T).Cleanup(server.Close)
	return server
}
