package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db/dbtest"
)

// go run ./cmd/dev kill does it a hundred times.
func TestAKillLosesAtMostASecondOfTheCounts(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		x := terminalOn(t, target).withAda()
		secret := strings.TrimSpace(x.createKey().out)
		handle := dbtest.Handle(t, target)
		sent, kept := 0, 0
		for _, lives := range []time.Duration{1300 * time.Millisecond, 1550 * time.Millisecond, 1800 * time.Millisecond} {
			server := x.start()
			var answered []time.Time
			for begun := time.Now(); time.Since(begun) < lives; {
				answer, err := http.Get(server.url + "/api/v1/key?api_key=" + secret)
				if err != nil || answer.StatusCode != http.StatusOK {
					t.Fatal("a request failed")
				}
				answer.Body.Close()
				answered = append(answered, time.Now())
			}
			server.kill()
			killed, before := time.Now(), kept
			sent += len(answered)
			certain := 0
			for _, at := range answered {
				if killed.Sub(at) > time.Second {
					certain++
				}
			}
			for _, table := range []string{`SELECT CAST(SUM(requests) AS BIGINT) FROM usage_hours`, `SELECT CAST(SUM(ok) AS BIGINT) FROM usage_sums WHERE kind = 'team'`} {
				if err := handle.QueryRow(table).Scan(&kept); err != nil {
					t.Fatal(err)
				}
				if now := kept - before; now < certain || now > len(answered) {
					t.Errorf("%d are counted of %d answers, want at least the %d that were older than a second: %s", now, len(answered), certain, table)
				}
			}
			if certain == 0 {
				t.Error("no answer was older than a second: nothing is proved")
			}
		}
		if kept > sent {
			t.Errorf("%d are counted of %d answers", kept, sent)
		}
	})
}
