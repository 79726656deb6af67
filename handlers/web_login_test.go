package handlers_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

func TestSameAnswer(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.Person("gone@a.example", "A")
		if err := w.Store.DeactivateUser(context.Background(), db.Operator(""), "gone@a.example"); err != nil {
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
		w.Person("bob@a.example", "A")
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
