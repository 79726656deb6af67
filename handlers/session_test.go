package handlers_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers"
)

// in wants a page of the settings to open with a cookie, or to be sent to sign in.
func (w *world) in(t *testing.T, what, cookie string, want bool) {
	t.Helper()
	rec := w.Page("/settings/api-keys", cookie)
	if got := rec.Code == http.StatusOK; got != want || !got && (rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/login?next=%2Fsettings%2Fapi-keys") {
		t.Errorf("%s: got %d to %q, want let in %v", what, rec.Code, rec.Header().Get("Location"), want)
	}
}

func (w *world) login(email, password string, headers ...string) *httptest.ResponseRecorder {
	w.T.Helper()
	form := url.Values{"email": {email}, "password": {password}}
	return w.Do(http.MethodPost, "/login", form.Encode(), append(headers, "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")...)
}

func TestSignIn(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		t.Run("the cookie is the session's only copy, for this host and no script", func(t *testing.T) {
			rec := w.login("ada@a.example", passphrase)
			cookies := rec.Result().Cookies()
			if rec.Code != 303 || rec.Header().Get("Location") != "/" || len(cookies) != 1 {
				t.Fatalf("got %d to %q, %d cookies", rec.Code, rec.Header().Get("Location"), len(cookies))
			}
			c := cookies[0]
			if c.Name != "insighto" || len(c.Value) != 43 || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.Secure || c.MaxAge != int(db.SessionAbsolute.Seconds()) {
				t.Errorf("the cookie is %s", c)
			}
		})

		t.Run("over https the cookie is Secure and bound to the host", func(t *testing.T) {
			secure := *w
			secure.Handler = w.Program(func(c *handlers.Config) { c.BaseURL = "https://insighto.example" })
			rec := secure.login("ada@a.example", passphrase)
			if c := rec.Result().Cookies()[0]; c.Name != "__Host-insighto" || !c.Secure || rec.Header().Get("Strict-Transport-Security") == "" {
				t.Errorf("the cookie is %s, the headers %v", c, rec.Header())
			}
		})

		t.Run("a session gets a new id at sign-in, and the one before ends", func(t *testing.T) {
			for _, planted := range []string{"insighto=" + strings.Repeat("A", 43), "insighto=short; insighto=\x00", w.SignIn("ada@a.example")} {
				rec := w.login("ada@a.example", passphrase, "Cookie", planted)
				made := rec.Result().Cookies()[0]
				if rec.Code != 303 || strings.Contains(planted, made.Value) {
					t.Fatalf("with %q: got %d and %s", planted, rec.Code, made)
				}
				w.in(t, "the planted one", planted, false)
				w.in(t, "the new one", "insighto="+made.Value, true)
			}
		})

		t.Run("the e-mail may be written in capitals, the password not", func(t *testing.T) {
			if rec := w.login(" ADA@A.Example ", passphrase); rec.Code != 303 {
				t.Errorf("e-mail in capitals: got %d, want 303", rec.Code)
			}
			if rec := w.login("ada@a.example", strings.ToUpper(passphrase)); rec.Code != 401 {
				t.Errorf("password in capitals: got %d, want 401", rec.Code)
			}
		})

		t.Run("sign-out ends the session on the server", func(t *testing.T) {
			cookie := w.SignIn("ada@a.example")
			rec := w.Post("/logout", cookie, nil)
			if c := rec.Result().Cookies(); rec.Code != 303 || rec.Header().Get("Location") != "/login" || len(c) != 1 || c[0].MaxAge >= 0 || c[0].Value != "" {
				t.Errorf("got %d to %q, %v", rec.Code, rec.Header().Get("Location"), c)
			}
			w.in(t, "the cookie, replayed", cookie, false)
			if rec := w.Post("/logout", cookie, nil); rec.Code != 303 {
				t.Errorf("a second sign-out: got %d, want 303", rec.Code)
			}
		})
	})
}

func TestNext(t *testing.T) {
	cases := []struct{ next, to string }{
		{"/settings/security", "/settings/security"},
		{"/conversations?page=2", "/conversations?page=2"},
		{"", "/"},
		{"settings", "/"},
		{"//evil.example", "/"},
		{"///evil.example", "/evil.example"},
		{`/\evil.example`, "/"},
		{`\\evil.example`, "/"},
		{"https://evil.example", "/"},
		{"https:evil.example", "/"},
		{"javascript:alert(1)", "/"},
		{"/\t/evil.example", "/"},
		{"/\r\nSet-Cookie: a=b", "/"},
		{"/..//evil.example", "/evil.example"},
		{"/%2f/evil.example", "/evil.example"},
		{"/a/../..//evil.example", "/evil.example"},
		{"/@evil.example", "/@evil.example"},
		{"//user@evil.example/", "/"},
		{"/%", "/"},
	}
	eachWorld(t, func(t *testing.T, w *world) {
		cookie := w.SignIn("ada@a.example")
		for _, c := range cases {
			rec := w.Page("/login?next="+url.QueryEscape(c.next), cookie)
			if got := rec.Header().Get("Location"); rec.Code != 303 || got != c.to {
				t.Errorf("signed in, next=%q: got %d to %q, want 303 to %q", c.next, rec.Code, got, c.to)
			}
		}
		for _, c := range cases[:5] {
			rec := w.Post("/login", "", url.Values{"email": {"ada@a.example"}, "password": {passphrase}, "next": {c.next}})
			if got := rec.Header().Get("Location"); rec.Code != 303 || got != c.to {
				t.Errorf("signing in, next=%q: got %d to %q, want 303 to %q", c.next, rec.Code, got, c.to)
			}
		}
		rec := w.Page("/login?next=/settings/security", "")
		if rec.Code != 200 || !strings.Contains(rec.Body.String(), `name="next" value="/settings/security"`) {
			t.Errorf("the form forgets next: %d %s", rec.Code, rec.Body)
		}
	})
}

func TestSessionsEnd(t *testing.T) {
	const day = 24 * time.Hour
	eachWorldAt(t, func(t *testing.T, w *world, clock *dbtest.Clock) {
		t.Run("a session lives while it is used within seven days", func(t *testing.T) {
			idle, used := w.SignIn("ada@a.example"), w.SignIn("ada@a.example")
			clock.Pass(4 * day)
			w.in(t, "after 4 days", used, true)
			clock.Pass(3*day - time.Second)
			w.in(t, "used 3 days ago", used, true)
			clock.Pass(time.Second)
			w.in(t, "idle for 7 days", idle, false)
			clock.Pass(7 * day)
			w.in(t, "idle for 7 days after that", used, false)
		})

		t.Run("no session lives longer than thirty days", func(t *testing.T) {
			cookie := w.SignIn("ada@a.example")
			for range 5 {
				clock.Pass(6*day - time.Second)
				w.in(t, "used each six days", cookie, true)
			}
			clock.Pass(5 * time.Second)
			w.in(t, "after 30 days", cookie, false)
		})

		t.Run("a deactivated person is out at once, and so are the keys", func(t *testing.T) {
			bob := w.Person("bob@a.example", "A")
			cookie := w.SignIn("bob@a.example")
			_, secret := w.Key(bob, "read_only")
			if err := w.Store.DeactivateUser(context.Background(), db.Operator(""), "bob@a.example"); err != nil {
				t.Fatal(err)
			}
			w.in(t, "the session", cookie, false)
			if rec := w.Get("/api/v1/key", secret); rec.Code != 401 || decode(t, rec)["code"] != "key_unknown" {
				t.Errorf("the key: got %d %s, want 401 key_unknown", rec.Code, rec.Body)
			}
		})

		t.Run("a new password ends every other session", func(t *testing.T) {
			w.Person("eve@b.example", "B")
			other, here := w.SignIn("eve@b.example"), w.SignIn("eve@b.example")
			ada := w.SignIn("ada@a.example")
			change := func(current, next string) *httptest.ResponseRecorder {
				return w.Post("/settings/security/password", here, url.Values{"current": {current}, "password": {next}})
			}
			for _, c := range []struct{ current, next, wrong string }{
				{"not the password", "a new long pass phrase", "current-wrong"},
				{passphrase, "short", "password-wrong"},
				{passphrase, "passwordpassword", "password-wrong"},
				{passphrase, "eve@b.example", "password-wrong"},
			} {
				rec := change(c.current, c.next)
				if body := rec.Body.String(); rec.Code != 422 || !strings.Contains(body, `id="`+c.wrong+`"`) || strings.Contains(body, c.next) && c.next != "eve@b.example" {
					t.Errorf("%q to %q: got %d, want 422 with %s", c.current, c.next, rec.Code, c.wrong)
				}
			}
			w.in(t, "the other one, before", other, true)
			rec := change(passphrase, "a new long pass phrase")
			if rec.Code != 303 || rec.Header().Get("Location") != "/settings/security?changed=password" || len(rec.Result().Cookies()) != 1 {
				t.Fatalf("got %d to %q", rec.Code, rec.Header().Get("Location"))
			}
			w.in(t, "the other one", other, false)
			w.in(t, "the one before", here, false)
			w.in(t, "another person's", ada, true)
			w.in(t, "the new one", "insighto="+rec.Result().Cookies()[0].Value, true)
			if rec := w.login("eve@b.example", passphrase); rec.Code != 401 {
				t.Errorf("the old password: got %d, want 401", rec.Code)
			}
			if rec := w.login("eve@b.example", "a new long pass phrase"); rec.Code != 303 {
				t.Errorf("the new password: got %d, want 303", rec.Code)
			}
		})
	})
}

func TestAnonymous(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		key, _ := w.Key(w.Ada, "read_only")
		for path, to := range map[string]string{
			"/":                                 "/login",
			"/settings":                         "/login?next=%2Fsettings",
			"/settings/api-keys":                "/login?next=%2Fsettings%2Fapi-keys",
			"/settings/api-keys?page=2":         "/login?next=%2Fsettings%2Fapi-keys",
			"/settings/api-keys/new":            "/login?next=%2Fsettings%2Fapi-keys%2Fnew",
			"/settings/api-keys/" + key.ID:      "/login?next=%2Fsettings%2Fapi-keys%2F" + key.ID,
			"/settings/api-keys/" + missing:     "/login?next=%2Fsettings%2Fapi-keys%2F" + missing,
			"/settings/security":                "/login?next=%2Fsettings%2Fsecurity",
			"/settings/api-keys/%2F..%2Flogout": "/login?next=%2Fsettings%2Flogout",
		} {
			rec := w.Do(http.MethodGet, path, "")
			if got := rec.Header().Get("Location"); rec.Code != 303 || got != to || rec.Body.Len() != 0 {
				t.Errorf("%s: got %d to %q, want 303 to %q", path, rec.Code, got, to)
			}
			rec = w.Do(http.MethodGet, path, "", "HX-Request", "true")
			if got := rec.Header().Get("HX-Redirect"); rec.Code != 401 || got != to {
				t.Errorf("%s by htmx: got %d to %q, want 401 to %q", path, rec.Code, got, to)
			}
		}
		for _, path := range []string{"/settings/api-keys", "/settings/api-keys/" + key.ID + "/revoke", "/settings/api-keys/" + key.ID + "/delete", "/settings/security/password"} {
			if rec := w.Post(path, "", url.Values{"name": {"n"}, "role": {"read_only"}, "description": {"d"}}); rec.Code != 303 || rec.Header().Get("Location") != "/login" {
				t.Errorf("POST %s: got %d to %q, want 303 to /login", path, rec.Code, rec.Header().Get("Location"))
			}
		}
		list, err := w.Store.Keys(context.Background(), w.Ada, db.Page{Number: 1, Size: 50})
		if err != nil || list.Total != 1 || list.Items[0].Revoked() {
			t.Errorf("the keys are %+v (%v), want the one, live", list.Items, err)
		}
	})
}
