package handlers_test

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func TestSessionList(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.Person("bob@a.example", "A")
		here, other, bob := w.SignIn("ada@a.example"), w.SignIn("ada@a.example"), w.SignIn("bob@a.example")
		ends := regexp.MustCompile(`/settings/security/sessions/[0-9a-f-]{36}/end`)
		page := func(cookie string) []string {
			return ends.FindAllString(w.Page("/settings/security", cookie).Body.String(), -1)
		}
		if mine, his := page(here), page(bob); len(mine) != 1 || len(his) != 0 {
			t.Fatalf("Ada may end %v, Bob %v; want one and none", mine, his)
		}
		path := page(here)[0]
		foreign, gone := w.Post(path, bob, nil), w.Post("/settings/security/sessions/"+missing+"/end", bob, nil)
		if foreign.Code != 404 || withoutID(foreign) != withoutID(gone) {
			t.Errorf("another's session: got %d %s, want just what a missing one gives", foreign.Code, foreign.Body)
		}
		w.in(t, "the other session, before", other, true)
		if rec := w.Post(path, here, nil); rec.Code != 303 {
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
