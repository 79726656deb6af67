package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/insighto/insighto/db"
)

func TestTeamPage(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.Person("eve@b.example", "B")
		for email, role := range map[string]string{"bob@a.example": "member", "old@a.example": "admin"} {
			if _, _, err := w.Store.AddUser(t.Context(), db.Operator(""), db.NewUser{Email: email, Name: "<b>" + role, Team: "A", Member: role, Password: passphrase}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Store.DeactivateUser(t.Context(), db.Operator(""), "old@a.example"); err != nil {
			t.Fatal(err)
		}
		for email, runs := range map[string]bool{"ada@a.example": true, "bob@a.example": false} {
			rec := w.Page("/settings/team", w.SignIn(email))
			page := rec.Body.String()
			for _, want := range []string{"3 people", "Ada Lovelace", "ada@a.example", "Owner", "&lt;b&gt;member", "bob@a.example", "Member", "old@a.example", "Admin", "<time datetime="} {
				if rec.Code != http.StatusOK || !strings.Contains(page, want) {
					t.Errorf("%s: got %d without %q", email, rec.Code, want)
				}
			}
			if strings.Count(page, ">You<") != 1 || strings.Count(page, ">Deactivated<") != 1 || strings.Contains(page, "eve@") || strings.Contains(page, "insighto user add") != runs {
				t.Errorf("%s: the page is %s", email, page)
			}
		}
		if rec := w.Page("/settings/team?page=5", w.SignIn("ada@a.example")); rec.Code != 200 || !strings.Contains(rec.Body.String(), "past the end") {
			t.Errorf("past the end: got %d %s", rec.Code, rec.Body)
		}
	})
}

func TestProfilePage(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.Person("bob@a.example", "A")
		cookie := w.SignIn("ada@a.example")
		name := func(email string) string {
			t.Helper()
			p, err := w.Store.MemberByEmail(t.Context(), email, "A")
			if err != nil {
				t.Fatal(err)
			}
			u, err := w.Store.User(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			return u.Name
		}
		if rec := w.Page("/settings/profile", cookie); rec.Code != 200 || !strings.Contains(rec.Body.String(), `value="Ada Lovelace"`) || !strings.Contains(rec.Body.String(), `value="ada@a.example"`) {
			t.Errorf("got %d %s", rec.Code, rec.Body)
		}
		rec := w.Post("/settings/profile", cookie, url.Values{"name": {"  Ada <King> "}, "email": {"eve@b.example"}, "id": {missing}})
		if rec.Code != 303 || rec.Header().Get("Location") != "/settings/profile?changed=name" || name("ada@a.example") != "Ada <King>" || name("bob@a.example") != "Ada Lovelace" {
			t.Errorf("got %d to %s; the names are %q and %q", rec.Code, rec.Header().Get("Location"), name("ada@a.example"), name("bob@a.example"))
		}
		if rec := w.Page("/settings/profile?changed=name", cookie); !strings.Contains(rec.Body.String(), "Your name is changed.") || !strings.Contains(rec.Body.String(), "Ada &lt;King&gt;") {
			t.Errorf("changed: got %s", rec.Body)
		}
		for _, wrong := range []string{"", "  ", strings.Repeat("a", 65), "a\nb", "a\x1fb", "\xff", "\u202e", "in-" + strings.Repeat("a", 43)} {
			rec := w.Post("/settings/profile", cookie, url.Values{"name": {wrong}})
			if rec.Code != 422 || !strings.Contains(rec.Body.String(), `id="name-wrong"`) || strings.Contains(rec.Body.String(), "Your name is changed") || keyOn(rec.Body.String()) != "" || name("ada@a.example") != "Ada <King>" {
				t.Errorf("%q: got %d %s", wrong, rec.Code, rec.Body)
			}
		}
		if rec := w.Do(http.MethodPost, "/settings/profile", "name=Mallory", "Cookie", cookie, "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "cross-site"); rec.Code != 403 || name("ada@a.example") != "Ada <King>" {
			t.Errorf("from another site: got %d", rec.Code)
		}
	})
}
