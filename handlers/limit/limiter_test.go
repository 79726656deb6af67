package limit_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers/limit"
)

func newLimiter(store *db.Store, rate int64, now func() time.Time) *limit.Limiter {
	return limit.NewLimiter(store, slog.New(slog.DiscardHandler), rate, now)
}

// takes asks n times and gives how many were let in, and the last standing.
func takes(t *testing.T, l *limit.Limiter, p db.Principal, n int) (in int, last limit.Standing) {
	t.Helper()
	for range n {
		standing, err := l.Take(t.Context(), p)
		switch {
		case err == nil:
			in++
		case !db.TooMany.Is(err):
			t.Fatal(err)
		}
		last = standing
	}
	return in, last
}

func TestLimits(t *testing.T) {
	dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
		fresh := func() (*limit.Limiter, db.Principal) {
			return newLimiter(store, 20, clock.Now), db.Principal{TeamID: "t", UserID: db.NewID(), KeyID: db.NewID()}
		}

		t.Run("each request is told what is left, and the one beyond is refused", func(t *testing.T) {
			l, p := fresh()
			for want := int64(19); want >= 0; want-- {
				s, err := l.Take(t.Context(), p)
				if err != nil || s.Most != 20 || s.Left != want || s.Ends <= 0 || s.Ends > time.Minute {
					t.Fatalf("got %+v, %v; want %d left of 20", s, err, want)
				}
			}
			s, err := l.Take(t.Context(), p)
			if !db.TooMany.Is(err) || s.Left != 0 {
				t.Errorf("got %+v, %v; want none left", s, err)
			}
		})
		t.Run("it may go on when the minute ends, and not before", func(t *testing.T) {
			l, p := fresh()
			_, s := takes(t, l, p, 20)
			clock.Pass(s.Ends - time.Millisecond)
			if in, _ := takes(t, l, p, 5); in != 0 {
				t.Errorf("a millisecond before: %d let in, want 0", in)
			}
			clock.Pass(time.Millisecond)
			if in, s := takes(t, l, p, 25); in != 20 || s.Ends != time.Minute {
				t.Errorf("in the next minute: %d let in, %v to its end; want 20, 1m", in, s.Ends)
			}
		})
		t.Run("what is given back may be used again", func(t *testing.T) {
			l, p := fresh()
			for range 100 {
				s, err := l.Take(t.Context(), p)
				if err != nil {
					t.Fatal(err)
				}
				if s = l.GiveBack(p, s); s.Left != 20 {
					t.Fatalf("got %d left, want 20", s.Left)
				}
			}
			s, _ := l.Take(t.Context(), p)
			clock.Pass(time.Minute)
			l.GiveBack(p, s)
			if in, _ := takes(t, l, p, 25); in != 20 {
				t.Errorf("given back a minute late: %d let in, want 20", in)
			}
		})
		t.Run("a person's keys may make three times as much together", func(t *testing.T) {
			l, p := fresh()
			in := 0
			for i := range 5 {
				p.KeyID = db.NewID()
				n, s := takes(t, l, p, 20)
				if in += n; s.Left != max(0, int64(min(20-n, 60-in))) {
					t.Errorf("key %d: got %d let in and %d left", i, n, s.Left)
				}
			}
			if in != 60 {
				t.Errorf("%d let in, want 60", in)
			}
			other := db.Principal{TeamID: "t", UserID: db.NewID(), KeyID: db.NewID()}
			if in, _ := takes(t, l, other, 25); in != 20 {
				t.Errorf("somebody else: %d let in, want 20", in)
			}
		})
		t.Run("a clock that is set back brings nothing back", func(t *testing.T) {
			l, p := fresh()
			takes(t, l, p, 20)
			clock.Pass(-30 * time.Second)
			in, s := takes(t, l, p, 20)
			if in != 0 || s.Ends > 90*time.Second {
				t.Errorf("%d let in, %v to the end; want 0", in, s.Ends)
			}
			clock.Pass(s.Ends)
			if in, _ := takes(t, l, p, 25); in != 20 {
				t.Errorf("afterwards: %d let in, want 20", in)
			}
		})
		t.Run("a client that is gone ends its wait", func(t *testing.T) {
			l, p := fresh()
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			for range 50 { // also while the database is asked for it
				if _, err := l.Take(ctx, p); err != nil && err != context.Canceled && !db.TooMany.Is(err) {
					t.Fatal(err)
				}
			}
			if in, _ := takes(t, l, p, 25); in > 20 {
				t.Errorf("%d let in, want 20 at most", in)
			}
		})
	})
}

func TestIdleKeysAreForgotten(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		clock := dbtest.NewClock()
		store := dbtest.Open(t, target, clock.Now)
		l := newLimiter(store, 20, clock.Now)
		for range 100 {
			takes(t, l, db.Principal{TeamID: "t", UserID: db.NewID(), KeyID: db.NewID()}, 1)
		}
		busy := db.Principal{TeamID: "t", UserID: db.NewID(), KeyID: db.NewID()}
		clock.Pass(12 * time.Minute)
		takes(t, l, busy, 5)
		l.Forget(t.Context())
		if known := l.Known(); known != 2 {
			t.Errorf("%d keys and people are known, want the busy ones", known)
		}
		var rows int
		if err := dbtest.Handle(t, target).QueryRow("SELECT COUNT(*) FROM allowances").Scan(&rows); err != nil || rows != 2 && db.IsPostgres(target) {
			t.Errorf("%d rows are kept (%v), want 2", rows, err)
		}
		if in, _ := takes(t, l, busy, 20); in != 15 {
			t.Errorf("the busy key: %d more let in, want 15", in)
		}
	})
}

// Two copies of the program with clocks that differ share minutes, and many clients ask at once.
func TestLimitsOfSeveralCopies(t *testing.T) {
	const rate, clients, copies = 300, 40, 3
	clock := dbtest.NewClock()
	target := dbtest.Postgres(t)
	var all []*limit.Limiter
	for i := range copies {
		late := func() time.Time { return clock.Now().Add(-time.Duration(i) * 2 * time.Second) }
		all = append(all, newLimiter(dbtest.Open(t, target, late), rate, late))
	}
	p := db.Principal{TeamID: "t", UserID: db.NewID()}
	keys := []string{db.NewID(), db.NewID(), db.NewID(), db.NewID()}
	_, s := takes(t, all[copies-1], db.Principal{TeamID: "t", UserID: p.UserID, KeyID: db.NewID()}, 1)
	clock.Pass(s.Ends) // the last copy's minute begins, and so do those of the others, which are ahead
	for round := range 3 {
		in := make([]atomic.Int64, len(keys))
		var running sync.WaitGroup
		for c := range clients {
			running.Go(func() {
				for i := range 60 {
					key := (c + i) % len(keys)
					_, err := all[(c+i)%copies].Take(t.Context(), db.Principal{TeamID: "t", UserID: p.UserID, KeyID: keys[key]})
					if err == nil {
						in[key].Add(1)
					} else if !db.TooMany.Is(err) {
						t.Error(err)
					}
				}
			})
		}
		running.Wait()
		var sum int64
		for i := range in {
			n := in[i].Load()
			if sum += n; n > rate {
				t.Errorf("round %d, key %d: %d let in, want %d at most", round, i, n, rate)
			}
		}
		if sum > limit.PersonRate*rate || sum < limit.PersonRate*rate*9/10 {
			t.Errorf("round %d: %d let in of all keys, want %d, or somewhat less where copies keep what they were granted", round, sum, limit.PersonRate*rate)
		}
		clock.Pass(time.Minute)
	}
}

// A client that asks one request after the other of any copy, and waits when it is told that none is left, is never
// refused.
func TestAnObedientClientIsNeverRefusedByAnyCopy(t *testing.T) {
	clock := dbtest.NewClock()
	target := dbtest.Postgres(t)
	for _, rate := range []int64{1, 2, 7, 50} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			var copies []*limit.Limiter
			for range 3 {
				copies = append(copies, newLimiter(dbtest.Open(t, target, clock.Now), rate, clock.Now))
			}
			p := db.Principal{TeamID: "t", UserID: db.NewID(), KeyID: db.NewID()}
			for i, waits := 0, 0; waits < 4; i++ {
				s, err := copies[(i*i/3)%len(copies)].Take(t.Context(), p)
				if err != nil {
					t.Fatalf("request %d after %d waits: %v", i, waits, err)
				}
				if i%5 == 4 {
					s = copies[(i*i/3)%len(copies)].GiveBack(p, s)
				}
				if s.Left == 0 {
					clock.Pass(s.Ends)
					waits++
				}
			}
		})
	}
}

func TestLimitsWithoutTheDatabase(t *testing.T) {
	clock := dbtest.NewClock()
	target := dbtest.Postgres(t)
	l := newLimiter(dbtest.Open(t, target, clock.Now), 20, clock.Now)
	p := db.Principal{TeamID: "t", UserID: db.NewID(), KeyID: db.NewID()}
	takes(t, l, p, 5)
	handle := dbtest.Handle(t, target)
	if _, err := handle.Exec("ALTER TABLE allowances RENAME TO lost"); err != nil {
		t.Fatal(err)
	}
	if in, _ := takes(t, l, p, 30); in != 15 {
		t.Errorf("while nothing is granted: %d more let in, want 15", in)
	}
	if _, err := handle.Exec("ALTER TABLE lost RENAME TO allowances"); err != nil {
		t.Fatal(err)
	}
	clock.Pass(time.Minute)
	if in, _ := takes(t, l, p, 30); in != 20 {
		t.Errorf("in the minute after: %d let in, want 20", in)
	}
	var granted int64
	if err := handle.QueryRow("SELECT MAX(taken) FROM allowances WHERE subject LIKE 'key %' AND since > 0").Scan(&granted); err != nil || granted != 20 {
		t.Errorf("granted: got %d, %v; want 20 again", granted, err)
	}
}

func BenchmarkTake(b *testing.B) {
	store := dbtest.Open(b, b.TempDir()+"/test.db", time.Now)
	l := newLimiter(store, 1<<40, time.Now)
	p := db.Principal{TeamID: db.NewID(), UserID: db.NewID(), KeyID: db.NewID()}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Take(b.Context(), p); err != nil {
			b.Fatal(err)
		}
	}
}
