package handlers_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
)

const (
	claims  = "11111111-0000-4000-8000-000000000001"
	quotes  = "11111111-0000-4000-8000-000000000002"
	zoe     = "22222222-0000-4000-8000-000000000001"
	dev     = "22222222-0000-4000-8000-000000000002"
	widget  = "33333333-0000-4000-8000-000000000001"
	missing = "99999999-0000-4000-8000-000000000000"
)

func conversationID(n int) string { return fmt.Sprintf("44444444-0000-4000-8000-%012d", n) }

// conversations gives n conversations, one every six hours from 1 November 2026 at midnight UTC; even ones are Zoë's
// about claims and closed, odd ones Dev's about quotes and open.
func conversations(n int) []db.ArchivedConversation {
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	batch := make([]db.ArchivedConversation, n)
	for i := range batch {
		at := start.Add(time.Duration(i) * 6 * time.Hour)
		batch[i] = db.ArchivedConversation{
			ID: conversationID(i), DeviceType: "mobile", CreatedAt: at, Attributes: `{"n":1}`,
			Assistant: db.ArchivedAssistant{ID: quotes, Name: "Quotes"},
			Contact:   db.ArchivedContact{ID: dev, FirstName: "Dev", Email: "dev@example.com"},
			Messages: []db.ArchivedMessage{
				{SenderType: "user", Text: "Grüße", CreatedAt: at},
				{SenderType: "bot", MessageType: "voice", Text: "Hello", CreatedAt: at.Add(1500 * time.Millisecond)},
			},
		}
		if i%2 == 0 {
			batch[i].Assistant = db.ArchivedAssistant{ID: claims, Name: "Claims"}
			batch[i].Contact = db.ArchivedContact{ID: zoe, FirstName: "Zoë", LastName: "Novak", Channels: `{"telephone":"+15551000220"}`}
			batch[i].Widget = db.ArchivedWidget{ID: widget, Name: "Site", Type: "chat", Provider: "web"}
			batch[i].ClosedAt = at.Add(time.Minute)
			batch[i].Messages[1].MessageType = "text"
		}
	}
	return batch
}

// filled imports n conversations into Ada's team and gives a key that reads them.
func (w *world) filled(n int) string {
	w.T.Helper()
	if _, err := w.Store.Import(context.Background(), w.Ada, conversations(n)); err != nil {
		w.T.Fatal(err)
	}
	_, secret := w.Key(w.Ada, "read_only")
	return secret
}

func ids(t *testing.T, rec *httptest.ResponseRecorder) (list []string, page map[string]any) {
	t.Helper()
	if rec.Code != 200 {
		t.Fatalf("got %d: %s", rec.Code, rec.Body)
	}
	page = decode(t, rec)["data"].(map[string]any)
	for _, item := range page["items"].([]any) {
		list = append(list, item.(map[string]any)["id"].(string))
	}
	return list, page
}

func TestConversationFilters(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		secret := w.filled(12) // three days, four a day
		foreign := w.Person("eve@b.example", "B")
		if _, err := w.Store.Import(context.Background(), foreign, conversations(20)); err != nil {
			t.Fatal(err)
		}
		all := "date_from=2026-10-01&date_to=2026-12-31"
		cases := []struct {
			query string
			want  []int // newest first
		}{
			{all, []int{11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}},
			{"date_from=2026-11-02&date_to=2026-11-02", []int{7, 6, 5, 4}},
			{"date_from=2026-11-01&date_to=2026-11-02", []int{7, 6, 5, 4, 3, 2, 1, 0}},
			{"date_from=2026-11-02T06:00:00Z&date_to=2026-11-02T12:00:00Z", []int{6, 5}},
			{"date_from=2026-11-02t06:00:00z&date_to=2026-11-02", []int{7, 6, 5}},
			{"date_from=2026-11-02T08:00:00%2B02:00&date_to=2026-11-02T13:59:59%2B02:00", []int{5}},
			{"date_from=2026-11-02&date_to=2026-11-02&timezone=America/New_York", []int{8, 7, 6, 5}},
			{"date_from=2026-11-02&date_to=2026-11-02&timezone=Asia/Kolkata", []int{7, 6, 5, 4}},
			{"date_from=2026-11-20&date_to=2026-11-21", nil},
			{all + "&assistant_id=" + claims, []int{10, 8, 6, 4, 2, 0}},
			{all + "&assistant_id=" + missing, nil},
			{all + "&contact_id=" + dev, []int{11, 9, 7, 5, 3, 1}},
			{all + "&includes_voice=true", []int{11, 9, 7, 5, 3, 1}},
			{all + "&includes_voice=false", []int{10, 8, 6, 4, 2, 0}},
			{all + "&status=closed", []int{10, 8, 6, 4, 2, 0}},
			{all + "&status=open&includes_voice=false", nil},
			{all + "&intent_id=" + missing, nil},
			{all + "&page=2&size=5", []int{6, 5, 4, 3, 2}},
			{all + "&page=3&size=5", []int{1, 0}},
			{all + "&page=4&size=5", nil},
			{all + "&page=90000000000000000&size=100", nil},
		}
		for _, c := range cases {
			for _, path := range []string{"/api/v1/conversation?", "/api/v1/conversation/list?"} {
				got, _ := ids(t, w.Get(path+c.query, secret))
				var want []string
				for _, n := range c.want {
					want = append(want, conversationID(n))
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s%s:\n got %v\nwant %v", path, c.query, got, want)
				}
			}
		}
	})
}

func TestLists(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		secret := w.filled(7)

		t.Run("pages tell the total and their neighbours", func(t *testing.T) {
			for query, want := range map[string]string{
				"size=3":        `"total":7,"page":1,"size":3,"pages":3,"previous_page":null,"next_page":2`,
				"size=3&page=2": `"total":7,"page":2,"size":3,"pages":3,"previous_page":1,"next_page":3`,
				"size=3&page=3": `"total":7,"page":3,"size":3,"pages":3,"previous_page":2,"next_page":null`,
				"size=3&page=9": `"items":[],"total":7,"page":9,"size":3,"pages":3,"previous_page":8,"next_page":null`,
				"":              `"total":7,"page":1,"size":50,"pages":1,"previous_page":null,"next_page":null`,
			} {
				rec := w.Get("/api/v1/conversation?date_from=2026-11-01&date_to=2026-11-30&"+query, secret)
				if rec.Code != 200 || !strings.Contains(rec.Body.String(), want) {
					t.Errorf("%s: got %d %s\nwant %s", query, rec.Code, rec.Body, want)
				}
			}
		})

		t.Run("an unset field is left out", func(t *testing.T) {
			allowed := regexp.MustCompile(`"(previous_page|next_page|voice_base64|data_sources)":null`)
			for _, path := range []string{
				"/api/v1/contact", "/api/v1/contact/list", "/api/v1/contact/" + dev, "/api/v1/assistant", "/api/v1/assistant/list", "/api/v1/assistant/" + claims,
				"/api/v1/widget", "/api/v1/widget/list", "/api/v1/user", "/api/v1/user/list/orgs", "/api/v1/key",
				"/api/v1/conversation?date_from=2026-11-01&date_to=2026-11-30", "/api/v1/conversation/" + conversationID(1),
				"/api/v1/conversation/" + conversationID(1) + "/transcript", "/api/v1/conversation/by-contact/" + dev,
			} {
				rec := w.Get(path, secret)
				body := allowed.ReplaceAllString(strings.TrimPrefix(rec.Body.String(), `{"message":""`), "")
				if rec.Code != 200 || strings.Contains(body, "null") || strings.Contains(body, `:""`) {
					t.Errorf("%s: got %d %s", path, rec.Code, rec.Body)
				}
			}
		})

		t.Run("each object has its fields to the letter", func(t *testing.T) {
			for path, want := range map[string]string{
				"/api/v1/conversation?date_from=2026-11-01&date_to=2026-11-01&size=1&page=4": `{"id":"` + conversationID(0) + `","widget_id":"` + widget + `","assistant_id":"` + claims +
					`","assistant_name":"Claims","attributes":"{\"n\":1}","first_message":"Grüße","device_type":"mobile","created_at":"2026-11-01T00:00:00Z","updated_at":"2026-11-01T00:01:00Z","chat_count":2,"includes_voice":false,"contact_id":"` + zoe +
					`","contact_first_name":"Zoë","contact_last_name":"Novak","widget_type":"chat","widget_provider":"web","status":"closed","closed_at":"2026-11-01T00:01:00Z"}`,
				"/api/v1/conversation/" + conversationID(1): `"data":{"id":"` + conversationID(1) + `","assistant_id":"` + quotes + `","device_type":"mobile","attributes":{"n":1},"contact_id":"` + dev +
					`","created_at":"2026-11-01T06:00:00Z","first_message":"Grüße","chat_count":2,"status":"open","updated_at":"2026-11-01T06:00:01.5Z"}`,
				"/api/v1/contact/" + zoe: `"data":{"id":"` + zoe + `","first_name":"Zoë","last_name":"Novak","channels":{"telephone":"+15551000220"},"user_attributes":{},"custom_fields":{},"last_seen":"2026-11-02T12:00:00Z","org_id":"` + w.Ada.TeamID +
					`","first_assistant_id":"` + claims + `","last_assistant_id":"` + claims + `","first_widget_id":"` + widget + `","last_widget_id":"` + widget + `","created_at":"2026-11-01T00:00:00Z","updated_at":"`,
				"/api/v1/widget":         `"items":[{"id":"` + widget + `","name":"Site","assistant_id":"` + claims + `","widget_type":"chat","widget_provider":"web"}]`,
				"/api/v1/user":           `"data":{"id":"` + w.Ada.UserID + `","email":"ada@a.example","first_name":"Ada","last_name":"Lovelace"}`,
				"/api/v1/user/list/orgs": `"items":[{"id":"` + w.Ada.TeamID + `","name":"A"}],"total":1`,
				"/api/v1/assistant/" + quotes: `"data":{"id":"` + quotes + `","name":"Quotes","assistant_type":"simple","has_human_agent":false,"use_tools":false,"org_id":"` + w.Ada.TeamID +
					`","attributes":{},"created_at":"2026-11-01T06:00:00Z"}`,
				"/api/v1/conversation/by-contact/" + dev + "?size=1": `"total":3,"page":1,"size":1,"pages":3`,
			} {
				if rec := w.Get(path, secret); rec.Code != 200 || !strings.Contains(rec.Body.String(), want) {
					t.Errorf("%s: got %d %s\nwant %s", path, rec.Code, rec.Body, want)
				}
			}
		})

		t.Run("a transcript has all ten keys, in the order it was said", func(t *testing.T) {
			rec := w.Get("/api/v1/conversation/"+conversationID(1)+"/transcript", secret)
			id := regexp.MustCompile(`"id":"[0-9a-f-]{36}"`).ReplaceAllString(rec.Body.String(), `"id":"…"`)
			want := `{"message":"","meta":{},"data":[` +
				`{"conversation_id":"` + conversationID(1) + `","id":"…","sender_type":"user","message_type":"text","text":"Grüße","voice_base64":null,"data_sources":null,"created_at":"2026-11-01T06:00:00Z","updated_at":"2026-11-01T06:00:00Z","char_count":5},` +
				`{"conversation_id":"` + conversationID(1) + `","id":"…","sender_type":"bot","message_type":"voice","text":"Hello","voice_base64":null,"data_sources":null,"created_at":"2026-11-01T06:00:01.5Z","updated_at":"2026-11-01T06:00:01.5Z","char_count":5}]}` + "\n"
			if rec.Code != 200 || id != want {
				t.Errorf("got %d %s\nwant %s", rec.Code, id, want)
			}
		})
	})
}

func TestForeignRows(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.filled(3)
		eve := w.Person("eve@b.example", "B")
		_, secret := w.Key(eve, "full_access")
		request := regexp.MustCompile(`"request_id":"[^"]*"`)
		for _, path := range []string{"contact/" + dev, "conversation/" + conversationID(1), "conversation/" + conversationID(1) + "/transcript", "conversation/by-contact/" + dev, "assistant/" + claims} {
			id := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`).FindString(path)
			foreign := w.Get("/api/v1/"+path, secret)
			absent := w.Get("/api/v1/"+strings.Replace(path, id, missing, 1), secret)
			if foreign.Code != 404 || request.ReplaceAllString(foreign.Body.String(), "") != request.ReplaceAllString(absent.Body.String(), "") {
				t.Errorf("%s: foreign %d %s, absent %d %s", path, foreign.Code, foreign.Body, absent.Code, absent.Body)
			}
		}
		for _, path := range []string{"contact", "assistant", "widget", "conversation?date_from=2026-01-01&date_to=2026-12-31"} {
			if list, page := ids(t, w.Get("/api/v1/"+path, secret)); len(list) != 0 || page["total"] != 0.0 {
				t.Errorf("%s shows %v of another team", path, list)
			}
		}
	})
}

func TestWrongParameters(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		_, secret := w.Key(w.Ada, "read_only")
		for query, want := range map[string]string{
			"conversation": `[{"loc":["query","date_from"],"msg":"Field required","type":"missing"},{"loc":["query","date_to"],"msg":"Field required","type":"missing"}]`,
			"conversation?date_from=2026-02-30&date_to=2026-03-01":                        `"loc":["query","date_from"]`,
			"conversation?date_from=2026-03-02&date_to=2026-03-01":                        `"loc":["query","date_to"]`,
			"conversation?date_from=2026-03-01&date_to=2026-03-01&timezone=Mars":          `"loc":["query","timezone"]`,
			"conversation?date_from=2026-03-01&date_to=2026-03-01&timezone=Local":         `"loc":["query","timezone"]`,
			"conversation?date_from=2026-03-01&date_to=2026-03-01&timezone=../etc/passwd": `"loc":["query","timezone"]`,
			"conversation?date_from=2026-03-01&date_to=2026-03-01&status=done":            `"loc":["query","status"]`,
			"conversation?date_from=2026-03-01&date_to=2026-03-01&includes_voice=maybe":   `"loc":["query","includes_voice"]`,
			"conversation?date_from=2026-03-01&date_to=2026-03-01&assistant_id=x":         `"loc":["query","assistant_id"]`,
			"conversation?date_from=2026-03-01&date_from=2026-03-01&date_to=2026-03-01":   `"loc":["query","date_from"]`,
			"conversation?date_from=2026-03-01T08:00:00+01:00&date_to=2026-03-01":         `"loc":["query","date_from"],"msg":"That is no date we can read. Write 2026-11-20, or 2026-11-20T08:00:00Z with the + of a zone encoded as %2B."`,
			"conversation/export?date_from=2026-03-02&date_to=2026-03-01":                 `"loc":["query","date_to"],"msg":"date_to lies before date_from. Swap them."`,
			"usage?date_from=2026-03-02&date_to=2026-03-01":                               `"loc":["query","date_to"],"msg":"date_to lies before date_from. Swap them."`,
			"contact?created_since=2026-03-01T08:00:00+01:00":                             `"loc":["query","created_since"],"msg":"That is no date`,
			"contact?page=0":        `"loc":["query","page"]`,
			"contact?size=101":      `"loc":["query","size"]`,
			"contact?search=%FF":    `"loc":["query","search"]`,
			"contact/x":             `"loc":["path","contact_id"]`,
			"conversation/x":        `"loc":["path","conversation_id"]`,
			"contact?page=1&page=1": `"loc":["query","page"]`,
		} {
			rec := w.Get("/api/v1/"+query, secret)
			if rec.Code != 422 || !strings.Contains(rec.Body.String(), want) || decode(t, rec)["code"] != "invalid" {
				t.Errorf("%s: got %d %s, want 422 with %s", query, rec.Code, rec.Body, want)
			}
		}
		for _, query := range []string{"contact?unknown=1", "contact?page[]=1", "contact?sort=password_hash"} {
			if rec := w.Get("/api/v1/"+query, secret); rec.Code != 200 {
				t.Errorf("%s: got %d, want an unknown parameter to be ignored", query, rec.Code)
			}
		}
	})
}
