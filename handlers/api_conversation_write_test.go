package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
)

// started imports the assistants Claims and Quotes with 2 conversations, and gives a key that writes.
func (w *world) started() string {
	w.T.Helper()
	w.filled(2)
	_, secret := w.Key(w.Ada, "full_access")
	return secret
}

const since1970 = "date_from=1970-01-01&date_to=2099-12-31"

// listed gives the conversation as the list of all shows it.
func (w *world) listed(t *testing.T, secret, id string) map[string]any {
	t.Helper()
	for _, item := range data(t, w.Get("/api/v1/conversation?size=100&"+since1970, secret))["items"].([]any) {
		if item := item.(map[string]any); item["id"] == id {
			return item
		}
	}
	t.Fatalf("%s is not listed", id)
	return nil
}

func (w *world) talks(t *testing.T, secret string) float64 {
	t.Helper()
	return data(t, w.Get("/api/v1/conversation?"+since1970, secret))["total"].(float64)
}

func TestConversationWrites(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		secret := w.started()
		bring := func(t *testing.T, email string) map[string]any {
			t.Helper()
			return data(t, w.send("POST", "/api/v1/conversation", secret, `{"assistant_id":"`+strings.ToUpper(claims)+`","widget_id":"`+widget+`",
				"contact":{"email":"`+email+`","first_name":"Nia","custom_fields":{"tier":"a"}},"device_type":"phone","attributes":{"n":12345678901234567},
				"created_at":"2026-11-20T08:00:00.1234Z","nonsense":1,"messages":[{"sender_type":"user","text":"Grüße"},
				{"sender_type":"bot","message_type":"voice","text":"Hello","created_at":"2026-11-20T10:00:05+01:00"},{"sender_type":"agent","text":""}]}`))
		}

		t.Run("a conversation comes with its messages and its contact", func(t *testing.T) {
			before := w.talks(t, secret)
			made := bring(t, "New@Example.com")
			id := made["id"].(string)
			for key, want := range map[string]any{"assistant_id": claims, "widget_id": widget, "device_type": "phone", "chat_count": 3.0, "first_message": "Grüße", "status": "open",
				"created_at": "2026-11-20T08:00:00.123Z", "updated_at": "2026-11-20T09:00:05Z"} {
				if made[key] != want {
					t.Errorf("%s: got %v, want %v", key, made[key], want)
				}
			}
			item := w.listed(t, secret, id)
			if item["includes_voice"] != true || item["contact_first_name"] != "Nia" || item["attributes"] != `{"n":12345678901234567}` || item["assistant_name"] != "Claims" {
				t.Errorf("listed as %v", item)
			}
			contact := data(t, w.Get("/api/v1/contact/"+made["contact_id"].(string), secret))
			if contact["email"] != "new@example.com" || contact["last_seen"] != "2026-11-20T08:00:00.123Z" || contact["last_assistant_id"] != claims || contact["first_assistant_id"] != claims || contact["last_widget_id"] != widget {
				t.Errorf("the contact is %v", contact)
			}
			again := data(t, w.send("POST", "/api/v1/conversation", secret, `{"assistant_id":"`+quotes+`","contact":{"email":"new@example.com"},"closed_at":"2099-01-01T00:00:00Z"}`))
			if again["contact_id"] != made["contact_id"] || again["status"] != "closed" || again["device_type"] != "desktop" || again["chat_count"] != 0.0 || again["first_message"] != nil {
				t.Errorf("a second conversation is %v", again)
			}
			contact = data(t, w.Get("/api/v1/contact/"+made["contact_id"].(string), secret))
			if contact["first_assistant_id"] != claims || contact["last_assistant_id"] != quotes || contact["first_name"] != "Nia" {
				t.Errorf("the contact is now %v", contact)
			}
			known := data(t, w.send("POST", "/api/v1/conversation", secret, `{"assistant_id":"`+quotes+`","contact_id":"`+strings.ToUpper(zoe)+`"}`))
			nobody := data(t, w.send("POST", "/api/v1/conversation", secret, `{"assistant_id":"`+quotes+`"}`))
			if known["contact_id"] != zoe || nobody["contact_id"] != nil {
				t.Errorf("with a known contact %v, without one %v", known, nobody)
			}
			if got := w.talks(t, secret); got != before+4 {
				t.Errorf("total is %v, want %v", got, before+4)
			}
		})

		t.Run("a message is added to the end", func(t *testing.T) {
			id := bring(t, "message@example.com")["id"].(string)
			path := "/api/v1/conversation/" + strings.ToUpper(id)
			added := data(t, w.send("POST", path+"/message", secret, `{"sender_type":"user","text":"Tschüß","created_at":"2026-11-21T00:00:00Z"}`))
			if len(added) != 10 || added["conversation_id"] != id || added["char_count"] != 6.0 || added["message_type"] != "text" || added["voice_base64"] != nil {
				t.Errorf("answered %v", added)
			}
			now := data(t, w.Get(path, secret))
			if now["chat_count"] != 4.0 || now["first_message"] != "Grüße" || now["updated_at"] != "2026-11-21T00:00:00Z" {
				t.Errorf("the conversation is %v", now)
			}
			said := decode(t, w.Get(path+"/transcript", secret))["data"].([]any)
			if len(said) != 4 || fmt.Sprint(said[3]) != fmt.Sprint(any(added)) {
				t.Errorf("the transcript ends %v, want %v", said[len(said)-1], added)
			}
			empty := data(t, w.send("POST", "/api/v1/conversation", secret, `{"assistant_id":"`+quotes+`"}`))["id"].(string)
			data(t, w.send("POST", "/api/v1/conversation/"+empty+"/message", secret, `{"sender_type":"bot","message_type":"voice","text":"first"}`))
			if item := w.listed(t, secret, empty); item["first_message"] != "first" || item["includes_voice"] != true || before(t, item["updated_at"], item["created_at"]) {
				t.Errorf("an empty one is %v after its first message", item)
			}
		})

		t.Run("a closed conversation stays closed and takes no message", func(t *testing.T) {
			path := "/api/v1/conversation/" + bring(t, "closed@example.com")["id"].(string)
			first := data(t, w.send("POST", path+"/close", secret, ""))
			if first["status"] != "closed" || first["closed_at"] == nil || before(t, first["updated_at"], first["closed_at"]) {
				t.Errorf("closed as %v", first)
			}
			if again := data(t, w.send("POST", path+"/close", secret, "")); fmt.Sprint(again) != fmt.Sprint(first) {
				t.Errorf("closed again as %v, want %v", again, first)
			}
			if rec := w.send("POST", path+"/message", secret, `{"sender_type":"user","text":"more"}`); rec.Code != 409 || decode(t, rec)["code"] != "conflict" {
				t.Errorf("a message got %d %s, want 409 conflict", rec.Code, rec.Body)
			}
			if now := data(t, w.Get(path, secret)); now["chat_count"] != 3.0 {
				t.Errorf("the conversation is %v", now)
			}
		})

		t.Run("a deleted conversation is gone, and so are its messages and its place in every total", func(t *testing.T) {
			id := bring(t, "deleted@example.com")["id"].(string)
			before := w.talks(t, secret)
			if got := data(t, w.send("DELETE", "/api/v1/conversation/"+id, secret, ""))["details"]; got == nil || got == "" {
				t.Errorf("delete says %v", got)
			}
			for _, request := range [][2]string{{"GET", ""}, {"GET", "/transcript"}, {"DELETE", ""}, {"POST", "/close"}} {
				if rec := w.send(request[0], "/api/v1/conversation/"+id+request[1], secret, ""); rec.Code != 404 {
					t.Errorf("%v: got %d, want 404", request, rec.Code)
				}
			}
			if got := w.talks(t, secret); got != before-1 {
				t.Errorf("total went from %v to %v", before, got)
			}
		})
	})
}

func TestConversationWritesRefused(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		secret := w.started()
		eve := w.Person("eve@b.example", "B")
		foreign := conversations(4)[2:]
		foreign[0].Assistant.ID, foreign[0].Contact.ID = missing[:35]+"1", missing[:35]+"2"
		if _, err := w.Store.Import(context.Background(), eve, foreign); err != nil {
			t.Fatal(err)
		}
		contacts := func() float64 { return data(t, w.Get("/api/v1/contact?size=1", secret))["total"].(float64) }
		talks, people := w.talks(t, secret), contacts()
		with := func(more string) string { return `{"assistant_id":"` + claims + `",` + more + `}` }
		open := "/" + conversationID(1)

		t.Run("wrong input says where", func(t *testing.T) {
			for _, c := range []struct {
				path, body string
				status     int
				want       string
			}{
				{"", `{}`, 422, `"loc":["body"`},
				{"", `{"assistant_id":"x"}`, 422, `"loc":["body","assistant_id"]`},
				{"", `{"assistant_id":"` + missing + `"}`, 422, `"loc":["body","assistant_id"]`},
				{"", `{"assistant_id":"` + foreign[0].Assistant.ID + `"}`, 422, `"loc":["body","assistant_id"]`},
				{"", with(`"contact_id":"` + foreign[0].Contact.ID + `"`), 422, `"loc":["body","contact_id"]`},
				{"", with(`"contact_id":"` + zoe + `","contact":{"email":"a@b.test"}`), 422, `"loc":["body","contact"]`},
				{"", with(`"contact":{}`), 422, `"loc":["body","contact","email"]`},
				{"", with(`"contact":{"email":"nope"}`), 422, `"loc":["body","contact","email"]`},
				{"", with(`"contact":{"email":"dev@example.com","phone":"+15551000220"}`), 409, `contact_ambiguous`},
				{"", with(`"device_type":"fridge"`), 422, `"loc":["body","device_type"]`},
				{"", with(`"attributes":[]`), 422, `"loc":["body","attributes"]`},
				{"", with(`"created_at":"yesterday"`), 422, `"loc":["body","created_at"]`},
				{"", with(`"created_at":"1969-12-31T23:59:59Z"`), 422, `"loc":["body","created_at"]`},
				{"", with(`"created_at":"2026-11-20T08:00:00Z","closed_at":"2026-11-20T07:59:59Z"`), 422, `"loc":["body","closed_at"]`},
				{"", with(`"messages":[{"sender_type":"user","text":"a"},{"sender_type":"cat","text":"b"}]`), 422, `"loc":["body","messages[1]","sender_type"]`},
				{"", with(`"messages":[{"sender_type":"user"}]`), 422, `"loc":["body","messages[0]`},
				{"", with(`"messages":[{"sender_type":"user","text":"a\u0000"}]`), 422, `"loc":["body","messages","0","text"]`},
				{"", with(`"contact":{"email":"fresh@b.test"},"messages":[{"sender_type":"user","text":"a","created_at":"1900-01-01T00:00:00Z"}]`), 422, `"loc":["body","messages","0","created_at"]`},
				{"", with(`"x":"` + strings.Repeat("a", 200<<10) + `","y":["` + strings.Repeat(strings.Repeat("a", 200<<10)+`","`, 40) + `"],"device_type":"fridge"`), 422, `"loc":["body","device_type"]`},
				{"", with(`"x":"` + strings.Repeat("a", 10<<20) + `"`), 413, `10 MiB`},
				{open + "/message", `{"sender_type":"user"}`, 422, `"loc":["body"`},
				{open + "/message", `{"sender_type":"cat","text":"a"}`, 422, `"loc":["body","sender_type"]`},
				{open + "/message", `{"sender_type":"user","text":"a","message_type":"song"}`, 422, `"loc":["body","message_type"]`},
				{open + "/message", `{"sender_type":"user","text":5}`, 422, `"loc":["body","text"]`},
				{"/x/message", `{"sender_type":"user","text":"a"}`, 422, `"loc":["path","conversation_id"]`},
				{"/x/close", ``, 422, `"loc":["path","conversation_id"]`},
			} {
				rec := w.send("POST", "/api/v1/conversation"+c.path, secret, c.body)
				if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.want) {
					t.Errorf("%s %.100s: got %d %.300s, want %d with %s", c.path, c.body, rec.Code, rec.Body, c.status, c.want)
				}
			}
			if rec := w.send("POST", "/api/v1/assistant", secret, `{"name":"`+strings.Repeat("a", 1<<20)+`"}`); rec.Code != 413 || !strings.Contains(rec.Body.String(), "1 MiB") {
				t.Errorf("elsewhere: got %d %.300s, want 413 after 1 MiB", rec.Code, rec.Body)
			}
		})

		t.Run("a foreign conversation is one that is not there", func(t *testing.T) {
			for _, c := range []struct{ method, path, body string }{{"POST", "/message", `{"sender_type":"user","text":"a"}`}, {"POST", "/close", ""}, {"DELETE", "", ""}} {
				theirs := w.send(c.method, "/api/v1/conversation/"+foreign[0].ID+c.path, secret, c.body)
				none := w.send(c.method, "/api/v1/conversation/"+missing+c.path, secret, c.body)
				if theirs.Code != 404 || decode(t, theirs)["detail"] != decode(t, none)["detail"] || none.Code != 404 {
					t.Errorf("%s %s: got %d %s and %d %s, want 404 alike", c.method, c.path, theirs.Code, theirs.Body, none.Code, none.Body)
				}
			}
		})

		t.Run("only a role with conversations:write writes", func(t *testing.T) {
			for _, role := range []string{"read_only", "conversations_export", "contacts_sync"} {
				_, other := w.Key(w.Ada, role)
				for _, c := range []struct{ method, path, body string }{{"POST", "", with(`"device_type":"phone"`)}, {"POST", open + "/message", `{"sender_type":"user","text":"a"}`}, {"POST", open + "/close", ""}, {"DELETE", open, ""}} {
					if rec := w.send(c.method, "/api/v1/conversation"+c.path, other, c.body); rec.Code != 403 || decode(t, rec)["required_scope"] != "conversations:write" {
						t.Errorf("%s: %s %s got %d, want 403", role, c.method, c.path, rec.Code)
					}
				}
			}
		})

		if talks != w.talks(t, secret) || people != contacts() {
			t.Errorf("something was written: %v conversations, want %v; %v contacts, want %v", w.talks(t, secret), talks, contacts(), people)
		}
		if list, err := w.Store.Conversations(context.Background(), eve, db.ConversationFilter{}, db.Page{Number: 1, Size: 10}); err != nil || list.Total != 2 || len(list.Items) != 2 {
			t.Errorf("the other team has %d conversations (%v), want 2", list.Total, err)
		}
	})
}

func TestMessagesAtOnce(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		secret := w.started()
		id := data(t, w.send("POST", "/api/v1/conversation", secret, `{"assistant_id":"`+claims+`","contact_id":"`+zoe+`"}`))["id"].(string)
		var all sync.WaitGroup
		for i := range 32 {
			all.Go(func() {
				sender := []string{"user", "bot"}[i%2]
				data(t, w.send(http.MethodPost, "/api/v1/conversation/"+id+"/message", secret, fmt.Sprintf(`{"sender_type":"%s","text":"%02d"}`, sender, i)))
			})
		}
		all.Wait()
		if got := data(t, w.Get("/api/v1/conversation/"+id, secret))["chat_count"]; got != 32.0 {
			t.Errorf("chat_count is %v, want 32", got)
		}
		var texts []string
		for _, m := range decode(t, w.Get("/api/v1/conversation/"+id+"/transcript", secret))["data"].([]any) {
			texts = append(texts, m.(map[string]any)["text"].(string))
		}
		if slices.Sort(texts); len(slices.Compact(texts)) != 32 {
			t.Errorf("the transcript has %d messages, want 32", len(texts))
		}
	})
}

// before compares two times of an answer: as texts, 0.62 would come after 0.622.
func before(t *testing.T, a, b any) bool {
	t.Helper()
	var times [2]time.Time
	for i, text := range []any{a, b} {
		var err error
		if times[i], err = time.Parse(time.RFC3339, fmt.Sprint(text)); err != nil {
			t.Fatal(err)
		}
	}
	return times[0].Before(times[1])
}
