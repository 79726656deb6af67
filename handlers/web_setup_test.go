package handlers_test

import (
	"context"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

func TestSetup(t *testing.T) {
	eachEmpty(t, func(t *testing.T, w *world) {
		code, err := w.Store.NewSetupCode(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		send := func(code, email string) *httptest.ResponseRecorder {
			return w.Post("/setup", "", url.Values{"code": {code}, "team": {"Team <A>"}, "name": {"Ada"}, "email": {email}, "password": {passphrase}})
		}
		for path, status := range map[string]int{"/setup": 200, "/login": 303, "/": 303, "/settings/api-keys": 303} {
			if rec := w.Page(path, ""); rec.Code != status {
				t.Errorf("%s with nobody there: got %d, want %d", path, rec.Code, status)
			}
		}
		for _, wrong := range []string{"", "wrong", strings.ToLower(code) + "x", code[1:]} {
			rec := send(wrong, "ada@a.example")
			body := rec.Body.String()
			if rec.Code != 422 || !strings.Contains(body, `id="code-wrong"`) || !strings.Contains(body, `value="Team &lt;A&gt;"`) || !strings.Contains(body, `value="ada@a.example"`) || strings.Contains(body, passphrase) {
				t.Errorf("code %q: got %d %s", wrong, rec.Code, body)
			}
		}
		if rec := send(code, "no e-mail"); rec.Code != 422 || !strings.Contains(rec.Body.String(), `id="email-wrong"`) || strings.Contains(rec.Body.String(), `id="code-wrong"`) {
			t.Errorf("no e-mail: got %d", rec.Code)
		}
		if anybody, err := w.Store.HasUsers(context.Background()); err != nil || anybody {
			t.Fatalf("somebody is there (%v)", err)
		}
		rec := send(" "+code+" ", "ada@a.example")
		if rec.Code != 303 || rec.Header().Get("Location") != "/settings/api-keys" || len(rec.Result().Cookies()) != 1 {
			t.Fatalf("the right code: got %d to %q %s", rec.Code, rec.Header().Get("Location"), rec.Body)
		}
		w.in(t, "the owner", "insighto="+rec.Result().Cookies()[0].Value, true)
		if rec := w.Page("/setup", ""); rec.Code != 303 || rec.Header().Get("Location") != "/login" {
			t.Errorf("/setup afterwards: got %d, want 303 to /login", rec.Code)
		}
		for name, again := range map[string]string{"the same code": code, "no code": "", "a code made since": newCode(t, w)} {
			if rec := send(again, "eve@b.example"); rec.Code < 400 || rec.Code >= 500 || len(rec.Result().Cookies()) != 0 {
				t.Errorf("%s: got %d, want a refusal", name, rec.Code)
			}
		}
		if rec := w.login("eve@b.example", passphrase); rec.Code != 401 {
			t.Errorf("a second owner signs in: got %d, want 401", rec.Code)
		}
	})
}

func newCode(t *testing.T, w *world) string {
	t.Helper()
	code, err := w.Store.NewSetupCode(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// eachEmpty is eachWorld with nobody in it.
func eachEmpty(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, store *db.Store) { f(t, emptyWorld(t, store)) })
}
