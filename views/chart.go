package views

import (
	"fmt"
	"strings"
	"time"

	"github.com/insighto/insighto/db"
)

// outcomeWords are what people read of an outcome: a short word, and what it covers.
var outcomeWords = map[db.Outcome][2]string{
	db.Fine:        {"OK", "2xx and 3xx"},
	db.Denied:      {"Denied", "401 and 403"},
	db.Limited:     {"Limited", "429"},
	db.ClientFault: {"Client error", "other 4xx"},
	db.ServerFault: {"Server error", "5xx"},
}

// The grid that a chart is drawn on: each bar is barWide, and all of it chartHigh.
const (
	barWide   = 10
	chartHigh = 100
)

// band is what one outcome adds to all bars, as the path of an SVG.
type band struct {
	Outcome db.Outcome
	Path    string
}

// bands stack the outcomes of each bar upon each other, so that the tallest bar fills the chart.
func bands(bars []db.UsageBar) []band {
	most := max(1, tallest(bars))
	paths := make([]strings.Builder, len(db.Outcomes))
	for i, bar := range bars {
		base := float64(chartHigh)
		for o, high := range heights(bar, most) {
			if high > 0 {
				base -= high
				fmt.Fprintf(&paths[o], "M%d %.1fh%dv%.1fh-%dz", i*barWide+1, base, barWide-2, high, barWide-2)
			}
		}
	}
	var drawn []band
	for o, outcome := range db.Outcomes {
		if paths[o].Len() > 0 {
			drawn = append(drawn, band{outcome, paths[o].String()})
		}
	}
	return drawn
}

// heights are those of a bar's outcomes. What is there at all can be seen, at the cost of the largest.
func heights(bar db.UsageBar, most int64) []float64 {
	const least = 1.5
	all, largest, lent := make([]float64, len(db.Outcomes)), 0, 0.0
	for o, outcome := range db.Outcomes {
		n := bar.Of(outcome)
		all[o] = float64(n) / float64(most) * chartHigh
		if n > 0 && all[o] < least {
			lent += least - all[o]
			all[o] = least
		}
		if all[o] > all[largest] {
			largest = o
		}
	}
	all[largest] = max(min(all[largest], least), all[largest]-lent)
	return all
}

func tallest(bars []db.UsageBar) (most int64) {
	for _, bar := range bars {
		most = max(most, bar.Requests())
	}
	return most
}

func allOf(bars []db.UsageBar) (n int64) {
	for _, bar := range bars {
		n += bar.Requests()
	}
	return n
}

// outcomeSum is how many requests of all bars ended so.
func outcomeSum(bars []db.UsageBar, o db.Outcome) (n int64) {
	for _, bar := range bars {
		n += bar.Of(o)
	}
	return n
}

// barName is the start of an interval in words of its zone.
func barName(start string, zone *time.Location) string {
	if day, err := time.Parse(time.DateOnly, start); err == nil {
		return day.Format("2 Jan 2006")
	}
	hour, _ := time.Parse(time.RFC3339, start)
	return hour.In(zone).Format("2 Jan, 15:04")
}

// weekPath draws the days of a week as small bars.
func weekPath(w db.Week) string {
	most, path := int64(1), strings.Builder{}
	for _, n := range w {
		most = max(most, n)
	}
	for i, n := range w {
		high := max(1, float64(n)/float64(most)*16)
		fmt.Fprintf(&path, "M%d %.1fh6v%.1fh-6z", i*8+1, 17-high, high)
	}
	return path.String()
}

func weekSum(w db.Week) (sum int64) {
	for _, n := range w {
		sum += n
	}
	return sum
}

// bytesOf gives a number of bytes as people say it.
func bytesOf(n int64) string {
	const units = "kMGTPE"
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	size, unit := float64(n)/1000, 0
	for size >= 999.95 && unit < len(units)-1 {
		size, unit = size/1000, unit+1
	}
	return fmt.Sprintf("%.1f %cB", size, units[unit])
}

// tookOf is how long something took, in milliseconds.
func tookOf(took time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(took.Microseconds())/1000)
}

// meanOf is how long a request took on average.
func meanOf(n db.UsageCounts) string {
	if n.Requests() == 0 {
		return "–"
	}
	return tookOf(time.Duration(n.Micros/n.Requests()) * time.Microsecond)
}
