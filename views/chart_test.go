package views

import (
	"math"
	"testing"

	"github.com/insighto/insighto/db"
)

func TestBarsAreAsHighAsTheirRequests(t *testing.T) {
	for _, c := range []struct {
		name string
		n    db.UsageCounts
		most int64
		want []float64
	}{
		{"nothing", db.UsageCounts{}, 10, []float64{0, 0, 0, 0, 0}},
		{"the tallest", db.UsageCounts{Fine: 6, ServerFault: 4}, 10, []float64{60, 0, 0, 0, 40}},
		{"half of it", db.UsageCounts{Limited: 5}, 10, []float64{0, 0, 50, 0, 0}},
		{"one of thousands can be seen", db.UsageCounts{Fine: 9999, Denied: 1}, 10000, []float64{98.5, 1.5, 0, 0, 0}},
		{"a low bar can be seen", db.UsageCounts{Fine: 1}, 10000, []float64{1.5, 0, 0, 0, 0}},
	} {
		got := heights(db.UsageBar{UsageCounts: c.n}, c.most)
		for o := range got {
			if math.Abs(got[o]-c.want[o]) > 0.02 {
				t.Errorf("%s: got %v, want %v", c.name, got, c.want)
				break
			}
		}
	}
}
