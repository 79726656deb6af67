package webhook

import (
	"fmt"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
)

func TestLanes(t *testing.T) {
	now := time.Now()
	ref := db.WebhookRef{TeamID: "t", ID: "w"}
	quick, slow, bad := attempt{took: time.Millisecond}, attempt{took: 2 * time.Second}, attempt{problem: "no"}
	for _, c := range []struct {
		name  string
		tries []attempt
		room  int
		rests time.Duration
	}{
		{"it begins with one request at a time", nil, 1, 0},
		{"each quick success adds one", []attempt{quick, quick}, 3, 0},
		{"up to eight", []attempt{quick, quick, quick, quick, quick, quick, quick, quick, quick, quick}, 8, 0},
		{"slow ones get four", []attempt{slow, slow, slow, slow, slow, slow}, 4, 0},
		{"one that slows down is back to four", []attempt{quick, quick, quick, quick, quick, quick, slow}, 4, 0},
		{"a failure is back to one, and rests", []attempt{quick, quick, quick, bad}, 1, 100 * time.Millisecond},
		{"more failures rest longer", []attempt{bad, bad, bad}, 1, 300 * time.Millisecond},
		{"but a second at most", []attempt{bad, bad, bad, bad, bad, bad, bad, bad, bad, bad, bad, bad}, 1, time.Second},
		{"a success ends the rest", []attempt{bad, bad, quick}, 2, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &lanes{of: map[db.WebhookRef]*lane{}}
			l := s.put(&db.Lot{WebhookRef: ref})
			for _, a := range c.tries {
				s.learn(l, a, false, now)
			}
			if l.room != c.room {
				t.Errorf("got room for %d, want %d", l.room, c.room)
			}
			for wait, open := range map[time.Duration]bool{c.rests - 1: c.rests == 0, c.rests: true} {
				brisk, unproven := s.withRoom([]db.WebhookRef{ref}, now.Add(wait))
				if (len(brisk)+len(unproven) == 1) != open {
					t.Errorf("after %v it is open: %t, want %t", wait, !open, open)
				}
			}
		})
	}
	t.Run("those that were never quick leave room for others", func(t *testing.T) {
		s := &lanes{of: map[db.WebhookRef]*lane{}}
		proven := s.put(&db.Lot{WebhookRef: ref})
		s.learn(proven, quick, false, now)
		refs := []db.WebhookRef{ref}
		for i := range 2 * slotsMost {
			refs = append(refs, db.WebhookRef{TeamID: "t", ID: fmt.Sprint(i)})
		}
		if brisk, unproven := s.withRoom(refs, now); len(brisk) != 1 || len(unproven) != unprovenMost {
			t.Errorf("got %d and %d, want 1 and %d", len(brisk), len(unproven), unprovenMost)
		}
	})
}
