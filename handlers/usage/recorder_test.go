package usage_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers/usage"
)

func newRecorder(store *db.Store) *usage.Recorder {
	return usage.NewRecorder(store, slog.New(slog.DiscardHandler), time.Now)
}

// newKey makes a person and a key of theirs.
func newKey(t testing.TB, store *db.Store) (db.Principal, db.Key) {
	t.Helper()
	user, team, err := store.AddUser(context.Background(), db.Operator(""), db.NewUser{Email: "ada@a.example", Name: "Ada", Team: "A", Member: "owner", Password: "a long enough pass phrase"})
	if err != nil {
		t.Fatal(err)
	}
	ada := db.Principal{TeamID: team.ID, UserID: user.ID, Member: db.Owner}
	return ada, anotherKey(t, store, ada)
}

func anotherKey(t testing.TB, store *db.Store, p db.Principal) db.Key {
	t.Helper()
	k, _, err := store.CreateKey(context.Background(), p, db.NewKey{Name: "laptop", Role: "read_only", Description: "for a test"})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestLastUse(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		ada, _ := newKey(t, store)
		at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
		newer := db.KeyUse{At: at.Add(time.Minute), Method: "GET", Route: "/api/v1/contact", Status: 200, Address: "192.0.2.1", UserAgent: "curl/8"}
		older := db.KeyUse{At: at, Method: "GET", Route: "/api/v1/key", Status: 404, Address: "192.0.2.2", UserAgent: "old"}
		for _, c := range []struct {
			name    string
			flushes [][]db.KeyUse
			want    db.KeyUse
		}{
			{"the newer of one flush stays", [][]db.KeyUse{{newer, older}}, newer},
			{"the newer of one flush replaces", [][]db.KeyUse{{older, newer}}, newer},
			{"an older one of a later flush does not count", [][]db.KeyUse{{newer}, {older}}, newer},
			{"a newer one of a later flush replaces", [][]db.KeyUse{{older}, {newer}}, newer},
			{"an older one alone is the last", [][]db.KeyUse{{older}}, older},
			{"a flush of nothing leaves it as it was", [][]db.KeyUse{{newer}, {}}, newer},
			{"a key that was never used has none", [][]db.KeyUse{{}}, db.KeyUse{}},
		} {
			t.Run(c.name, func(t *testing.T) {
				k := anotherKey(t, store, ada)
				for _, uses := range c.flushes { // each by a copy of the program that knows of no other
					recorder := newRecorder(store)
					for _, use := range uses {
						recorder.Count(db.Principal{TeamID: k.TeamID, KeyID: k.ID}, request(use), true)
					}
					flush(t, recorder)
				}
				kept, err := store.Key(ctx, ada, k.ID)
				if err != nil || kept.LastUsed != c.want {
					t.Errorf("got %+v (%v), want %+v", kept.LastUsed, err, c.want)
				}
			})
		}
	})
}

// request is the request that a use was made by.
func request(u db.KeyUse) db.Request {
	return db.Request{ID: db.NewID(), At: u.At, Method: u.Method, Route: u.Route, Status: u.Status, Address: u.Address, UserAgent: u.UserAgent}
}

func TestAMinuteOfRequestsUpdatesAKeyAtMost120Times(t *testing.T) {
	const requests = 10_000
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		synctest.Test(t, func(t *testing.T) {
			store := dbtest.Open(t, target, time.Now)
			ada, k := newKey(t, store)
			count := countKeyUpdates(t, target)
			recorder := newRecorder(store)
			ctx, stop := context.WithCancel(t.Context())
			stopped := make(chan struct{})
			go func() {
				recorder.Run(ctx)
				close(stopped)
			}()
			var last time.Time
			for range requests {
				last = time.Now().UTC()
				recorder.Count(db.Principal{TeamID: k.TeamID, KeyID: k.ID}, db.Request{ID: db.NewID(), At: last, Method: "GET", Route: "/api/v1/key", Status: 200, Address: "192.0.2.1"}, true)
				time.Sleep(time.Minute / requests)
			}
			updates := count()
			stop()
			<-stopped
			if updates > 120 || updates < 60 {
				t.Errorf("%d requests in a minute made %d updates of the key, want 60 to 120", requests, updates)
			}
			kept, err := store.Key(context.Background(), ada, k.ID)
			if err != nil || !kept.LastUsed.At.Equal(last.Truncate(time.Millisecond)) {
				t.Errorf("last used %v (%v), want %v", kept.LastUsed.At, err, last)
			}
		})
	})
}

// countKeyUpdates has the database itself count the updates of rows of keys.
func countKeyUpdates(t *testing.T, target string) func() int {
	t.Helper()
	statements := []string{`CREATE TABLE key_updates (key_id TEXT)`,
		`CREATE TRIGGER key_updated AFTER UPDATE ON keys BEGIN INSERT INTO key_updates VALUES (NEW.id); END`}
	if db.IsPostgres(target) {
		statements = []string{statements[0],
			`CREATE FUNCTION key_updated() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO key_updates VALUES (NEW.id); RETURN NEW; END'`,
			`CREATE TRIGGER key_updated AFTER UPDATE ON keys FOR EACH ROW EXECUTE FUNCTION key_updated()`}
	}
	handle := dbtest.Handle(t, target)
	for _, statement := range statements {
		if _, err := handle.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	return func() (n int) {
		if err := handle.QueryRow(`SELECT COUNT(*) FROM key_updates`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
}
