package dbtest

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
)

// Clock stands still until a test moves it; many may look at it at once.
type Clock struct{ at atomic.Int64 }

// NewClock begins at noon, UTC, of Monday, 23 November 2026.
func NewClock() *Clock {
	c := &Clock{}
	c.at.Store(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).UnixMilli())
	return c
}

// Now is what the clock shows, in UTC and to the millisecond, as the database keeps it.
func (c *Clock) Now() time.Time { return time.UnixMilli(c.at.Load()).UTC() }

// Pass moves the clock on, or back when span is negative.
func (c *Clock) Pass(span time.Duration) { c.at.Add(span.Milliseconds()) }

// EachClock is Each with a clock of its own on every engine.
func EachClock(t *testing.T, f func(t *testing.T, store *db.Store, clock *Clock)) {
	t.Helper()
	EachTarget(t, func(t *testing.T, target string) {
		clock := NewClock()
		f(t, Open(t, target, clock.Now), clock)
	})
}
