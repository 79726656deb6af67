package db_test

import (
	"context"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

func session(t *testing.T, store *db.Store, p db.Principal) string {
	t.Helper()
	secret, err := store.OpenSession(context.Background(), p, db.Client{Address: "192.0.2.1", UserAgent: "test/1"})
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func signedIn(store *db.Store, secret string) bool {
	_, err := store.Visitor(context.Background(), secret)
	return err == nil
}

func TestSessionAge(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		name  string
		every time.Duration // how long the person is away between two visits
		last  time.Duration // the age at which the session still opens
		gone  time.Duration // the age at which it does not
	}{
		{"an idle session ends after seven days", 7 * day, 0, 7 * day},
		{"a week less a minute is not idle", 7*day - time.Minute, 4 * (7*day - time.Minute), 5 * (7*day - time.Minute)},
		{"a session in use ends after thirty days", day, 29 * day, 30 * day},
	} {
		t.Run(c.name, func(t *testing.T) {
			dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
				secret := session(t, store, member(t, store, "ada@a.example", "A"))
				for age := time.Duration(0); age <= c.gone; age += c.every {
					if in, want := signedIn(store, secret), age <= c.last; in != want {
						t.Errorf("at the age of %v: got in %v, want %v", age, in, want)
					}
					clock.Pass(c.every)
				}
			})
		})
	}
}

func TestSessions(t *testing.T) {
	ctx := context.Background()
	dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
		ada, bob := member(t, store, "ada@a.example", "A"), member(t, store, "bob@a.example", "A")

		t.Run("a session says who, where and since when", func(t *testing.T) {
			v, err := store.Visitor(ctx, session(t, store, ada))
			if err != nil || v.UserID != ada.UserID || v.TeamID != ada.TeamID || v.Member != db.Owner || v.User.Email != "ada@a.example" ||
				v.Session.Address != "192.0.2.1" || v.Session.UserAgent != "test/1" || !v.Session.CreatedAt.Equal(clock.Now()) {
				t.Errorf("got %+v, %v", v, err)
			}
		})

		t.Run("no secret opens what is not there", func(t *testing.T) {
			for _, secret := range []string{"", "x", session(t, store, ada) + "x", db.NewID(), string(make([]byte, 43))} {
				if _, err := store.Visitor(ctx, secret); !db.Unauthenticated.Is(err) {
					t.Errorf("%q: got %v, want unauthenticated", secret, err)
				}
			}
		})

		t.Run("ending one session leaves the others, and nobody ends another's", func(t *testing.T) {
			one, other := session(t, store, ada), session(t, store, ada)
			v, err := store.Visitor(ctx, one)
			if err != nil {
				t.Fatal(err)
			}
			if err := store.EndSession(ctx, bob, v.Session.ID); !db.NotFound.Is(err) || !signedIn(store, one) {
				t.Errorf("bob ends ada's: got %v and in %v, want not found and in", err, signedIn(store, one))
			}
			if err := store.EndSession(ctx, ada, v.Session.ID); err != nil {
				t.Fatal(err)
			}
			if signedIn(store, one) || !signedIn(store, other) {
				t.Errorf("got in %v and %v, want out of the ended one and in the other", signedIn(store, one), signedIn(store, other))
			}
			if err := store.EndSession(ctx, ada, v.Session.ID); !db.NotFound.Is(err) {
				t.Errorf("again: got %v, want not found", err)
			}
		})

		t.Run("a list holds a person's own live sessions, the latest seen first", func(t *testing.T) {
			session(t, store, bob)
			clock.Pass(db.SessionIdle)
			first := session(t, store, bob)
			clock.Pass(time.Minute)
			session(t, store, bob)
			clock.Pass(time.Hour)
			if !signedIn(store, first) {
				t.Fatal("the first session is gone")
			}
			list, err := store.Sessions(ctx, bob)
			if err != nil || len(list) != 2 || !list[0].SeenAt.Equal(clock.Now()) || list[0].CreatedAt.After(list[1].CreatedAt) {
				t.Errorf("got %+v, %v; want two, the one just seen first", list, err)
			}
		})

		t.Run("a new password and deactivation end every session of that person only", func(t *testing.T) {
			one, other, bobs := session(t, store, ada), session(t, store, ada), session(t, store, bob)
			if err := store.ChangePassword(ctx, ada, "wrong", "another long pass phrase"); !db.Invalid.Is(err) || !signedIn(store, one) {
				t.Errorf("with a wrong current password: got %v, want invalid and still in", err)
			}
			if err := store.ChangePassword(ctx, ada, "a long enough pass phrase", "another long pass phrase"); err != nil {
				t.Fatal(err)
			}
			if signedIn(store, one) || signedIn(store, other) || !signedIn(store, bobs) {
				t.Errorf("got in %v, %v, %v; want ada out twice and bob in", signedIn(store, one), signedIn(store, other), signedIn(store, bobs))
			}
			if err := store.DeactivateUser(ctx, db.Operator(""), "bob@a.example"); err != nil || signedIn(store, bobs) {
				t.Errorf("deactivated: got %v, in %v; want out", err, signedIn(store, bobs))
			}
		})

		t.Run("old sessions are removed, live ones stay", func(t *testing.T) {
			eve := member(t, store, "eve@a.example", "A")
			session(t, store, eve)
			clock.Pass(db.SessionAbsolute + time.Minute)
			live := session(t, store, eve)
			if err := store.ForgetOldSessions(ctx); err != nil || !signedIn(store, live) {
				t.Errorf("got %v, in %v", err, signedIn(store, live))
			}
		})
	})
}

func TestSignIn(t *testing.T) {
	ctx := context.Background()
	dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
		ada := member(t, store, "ada@a.example", "A")
		member(t, store, "gone@a.example", "A")
		if err := store.DeactivateUser(ctx, db.Operator(""), "gone@a.example"); err != nil {
			t.Fatal(err)
		}
		const right = "a long enough pass phrase"

		t.Run("case and blanks of the e-mail do not matter, those of the password do", func(t *testing.T) {
			if p, err := store.SignIn(ctx, "  ADA@a.Example ", right, db.Client{Address: "192.0.2.1"}); err != nil || p.UserID != ada.UserID || p.TeamID != ada.TeamID {
				t.Errorf("got %+v, %v", p, err)
			}
			for _, wrong := range []string{" " + right, right + " ", "A long enough pass phrase", ""} {
				if _, err := store.SignIn(ctx, "ada@a.example", wrong, db.Client{Address: "192.0.2.1"}); code(err) != "sign_in_failed" {
					t.Errorf("%q: got %v, want sign_in_failed", wrong, err)
				}
			}
		})

		t.Run("an unknown e-mail, a wrong password and a deactivated person are one answer", func(t *testing.T) {
			_, want := store.SignIn(ctx, "ada@a.example", "wrong", db.Client{Address: "192.0.2.2"})
			for _, email := range []string{"nobody@a.example", "gone@a.example", "", "\x00", "\xff", "' OR 1=1 --"} {
				if _, err := store.SignIn(ctx, email, right, db.Client{Address: "192.0.2.2"}); err == nil || err.Error() != want.Error() {
					t.Errorf("%q: got %v, want %v", email, err, want)
				}
			}
		})
	})
}
