// Package limit keeps keys within their requests a minute and teams within their requests a month. What copies of the
// program let in together is counted in package db.
package limit

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/insighto/insighto/db"
)

// PersonRate is how many times the rate of one key all keys of a person may make together.
const PersonRate = 3

// Limiter lets requests in as long as the limits of their key, its holder and the team allow. On SQLite a process counts
// by itself; on PostgreSQL it gives away only what it was granted, so that all copies of the program together never let
// in more than the limit in a minute. Minutes go by the program's clock: where the clocks of two copies differ, they
// count into the same minutes, and one is merely late to begin the next. It is safe for use by many goroutines.
type Limiter struct {
	store  *db.Store
	log    *slog.Logger
	now    func() time.Time
	rate   int64
	mu     sync.Mutex
	keys   map[string]*minute
	people map[string]*minute
	told   time.Time // when the log was last told that the database grants nothing
	quotas atomic.Pointer[quotas]
}

// NewLimiter gives a limiter that goes by the clock now, and lets each key make rate requests a minute, or any number
// for 0. Run keeps it up to date.
func NewLimiter(store *db.Store, log *slog.Logger, rate int64, now func() time.Time) *Limiter {
	l := &Limiter{store: store, log: log, now: now, rate: rate, keys: map[string]*minute{}, people: map[string]*minute{}}
	l.quotas.Store(&quotas{})
	return l
}

// Rate is how many requests a minute a key may make, or 0 for any number.
func (l *Limiter) Rate() int64 { return l.rate }

// Standing is what a key may still do.
type Standing struct {
	Most, Left int64         // requests in this minute; Most is 0 where no limit is
	Ends       time.Duration // until the next minute begins
	Month      MonthStanding

	since int64
}

// Take lets one request in, or gives a TooMany error. Either way the standing is as it is after it.
func (l *Limiter) Take(ctx context.Context, p db.Principal) (Standing, error) {
	month, err := l.month(p.TeamID)
	if l.rate == 0 {
		return Standing{Month: month}, err
	}
	if err != nil {
		standing := l.look(p)
		standing.Month = month
		return standing, err
	}
	for {
		standing, granted, err := l.take(p)
		if granted == nil {
			standing.Month = month
			return standing, err
		}
		select {
		case <-granted:
		case <-ctx.Done():
			return Standing{}, ctx.Err()
		}
	}
}

// take gives a channel when the database has to be asked first; it is closed once that is done.
func (l *Limiter) take(p db.Principal) (Standing, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now().UnixMilli()
	key, person := l.minutes(p, now)
	standing := l.standing(key, person, now)
	switch {
	case key.over():
		return standing, nil, db.TooSoon(standing.Ends, fmt.Sprintf("This key may make %d requests a minute. Wait until Retry-After is over; the RateLimit header tells how many are left.", key.most))
	case person.over():
		return standing, nil, db.TooSoon(standing.Ends, fmt.Sprintf("Your keys may make %d requests a minute together. Wait until Retry-After is over; the RateLimit header tells how many are left.", person.most))
	case key.left > 0 && person.left > 0:
		key.use(1)
		person.use(1)
		return l.standing(key, person, now), nil, nil
	}
	return standing, l.ask(p, key, person), nil
}

// look gives how the key stands, and takes nothing.
func (l *Limiter) look(p db.Principal) Standing {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now().UnixMilli()
	key, person := l.minutes(p, now)
	return l.standing(key, person, now)
}

// GiveBack takes back that a request was let in, since its answer is not to count.
func (l *Limiter) GiveBack(p db.Principal, s Standing) Standing {
	if s.Most == 0 {
		return s
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now().UnixMilli()
	key, person := l.minutes(p, now)
	if key.since != s.since {
		return s
	}
	key.use(-1)
	person.use(-1)
	given := l.standing(key, person, now)
	given.Month = s.Month
	return given
}

// minutes gives the minute of the key and that of the person, which begin together. Those of different people begin at
// different seconds, so that what waits for the next one does not come all at once.
func (l *Limiter) minutes(p db.Principal, now int64) (key, person *minute) {
	person, key = l.people[p.UserID], l.keys[p.KeyID]
	if person == nil {
		person = &minute{phase: phaseOf(p.UserID)}
		l.people[p.UserID] = person
	}
	if key == nil {
		key = &minute{}
		l.keys[p.KeyID] = key
	}
	person.turn(person.begin(now), PersonRate*l.rate, l.store.Shared())
	key.turn(person.since, l.rate, l.store.Shared())
	return key, person
}

func (l *Limiter) standing(key, person *minute, now int64) Standing {
	return Standing{Most: key.most, Left: min(key.known(), person.known()), since: key.since,
		Ends: time.Duration(key.since+minuteLong-now) * time.Millisecond}
}

// ask has the database grant more to whichever of the two needs it, unless that is being done. It goes on when the
// client that needed it is gone: others wait for it too.
func (l *Limiter) ask(p db.Principal, key, person *minute) <-chan struct{} {
	if key.left == 0 && key.granted != nil {
		return key.granted
	}
	if person.left == 0 && person.granted != nil {
		return person.granted
	}
	var asked []db.Allowance
	var waiting []*minute
	done := make(chan struct{})
	if key.left == 0 {
		asked, waiting = append(asked, db.KeyAllowance(p.KeyID, key.since, key.most)), append(waiting, key)
	}
	if person.left == 0 {
		asked, waiting = append(asked, db.PersonAllowance(p.UserID, person.since, person.most)), append(waiting, person)
	}
	for _, m := range waiting {
		m.granted = done
	}
	go func() {
		defer close(done)
		grants, err := l.store.TakeAllowances(context.Background(), asked...)
		l.grant(done, waiting, grants, err)
	}()
	return done
}

// grant adds what the database granted. While it grants nothing, this copy counts by itself for the rest of the
// minute: reads go on where a database cannot write.
func (l *Limiter) grant(done chan struct{}, waiting []*minute, grants []db.Grant, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, m := range waiting {
		switch {
		case m.granted != done: // a new minute has begun
			continue
		case err != nil:
			m.alone, m.left, m.elsewhere = true, max(0, m.most-m.used), 0
		default:
			m.left, m.elsewhere = m.left+grants[i].Granted, grants[i].Left
		}
		m.granted = nil
	}
	if now := l.now(); err != nil && now.Sub(l.told) >= time.Minute {
		l.told = now
		l.log.Warn("the database grants no requests, so this copy of the program counts them by itself", "err", err)
	}
}

// Run keeps what is known of the quotas a second old at most, and forgets what is over, until ctx ends.
func (l *Limiter) Run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for passed := 0; ; passed++ {
		if err := l.Refresh(ctx); err != nil && ctx.Err() == nil && passed%60 == 0 {
			l.log.Warn("the quotas of teams cannot be read", "err", err)
		}
		if passed%60 == 59 {
			l.forget(ctx)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (l *Limiter) forget(ctx context.Context) {
	l.mu.Lock()
	over := l.now().UnixMilli() - 2*minuteLong
	for _, all := range []map[string]*minute{l.keys, l.people} {
		maps.DeleteFunc(all, func(_ string, m *minute) bool { return m.since < over })
	}
	l.mu.Unlock()
	if !l.store.Shared() {
		return
	}
	if err := l.store.ForgetOldAllowances(ctx); err != nil && ctx.Err() == nil {
		l.log.Warn("old allowances wait to be removed", "err", err)
	}
}
