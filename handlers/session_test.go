package handlers_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers"
)

// eachWorldAt is eachWorld on a clock that the test moves.
func eachWorldAt(t *testing.T, f func(t *testing.T, w *world, clock *dbtest.Clock)) {
	t.Helper()
	dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) { f(t, newWorld(t, store), clock) })
}

// in wants a page of the settings to open with a cookie, or to be sent to sign in.
func (w *world) in(t *testing.T, what, cookie string, want bool) {
	t.Helper()
	rec := w.page("/settings/api-keys", cookie)
	if got := rec.Code == http.StatusOK; got != want || !got && (rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/login?next=%2Fsettings%2Fapi-keys") {
		t.Errorf("%s: got %d to %q, want let in %v", what, rec.Code, rec.Header().Get("Location"), want)
	}
}

func (w *world) login(email, password string, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	form := url.Values{"email": {email}, "password": {password}}
	return w.do(http.MethodPost, "/login", form.Encode(), append(headers, "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")...)
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
			secure, err := handlers.New(handlers.Config{Store: w.store, Usage: w.uses, Log: slog.New(slog.DiscardHandler), BaseURL: "https://insighto.example", Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			rec := (&world{t: t, handler: secure}).login("ada@a.example", passphrase)
			if c := rec.Result().Cookies()[0]; c.Name != "__Host-insighto" || !c.Secure || rec.Header().Get("Strict-Transport-Security") == "" {
				t.Errorf("the cookie is %s, the headers %v", c, rec.Header())
			}
		})

		t.Run("a session gets a new id at sign-in, and the one before ends", func(t *testing.T) {
			for _, planted := range []string{"insighto=" + strings.Repeat("A", 43), "insighto=short; insighto=\x00", w.signIn("ada@a.example")} {
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
			cookie := w.signIn("ada@a.example")
			rec := w.post("/logout", cookie, nil)
			if c := rec.Result().Cookies(); rec.Code != 303 || rec.Header().Get("Location") != "/login" || len(c) != 1 || c[0].MaxAge >= 0 || c[0].Value != "" {
				t.Errorf("got %d to %q, %v", rec.Code, rec.Header().Get("Location"), c)
			}
			w.in(t, "the cookie, replayed", cookie, false)
			if rec := w.post("/logout", cookie, nil); rec.Code != 303 {
				t.Errorf("a second sign-out: got %d, want 303", rec.Code)
			}
		})
	})
}

func TestSameAnswer(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.person("gone@a.example", "A")
		if err := w.store.DeactivateUser(context.Background(), db.Operator(""), "gone@a.example"); err != nil {
			t.Fatal(err)
		}
		answers := map[string]string{}
		for name, c := range map[string]struct{ email, password string }{
			"an unknown e-mail":    {"nobody@a.example", passphrase},
			"a wrong password":     {"ada@a.example", passphrase + "!"},
			"no password":          {"ada@a.example", ""},
			"a deactivated person": {"gone@a.example", passphrase},
		} {
			rec := w.login(c.email, c.password)
			if rec.Code != 401 || len(rec.Result().Cookies()) != 0 {
				t.Errorf("%s: got %d, %v, want 401 and no cookie", name, rec.Code, rec.Result().Cookies())
			}
			answers[strings.ReplaceAll(rec.Body.String(), c.email, "EMAIL")] = name
		}
		if len(answers) != 1 {
			t.Errorf("there are %d answers, want 1: %v", len(answers), answers)
		}
	})
}

func TestThrottle(t *testing.T) {
	eachWorldAt(t, func(t *testing.T, w *world, clock *dbtest.Clock) {
		wrong := strings.Repeat("x", 600) // longer than any password, so it is refused without being hashed
		refused := func(what string, rec *httptest.ResponseRecorder) {
			t.Helper()
			if wait, err := strconv.Atoi(rec.Header().Get("Retry-After")); rec.Code != 429 || err != nil || wait < 1 || wait > 15*60 {
				t.Errorf("%s: got %d, Retry-After %q, want 429", what, rec.Code, rec.Header().Get("Retry-After"))
			}
		}
		w.person("bob@a.example", "A")
		for i := range 10 {
			if rec := w.login("ada@a.example", wrong); rec.Code != 401 {
				t.Fatalf("try %d: got %d, want 401", i+1, rec.Code)
			}
		}
		refused("the 11th try", w.login("ada@a.example", wrong))
		refused("the right password then", w.login("Ada@a.example", passphrase))
		if rec := w.login("bob@a.example", passphrase); rec.Code != 303 {
			t.Errorf("another account from the same address: got %d, want 303", rec.Code)
		}
		for i := range 10 {
			w.login("nobody@a.example", fmt.Sprint(wrong, i))
		}
		refused("an account that does not exist", w.login("nobody@a.example", wrong))
		clock.Pass(15 * time.Minute)
		if rec := w.login("ada@a.example", passphrase); rec.Code != 303 {
			t.Errorf("a quarter of an hour later: got %d, want 303", rec.Code)
		}
		for i := range 100 {
			if rec := w.login(fmt.Sprintf("n%d@a.example", i), wrong); rec.Code != 401 {
				t.Fatalf("account %d from one address: got %d, want 401", i+1, rec.Code)
			}
		}
		refused("the 101st try from one address", w.login("bob@a.example", passphrase))
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
		cookie := w.signIn("ada@a.example")
		for _, c := range cases {
			rec := w.page("/login?next="+url.QueryEscape(c.next), cookie)
			if got := rec.Header().Get("Location"); rec.Code != 303 || got != c.to {
				t.Errorf("signed in, next=%q: got %d to %q, want 303 to %q", c.next, rec.Code, got, c.to)
			}
		}
		for _, c := range cases[:5] {
			rec := w.post("/login", "", url.Values{"email": {"ada@a.example"}, "password": {passphrase}, "next": {c.next}})
			if got := rec.Header().Get("Location"); rec.Code != 303 || got != c.to {
				t.Errorf("signing in, next=%q: got %d to %q, want 303 to %q", c.next, rec.Code, got, c.to)
			}
		}
		rec := w.page("/login?next=/settings/security", "")
		if rec.Code != 200 || !strings.Contains(rec.Body.String(), `name="next" value="/settings/security"`) {
			t.Errorf("the form forgets next: %d %s", rec.Code, rec.Body)
		}
	})
}

func TestSessionsEnd(t *testing.T) {
	const day = 24 * time.Hour
	eachWorldAt(t, func(t *testing.T, w *world, clock *dbtest.Clock) {
		t.Run("a session lives while it is used within seven days", func(t *testing.T) {
			idle, used := w.signIn("ada@a.example"), w.signIn("ada@a.example")
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
			cookie := w.signIn("ada@a.example")
			for range 5 {
				clock.Pass(6*day - time.Second)
				w.in(t, "used each six days", cookie, true)
			}
			clock.Pass(5 * time.Second)
			w.in(t, "after 30 days", cookie, false)
		})

		t.Run("a deactivated person is out at once, and so are the keys", func(t *testing.T) {
			bob := w.person("bob@a.example", "A")
			cookie := w.signIn("bob@a.example")
			_, secret := w.key(bob, "read_only")
			if err := w.store.DeactivateUser(context.Background(), db.Operator(""), "bob@a.example"); err != nil {
				t.Fatal(err)
			}
			w.in(t, "the session", cookie, false)
			if rec := w.get("/api/v1/key", secret); rec.Code != 401 || decode(t, rec)["code"] != "key_unknown" {
				t.Errorf("the key: got %d %s, want 401 key_unknown", rec.Code, rec.Body)
			}
		})

		t.Run("a new password ends every other session", func(t *testing.T) {
			w.person("eve@b.example", "B")
			other, here := w.signIn("eve@b.example"), w.signIn("eve@b.example")
			ada := w.signIn("ada@a.example")
			change := func(current, next string) *httptest.ResponseRecorder {
				return w.post("/settings/security/password", here, url.Values{"current": {current}, "password": {next}})
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

func TestSessionList(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.person("bob@a.example", "A")
		here, other, bob := w.signIn("ada@a.example"), w.signIn("ada@a.example"), w.signIn("bob@a.example")
		ends := regexp.MustCompile(`/settings/security/sessions/[0-9a-f-]{36}/end`)
		page := func(cookie string) []string {
			return ends.FindAllString(w.page("/settings/security", cookie).Body.String(), -1)
		}
		if mine, his := page(here), page(bob); len(mine) != 1 || len(his) != 0 {
			t.Fatalf("Ada may end %v, Bob %v; want one and none", mine, his)
		}
		path := page(here)[0]
		foreign, gone := w.post(path, bob, nil), w.post("/settings/security/sessions/"+missing+"/end", bob, nil)
		if foreign.Code != 404 || withoutID(foreign) != withoutID(gone) {
			t.Errorf("another's session: got %d %s, want just what a missing one gives", foreign.Code, foreign.Body)
		}
		w.in(t, "the other session, before", other, true)
		if rec := w.post(path, here, nil); rec.Code != 303 {
			t.Errorf("ending it: got %d, want 303", rec.Code)
		}
		w.in(t, "the other session", other, false)
		w.in(t, "this session", here, true)
	})
}

// withoutID gives a page but for its request id.
func withoutID(rec *httptest.ResponseRecorder) string {
	return strings.ReplaceAll(rec.Body.String(), rec.Header().Get("X-Request-Id"), "ID")
}

func TestSetup(t *testing.T) {
	eachEmpty(t, func(t *testing.T, w *world) {
		code, err := w.store.NewSetupCode(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		send := func(code, email string) *httptest.ResponseRecorder {
			return w.post("/setup", "", url.Values{"code": {code}, "team": {"Team <A>"}, "name": {"Ada"}, "email": {email}, "password": {passphrase}})
		}
		for path, status := range map[string]int{"/setup": 200, "/login": 303, "/": 303, "/settings/api-keys": 303} {
			if rec := w.page(path, ""); rec.Code != status {
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
		if anybody, err := w.store.HasUsers(context.Background()); err != nil || anybody {
			t.Fatalf("somebody is there (%v)", err)
		}
		rec := send(" "+code+" ", "ada@a.example")
		if rec.Code != 303 || rec.Header().Get("Location") != "/settings/api-keys" || len(rec.Result().Cookies()) != 1 {
			t.Fatalf("the right code: got %d to %q %s", rec.Code, rec.Header().Get("Location"), rec.Body)
		}
		w.in(t, "the owner", "insighto="+rec.Result().Cookies()[0].Value, true)
		if rec := w.page("/setup", ""); rec.Code != 303 || rec.Header().Get("Location") != "/login" {
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
	code, err := w.store.NewSetupCode(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// eachEmpty is eachWorld with nobody in it.
func eachEmpty(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		w := &world{t: t, store: store, log: &logBuffer{}}
		w.handler, w.uses = w.copy(store)
		f(t, w)
	})
}

func TestAnonymous(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		key, _ := w.key(w.ada, "read_only")
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
			rec := w.do(http.MethodGet, path, "")
			if got := rec.Header().Get("Location"); rec.Code != 303 || got != to || rec.Body.Len() != 0 {
				t.Errorf("%s: got %d to %q, want 303 to %q", path, rec.Code, got, to)
			}
			rec = w.do(http.MethodGet, path, "", "HX-Request", "true")
			if got := rec.Header().Get("HX-Redirect"); rec.Code != 401 || got != to {
				t.Errorf("%s by htmx: got %d to %q, want 401 to %q", path, rec.Code, got, to)
			}
		}
		for _, path := range []string{"/settings/api-keys", "/settings/api-keys/" + key.ID + "/revoke", "/settings/api-keys/" + key.ID + "/delete", "/settings/security/password"} {
			if rec := w.post(path, "", url.Values{"name": {"n"}, "role": {"read_only"}, "description": {"d"}}); rec.Code != 303 || rec.Header().Get("Location") != "/login" {
				t.Errorf("POST %s: got %d to %q, want 303 to /login", path, rec.Code, rec.Header().Get("Location"))
			}
		}
		list, err := w.store.Keys(context.Background(), w.ada, db.Page{Number: 1, Size: 50})
		if err != nil || list.Total != 1 || list.Items[0].Revoked() {
			t.Errorf("the keys are %+v (%v), want the one, live", list.Items, err)
		}
	})
}

func TestOtherSites(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		key, _ := w.key(w.ada, "read_only")
		cookie := w.signIn("ada@a.example")
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
				rec := w.do(method, path, "", append(c.headers, "Cookie", cookie, "Content-Type", "application/x-www-form-urlencoded")...)
				if rec.Code != c.status {
					t.Errorf("%s from %s: got %d, want %d", method, c.name, rec.Code, c.status)
				}
			}
			kept, err := w.store.Key(context.Background(), w.ada, key.ID)
			if err != nil || kept.Revoked() != (c.status == 303) {
				t.Fatalf("from %s: the key is %+v (%v)", c.name, kept, err)
			}
			if c.status == 303 {
				key, _ = w.key(w.ada, "read_only")
			}
		}
		if rec := w.do(http.MethodPost, "/login", "email=ada@a.example&password="+url.QueryEscape(passphrase), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "cross-site"); rec.Code != 403 {
			t.Errorf("signing in from another site: got %d, want 403", rec.Code)
		}
	})
}

func TestHeadersOfPages(t *testing.T) {
	const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	inline := regexp.MustCompile(`(?i)<script(?:\s[^>]*)?>[^<]|<style|\sstyle=|\son[a-z]+=|javascript:|(?:src|href)="(?:https?:)?//`)
	eachWorld(t, func(t *testing.T, w *world) {
		key, _ := w.key(w.ada, "read_only")
		cookie := w.signIn("ada@a.example")
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
			get, head := w.do(http.MethodGet, c.path, "", "Cookie", c.cookie), w.do(http.MethodHead, c.path, "", "Cookie", c.cookie)
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
		if kept, err := w.store.Key(context.Background(), w.ada, key.ID); err != nil || kept.Revoked() {
			t.Errorf("GET touched the key: %+v (%v)", kept, err)
		}
	})
}
