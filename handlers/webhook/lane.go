package webhook

import (
	"sync"
	"time"

	"github.com/insighto/insighto/db"
)

const (
	slotsMost    = 256         // requests at once
	unprovenMost = 192         // of them, to endpoints that have not just answered quickly
	briskMost    = 8           // requests at once to one endpoint
	slowMost     = 4           // and to one that takes its time
	briskWithin  = time.Second // what quickly means

	restStep = 100 * time.Millisecond // how much longer an endpoint is left alone with each failure in a row
	restMost = time.Second
)

// lane is one endpoint, as this process knows it. It begins with one request at a time, gets one more with each quick
// success, and is back to one after a failure: an endpoint that hangs holds up itself.
type lane struct {
	runs    []run
	running int
	room    int  // how many may run
	proven  bool // the last try was a quick success
	gone    bool // it said so; what is here goes back

	failures int       // in a row
	rests    time.Time // until when nothing is claimed for it: a long queue for a dead endpoint must not keep the database busy
}

// run is the deliveries of one subject in a lot.
type run struct {
	lot     *db.Lot
	parcels []db.Parcel
}

// lanes are all endpoints. What it holds may be lost: the claims of a killed process end by themselves.
type lanes struct {
	mu       sync.Mutex
	of       map[db.WebhookRef]*lane
	running  int
	unproven int
}

// withRoom picks those for which more could be sent now.
func (s *lanes) withRoom(refs []db.WebhookRef, now time.Time) (brisk, unproven []db.WebhookRef) {
	s.mu.Lock()
	defer s.mu.Unlock()
	total, doubtful := s.running, s.unproven
	for _, ref := range refs {
		l := s.of[ref]
		switch {
		case l != nil && (len(l.runs) > 0 || l.running >= l.room || now.Before(l.rests)), total >= slotsMost:
		case l != nil && l.proven:
			total++
			brisk = append(brisk, ref)
		case doubtful < unprovenMost:
			total++
			doubtful++
			unproven = append(unproven, ref)
		}
	}
	return brisk, unproven
}

// put adds the runs of a lot to the lane of its webhook.
func (s *lanes) put(lot *db.Lot) *lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.of[lot.WebhookRef]
	if l == nil {
		s.forget()
		l = &lane{room: 1}
		s.of[lot.WebhookRef] = l
	}
	if l.running == 0 {
		l.gone = false
	}
	for _, parcels := range lot.Runs() {
		l.runs = append(l.runs, run{lot, parcels})
	}
	return l
}

// forget drops idle lanes when there are many, such as those of webhooks that were deleted.
func (s *lanes) forget() {
	if len(s.of) < 10_000 {
		return
	}
	for ref, l := range s.of {
		if l.running == 0 && len(l.runs) == 0 {
			delete(s.of, ref)
		}
	}
}

// enter tells whether one more worker may run in the lane, and counts it.
func (s *lanes) enter(l *lane) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(l.runs) == 0 || l.running >= l.room || s.running >= slotsMost && l.running > 0 {
		return false
	}
	l.running++
	s.running++
	if !l.proven {
		s.unproven++
	}
	return true
}

// take gives a worker its next run. One that gets none has left the lane.
func (s *lanes) take(l *lane) (run, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(l.runs) == 0 || l.running > l.room {
		l.running--
		s.running--
		if !l.proven {
			s.unproven--
		}
		return run{}, false
	}
	next := l.runs[0]
	l.runs = l.runs[1:]
	return next, true
}

// learn goes by how a try ended.
func (s *lanes) learn(l *lane, a attempt, gone bool, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	proven := false
	if a.problem == "" {
		l.failures, l.rests = 0, time.Time{}
	}
	switch {
	case a.problem != "":
		l.room = 1
		l.failures++
		l.rests = now.Add(min(time.Duration(l.failures)*restStep, restMost))
	case a.took <= briskWithin:
		l.room, proven = min(l.room+1, briskMost), true
	default:
		l.room = min(l.room+1, slowMost)
	}
	if proven && !l.proven {
		s.unproven -= l.running
	} else if !proven && l.proven {
		s.unproven += l.running
	}
	l.proven, l.gone = proven, l.gone || gone
}

func (s *lanes) gone(l *lane) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return l.gone
}
