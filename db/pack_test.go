package db

import (
	"strings"
	"testing"
	"time"
)

func TestAPackedRowIsTakenApartWholeOrNotAtAll(t *testing.T) {
	row := func(columns ...string) string { return strings.Join(columns, separator) }
	var text string
	var at time.Time
	var n int64
	if err := lastColumns(row("a", "1793000000000", "7"), &text, ms(&at), &n); err != nil || text != "a" || !at.Equal(time.UnixMilli(1793000000000)) || n != 7 {
		t.Errorf("got %q, %v, %d and %v; want a, the moment, 7", text, at, n, err)
	}
	for _, c := range []struct {
		name, row string
		dest      []any
	}{
		{"too few columns", row("a"), []any{&text, &n}},
		{"too many", row("a", "7", "8"), []any{&text, &n}},
		{"no number", row("a", "b"), []any{&text, &n}},
		{"no time", row("a", "b"), []any{&text, ms(&at)}},
		{"a destination of another type", row("a", "1"), []any{&text, new(bool)}},
		{"a number of another size", row("a", "1"), []any{&text, new(int)}},
		{"no destination", row("a", "1"), []any{&text, nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := lastColumns(c.row, c.dest...); err == nil {
				t.Errorf("got no error from %q, want one", c.row)
			}
		})
	}
}
