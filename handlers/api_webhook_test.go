package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/handlertest"
)

const hooks = "/api/v1/outbound_webhook"

// json sends JSON to the API with a key.
func (w *world) json(method, path, secret, body string) (int, map[string]any, string) {
	w.T.Helper()
	mark := "?"
	if strings.Contains(path, "?") {
		mark = "&"
	}
	rec := w.Do(method, path+mark+"api_key="+secret, body, "Content-Type", "application/json")
	data, _ := decode(w.T, rec)["data"].(map[string]any)
	return rec.Code, data, rec.Body.String()
}

func TestWebhookAPI(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		_, full := w.Key(w.Ada, "full_access")
		_, hers := w.Key(w.Person("eve@b.example", "B"), "full_access")

		code, made, _ := w.json("POST", hooks, full, `{"endpoint":"https://example.com/hook","name":"CRM"}`)
		secret, _ := made["secret"].(string)
		id, _ := made["id"].(string)
		t.Run("a new one is answered with its secret, and all events", func(t *testing.T) {
			if code != 200 || !db.IsID(id) || !strings.HasPrefix(secret, "whsec_") || made["enabled"] != true || fmt.Sprint(made["events"]) != fmt.Sprint(db.Events.IDs()) {
				t.Errorf("got %d %v", code, made)
			}
		})
		t.Run("the secret is shown never again", func(t *testing.T) {
			for _, path := range []string{hooks, hooks + "/list", hooks + "/" + id, hooks + "/" + id + "/logs"} {
				code, _, body := w.json("GET", path, full, "")
				if code != 200 || strings.Contains(body, "whsec_") || strings.Contains(body, `"secret"`) {
					t.Errorf("%s: got %d %s", path, code, body)
				}
			}
			if strings.Contains(w.Log.String(), "whsec_") {
				t.Error("it is in the log")
			}
		})
		t.Run("it is changed in part", func(t *testing.T) {
			code, data, body := w.json("PUT", hooks+"/"+id, full, `{"enabled":false,"events":["contact.created"]}`)
			if code != 200 || data["enabled"] != false || data["name"] != "CRM" || data["disabled_why"] != "person" || fmt.Sprint(data["events"]) != "[contact.created]" || strings.Contains(body, "whsec_") {
				t.Errorf("got %d %s", code, body)
			}
			if code, data, _ := w.json("PUT", hooks+"/"+strings.ToUpper(id), full, `{"enabled":true}`); code != 200 || data["disabled_why"] != nil || data["disabled_at"] != nil {
				t.Errorf("enabled again: got %d %v", code, data)
			}
		})
		t.Run("a rotated secret is another", func(t *testing.T) {
			code, data, _ := w.json("POST", hooks+"/"+id+"/secret", full, "")
			if other, _ := data["secret"].(string); code != 200 || !strings.HasPrefix(other, "whsec_") || other == secret {
				t.Errorf("got %d %v", code, data)
			}
		})
		t.Run("what is wrong is told by field", func(t *testing.T) {
			for body, want := range map[string]string{
				`{}`: "body.endpoint body.name", `{"endpoint":"https://10.0.0.1/","name":""}`: "body.name body.endpoint",
				`{"endpoint":"https://example.com","name":"x","events":["nope"]}`: "body.events",
				`{"endpoint":5,"name":"x"}`:                                       "body.endpoint",
			} {
				rec := w.Do("POST", hooks+"?api_key="+full, body, "Content-Type", "application/json")
				var problem struct{ Detail []struct{ Loc []string } }
				err := json.Unmarshal(rec.Body.Bytes(), &problem)
				got := map[string]bool{}
				for _, d := range problem.Detail {
					got[strings.Join(d.Loc, ".")] = true
				}
				for field := range strings.FieldsSeq(want) {
					if rec.Code != 422 || err != nil || !got[field] && !strings.Contains(rec.Body.String(), strings.TrimPrefix(field, "body.")) {
						t.Errorf("%s: got %d %s, want %s", body, rec.Code, rec.Body, want)
					}
				}
			}
		})
		t.Run("another team's is not there, and a role without the scope opens none", func(t *testing.T) {
			for _, c := range [][2]string{{"GET", ""}, {"PUT", ""}, {"DELETE", ""}, {"GET", "/logs"}, {"POST", "/secret"}} {
				if code, _, body := w.json(c[0], hooks+"/"+id+c[1], hers, `{}`); code != 404 {
					t.Errorf("%s %s: got %d %s", c[0], c[1], code, body)
				}
			}
			for _, role := range []string{"read_only", "conversations_export", "contacts_sync"} {
				_, secret := w.Key(w.Ada, role)
				if code, _, body := w.json("GET", hooks, secret, ""); code != 403 || !strings.Contains(body, "webhooks:manage") {
					t.Errorf("%s: got %d %s", role, code, body)
				}
			}
		})
		t.Run("logs tell what became of each event", func(t *testing.T) {
			ctx := context.Background()
			if _, err := w.Store.TestWebhook(ctx, w.Ada, id); err != nil {
				t.Fatal(err)
			}
			_, data, _ := w.json("GET", hooks+"/"+id+"/logs?state=waiting", full, "")
			row := data["items"].([]any)[0].(map[string]any)
			if data["total"] != 1.0 || row["event"] != "webhook.test" || row["state"] != "waiting" || row["next_try_at"] == nil || row["status_code"] != nil {
				t.Errorf("got %v", data)
			}
			lots, err := w.Store.ClaimDeliveries(ctx, []db.WebhookRef{{TeamID: w.Ada.TeamID, ID: id}}, 1)
			if err != nil || len(lots) != 1 {
				t.Fatalf("got %v (%v)", lots, err)
			}
			if err := w.Store.FinishDeliveries(ctx, []db.Result{{Lot: &lots[0], EventID: row["id"].(string), State: db.Failed, Status: 500, Problem: "The endpoint answered 500.", Answer: "oh no", TriedAt: lots[0].Until, Took: 7e6}}); err != nil {
				t.Fatal(err)
			}
			_, data, _ = w.json("GET", hooks+"/"+id+"/logs", full, "")
			row = data["items"].([]any)[0].(map[string]any)
			if row["state"] != "failed" || row["status_code"] != 500.0 || row["response"] != "oh no" || row["tries"] != 1.0 || row["duration_ms"] != 7.0 || row["next_try_at"] != nil {
				t.Errorf("got %v", row)
			}
			if code, _, body := w.json("GET", hooks+"/"+id+"/logs?state=lost", full, ""); code != 422 {
				t.Errorf("a state that is none: got %d %s", code, body)
			}
		})
		t.Run("a deleted one is gone", func(t *testing.T) {
			if code, _, body := w.json("DELETE", hooks+"/"+id, full, ""); code != 200 {
				t.Errorf("got %d %s", code, body)
			}
			if code, _, _ := w.json("GET", hooks+"/"+id, full, ""); code != 404 {
				t.Errorf("after it: got %d", code)
			}
		})
	})
}

// An event's data is what the API answers: the store makes the one, and handlers make the other.
func TestEventsSayWhatTheAPISays(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		if _, err := w.Store.Import(ctx, w.Ada, conversations(3)); err != nil {
			t.Fatal(err)
		}
		hook, _, err := w.Store.CreateWebhook(ctx, w.Ada, db.NewWebhook{Name: "x", Endpoint: "https://example.com"}, handlertest.Outside().Check)
		if err != nil {
			t.Fatal(err)
		}
		_, full := w.Key(w.Ada, "full_access")
		w.json("PUT", "/api/v1/contact/"+zoe, full, `{"first_name":"Zoë <b>","custom_fields":{"n":12345678901234567890}}`)
		_, talk, _ := w.json("POST", "/api/v1/conversation", full, `{"assistant_id":"`+claims+`","contact_id":"`+zoe+`","widget_id":"`+widget+`","attributes":{"a":1},
			"messages":[{"sender_type":"bot","text":"Hello & goodbye"},{"sender_type":"user","message_type":"voice","text":"ü"}]}`)
		id, _ := talk["id"].(string)
		_, plain, _ := w.json("POST", "/api/v1/conversation", full, `{"assistant_id":"`+claims+`"}`)
		w.json("POST", "/api/v1/conversation/"+id+"/close", full, "")
		lots, err := w.Store.ClaimDeliveries(ctx, []db.WebhookRef{{TeamID: w.Ada.TeamID, ID: hook.ID}}, 100)
		if err != nil || len(lots) != 1 {
			t.Fatalf("got %v (%v)", lots, err)
		}
		last := map[string]map[string]any{} // the last event of each kind and subject
		for _, p := range lots[0].Parcels {
			body, err := w.Store.EventBody(ctx, w.Ada.TeamID, p.EventID)
			var e map[string]any
			if err == nil {
				err = json.Unmarshal(body, &e)
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range []string{"id", "object", "event", "created_at", "data"} {
				if e[key] == nil {
					t.Errorf("%s has no %s", body, key)
				}
			}
			if len(e) != 5 || !strings.HasSuffix(e["created_at"].(string), "Z") {
				t.Errorf("got %s", body)
			}
			last[e["event"].(string)+" "+p.Subject] = e["data"].(map[string]any)
		}
		same := func(name string, got, want any) {
			t.Helper()
			g, _ := json.Marshal(got)
			if x, _ := json.Marshal(want); string(g) != string(x) {
				t.Errorf("%s: got %s, want %s", name, g, x)
			}
		}
		contact := decode(t, w.Get("/api/v1/contact/"+zoe, full))["data"]
		same("the contact", last["contact.updated "+zoe], contact)
		closed := last["conversation.closed "+id]
		detail := decode(t, w.Get("/api/v1/conversation/"+id, full))["data"].(map[string]any)
		same("the transcript", closed["transcript"], decode(t, w.Get("/api/v1/conversation/"+id+"/transcript", full))["data"])
		for _, key := range []string{"widget_id", "assistant_id", "device_type", "contact_id", "chat_count", "first_message", "attributes"} {
			same(key, closed[key], detail[key])
		}
		if closed["conversation_id"] != id || len(closed) != 9 {
			t.Errorf("got %v", closed)
		}
		bare := last["conversation.updated "+plain["id"].(string)]
		if text, _ := json.Marshal(bare); len(bare) != 6 || strings.Contains(string(text), "null") || fmt.Sprint(bare["transcript"]) != "[]" {
			t.Errorf("what is unset is not left out: %s", text)
		}
	})
}
