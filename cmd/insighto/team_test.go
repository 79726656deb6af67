package main

import (
	"testing"
	"time"

	"github.com/insighto/insighto/db/dbtest"
)

func TestTeamQuota(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		x := terminalOn(t, target)
		x.ok("user", "add", "--email", "ada@example.com", "--name", "Ada", "--team", "Lovelace")
		quota := func() int64 {
			t.Helper()
			store := dbtest.Open(t, target, time.Now)
			team, err := store.TeamNamed(t.Context(), "Lovelace")
			if err != nil {
				t.Fatal(err)
			}
			all, err := store.Quotas(t.Context(), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			return all[team.ID].Most
		}
		if got := quota(); got != 0 {
			t.Errorf("a new team: got %d, want no quota", got)
		}
		x.ok("team", "quota", "--team", "Lovelace", "100000").want(t, exitDone, "100000 API requests a month")
		if got := quota(); got != 100_000 {
			t.Errorf("got %d, want 100000", got)
		}
		for _, nonsense := range []string{"0", "-1", "many", "1e6", "1000000000001", "99999999999999999999", ""} {
			x.run("team", "quota", "--team", "Lovelace", "--", nonsense).want(t, exitUsage, "from 1 to 1000000000000, or none")
		}
		x.run("team", "quota", "--team", "Byron", "5").want(t, exitFailed, `no team named "Byron"`)
		if got := quota(); got != 100_000 {
			t.Errorf("after nonsense: got %d, want 100000 still", got)
		}
		x.ok("team", "quota", "--team", "Lovelace", "none").want(t, exitDone, "any number")
		if got := quota(); got != 0 {
			t.Errorf("got %d, want no quota again", got)
		}
	})
}
