package usage_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers/usage"
)

// answered is one request that was answered with a status at a moment.
func answered(at time.Time, status int) db.Request {
	return db.Request{ID: db.NewID(), At: at, Method: "GET", Route: "/api/v1/key", Status: status, Bytes: 10, Took: time.Millisecond, Address: "192.0.2.1", UserAgent: "test/1"}
}

func flush(t rapid.TB, recorder *usage.Recorder) {
	t.Helper()
	if err := recorder.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// number reads the one number that a query gives.
func number(t testing.TB, target, text string, args ...any) (n int64) {
	t.Helper()
	if err := dbtest.Handle(t, target).QueryRow(text, args...).Scan(&n); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return n
}

const countedOf = `SELECT COALESCE(CAST(SUM(requests) AS BIGINT), 0) FROM usage_hours WHERE team_id = $1`

func TestABatchWhoseCommitGotNoAnswerCountsOnce(t *testing.T) {
	target := dbtest.Postgres(t)
	handle := dbtest.Handle(t, target)
	way := cutAfterCommit(t, target)
	store := dbtest.Open(t, way.target, time.Now)
	p, recorder := db.Principal{TeamID: db.NewID(), KeyID: db.NewID()}, newRecorder(store)
	want := int64(0)
	for round := range 5 {
		for range 3 {
			recorder.Count(p, answered(time.Now(), 200), true)
			want++
		}
		way.armed.Store(true)
		if err := recorder.Flush(context.Background()); err == nil || way.armed.Load() {
			t.Fatalf("round %d: the flush gave %v, want the connection cut at its commit", round, err)
		}
		var kept int64
		if err := handle.QueryRow(countedOf, p.TeamID).Scan(&kept); err != nil || kept != want {
			t.Fatalf("round %d: %d are kept (%v), want %d: the commit has to arrive", round, kept, err, want)
		}
		recorder.Count(p, answered(time.Now(), 500), true)
		want++
		if err := recorder.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{countedOf, `SELECT COUNT(*) FROM requests WHERE team_id = $1`, `SELECT ok + server FROM usage_sums WHERE team_id = $1 AND kind = 'key'`, `SELECT requests FROM usage_months WHERE team_id = $1`} {
			if err := handle.QueryRow(table, p.TeamID).Scan(&kept); err != nil || kept != want {
				t.Errorf("round %d: got %d (%v), want %d of %s", round, kept, err, want, table)
			}
		}
	}
}

// cutter is a way to PostgreSQL that, once armed, lets a commit through and cuts the connection before its answer.
type cutter struct {
	target string
	armed  atomic.Bool
}

func cutAfterCommit(t *testing.T, target string) *cutter {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	there := u.Host
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	u.Host = l.Addr().String()
	way := &cutter{target: u.String()}
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", there)
			if err != nil {
				near.Close()
				return
			}
			go way.carry(near, far)
		}
	}()
	return way
}

func (c *cutter) carry(near, far net.Conn) {
	defer near.Close()
	defer far.Close()
	var cut atomic.Bool
	go func() {
		defer near.Close()
		buf := make([]byte, 64<<10)
		for {
			n, err := far.Read(buf)
			if err != nil || cut.Load() { // the commit is done, for its answer is here
				return
			}
			if _, err := near.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := near.Read(buf)
		if bytes.Contains(buf[:n], []byte("commit")) && c.armed.CompareAndSwap(true, false) {
			cut.Store(true)
		}
		if _, writeErr := far.Write(buf[:n]); writeErr != nil || err != nil {
			return
		}
	}
}

func TestTheLogKeepsASample(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name          string
		rate          int
		sent, minutes int
		status        int
		rows, weight  int64
	}{
		{"everything up to the rate", 600, 600, 1, 200, 600, 600},
		{"one of a hundred beyond it", 600, 1650, 1, 200, 610, 1600},
		{"each minute anew", 10, 12, 3, 200, 30, 30},
		{"all failures", 10, 500, 1, 404, 500, 500},
		{"failures up to a cap", 10, 1500, 1, 429, 1000, 1000},
		{"nothing at rate 0", 0, 50, 1, 500, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dbtest.EachTarget(t, func(t *testing.T, target string) {
				p, recorder := db.Principal{TeamID: db.NewID(), KeyID: db.NewID()}, newRecorder(dbtest.Open(t, target, time.Now))
				recorder.LogRate = c.rate
				for minute := range c.minutes {
					for range c.sent {
						recorder.Count(p, answered(at.Add(time.Duration(minute)*time.Minute), c.status), true)
					}
				}
				flush(t, recorder)
				if rows := number(t, target, `SELECT COUNT(*) FROM requests WHERE team_id = $1`, p.TeamID); rows != c.rows {
					t.Errorf("got %d rows, want %d", rows, c.rows)
				}
				if weight := number(t, target, `SELECT COALESCE(CAST(SUM(weight) AS BIGINT), 0) FROM requests WHERE team_id = $1`, p.TeamID); weight != c.weight {
					t.Errorf("the rows stand for %d requests, want %d", weight, c.weight)
				}
				if n := number(t, target, countedOf, p.TeamID); n != int64(c.sent*c.minutes) {
					t.Errorf("counted %d, want %d: what is not in the log is counted all the same", n, c.sent*c.minutes)
				}
			})
		})
	}
}

func TestMemoryIsBoundedWhileTheDatabaseIsAway(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		p, recorder := db.Principal{TeamID: db.NewID()}, newRecorder(dbtest.Open(t, target, time.Now))
		const keys, each = 10_500, 2
		at := time.Now()
		for i := range keys {
			p.KeyID = fmt.Sprint(i)
			for range each {
				recorder.Count(p, answered(at, 200), true)
			}
		}
		flush(t, recorder)
		if n := number(t, target, countedOf, p.TeamID); n != keys*each {
			t.Errorf("counted %d, want %d", n, keys*each)
		}
		if n := number(t, target, `SELECT COUNT(*) FROM usage_hours WHERE team_id = $1`, p.TeamID); n != 10_001 {
			t.Errorf("got %d rows, want 10,000 that are told apart and one for the rest", n)
		}
		if n := number(t, target, `SELECT COUNT(*) FROM requests WHERE team_id = $1`, p.TeamID); n != 10_000 {
			t.Errorf("the log has %d rows, want 10,000", n)
		}
	})
}

func TestWhatTheDatabaseDoesNotTakeIsTriedAgain(t *testing.T) {
	target := t.TempDir() + "/test.db"
	store := dbtest.Open(t, target, time.Now)
	p, recorder := db.Principal{TeamID: db.NewID(), KeyID: db.NewID()}, newRecorder(store)
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for range 30 {
		recorder.Count(p, answered(time.Now(), 200), true)
		if err := recorder.Flush(gone); err == nil {
			t.Fatal("a flush without time said that it wrote")
		}
	}
	flush(t, recorder)
	if n := number(t, target, countedOf, p.TeamID); n != 30 {
		t.Errorf("counted %d, want 30", n)
	}
}

func TestCopiesThatWriteTheSameKeysDoNotStopEachOther(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		store := dbtest.Open(t, target, time.Now)
		ada, _ := newKey(t, store)
		var keys []db.Principal
		for range 100 {
			k := anotherKey(t, store, ada)
			keys = append(keys, db.Principal{TeamID: k.TeamID, UserID: k.UserID, KeyID: k.ID})
		}
		const copies, rounds = 3, 5
		var all sync.WaitGroup
		for range copies {
			recorder := newRecorder(store)
			all.Go(func() {
				for range rounds {
					for _, p := range keys {
						recorder.Count(p, answered(time.Now(), 200), true)
					}
					if err := recorder.Flush(context.Background()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if n := number(t, target, countedOf, ada.TeamID); n != copies*rounds*int64(len(keys)) {
			t.Errorf("counted %d, want %d", n, copies*rounds*len(keys))
		}
		if n := number(t, target, `SELECT CAST(SUM(ok) AS BIGINT) FROM usage_sums WHERE team_id = $1 AND kind = 'key'`, ada.TeamID); n != copies*rounds*int64(len(keys)) {
			t.Errorf("the sums of keys say %d, want %d", n, copies*rounds*len(keys))
		}
	})
}
