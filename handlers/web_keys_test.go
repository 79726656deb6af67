package handlers_test

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/insighto/insighto/db"
)

func TestNewKeyPage(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		cookie := w.SignIn("ada@a.example")
		form := url.Values{"name": {"<b>nightly</b> & co"}, "role": {"contacts_sync"}, "description": {"line one\r\nline two"}}
		headers := []string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin", "Cookie", cookie}

		t.Run("the key is on the one answer that made it", func(t *testing.T) {
			rec := w.Do(http.MethodPost, "/settings/api-keys", form.Encode(), append(headers, "Accept-Encoding", "gzip")...)
			body, h := rec.Body.String(), rec.Header()
			secret := keyOn(body)
			if rec.Code != 200 || secret == "" {
				t.Fatalf("got %d %s, want a key", rec.Code, body)
			}
			if h.Get("Cache-Control") != "no-store" || h.Get("Content-Encoding") != "" || h.Get("Content-Type") != "text/html; charset=UTF-8" {
				t.Errorf("headers are %v", h)
			}
			for _, want := range []string{
				`value="` + secret + `"`,
				"&#39;http://localhost:8080/api/v1/contact?size=2&amp;api_key=" + secret + "&#39;",
				"INSIGHTO_URL=http://localhost:8080\nINSIGHTO_API_KEY=" + secret,
				"&lt;b&gt;nightly&lt;/b&gt; &amp; co",
			} {
				if !strings.Contains(body, want) {
					t.Errorf("the page lacks %s", want)
				}
			}
			list, err := w.Store.Keys(context.Background(), w.Ada, db.Page{Number: 1, Size: 50})
			if err != nil || list.Total != 1 {
				t.Fatalf("%d keys (%v), want 1", list.Total, err)
			}
			key := list.Items[0]
			if key.Name != "<b>nightly</b> & co" || key.Role.ID != "contacts_sync" || key.Description != "line one\nline two" || key.Prefix != secret[:11] {
				t.Errorf("kept %+v", key)
			}
			for _, path := range []string{"/settings/api-keys", "/settings/api-keys/" + key.ID, "/settings/api-keys/" + key.ID + "/revocation", "/settings/api-keys/" + key.ID + "/deletion"} {
				rec := w.Page(path, cookie)
				if page := rec.Body.String(); rec.Code != 200 || keyOn(page) != "" || !strings.Contains(page, key.Prefix+"…") || strings.Contains(page, "<b>nightly") {
					t.Errorf("%s: got %d, a key %q, want its prefix only", path, rec.Code, keyOn(page))
				}
			}
			if rec := w.Get("/api/v1/contact?size=2", secret); rec.Code != 200 {
				t.Errorf("the call that the page shows: got %d %s", rec.Code, rec.Body)
			}
			if err := w.Store.DeleteKey(context.Background(), w.Ada, key.ID); err != nil {
				t.Fatal(err)
			}
		})

		t.Run("every role's call is one that the role may make", func(t *testing.T) {
			curl := regexp.MustCompile(`curl 'http://localhost:8080(/[^']+)'`)
			for _, role := range db.Roles {
				form := url.Values{"name": {"n"}, "role": {role.ID}, "description": {"d"}}
				call := curl.FindStringSubmatch(html.UnescapeString(w.Post("/settings/api-keys", cookie, form).Body.String()))
				if call == nil {
					t.Errorf("%s: no call", role.ID)
				} else if rec := w.Get(call[1], ""); rec.Code != 200 {
					t.Errorf("%s: %s gives %d %s", role.ID, call[1], rec.Code, rec.Body)
				}
			}
		})

		t.Run("a wrong form comes back filled in, with each error beside its field, and makes nothing", func(t *testing.T) {
			before, _ := w.Store.Keys(context.Background(), w.Ada, db.Page{Number: 1, Size: 50})
			for _, c := range []struct {
				name, role, description string
				wrong                   string
				kept                    []string
			}{
				{"", "", "", "name role description", nil},
				{"", "read_only", "kept \"text\"", "name", []string{`<option value="read_only" selected>`, "kept &#34;text&#34;"}},
				{"kept <name>", "nonsense", "kept", "role", []string{`value="kept &lt;name&gt;"`, ">kept</textarea>"}},
				{"kept", "full_access", " ", "description", []string{`value="kept"`, `<option value="full_access" selected>`}},
				{strings.Repeat("a", 65), "read_only", strings.Repeat("b", 281), "name description", []string{strings.Repeat("a", 65), strings.Repeat("b", 281)}},
			} {
				rec := w.Post("/settings/api-keys", cookie, url.Values{"name": {c.name}, "role": {c.role}, "description": {c.description}})
				body := rec.Body.String()
				if rec.Code != 422 || keyOn(body) != "" {
					t.Errorf("%+v: got %d and the key %q, want 422 and none", c, rec.Code, keyOn(body))
				}
				for _, field := range []string{"name", "role", "description"} {
					wrong := strings.Contains(" "+c.wrong+" ", " "+field+" ")
					if got := strings.Contains(body, `id="`+field+`-wrong"`); got != wrong {
						t.Errorf("%+v: an error beside %s is %v, want %v", c, field, got, wrong)
					}
				}
				for _, kept := range c.kept {
					if !strings.Contains(body, kept) {
						t.Errorf("%+v: %s is lost", c, kept)
					}
				}
			}
			if after, err := w.Store.Keys(context.Background(), w.Ada, db.Page{Number: 1, Size: 50}); err != nil || after.Total != before.Total {
				t.Errorf("%d keys (%v), want %d", after.Total, err, before.Total)
			}
		})
	})
}

func TestOthersKeys(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		bob := w.Person("bob@a.example", "A") // of Ada's own team
		eve := w.Person("eve@b.example", "B")
		his, secret := w.Key(bob, "read_only")
		hers, _ := w.Key(eve, "read_only")
		cookie := w.SignIn("ada@a.example")

		list := w.Page("/settings/api-keys", cookie).Body.String()
		for _, text := range []string{his.ID, hers.ID, his.Prefix, hers.Prefix, "laptop"} {
			if strings.Contains(list, text) {
				t.Errorf("the owner's list holds %s", text)
			}
		}
		if !strings.Contains(list, "No keys yet") {
			t.Errorf("the list of nobody's keys is %s", list)
		}
		ids := []string{his.ID, hers.ID, strings.ToUpper(his.ID), "nonsense", "0", "%00", "%FF", "..%2F" + his.ID, strings.Repeat("9", 5000), his.ID + "%20"}
		for _, r := range []struct{ method, tail string }{
			{"GET", ""}, {"GET", "/revocation"}, {"GET", "/deletion"}, {"POST", "/revoke"}, {"POST", "/delete"}, {"DELETE", ""},
		} {
			ask := func(id string) (int, string) {
				rec := w.Do(r.method, "/settings/api-keys/"+id+r.tail, "", "Cookie", cookie, "Sec-Fetch-Site", "same-origin")
				return rec.Code, withoutID(rec)
			}
			_, want := ask(missing)
			for _, id := range ids {
				if code, got := ask(id); code != 404 || got != want {
					t.Errorf("%s %.60s%s: got %d %s, want just what a missing key gives", r.method, id, r.tail, code, got)
				}
			}
		}
		if rec := w.Get("/api/v1/key", secret); rec.Code != 200 {
			t.Errorf("Bob's key was touched: %d %s", rec.Code, rec.Body)
		}
	})
}

func TestKeyList(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		cookie := w.SignIn("ada@a.example")
		for i := range 51 {
			if _, _, err := w.Store.CreateKey(context.Background(), w.Ada, db.NewKey{Name: fmt.Sprintf("key-%02d!", i), Role: "read_only", Description: "d"}); err != nil {
				t.Fatal(err)
			}
		}
		row := regexp.MustCompile(`<bdi>(key-\d\d!)</bdi></a></th>`)
		for _, c := range []struct {
			query string
			rows  int
			first string
			holds string
		}{
			{"", 50, "key-50!", `rel="next" href="/settings/api-keys?page=2"`},
			{"?page=1", 50, "key-50!", "51 keys"},
			{"?page=2", 1, "key-00!", `rel="prev" href="/settings/api-keys"`},
			{"?page=3", 0, "", `href="/settings/api-keys?page=2"`},
			{"?page=9223372036854775807", 0, "", "past the end"},
			{"?page=0", 50, "key-50!", "Page 1 of 2"},
			{"?page=nonsense&page=2", 50, "key-50!", "Page 1 of 2"},
		} {
			rec := w.Page("/settings/api-keys"+c.query, cookie)
			rows := row.FindAllStringSubmatch(rec.Body.String(), -1)
			if rec.Code != 200 || len(rows) != c.rows || c.rows > 0 && rows[0][1] != c.first || !strings.Contains(rec.Body.String(), c.holds) {
				t.Errorf("%q: got %d with %d rows, want %d from %q on, and %s", c.query, rec.Code, len(rows), c.rows, c.first, c.holds)
			}
		}
	})
}

func TestKeyLife(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		cookie := w.SignIn("ada@a.example")
		key, secret := w.Key(w.Ada, "conversations_export")
		at := "/settings/api-keys/" + key.ID
		holds := func(what, path string, want ...string) {
			t.Helper()
			page := w.Page(path, cookie).Body.String()
			for _, text := range want {
				if !strings.Contains(page, text) {
					t.Errorf("%s: %s lacks %q: %s", what, path, text, page)
				}
			}
		}
		use := func(path string, status int) {
			t.Helper()
			if rec := w.Get(path, secret); rec.Code != status {
				t.Fatalf("%s: got %d, want %d", path, rec.Code, status)
			}
			if err := w.Usage.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		holds("unused", "/settings/api-keys", "Never", "Active")
		holds("unused", at, "Never.", "for a test", key.ID)
		use("/api/v1/conversation/"+missing, 404)
		holds("used", "/settings/api-keys", "just now", "GET /api/v1/conversation/{conversation_id} · 404")
		holds("used", at, "GET /api/v1/conversation/{conversation_id}", "404", "192.0.2.1", agent)
		holds("used", at+"/revocation", "GET /api/v1/conversation/{conversation_id}", "192.0.2.1", agent)
		use("/api/v1/contact", 403)
		holds("refused", at, "GET /api/v1/conversation/{conversation_id}")

		if rec := w.Post(at+"/revoke", cookie, nil); rec.Code != 303 || rec.Header().Get("Location") != "/settings/api-keys" {
			t.Fatalf("revoke: got %d to %q", rec.Code, rec.Header().Get("Location"))
		}
		first, err := w.Store.Key(context.Background(), w.Ada, key.ID)
		if err != nil || !first.Revoked() {
			t.Fatalf("kept %+v (%v), want it revoked", first, err)
		}
		holds("revoked", "/settings/api-keys", "Revoked", first.RevokedAt.Format("2006-01-02T15:04:05Z"))
		holds("revoked", at+"/revocation", "is revoked already")
		use("/api/v1/key", 401)
		holds("refused after revoke", at, "GET /api/v1/conversation/{conversation_id}")
		if rec := w.Post(at+"/revoke", cookie, nil); rec.Code != 303 {
			t.Errorf("revoke again: got %d, want 303", rec.Code)
		}
		if second, err := w.Store.Key(context.Background(), w.Ada, key.ID); err != nil || !second.RevokedAt.Equal(first.RevokedAt) {
			t.Errorf("revoked at %v (%v), want still %v", second.RevokedAt, err, first.RevokedAt)
		}
		if rec := w.Do(http.MethodDelete, at, "", "Cookie", cookie, "Sec-Fetch-Site", "same-origin"); rec.Code != 303 || rec.Header().Get("Location") != "/settings/api-keys" {
			t.Errorf("delete: got %d to %q", rec.Code, rec.Header().Get("Location"))
		}
		holds("deleted", "/settings/api-keys", "No keys yet")
	})
}
