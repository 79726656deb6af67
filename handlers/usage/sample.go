package usage

import (
	"time"

	"github.com/insighto/insighto/db"
)

// DefaultLogRate is how many successes of a key the log keeps in a minute where nobody says otherwise.
const DefaultLogRate = 600

const (
	failuresMax = 1000 // failures of a key that the log keeps in a minute
	sampleOf    = 100  // of the successes beyond its rate, the log keeps one of so many
)

// logged is how much of a minute the log has of one key.
type logged struct {
	minute    int64
	successes int
	failures  int
}

// weight tells how many requests the next one stands for in the log; 0 keeps it out.
func (l *logged) weight(at time.Time, o db.Outcome, rate int) int64 {
	if minute := at.Unix() / 60; minute != l.minute {
		*l = logged{minute: minute}
	}
	if rate == 0 {
		return 0
	}
	if o != db.Fine {
		if l.failures++; l.failures > failuresMax {
			return 0
		}
		return 1
	}
	l.successes++
	switch over := l.successes - rate; {
	case over <= 0:
		return 1
	case over%sampleOf == 0:
		return sampleOf
	}
	return 0
}

// past tells whether its minute is over.
func (l *logged) past(now time.Time) bool { return l.minute < now.Unix()/60 }
