package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/insighto/insighto/db"
)

func TestOtherSites(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		key, _ := w.Key(w.Ada, "read_only")
		cookie := w.SignIn("ada@a.example")
		for _, c := range []struct {
			name    string
			headers []string
			status  int
		}{
			{"another site", []string{"Sec-Fetch-Site", "cross-site"}, 403},
			{"a sibling", []string{"Sec-Fetch-Site", "same-site"}, 403},
			{"another origin", []string{"Origin", "https://evil.example"}, 403},
			{"an origin that is hidden", []string{"Origin", "null"}, 403},
			{"nobody knows where", nil, 403},
			{"this origin", []string{"Origin", "http://example.com"}, 303}, // the host of httptest's requests
			{"this site", []string{"Sec-Fetch-Site", "same-origin"}, 303},
		} {
			for _, method := range []string{http.MethodPost, http.MethodDelete} {
				path := map[string]string{http.MethodPost: "/settings/api-keys/" + key.ID + "/revoke", http.MethodDelete: "/settings/api-keys/" + key.ID}[method]
				if method == http.MethodDelete && c.status != 403 {
					continue
				}
				rec := w.Do(method, path, "", append(c.headers, "Cookie", cookie, "Content-Type", "application/x-www-form-urlencoded")...)
				if rec.Code != c.status {
					t.Errorf("%s from %s: got %d, want %d", method, c.name, rec.Code, c.status)
				}
			}
			kept, err := w.Store.Key(context.Background(), w.Ada, key.ID)
			if err != nil || kept.Revoked() != (c.status == 303) {
				t.Fatalf("from %s: the key is %+v (%v)", c.name, kept, err)
			}
			if c.status == 303 {
				key, _ = w.Key(w.Ada, "read_only")
			}
		}
		if rec := w.Do(http.MethodPost, "/login", "email=ada@a.example&password="+url.QueryEscape(passphrase), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "cross-site"); rec.Code != 403 {
			t.Errorf("signing in from another site: got %d, want 403", rec.Code)
		}
	})
}

func TestHeadersOfPages(t *testing.T) {
	const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	inline := regexp.MustCompile(`(?i)<script(?:\s[^>]*)?>[^<]|<style|\sstyle=|\son[a-z]+=|javascript:|(?:src|href)="(?:https?:)?//`)
	eachWorld(t, func(t *testing.T, w *world) {
		key, _ := w.Key(w.Ada, "read_only")
		cookie := w.SignIn("ada@a.example")
		at := "/settings/api-keys/" + key.ID
		cases := []struct {
			path, cookie string
			status       int
		}{
			{"/login", "", 200}, {"/setup", "", 303}, {"/", "", 303}, {"/", cookie, 200}, {"/nothing", "", 404}, {"/nothing", cookie, 404},
			{"/conversations", cookie, 200}, {"/conversations", "", 303}, {"/conversations?from=x", cookie, 422}, {"/conversations/" + missing, cookie, 404},
			{"/contacts", cookie, 200}, {"/contacts/" + missing, cookie, 404}, {"/assistants", cookie, 200},
			{"/settings", cookie, 303}, {"/settings/api-keys", cookie, 200}, {"/settings/api-keys/new", cookie, 200}, {at, cookie, 200},
			{at + "/revocation", cookie, 200}, {at + "/deletion", cookie, 200}, {"/settings/api-keys/" + missing, cookie, 404},
			{at + "/revoke", cookie, 405}, {at + "/delete", cookie, 405}, {"/settings/team", cookie, 200}, {"/settings/profile", cookie, 200}, {"/settings/security", cookie, 200}, {"/healthz", "", 200}, {"/readyz", "", 200},
		}
		for _, c := range cases {
			get, head := w.Do(http.MethodGet, c.path, "", "Cookie", c.cookie), w.Do(http.MethodHead, c.path, "", "Cookie", c.cookie)
			if get.Code != c.status || head.Code != c.status {
				t.Errorf("%s: got %d and for HEAD %d, want %d", c.path, get.Code, head.Code, c.status)
			}
			h := get.Header()
			for name, want := range map[string]string{
				"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
				"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
			} {
				if h.Get(name) != want {
					t.Errorf("%s: %s is %q, want %q", c.path, name, h.Get(name), want)
				}
			}
			if !db.IsID(h.Get("X-Request-Id")) {
				t.Errorf("%s: the request id is %q", c.path, h.Get("X-Request-Id"))
			}
			if c.status == 405 && h.Get("Allow") == "" {
				t.Errorf("%s: no Allow", c.path)
			}
			if found := inline.FindString(get.Body.String()); found != "" {
				t.Errorf("%s holds %q, which the policy refuses", c.path, found)
			}
		}
		if kept, err := w.Store.Key(context.Background(), w.Ada, key.ID); err != nil || kept.Revoked() {
			t.Errorf("GET touched the key: %+v (%v)", kept, err)
		}
	})
}
