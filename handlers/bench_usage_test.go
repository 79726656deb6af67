package handlers_test

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers"
	"github.com/insighto/insighto/handlers/limit"
	"github.com/insighto/insighto/handlers/usage"
)

// TestCompareCounting measures GET /api/v1/key with counting, the log and limits on and off, interleaved in one run. It
// measures, so it does not fail; go run ./cmd/dev bench runs it.
func TestCompareCounting(t *testing.T) {
	if os.Getenv("INSIGHTO_BENCH") == "" {
		t.Skip("INSIGHTO_BENCH is not set: go run ./cmd/dev bench sets it")
	}
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		w := newWorld(t, dbtest.Open(t, target, time.Now))
		_, secret := w.Key(w.Ada, "read_only")
		off := w.Program(func(c *handlers.Config) { c.Usage, c.Log = nil, slog.New(slog.DiscardHandler) })
		limits := limit.NewLimiter(w.Store, slog.New(slog.DiscardHandler), 1<<40, time.Now)
		on := w.Program(func(c *handlers.Config) { c.Limits, c.Log = limits, slog.New(slog.DiscardHandler) })
		ctx, stop := context.WithCancel(context.Background())
		var written sync.WaitGroup
		written.Go(func() { w.Usage.Run(ctx) })
		written.Go(func() { limits.Run(ctx) })
		defer written.Wait()
		defer stop()
		path := "/api/v1/key?api_key=" + secret
		rivals := []*rival{{name: "nothing is counted", handler: off, path: path}, {name: "counts, the log and limits", handler: on, path: path}}
		race(t, rivals, 9, time.Second)
		t.Logf("\n%s\nthey leave %.1f %% of the requests a second, at %.1f %% of the CPU", table(rivals), 100*rivals[1].rate/rivals[0].rate, 100*rivals[1].cpu/rivals[0].cpu)
	})
}

// BenchmarkCount is what a request pays for being counted.
func BenchmarkCount(b *testing.B) {
	store := dbtest.Open(b, b.TempDir()+"/test.db", time.Now)
	uses := usage.NewRecorder(store, slog.New(slog.DiscardHandler), time.Now)
	p := db.Principal{TeamID: db.NewID(), KeyID: db.NewID()}
	r := db.Request{ID: db.NewID(), Method: http.MethodGet, Route: "/api/v1/key", Status: 200, Took: time.Millisecond, Bytes: 500, Address: "192.0.2.1", UserAgent: agent}
	b.ReportAllocs()
	for b.Loop() {
		r.At = time.Now()
		uses.Count(p, r, true)
	}
}
