package webhook

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/insighto/insighto/db"
)

const (
	pollEvery     = 500 * time.Millisecond // for what other copies of the program have left, and for what failed before
	stopTimeout   = 5 * time.Second        // how long requests in flight have when it stops
	claimTogether = 16                     // webhooks that one transaction claims for
	claimBrisk    = 64                     // deliveries that are claimed at once for an endpoint that answers quickly
	claimUnproven = 8
)

// Courier sends what waits in the store, until it is told to stop. Several may work on one database: what one has
// claimed no other sends.
type Courier struct {
	store  *db.Store
	sender *Sender
	log    *slog.Logger

	lanes   lanes
	results chan db.Result
	nudge   chan struct{} // there may be room, or something due
	at      sync.WaitGroup
	halt    chan struct{} // closed when nothing more is to be begun
	random  func() float64
}

// NewCourier gives a courier; Run makes it work.
func NewCourier(store *db.Store, sender *Sender, log *slog.Logger) *Courier {
	return &Courier{
		store: store, sender: sender, log: log, results: make(chan db.Result, resultsAtOnce), nudge: make(chan struct{}, 1),
		halt: make(chan struct{}), lanes: lanes{of: map[db.WebhookRef]*lane{}}, random: rand.Float64,
	}
}

// Run works until ctx ends. Then it begins nothing more, waits a moment for what is on its way, gives back the rest and
// writes every result.
func (c *Courier) Run(ctx context.Context) {
	working, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	var writing sync.WaitGroup
	writing.Go(func() { c.write(context.WithoutCancel(ctx)) })
	c.work(ctx, working)
	close(c.halt)
	late := time.AfterFunc(stopTimeout, abort)
	c.at.Wait()
	late.Stop()
	close(c.results)
	writing.Wait()
}

func (c *Courier) work(ctx, working context.Context) {
	failed := false
	for {
		next, err := c.round(working)
		if err != nil && !failed {
			c.log.Warn("webhooks wait for the database", "err", err)
		}
		failed = err != nil
		timer := time.NewTimer(next)
		select {
		case <-c.store.Due():
		case <-c.nudge:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// round claims for every webhook that has something due and room for it, and tells how long to wait for the next one.
func (c *Courier) round(ctx context.Context) (next time.Duration, err error) {
	due, err := c.store.DueWebhooks(ctx)
	if err != nil {
		return pollEvery, err
	}
	now := c.sender.Now()
	next = pollEvery
	var ready []db.WebhookRef
	for _, d := range due {
		if wait := d.At.Sub(now); wait > 0 {
			next = min(next, wait+time.Millisecond)
		} else {
			ready = append(ready, d.WebhookRef)
		}
	}
	rand.Shuffle(len(ready), func(i, j int) { ready[i], ready[j] = ready[j], ready[i] }) // when there is too little room, luck decides
	brisk, unproven := c.lanes.withRoom(ready, time.Now())
	for _, part := range []struct {
		of   []db.WebhookRef
		most int
	}{{brisk, claimBrisk}, {unproven, claimUnproven}} {
		for len(part.of) > 0 {
			n := min(len(part.of), claimTogether)
			lots, err := c.store.ClaimDeliveries(ctx, part.of[:n], part.most)
			if err != nil {
				return pollEvery, err
			}
			for i := range lots {
				c.begin(ctx, &lots[i])
			}
			part.of = part.of[n:]
		}
	}
	return next, nil
}

// begin puts the runs of a lot into the lane of its webhook, and as many workers as may run there.
func (c *Courier) begin(ctx context.Context, lot *db.Lot) {
	l := c.lanes.put(lot)
	for c.lanes.enter(l) {
		c.at.Go(func() {
			for {
				next, ok := c.lanes.take(l)
				if !ok {
					c.awake()
					return
				}
				c.carry(ctx, l, next)
			}
		})
	}
}

// awake makes the next round come now.
func (c *Courier) awake() {
	select {
	case c.nudge <- struct{}{}:
	default:
	}
}

// carry sends the deliveries of one subject, one after the other. After a failure the rest is given back: the endpoint
// is not healthy, and others may wait for this worker.
func (c *Courier) carry(ctx context.Context, l *lane, r run) {
	for i, p := range r.parcels {
		if c.stopping() || c.lanes.gone(l) || r.lot.Until.Sub(c.sender.Now()) < tryTimeout+time.Second {
			c.giveBack(r, i)
			return
		}
		body, err := c.store.EventBody(ctx, r.lot.TeamID, p.EventID)
		if db.NotFound.Is(err) {
			continue // its time is over, and the delivery went with it
		}
		if err != nil {
			c.giveBack(r, i)
			return
		}
		a := c.sender.try(ctx, r.lot, p.EventID, body)
		if ctx.Err() != nil && a.status == 0 { // we broke it off ourselves
			c.giveBack(r, i)
			return
		}
		result := c.outcomeOf(r.lot, p, a)
		c.lanes.learn(l, a, result.Gone, time.Now())
		c.results <- result
		if a.problem != "" {
			c.log.Debug("a webhook was not delivered", "webhook", r.lot.ID, "event", p.EventID, "status", a.status, "problem", a.problem)
			c.giveBack(r, i+1)
			return
		}
	}
}

func (c *Courier) stopping() bool {
	select {
	case <-c.halt:
		return true
	default:
		return false
	}
}

func (c *Courier) giveBack(r run, from int) {
	for _, p := range r.parcels[from:] {
		c.results <- db.Result{Lot: r.lot, EventID: p.EventID, Untried: true}
	}
}

// outcomeOf says what follows from a try.
func (c *Courier) outcomeOf(lot *db.Lot, p db.Parcel, a attempt) db.Result {
	r := db.Result{
		Lot: lot, EventID: p.EventID, State: db.Delivered, TriedAt: a.at, Took: a.took, Status: a.status, Problem: a.problem, Answer: a.answer,
	}
	if a.problem == "" {
		return r
	}
	r.State, r.Gone = db.Failed, a.status == 410
	if span, again := wait(p.Step, c.random(), a.after); again && !r.Gone {
		r.State, r.Next = db.Waiting, a.at.Add(a.took+span)
	}
	return r
}
