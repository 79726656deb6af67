package db

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/uuid"
)

func FuzzParseCursor(f *testing.F) {
	place := Cursor{At: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), ID: "0199aa00-0000-7000-8000-000000000001"}.String()
	for _, text := range []string{
		"", place, place + "=", place[:37], place + "A", place[:37] + "\n", "\n" + place, place[:37] + "/", place[:5] + "_" + place[6:], "                                      ",
		"________________________________", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "f_________AAAAAAAAAAAAAAAAAAAAAA", "gAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "\x00", "\xff\xfe", "é",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCursor(text)
		if err != nil {
			if e := (*Error)(nil); !errors.As(err, &e) || e.Kind != Invalid || e.Field != "after" || e.Text == "" || !c.IsZero() {
				t.Fatalf("%q: got %v and %v, want the zero cursor and an Invalid error about after", text, c, err)
			}
			return
		}
		if again := c.String(); again != text || !IsID(c.ID) {
			t.Fatalf("%q: got %+v, which is written %q: one place has one cursor", text, c, again)
		}
	})
}

func FuzzCursor(f *testing.F) {
	for _, ms := range []int64{0, 1, -1, math.MaxInt64, math.MinInt64, 1_795_000_000_000} {
		f.Add(ms, []byte("0123456789abcdef"))
	}
	f.Fuzz(func(t *testing.T, ms int64, id []byte) {
		if len(id) != 16 {
			t.Skip()
		}
		want := Cursor{time.UnixMilli(ms).UTC(), uuid.UUID(id).String()}
		got, err := ParseCursor(want.String())
		if err != nil || got.ID != want.ID || got.At.UnixMilli() != ms {
			t.Fatalf("%+v came back as %+v (%v)", want, got, err)
		}
	})
}
