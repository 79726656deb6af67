package webhook

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// BenchmarkArrival is how long it takes from the commit of a change to the arrival of its event, when nothing else is
// going on. The p99 is to stay below 500 ms.
func BenchmarkArrival(b *testing.B) {
	for name, target := range map[string]func(testing.TB) string{
		"sqlite":   func(t testing.TB) string { return filepath.Join(t.TempDir(), "bench.db") },
		"postgres": dbtest.Postgres,
	} {
		b.Run(name, func(b *testing.B) {
			store := dbtest.Open(b, target(b), time.Now)
			ada := owner(b, store)
			came := make(chan time.Time, 1)
			receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came <- time.Now() }))
			b.Cleanup(receiver.Close)
			hook(b, store, ada, receiver.URL, db.ContactCreated)
			ctx, stop := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() {
				defer close(done)
				NewCourier(store, NewSender(guard(loopback), time.Now), slog.New(slog.DiscardHandler)).Run(ctx)
			}()
			b.Cleanup(func() { stop(); <-done })
			var took []time.Duration
			for b.Loop() {
				email := db.NewID() + "@a.example"
				if _, err := store.CreateContact(ctx, ada, db.ContactChange{Email: &email}); err != nil {
					b.Fatal(err)
				}
				start := time.Now()
				took = append(took, (<-came).Sub(start))
				time.Sleep(10 * time.Millisecond) // idle
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
		})
	}
}

// BenchmarkThousand is how long a thousand events take to a healthy endpoint; it is to stay below five seconds.
func BenchmarkThousand(b *testing.B) {
	for name, target := range map[string]func(testing.TB) string{
		"sqlite":   func(t testing.TB) string { return filepath.Join(t.TempDir(), "bench.db") },
		"postgres": dbtest.Postgres,
	} {
		b.Run(name, func(b *testing.B) {
			store := dbtest.Open(b, target(b), time.Now)
			ada := owner(b, store)
			came := make(chan struct{}, 1000)
			receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came <- struct{}{} }))
			b.Cleanup(receiver.Close)
			hook(b, store, ada, receiver.URL, db.ContactCreated)
			for b.Loop() {
				b.StopTimer()
				for range 1000 {
					email := db.NewID() + "@a.example"
					if _, err := store.CreateContact(b.Context(), ada, db.ContactChange{Email: &email}); err != nil {
						b.Fatal(err)
					}
				}
				ctx, stop := context.WithCancel(b.Context())
				done := make(chan struct{})
				b.StartTimer()
				go func() {
					defer close(done)
					NewCourier(store, NewSender(guard(loopback), time.Now), slog.New(slog.DiscardHandler)).Run(ctx)
				}()
				for range 1000 {
					<-came
				}
				b.StopTimer()
				stop()
				<-done
				b.StartTimer()
			}
		})
	}
}
