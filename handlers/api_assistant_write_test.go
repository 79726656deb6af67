package handlers_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/insighto/insighto/db"
)

func TestAssistantWrites(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		secret := w.started()
		total := func() float64 { return data(t, w.Get("/api/v1/assistant", secret))["total"].(float64) }

		t.Run("an assistant is created, changed in part and deleted", func(t *testing.T) {
			made := data(t, w.send("POST", "/api/v1/assistant", secret, `{"name":" Claims <b>2</b> ","description":"First\nline","assistant_type":"phone","llm_model":"m-1","system_prompt":"Be kind.",
				"voice":"alto","voice_languages":"de,en","has_human_agent":true,"attributes":{"a":1,"b":"x"},"nonsense":[]}`))
			for key, want := range map[string]any{"name": "Claims <b>2</b>", "description": "First\nline", "assistant_type": "phone", "llm_model": "m-1", "system_prompt": "Be kind.",
				"voice": "alto", "voice_languages": "de,en", "has_human_agent": true, "use_tools": false, "org_id": w.Ada.TeamID} {
				if made[key] != want {
					t.Errorf("%s: got %v, want %v", key, made[key], want)
				}
			}
			path := "/api/v1/assistant/" + strings.ToUpper(made["id"].(string))
			rec := w.send("PUT", path, secret, `{"use_tools":true,"voice":"","attributes":{"b":null,"c":2}}`)
			now := data(t, rec)
			if decode(t, rec)["message"] != "Data updated successfully" || now["use_tools"] != true || now["name"] != made["name"] || now["has_human_agent"] != true || fmt.Sprint(now["attributes"]) != "map[a:1 c:2]" {
				t.Errorf("changed to %s", rec.Body)
			}
			if _, there := now["voice"]; there || fmt.Sprint(data(t, w.Get(path, secret))) != fmt.Sprint(now) {
				t.Errorf("the assistant is %v, want %v without a voice", data(t, w.Get(path, secret)), now)
			}
			if got := data(t, w.send("DELETE", path, secret, ""))["details"]; got == "" || got == nil {
				t.Errorf("delete says %v", got)
			}
			for _, method := range []string{"GET", "PUT", "DELETE"} {
				if rec := w.send(method, path, secret, `{}`); rec.Code != 404 {
					t.Errorf("%s after delete: got %d, want 404", method, rec.Code)
				}
			}
			if least := data(t, w.send("POST", "/api/v1/assistant", secret, `{"name":"Least"}`)); least["assistant_type"] != "simple" || fmt.Sprint(least["attributes"]) != "map[]" {
				t.Errorf("the least there can be is %v", least)
			}
		})

		t.Run("a deleted assistant leaves its conversations and their counts", func(t *testing.T) {
			counts := "/api/v1/conversation/counts?date_from=2026-11-01&date_to=2026-11-01&group_by=assistant"
			data(t, w.send("DELETE", "/api/v1/assistant/"+claims, secret, ""))
			if got := data(t, w.Get("/api/v1/conversation/"+conversationID(0), secret)); got["assistant_id"] != claims {
				t.Errorf("its conversation is %v", got)
			}
			if item := w.listed(t, secret, conversationID(0)); item["assistant_id"] != claims || item["assistant_name"] != nil {
				t.Errorf("its conversation is listed as %v", item)
			}
			want := fmt.Sprintf(`{"date":"2026-11-01","assistant_id":"%s","conversations":1,"closed":1,"messages":2}`, claims)
			if rec := w.Get(counts, secret); rec.Code != 200 || !strings.Contains(rec.Body.String(), want) {
				t.Errorf("its counts are %d %s, want %s", rec.Code, rec.Body, want)
			}
			if rec := w.send("POST", "/api/v1/conversation", secret, `{"assistant_id":"`+claims+`"}`); rec.Code != 422 {
				t.Errorf("a new conversation with it: got %d, want 422", rec.Code)
			}
		})

		t.Run("wrong input, foreign rows and other roles change nothing", func(t *testing.T) {
			before := total()
			for body, want := range map[string]string{
				`{}`:                                    `"loc":["body","name"]`,
				`{"name":" \u200b "}`:                   `"loc":["body","name"]`,
				`{"name":"a\nb"}`:                       `"loc":["body","name"]`,
				`{"name":7}`:                            `"loc":["body","name"]`,
				`{"name":null}`:                         `"loc":["body","name"]`,
				`{"name":"a","assistant_type":"x"}`:     `"loc":["body","assistant_type"]`,
				`{"name":"a","use_tools":"yes"}`:        `"loc":["body","use_tools"]`,
				`{"name":"a","attributes":"x"}`:         `"loc":["body","attributes"]`,
				`{"name":"a","system_prompt":"\u0000"}`: `"loc":["body","system_prompt"]`,
				`{"name":"a","description":"` + strings.Repeat("a", 2001) + `"}`: `"loc":["body","description"]`,
				``: `"loc":["body"]`,
			} {
				if rec := w.send("POST", "/api/v1/assistant", secret, body); rec.Code != 422 || !strings.Contains(rec.Body.String(), want) {
					t.Errorf("%.60s: got %d %s, want 422 with %s", body, rec.Code, rec.Body, want)
				}
			}
			eve := w.Person("eve@b.example", "B")
			name := "Claims"
			foreign, err := w.Store.CreateAssistant(context.Background(), eve, db.AssistantChange{Name: &name})
			if err != nil {
				t.Fatal(err)
			}
			for _, method := range []string{"PUT", "DELETE"} {
				theirs, none := w.send(method, "/api/v1/assistant/"+foreign.ID, secret, `{"name":"mine"}`), w.send(method, "/api/v1/assistant/"+missing, secret, `{"name":"mine"}`)
				if theirs.Code != 404 || none.Code != 404 || decode(t, theirs)["detail"] != decode(t, none)["detail"] {
					t.Errorf("%s: got %d and %d, want 404 alike", method, theirs.Code, none.Code)
				}
			}
			for _, role := range []string{"read_only", "conversations_export", "contacts_sync"} {
				_, other := w.Key(w.Ada, role)
				for _, c := range [][2]string{{"POST", ""}, {"PUT", "/" + quotes}, {"DELETE", "/" + quotes}} {
					if rec := w.send(c[0], "/api/v1/assistant"+c[1], other, `{"name":"x"}`); rec.Code != 403 || decode(t, rec)["required_scope"] != "assistants:write" {
						t.Errorf("%s: %s got %d, want 403", role, c[0], rec.Code)
					}
				}
			}
			if total() != before {
				t.Errorf("total went from %v to %v", before, total())
			}
			if a, err := w.Store.Assistant(context.Background(), eve, foreign.ID); err != nil || a != foreign {
				t.Errorf("Eve's assistant is %+v (%v), want %+v", a, err, foreign)
			}
		})
	})
}
