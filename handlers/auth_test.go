package handlers_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/insighto/insighto/db"
)

func TestKeyParameter(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		_, good := w.Key(w.Ada, "read_only")
		revoked, stopped := w.Key(w.Ada, "read_only")
		if _, err := w.Store.RevokeKey(context.Background(), w.Ada, revoked.ID); err != nil {
			t.Fatal(err)
		}
		_, export := w.Key(w.Ada, "conversations_export")
		unknown := "in-" + strings.Repeat("A", 43)
		cases := []struct {
			name    string
			query   string
			headers []string
			status  int
			code    string
		}{
			{"a good key", "?api_key=" + good, nil, 200, ""},
			{"none", "", nil, 401, "key_missing"},
			{"an empty one", "?api_key=", nil, 401, "key_missing"},
			{"a name without value", "?api_key", nil, 401, "key_missing"},
			{"in Authorization", "", []string{"Authorization", "Bearer " + good}, 401, "key_in_header"},
			{"in X-API-Key", "", []string{"X-API-Key", good}, 401, "key_in_header"},
			{"in a cookie", "", []string{"Cookie", "k=" + good}, 401, "key_in_header"},
			{"in a header too", "?api_key=" + good, []string{"Authorization", "Bearer x"}, 200, ""},
			{"a wrong shape", "?api_key=in-short", nil, 401, "key_malformed"},
			{"44 characters", "?api_key=" + good + "A", nil, 401, "key_malformed"},
			{"a trailing blank", "?api_key=" + good + "%20", nil, 401, "key_malformed"},
			{"the prefix in capitals", "?api_key=IN-" + good[3:], nil, 401, "key_malformed"},
			{"all in capitals", "?api_key=in-" + strings.ToUpper(good[3:]), nil, 401, "key_unknown"},
			{"nobody's", "?api_key=" + unknown, nil, 401, "key_unknown"},
			{"a revoked one", "?api_key=" + stopped, nil, 401, "key_revoked"},
			{"the same twice", "?api_key=" + good + "&api_key=" + good, nil, 400, "key_repeated"},
			{"bad then good", "?api_key=" + unknown + "&api_key=" + good, nil, 400, "key_repeated"},
			{"under another name", "?apikey=" + good, nil, 401, "key_missing"},
			{"with a semicolon", "?api_key=" + good + ";x=1", nil, 400, "bad_request"},
			{"a role that does not open contacts", "?api_key=" + export, nil, 403, "role_forbids"},
		}
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				rec := w.Do(http.MethodGet, "/api/v1/contact"+c.query, "", c.headers...)
				got, _ := decode(t, rec)["code"].(string)
				if rec.Code != c.status || got != c.code {
					t.Errorf("got %d %q, want %d %q: %s", rec.Code, got, c.status, c.code, rec.Body)
				}
				if challenge := rec.Header().Get("WWW-Authenticate"); (challenge == `ApiKey in="query", name="api_key"`) != (c.status == 401) {
					t.Errorf("WWW-Authenticate is %q with %d", challenge, c.status)
				}
				if strings.Contains(rec.Body.String()+w.Log.String(), good[3:]) {
					t.Error("the key is in the answer or the log")
				}
				caching := map[bool]string{true: "private, no-cache", false: "private, no-store"}[c.status == 200]
				if h := rec.Header(); h.Get("Cache-Control") != caching || h.Get("Referrer-Policy") != "no-referrer" || h.Get("X-Request-Id") == "" || h.Get("Content-Type") != "application/json" ||
					h.Get("Content-Security-Policy") != "default-src 'none'; frame-ancestors 'none'" || h.Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("headers are %v", h)
				}
			})
		}
		body := decode(t, w.Get("/api/v1/contact", export))
		if body["required_scope"] != "contacts:read" || body["key_role"] != "conversations_export" {
			t.Errorf("a 403 says %v", body)
		}
	})
}

func TestRoles(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		paths := map[string]db.Scope{
			"/api/v1/key": db.AnyRole, "/api/v1/user": db.AnyRole, "/api/v1/user/list/orgs": db.AnyRole,
			"/api/v1/contact": db.ContactsRead, "/api/v1/assistant": db.AssistantsRead, "/api/v1/widget": db.AssistantsRead,
			"/api/v1/conversation?date_from=2026-01-01&date_to=2026-01-01": db.ConversationsRead,
		}
		for _, role := range db.Roles {
			_, secret := w.Key(w.Ada, role.ID)
			for path, scope := range paths {
				want := 403
				if role.Opens(scope) {
					want = 200
				}
				if rec := w.Get(path, secret); rec.Code != want {
					t.Errorf("%s with %s: got %d, want %d: %s", path, role.ID, rec.Code, want, rec.Body)
				}
			}
		}
	})
}
