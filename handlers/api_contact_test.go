package handlers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// send sends a JSON body with a key.
func (w *world) send(method, path, secret, body string) *httptest.ResponseRecorder {
	w.T.Helper()
	mark := "?"
	if strings.Contains(path, "?") {
		mark = "&"
	}
	return w.Do(method, path+mark+"api_key="+secret, body, "Content-Type", "application/json")
}

func data(t testing.TB, rec *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	if rec.Code != 200 {
		t.Fatalf("got %d: %s", rec.Code, rec.Body)
	}
	return decode(t, rec)["data"].(map[string]any)
}

func TestContactWrites(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		_, secret := w.Key(w.Ada, "contacts_sync")
		total := func() float64 { return data(t, w.Get("/api/v1/contact?size=1", secret))["total"].(float64) }

		t.Run("a contact is created, changed in part and deleted", func(t *testing.T) {
			before := total()
			made := data(t, w.send("POST", "/api/v1/contact", secret, `{"first_name":"<b>Zoë</b>","email":"Zoe@Example.com","phone_number":"+49 30 901820","custom_fields":{"score":12345678901234567,"tier":"a"},"nonsense":1}`))
			channels := made["channels"].(map[string]any)
			if made["email"] != "zoe@example.com" || made["first_name"] != "<b>Zoë</b>" || channels["telephone"] != "+4930901820" || channels["national_number"] != "30901820" ||
				channels["country_code"] != "49" || channels["dial_code"] != "DE" || channels["email"] != "zoe@example.com" || made["org_id"] != w.Ada.TeamID {
				t.Errorf("made %v", made)
			}
			id := made["id"].(string)
			rec := w.send("PUT", "/api/v1/contact/"+strings.ToUpper(id), secret, `{"last_name":"Novak","channels":{"whatsapp":"zoe"},"custom_fields":{"tier":null,"n":1}}`)
			now := data(t, rec)
			if decode(t, rec)["message"] != "Data updated successfully" || now["last_name"] != "Novak" || now["first_name"] != "<b>Zoë</b>" ||
				!strings.Contains(rec.Body.String(), `"custom_fields":{"n":1,"score":12345678901234567}`) || now["channels"].(map[string]any)["telephone"] != "+4930901820" {
				t.Errorf("changed to %s", rec.Body)
			}
			if total() != before+1 {
				t.Errorf("total is %v, want %v", total(), before+1)
			}
			if got := data(t, w.send("DELETE", "/api/v1/contact/"+id, secret, ""))["details"]; got == "" || got == nil {
				t.Errorf("delete says %v", got)
			}
			if rec := w.Get("/api/v1/contact/"+id, secret); rec.Code != 404 || total() != before {
				t.Errorf("after delete: got %d, total %v", rec.Code, total())
			}
		})

		t.Run("upsert finds a person by e-mail or phone in every spelling", func(t *testing.T) {
			first := data(t, w.send("POST", "/api/v1/contact/upsert?email=dev@example.com&first_name=Dev&phone_number=%2B15551000220", secret, ""))
			for _, again := range []struct{ query, body string }{
				{"?email=DEV@example.com", ""},
				{"?phone_number=15551000220", ""},
				{"?phone=%2B1%20555%20100-0220&last_name=Novak", ""},
				{"", `{"email":"dev@example.com","custom_fields":{"a":1}}`},
				{"", `{"phone":"+15551000220"}`},
				{"?email=dev@example.com", `{"first_name":"Dev"}`},
			} {
				if got := data(t, w.send("POST", "/api/v1/contact/upsert"+again.query, secret, again.body)); got["id"] != first["id"] {
					t.Errorf("%+v made another contact: %v", again, got)
				}
			}
			got := data(t, w.Get("/api/v1/contact/"+first["id"].(string), secret))
			if got["last_name"] != "Novak" || got["custom_fields"].(map[string]any)["a"] != 1.0 || got["first_name"] != "Dev" {
				t.Errorf("the contact is now %v", got)
			}
		})

		t.Run("an e-mail and a phone of two people are ambiguous", func(t *testing.T) {
			data(t, w.send("POST", "/api/v1/contact/upsert?email=other@example.com", secret, ""))
			data(t, w.send("POST", "/api/v1/contact/upsert?phone=15551000221", secret, ""))
			before := total()
			for _, c := range []struct{ method, path, body, code string }{
				{"POST", "/api/v1/contact/upsert?email=other@example.com&phone=15551000221", "", "contact_ambiguous"},
				{"POST", "/api/v1/contact", `{"email":"other@example.com"}`, "conflict"},
			} {
				if rec := w.send(c.method, c.path, secret, c.body); rec.Code != 409 || decode(t, rec)["code"] != c.code {
					t.Errorf("%s: got %d %s, want 409 %s", c.path, rec.Code, rec.Body, c.code)
				}
			}
			if total() != before {
				t.Error("a row was written")
			}
		})

		t.Run("deleting several is all or nothing", func(t *testing.T) {
			var list []string
			for i := range 3 {
				list = append(list, data(t, w.send("POST", "/api/v1/contact", secret, fmt.Sprintf(`{"email":"many%d@example.com"}`, i)))["id"].(string))
			}
			before := total()
			body := func(more string) string { return `{"contact_ids":["` + strings.Join(list, `","`) + `"` + more + `]}` }
			if rec := w.send("DELETE", "/api/v1/contact/multiple", secret, body(`,"`+missing+`"`)); rec.Code != 404 || total() != before {
				t.Errorf("with a missing one: got %d, total went from %v to %v", rec.Code, before, total())
			}
			if got := data(t, w.send("DELETE", "/api/v1/contact/multiple", secret, body(`,"`+list[0]+`"`)))["deleted"]; got != 3.0 || total() != before-3 {
				t.Errorf("deleted %v, total went from %v to %v", got, before, total())
			}
			for _, wrong := range []string{`{"contact_ids":[]}`, `{"contact_ids":["x"]}`, `{"contact_ids":"x"}`, `{}`, ``} {
				if rec := w.send("DELETE", "/api/v1/contact/multiple", secret, wrong); rec.Code != 422 {
					t.Errorf("%s: got %d %s, want 422", wrong, rec.Code, rec.Body)
				}
			}
		})

		t.Run("a search finds names, e-mail and phone whatever the case", func(t *testing.T) {
			id := data(t, w.send("POST", "/api/v1/contact", secret, `{"first_name":"Øystein","last_name":"100%_sure","email":"oy@example.com","phone":"+4930111222"}`))["id"]
			for search, want := range map[string]float64{"øySTEIN": 1, "oy@": 1, "4930111222": 1, "100%25_": 1, "%25_%25": 0, "nobody": 0} {
				page := data(t, w.Get("/api/v1/contact?search="+search, secret))
				if page["total"] != want || want == 1 && page["items"].([]any)[0].(map[string]any)["id"] != id {
					t.Errorf("%s: got %v", search, page)
				}
			}
		})

		t.Run("custom fields are defined and deleted", func(t *testing.T) {
			made := data(t, w.send("POST", "/api/v1/contact_custom_field", secret, `{"custom_field_name":"tier","custom_field_type":"string"}`))
			if rec := w.send("POST", "/api/v1/contact_custom_field", secret, `{"custom_field_name":"tier","custom_field_type":"number"}`); rec.Code != 409 {
				t.Errorf("a second of that name: got %d", rec.Code)
			}
			if rec := w.send("POST", "/api/v1/contact_custom_field", secret, `{"custom_field_name":"x","custom_field_type":"date"}`); rec.Code != 422 {
				t.Errorf("another type: got %d", rec.Code)
			}
			if page := data(t, w.Get("/api/v1/contact_custom_field/list", secret)); page["total"] != 1.0 || page["items"].([]any)[0].(map[string]any)["custom_field_name"] != "tier" {
				t.Errorf("listed %v", page)
			}
			data(t, w.send("DELETE", "/api/v1/contact_custom_field/"+made["id"].(string), secret, ""))
			if page := data(t, w.Get("/api/v1/contact_custom_field", secret)); page["total"] != 0.0 {
				t.Errorf("after delete: %v", page)
			}
		})

		t.Run("a key that only reads writes nothing", func(t *testing.T) {
			_, reader := w.Key(w.Ada, "read_only")
			before := total()
			for _, c := range []struct{ method, path string }{
				{"POST", "contact"}, {"POST", "contact/upsert?email=x@example.com"}, {"PUT", "contact/" + missing}, {"DELETE", "contact/" + missing}, {"DELETE", "contact/multiple"}, {"POST", "contact_custom_field"},
			} {
				if rec := w.send(c.method, "/api/v1/"+c.path, reader, `{"email":"x@example.com"}`); rec.Code != 403 {
					t.Errorf("%s %s: got %d, want 403", c.method, c.path, rec.Code)
				}
			}
			if total() != before {
				t.Error("a row was written")
			}
		})
	})
}

func TestUpsertsAtOnce(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		_, secret := w.Key(w.Ada, "contacts_sync")
		var all sync.WaitGroup
		seen := make([]string, 32)
		for i := range seen {
			all.Go(func() {
				query := "?email=one@example.com&phone=%2B4930901820"
				if i%3 == 1 {
					query = "?email=ONE@example.com"
				}
				seen[i] = data(t, w.send(http.MethodPost, "/api/v1/contact/upsert"+query+fmt.Sprintf("&first_name=N%d", i), secret, ""))["id"].(string)
			})
		}
		all.Wait()
		for _, id := range seen {
			if id != seen[0] {
				t.Fatalf("two contacts were made: %v", seen)
			}
		}
		if page := data(t, w.Get("/api/v1/contact", secret)); page["total"] != 1.0 || len(page["items"].([]any)) != 1 {
			t.Errorf("listed %v", page)
		}
	})
}

func TestWalking(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		secret := w.filled(40)
		_, writer := w.Key(w.Ada, "full_access")
		for _, list := range []string{"conversation?date_from=2026-01-01&date_to=2026-12-31&size=7", "contact?size=1"} {
			seen, after := map[string]int{}, ""
			before := data(t, w.Get("/api/v1/"+list, secret))["total"].(float64)
			for n := 0; ; n++ {
				rec := w.Get("/api/v1/"+list+"&after="+after, secret)
				page, _ := ids(t, rec)
				for _, id := range page {
					seen[id]++
				}
				data(t, w.send("POST", "/api/v1/contact", writer, fmt.Sprintf(`{"email":"new%d-%d@example.com"}`, len(list), n)))
				next, _ := decode(t, rec)["meta"].(map[string]any)["next_cursor"].(string)
				if after = next; next == "" {
					break
				}
			}
			if float64(len(seen)) != before {
				t.Errorf("%s: walked over %d rows, want %v", list, len(seen), before)
			}
			for id, n := range seen {
				if n != 1 {
					t.Errorf("%s: %s came %d times", list, id, n)
				}
			}
		}
		for _, wrong := range []string{"x", "%00", "AAAA", strings.Repeat("A", 33)} {
			if rec := w.Get("/api/v1/contact?after="+wrong, secret); rec.Code != 422 || !strings.Contains(rec.Body.String(), `"loc":["query","after"]`) {
				t.Errorf("after=%s: got %d %s", wrong, rec.Code, rec.Body)
			}
		}
	})
}
