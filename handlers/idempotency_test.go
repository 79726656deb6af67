package handlers_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insighto/insighto/db/dbtest"
)

// repeat sends a JSON body with an Idempotency-Key.
func (w *world) repeat(idempotency, path, secret, body string) *httptest.ResponseRecorder {
	w.T.Helper()
	mark := "?"
	if strings.Contains(path, "?") {
		mark = "&"
	}
	return w.Do("POST", "/api/v1/"+path+mark+"api_key="+secret, body, "Content-Type", "application/json", "Idempotency-Key", idempotency)
}

func TestIdempotency(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		secret := w.started()
		open := "conversation/" + data(t, w.send("POST", "/api/v1/conversation", secret, `{"assistant_id":"`+claims+`"}`))["id"].(string)
		contacts := func() float64 { return data(t, w.Get("/api/v1/contact?size=1", secret))["total"].(float64) }

		t.Run("the same request gets the first answer again, and changes nothing", func(t *testing.T) {
			for i, c := range []struct{ path, body string }{
				{"contact", `{"first_name":"<b>Zoë</b>","email":"one@example.com"}`},
				{"contact", `{"first_name":"nameless"}`},
				{"contact/upsert", `{"email":"two@example.com"}`},
				{"contact/upsert?email=three@example.com&first_name=Three", ``},
				{"contact_custom_field", `{"custom_field_name":"tier","custom_field_type":"string"}`},
				{"conversation", `{"assistant_id":"` + claims + `","contact":{"email":"four@example.com"},"messages":[{"sender_type":"user","text":"hi"}]}`},
				{open + "/message", `{"sender_type":"user","text":"once"}`},
				{open + "/close", ``},
				{open + "/message", `{"sender_type":"user","text":"too late"}`}, // 409
				{"contact", `{"email":"one@example.com"}`},                      // 409
				{"contact", `{"email":"nope"}`},                                 // 422 from the store
				{"contact_custom_field", `{"custom_field_type":"date"}`},        // 422 from the types
				{"conversation/" + missing + "/close", ``},                      // 404
			} {
				name := fmt.Sprintf("key-%d", i)
				first := w.repeat(name, c.path, secret, c.body)
				people, talks := contacts(), w.talks(t, secret)
				again := w.repeat(name, c.path, secret, c.body)
				if again.Code != first.Code || again.Body.String() != first.Body.String() || again.Header().Get("Content-Type") != "application/json" {
					t.Errorf("%s %s:\n got %d %s\nthen %d %s", c.path, c.body, first.Code, first.Body, again.Code, again.Body)
				}
				if id := again.Header().Get("X-Request-Id"); id == "" || id == first.Header().Get("X-Request-Id") {
					t.Errorf("%s: both have the request id %q", c.path, id)
				}
				if people != contacts() || talks != w.talks(t, secret) {
					t.Errorf("%s: a row was written", c.path)
				}
			}
			if said := decode(t, w.Get("/api/v1/"+open+"/transcript", secret))["data"].([]any); len(said) != 1 {
				t.Errorf("%d messages, want 1", len(said))
			}
		})

		t.Run("another request under the same key is refused", func(t *testing.T) {
			data(t, w.repeat("used", "contact/upsert?first_name=A", secret, `{"email":"used@example.com"}`))
			before := contacts()
			for path, body := range map[string]string{
				"contact/upsert?first_name=A": `{"email":"used@example.com" }`,
				"contact/upsert?first_name=B": `{"email":"used@example.com"}`,
				"contact/upsert":              `{"email":5}`,
				"contact":                     `{"email":"other@example.com"}`,
			} {
				rec := w.repeat("used", path, secret, body)
				if rec.Code != 422 || decode(t, rec)["code"] != "idempotency_mismatch" || !strings.Contains(rec.Body.String(), `"loc":["header","Idempotency-Key"]`) {
					t.Errorf("%s %s: got %d %s, want 422 idempotency_mismatch", path, body, rec.Code, rec.Body)
				}
			}
			if contacts() != before {
				t.Error("a row was written")
			}
		})

		t.Run("another of the person's keys shares the answer, another person does not", func(t *testing.T) {
			first := w.repeat("shared", "contact", secret, `{"first_name":"Ada's"}`)
			_, second := w.Key(w.Ada, "contacts_sync")
			if again := w.repeat("shared", "contact", second, `{"first_name":"Ada's"}`); again.Body.String() != first.Body.String() {
				t.Errorf("got %s, want %s", again.Body, first.Body)
			}
			_, others := w.Key(w.Person("eve@b.example", "B"), "contacts_sync")
			if rec := w.repeat("shared", "contact", others, `{"first_name":"Eve's"}`); data(t, rec)["first_name"] != "Eve's" {
				t.Errorf("the other person got %s", rec.Body)
			}
		})

		t.Run("a key that is none says so", func(t *testing.T) {
			before := contacts()
			for _, wrong := range []string{"", " ", "a b", "ä", strings.Repeat("a", 256), "tab\t"} {
				rec := w.repeat(wrong, "contact", secret, `{}`)
				if rec.Code != 422 || !strings.Contains(rec.Body.String(), `"loc":["header","Idempotency-Key"]`) {
					t.Errorf("%.20q: got %d %s, want 422", wrong, rec.Code, rec.Body)
				}
			}
			twice := w.Do("POST", "/api/v1/contact?api_key="+secret, `{}`, "Content-Type", "application/json", "Idempotency-Key", "a", "Idempotency-Key", "a")
			if twice.Code != 422 || contacts() != before {
				t.Errorf("given twice: got %d, want 422 and no row", twice.Code)
			}
			if rec := w.repeat(strings.Repeat("~", 255), "contact", secret, `{}`); rec.Code != 200 {
				t.Errorf("255 characters: got %d, want 200", rec.Code)
			}
		})

		t.Run("thirty-two at once make one row and are answered alike", func(t *testing.T) {
			before := w.talks(t, secret)
			answers := make([]string, 32)
			var all sync.WaitGroup
			for i := range answers {
				all.Go(func() {
					rec := w.repeat("at-once", "conversation", secret, `{"assistant_id":"`+claims+`","contact_id":"`+zoe+`","messages":[{"sender_type":"user","text":"hi"}]}`)
					answers[i] = fmt.Sprint(rec.Code, rec.Body)
				})
			}
			all.Wait()
			for _, a := range answers {
				if a != answers[0] || !strings.HasPrefix(a, "200 ") {
					t.Fatalf("got %s and %s", answers[0], a)
				}
			}
			if got := w.talks(t, secret); got != before+1 {
				t.Errorf("total went from %v to %v, want one more", before, got)
			}
		})

		t.Run("a role is asked before any answer is given again", func(t *testing.T) {
			_, reader := w.Key(w.Ada, "read_only")
			if rec := w.repeat("shared", "contact", reader, `{"first_name":"Ada's"}`); rec.Code != 403 {
				t.Errorf("got %d, want 403", rec.Code)
			}
		})
	})
}

func TestIdempotencyEnds(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		clock := dbtest.NewClock()
		store := dbtest.Open(t, target, clock.Now)
		w := newWorld(t, store)
		_, secret := w.Key(w.Ada, "contacts_sync")
		kept := func() (n int) {
			if err := dbtest.Handle(t, target).QueryRow(`SELECT COUNT(*) FROM kept_answers`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		post := func(body string) string { return w.repeat("one", "contact", secret, body).Body.String() }
		first := post(`{"first_name":"a"}`)
		clock.Pass(24*time.Hour - time.Millisecond)
		if again := post(`{"first_name":"a"}`); again != first {
			t.Errorf("just within 24 hours: got %s, want %s", again, first)
		}
		if err := store.ForgetOldAnswers(t.Context()); err != nil || kept() != 1 {
			t.Errorf("%d answers are kept (%v), want 1", kept(), err)
		}
		clock.Pass(time.Millisecond)
		if other := post(`{"first_name":"b"}`); other == first || !strings.Contains(other, `"first_name":"b"`) {
			t.Errorf("after 24 hours: got %s", other)
		}
		clock.Pass(24 * time.Hour)
		if err := store.ForgetOldAnswers(t.Context()); err != nil || kept() != 0 {
			t.Errorf("%d answers are kept (%v), want none", kept(), err)
		}
	})
}

func TestIdempotencyKeepsNoFailure(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		w := newWorld(t, dbtest.Open(t, target, time.Now))
		_, secret := w.Key(w.Ada, "contacts_sync")
		handle := dbtest.Handle(t, target)
		exec := func(text string) {
			t.Helper()
			if _, err := handle.Exec(text); err != nil {
				t.Fatal(err)
			}
		}
		exec(`ALTER TABLE totals RENAME TO totals_away`)
		if rec := w.repeat(secret, "contact", secret, `{"first_name":"a"}`); rec.Code < 500 {
			t.Fatalf("without a table: got %d %s", rec.Code, rec.Body)
		}
		exec(`ALTER TABLE totals_away RENAME TO totals`)
		made := data(t, w.repeat(secret, "contact", secret, `{"first_name":"a"}`))
		if made["first_name"] != "a" || data(t, w.Get("/api/v1/contact", secret))["total"] != 1.0 {
			t.Errorf("after the failure: %v", made)
		}
		rows, err := handle.Query(`SELECT digest, asked, body FROM kept_answers`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		n := 0
		for ; rows.Next(); n++ {
			var digest, asked, body string
			if err := rows.Scan(&digest, &asked, &body); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(digest+asked+body, secret[3:]) {
				t.Error("a key that was sent as Idempotency-Key is kept")
			}
		}
		if n != 1 || rows.Err() != nil {
			t.Errorf("%d answers are kept (%v), want 1", n, rows.Err())
		}
	})
}
