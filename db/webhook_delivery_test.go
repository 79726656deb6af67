package db_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// talks makes conversations with some messages each, as many events.
func talks(t testing.TB, store *db.Store, p db.Principal, n, messages int) (ids []string) {
	t.Helper()
	ctx := context.Background()
	a, err := store.CreateAssistant(ctx, p, db.AssistantChange{Name: text("Support")})
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		c, err := store.CreateConversation(ctx, p, db.NewConversation{AssistantID: a.ID})
		if err != nil {
			t.Fatal(err)
		}
		for i := range messages - 1 {
			if _, err := store.AddMessage(ctx, p, c.ID, db.NewMessage{SenderType: "bot", Text: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
		ids = append(ids, c.ID)
	}
	return ids
}

func result(lot *db.Lot, p db.Parcel, state db.DeliveryState, at time.Time, next time.Duration) db.Result {
	return db.Result{Lot: lot, EventID: p.EventID, State: state, TriedAt: at, Next: at.Add(next), Status: 500, Problem: "It answered 500.", Answer: "no"}
}

func finish(t testing.TB, store *db.Store, results ...db.Result) {
	t.Helper()
	if err := store.FinishDeliveries(context.Background(), results); err != nil {
		t.Fatal(err)
	}
}

func TestClaims(t *testing.T) {
	dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
		ctx := context.Background()
		ada := member(t, store, "ada@a.example", "A")
		w, _ := listener(t, store, ada)
		state := func(t *testing.T, event string) db.Delivery {
			t.Helper()
			d, err := store.Delivery(ctx, ada, w.ID, event)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}

		t.Run("nobody else gets a claimed one before its lease ends", func(t *testing.T) {
			talks(t, store, ada, 2, 1)
			first := claimed(t, store, ada, w)
			if len(first.Parcels) != 2 || !first.Until.Equal(clock.Now().Add(db.Lease)) {
				t.Fatalf("got %d parcels until %v", len(first.Parcels), first.Until)
			}
			if again := claimed(t, store, ada, w); len(again.Parcels) != 0 {
				t.Errorf("got %d of them again", len(again.Parcels))
			}
			clock.Pass(db.Lease)
			taken := claimed(t, store, ada, w)
			if len(taken.Parcels) != 2 {
				t.Fatalf("after the lease: got %d, want 2", len(taken.Parcels))
			}
			finishAll(t, store, first, db.Failed) // too late
			if d := state(t, first.Parcels[0].EventID); d.State != db.Waiting || d.Tries != 0 || !d.Claimed {
				t.Errorf("a result under a claim that was lost is taken: %+v", d)
			}
			finishAll(t, store, taken, db.Delivered)
			if d := state(t, first.Parcels[0].EventID); d.State != db.Delivered || d.Tries != 1 || d.Claimed || d.Took != 3*time.Millisecond || d.Status != 200 {
				t.Errorf("got %+v", d)
			}
		})
		t.Run("what was not sent after all is due at once, and not a try", func(t *testing.T) {
			talks(t, store, ada, 1, 1)
			lot := claimed(t, store, ada, w)
			finish(t, store, db.Result{Lot: &lot, EventID: lot.Parcels[0].EventID, Untried: true})
			if again := claimed(t, store, ada, w); len(again.Parcels) != 1 || again.Parcels[0].Step != 0 {
				t.Errorf("got %+v", again)
			} else {
				finishAll(t, store, again, db.Delivered)
			}
		})
		t.Run("one that failed is due when it is to be tried again", func(t *testing.T) {
			talks(t, store, ada, 1, 1)
			lot := claimed(t, store, ada, w)
			finish(t, store, result(&lot, lot.Parcels[0], db.Waiting, clock.Now(), time.Minute))
			if d := state(t, lot.Parcels[0].EventID); !d.DueAt.Equal(clock.Now().Add(time.Minute)) || d.Problem != "It answered 500." || d.Answer != "no" || d.Status != 500 {
				t.Errorf("got %+v", d)
			}
			clock.Pass(time.Minute - time.Millisecond)
			if early := claimed(t, store, ada, w); len(early.Parcels) != 0 {
				t.Error("it is handed out too early")
			}
			clock.Pass(time.Millisecond)
			again := claimed(t, store, ada, w)
			if len(again.Parcels) != 1 || again.Parcels[0].Step != 1 || !again.Failing {
				t.Fatalf("got %+v", again)
			}
			finishAll(t, store, again, db.Delivered)
			if got, _ := store.Webhook(ctx, ada, w.ID); !got.FailingSince.IsZero() {
				t.Error("it is failing after a success")
			}
		})
		t.Run("a conversation comes in order, even when half of it is claimed", func(t *testing.T) {
			talks(t, store, ada, 2, 3)
			lots, err := store.ClaimDeliveries(ctx, []db.WebhookRef{{TeamID: ada.TeamID, ID: w.ID}}, 1)
			if err != nil || len(lots) != 1 || len(lots[0].Parcels) != 1 {
				t.Fatalf("got %v (%v)", lots, err)
			}
			rest := claimed(t, store, ada, w)
			if runs := rest.Runs(); len(runs) != 1 || len(runs[0]) != 3 || runs[0][0].Subject == lots[0].Parcels[0].Subject {
				t.Errorf("got %v beside what is on its way", runs)
			}
			finishAll(t, store, lots[0], db.Delivered)
			after := claimed(t, store, ada, w)
			if len(after.Parcels) != 2 || after.Parcels[0].Subject != lots[0].Parcels[0].Subject {
				t.Errorf("got %v once it has arrived", after.Parcels)
			}
			finishAll(t, store, rest, db.Delivered)
			finishAll(t, store, after, db.Delivered)
		})
	})
}

func TestEndpointsThatFail(t *testing.T) {
	dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
		ctx := context.Background()
		ada := member(t, store, "ada@a.example", "A")
		failed := func(w db.Webhook, gone bool) {
			t.Helper()
			if _, err := store.TestWebhook(ctx, ada, w.ID); err != nil {
				t.Fatal(err)
			}
			lot := claimed(t, store, ada, w)
			r := result(&lot, lot.Parcels[0], db.Failed, clock.Now(), 0)
			r.Gone = gone
			finish(t, store, r)
		}
		why := func(w db.Webhook) string {
			t.Helper()
			got, err := store.Webhook(ctx, ada, w.ID)
			if err != nil || got.Enabled != (got.DisabledWhy == "") || got.Enabled != got.DisabledAt.IsZero() {
				t.Fatalf("got %+v (%v)", got, err)
			}
			return got.DisabledWhy
		}
		t.Run("five days of nothing but failures disable it", func(t *testing.T) {
			w, _ := listener(t, store, ada)
			failed(w, false)
			clock.Pass(db.FailingMax - time.Millisecond)
			failed(w, false)
			if got := why(w); got != "" {
				t.Errorf("a moment before: got %q", got)
			}
			clock.Pass(time.Millisecond)
			failed(w, false)
			if got := why(w); got != db.DisabledFailing {
				t.Errorf("got %q, want %q", got, db.DisabledFailing)
			}
			t.Run("and enabling it starts anew", func(t *testing.T) {
				on := true
				if _, err := store.UpdateWebhook(ctx, ada, w.ID, db.WebhookChange{Enabled: &on}, anywhere); err != nil {
					t.Fatal(err)
				}
				failed(w, false)
				if got := why(w); got != "" {
					t.Errorf("got %q after one failure", got)
				}
			})
		})
		t.Run("one success in five days keeps it", func(t *testing.T) {
			w, _ := listener(t, store, ada)
			failed(w, false)
			clock.Pass(db.FailingMax / 2)
			if _, err := store.TestWebhook(ctx, ada, w.ID); err != nil {
				t.Fatal(err)
			}
			finishAll(t, store, claimed(t, store, ada, w), db.Delivered)
			clock.Pass(db.FailingMax / 2)
			failed(w, false)
			if got := why(w); got != "" {
				t.Errorf("got %q", got)
			}
		})
		t.Run("one that is gone is disabled at once, and keeps what waits", func(t *testing.T) {
			w, _ := listener(t, store, ada)
			talks(t, store, ada, 1, 1)
			first := claimed(t, store, ada, w)
			talks(t, store, ada, 1, 1)
			r := result(&first, first.Parcels[0], db.Failed, clock.Now(), 0)
			r.Gone = true
			finish(t, store, r)
			if got := why(w); got != db.DisabledGone {
				t.Errorf("got %q, want %q", got, db.DisabledGone)
			}
			if lot := claimed(t, store, ada, w); len(lot.Parcels) != 0 {
				t.Errorf("a disabled one gets %d", len(lot.Parcels))
			}
			on := true
			if _, err := store.UpdateWebhook(ctx, ada, w.ID, db.WebhookChange{Enabled: &on}, anywhere); err != nil {
				t.Fatal(err)
			}
			if lot := claimed(t, store, ada, w); len(lot.Parcels) != 1 {
				t.Errorf("enabled again it gets %d, want 1", len(lot.Parcels))
			}
		})
	})
}

func TestReplays(t *testing.T) {
	dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
		ctx := context.Background()
		ada := member(t, store, "ada@a.example", "A")
		w, _ := listener(t, store, ada)
		talks(t, store, ada, 1, 1)
		old := claimed(t, store, ada, w)
		finishAll(t, store, old, db.Failed)
		clock.Pass(time.Hour)
		since := clock.Now()
		talks(t, store, ada, 600, 1)
		for range 6 {
			finishAll(t, store, claimed(t, store, ada, w), db.Failed)
		}
		list := func(state db.DeliveryState) (ids []string, total int64) {
			t.Helper()
			l, err := store.Deliveries(ctx, ada, w.ID, state, db.Page{Number: 1, Size: 2})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range l.Items {
				ids = append(ids, d.EventID)
			}
			return ids, l.Total
		}
		t.Run("a list is narrowed by state, newest first", func(t *testing.T) {
			for state, want := range map[db.DeliveryState]int64{"": 601, db.Failed: 601, db.Waiting: 0, db.Delivered: 0} {
				if ids, total := list(state); total != want || want > 0 && ids[0] < ids[1] {
					t.Errorf("%q: got %v of %d, want %d", state, ids, total, want)
				}
			}
			if _, err := store.Deliveries(ctx, ada, w.ID, "lost", db.Page{Number: 1, Size: 2}); !db.Invalid.Is(err) {
				t.Errorf("a state that is none: got %v", err)
			}
		})
		t.Run("all that failed since a time, and nothing before", func(t *testing.T) {
			n, err := store.ReplayFailed(ctx, ada, w.ID, since)
			if _, failed := list(db.Failed); err != nil || n != 600 || failed != 1 {
				t.Errorf("got %d (%v), %d stay failed; want 600 and 1", n, err, failed)
			}
			again := claimed(t, store, ada, w)
			if len(again.Parcels) != 100 || again.Parcels[0].Step != 0 {
				t.Errorf("got %d parcels", len(again.Parcels))
			}
			finishAll(t, store, again, db.Delivered)
			if d, _ := store.Delivery(ctx, ada, w.ID, again.Parcels[0].EventID); d.Tries != 2 {
				t.Errorf("got %d tries in all, want 2", d.Tries)
			}
		})
		t.Run("one, whatever became of it", func(t *testing.T) {
			id := old.Parcels[0].EventID
			for _, state := range []db.DeliveryState{db.Failed, db.Delivered} {
				for lot := claimed(t, store, ada, w); len(lot.Parcels) > 0; lot = claimed(t, store, ada, w) {
					finishAll(t, store, lot, state)
				}
				if err := store.Replay(ctx, ada, w.ID, id); err != nil {
					t.Fatal(err)
				}
				lot := claimed(t, store, ada, w)
				if len(lot.Parcels) != 1 || lot.Parcels[0].EventID != id {
					t.Errorf("after %s: got %v", state, lot.Parcels)
				}
				if err := store.Replay(ctx, ada, w.ID, id); err != nil { // on its way
					t.Fatal(err)
				}
				if lot := claimed(t, store, ada, w); len(lot.Parcels) != 0 {
					t.Error("what is on its way is handed out twice")
				}
				finishAll(t, store, lot, state)
			}
			if err := store.Replay(ctx, ada, w.ID, db.NewID()); !db.NotFound.Is(err) {
				t.Errorf("one that is not there: got %v", err)
			}
		})
		t.Run("none of a disabled webhook", func(t *testing.T) {
			off := false
			if _, err := store.UpdateWebhook(ctx, ada, w.ID, db.WebhookChange{Enabled: &off}, anywhere); err != nil {
				t.Fatal(err)
			}
			if _, err := store.ReplayFailed(ctx, ada, w.ID, since); !db.Conflict.Is(err) {
				t.Errorf("got %v, want a conflict", err)
			}
		})
		t.Run("after 30 days all is gone, some at a time", func(t *testing.T) {
			clock.Pass(30*24*time.Hour + time.Millisecond)
			rounds := 0
			for more := true; more; rounds++ {
				var err error
				if more, err = store.ForgetOldEvents(ctx); err != nil {
					t.Fatal(err)
				}
			}
			if _, total := list(""); total != 0 || rounds < 3 {
				t.Errorf("%d are left after %d rounds", total, rounds)
			}
		})
	})
}

func TestManyClaimAtOnce(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		store := dbtest.Open(t, target, time.Now)
		copies := []*db.Store{store, dbtest.Open(t, target, time.Now)}
		ada := member(t, store, "ada@a.example", "A")
		w, _ := listener(t, store, ada)
		talks(t, store, ada, 10, 20)
		var mu sync.Mutex
		got := map[string]int{}
		on := map[string]int{}   // of a subject, how many lots have it
		last := map[string]int{} // of a subject, the chat count that came last
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				s := copies[i%2]
				for {
					lots, err := s.ClaimDeliveries(context.Background(), []db.WebhookRef{{TeamID: ada.TeamID, ID: w.ID}}, 3)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					done := len(got) == 200
					for _, lot := range lots {
						for _, run := range lot.Runs() {
							if on[run[0].Subject]++; on[run[0].Subject] > 1 {
								t.Errorf("%s is handed out by two at once", run[0].Subject)
							}
							for _, p := range run {
								got[p.EventID]++
								body, err := s.EventBody(context.Background(), ada.TeamID, p.EventID)
								if err != nil {
									t.Error(err)
								}
								n := strings.Count(string(body), `"sender_type"`)
								if n < last[p.Subject] {
									t.Errorf("%s comes with %d messages after %d", p.Subject, n, last[p.Subject])
								}
								last[p.Subject] = n
							}
						}
					}
					for _, lot := range lots {
						for _, run := range lot.Runs() {
							on[run[0].Subject]--
						}
					}
					mu.Unlock()
					if done {
						return
					}
					for _, lot := range lots {
						finishAll(t, s, lot, db.Delivered)
					}
				}
			})
		}
		all.Wait()
		for id, n := range got {
			if n != 1 {
				t.Errorf("%s was handed out %d times", id, n)
			}
		}
	})
}

// wide is what a plan says when it goes through the outbox instead of finding its place by an index.
var wide = regexp.MustCompile(`(?m)^SCAN (d|e|deliveries|events).*|Seq Scan on (deliveries|events).*|USE TEMP B-TREE FOR ORDER BY`)

func TestTheCourierFindsItsPlaceHoweverManyWereDelivered(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		ctx := context.Background()
		store := dbtest.Open(t, target, time.Now)
		ada := member(t, store, "ada@a.example", "A")
		w, _ := listener(t, store, ada)
		const many = 200_000 // at a million it is the same, and takes a minute
		bulk(t, target, `
		INSERT INTO events (team_id, id, event, subject, position, body, created_at) `+numbers+`
		SELECT $2, 'old-' || i, 'contact.updated', 'subject-' || (i % 1000), i, EMPTY, i FROM n`, many, ada.TeamID)
		bulk(t, target, `
		INSERT INTO deliveries (team_id, webhook_id, event_id, event, subject, position, state, due_at, created_at) `+numbers+`
		SELECT $2, $3, 'old-' || i, 'contact.updated', 'subject-' || (i % 1000), i, 'delivered', i, i FROM n`, many, ada.TeamID, w.ID)
		for _, statistics := range []bool{false, true} {
			if statistics {
				if _, err := dbtest.Handle(t, target).Exec(`ANALYZE`); err != nil {
					t.Fatal(err)
				}
			}
			talks(t, store, ada, 2, 2)
			watched := store.Watch(func(text string, args []any) {
				for _, plan := range plans(t, target, text, args) {
					if found := wide.FindString(plan); found != "" {
						t.Errorf("statistics %t: %q in the plan of %s\n%s", statistics, found, text, plan)
					}
				}
			})
			due, err := watched.DueWebhooks(ctx)
			if err != nil || len(due) != 1 {
				t.Fatalf("%d are due (%v)", len(due), err)
			}
			lots, err := watched.ClaimDeliveries(ctx, []db.WebhookRef{due[0].WebhookRef}, 10)
			if err != nil || len(lots) != 1 || len(lots[0].Parcels) != 4 {
				t.Fatalf("claimed %v (%v)", lots, err)
			}
			finishAll(t, watched, lots[0], db.Delivered)
			if _, err := watched.EventBody(ctx, ada.TeamID, lots[0].Parcels[0].EventID); err != nil {
				t.Error(err)
			}
			for _, state := range []db.DeliveryState{db.Waiting, db.Failed} {
				if _, err := watched.Deliveries(ctx, ada, w.ID, state, db.Page{Number: 1, Size: 50}); err != nil {
					t.Error(err)
				}
			}
			if err := watched.Unwatch(); err != nil {
				t.Error(err)
			}
		}
	})
}
