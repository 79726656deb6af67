package handlers_test

import (
	"strings"
	"testing"

	"github.com/insighto/insighto/db"
)

func TestAWrongBodySaysWhereAndWritesNothing(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		_, secret := w.Key(w.Ada, "contacts_sync")
		total := func() float64 { return data(t, w.Get("/api/v1/contact?size=1", secret))["total"].(float64) }
		before := total()
		for _, c := range []struct {
			query, body string
			status      int
			want        string
		}{
			{"", `{}`, 422, `"loc":["body","email"]`},
			{"", ``, 422, `"loc":["query","email"]`},
			{"", `null`, 422, `"loc":["body"]`},
			{"", `[]`, 422, `"loc":["body"]`},
			{"", `{"email":"nope"}`, 422, `"loc":["body","email"]`},
			{"?email=nope", ``, 422, `"loc":["query","email"]`},
			{"", `{"phone_number":"12"}`, 422, `"loc":["body","phone_number"]`},
			{"", `{"email":{"$ne":null}}`, 422, `"loc":["body","email"]`},
			{"", `{"email":null}`, 422, `"loc":["body","email"]`},
			{"?email=a@b.test", `{"email":"c@d.test"}`, 422, `"loc":["body","email"]`},
			{"", `{"email":"a@b.test","id":"` + db.NewID() + `"}`, 422, `"loc":["body","id"]`},
			{"", `{"email":"a@b.test","email":"c@d.test"}`, 400, `bad_request`},
			{"", `{"email":"a@b.test"`, 400, `bad_request`},
			{"", `{"email":"a@b.test"} x`, 400, `bad_request`},
			{"", "\ufeff" + `{"email":"a@b.test"}`, 400, `bad_request`},
			{"", `{"email":"a@b.test","first_name":"\ud800"}`, 400, `bad_request`},
			{"", `{"email":"a@b.test","first_name":"a\u0000b"}`, 422, `"loc":["body","first_name"]`},
			{"", `{"email":"a@b.test","custom_fields":{"a":"\u0000"}}`, 422, `"loc":["body","custom_fields"]`},
			{"", `{"email":"a@b.test","age":99999999999999999999}`, 422, `"loc":["body","age"]`},
			{"", `{"email":"a@b.test","x":` + strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70) + `}`, 422, `"loc":["body","x"`},
			{"", `{"email":"a@b.test","x":{"` + strings.Repeat("k", 10000) + `":1}}`, 422, `"loc":["body"]`},
			{"", `{"email":"` + strings.Repeat("a", 1<<20) + `"}`, 413, `body_too_large`},
		} {
			rec := w.send("POST", "/api/v1/contact/upsert"+c.query, secret, c.body)
			if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.want) {
				t.Errorf("%s %.60s: got %d %.300s, want %d with %s", c.query, c.body, rec.Code, rec.Body, c.status, c.want)
			}
		}
		for kind, encoding := range map[string]string{"text/plain": "", "": "", "application/json; charset=utf-16": "", "application/json, text/html": "", "application/json": "gzip"} {
			headers := []string{"Content-Type", kind}
			if encoding != "" {
				headers = append(headers, "Content-Encoding", encoding)
			}
			if rec := w.Do("POST", "/api/v1/contact/upsert?api_key="+secret, `{"email":"a@b.test"}`, headers...); rec.Code != 415 {
				t.Errorf("%q %q: got %d, want 415", kind, encoding, rec.Code)
			}
		}
		if total() != before {
			t.Error("a row was written")
		}
	})
}
