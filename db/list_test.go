package db

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestPageOffset(t *testing.T) {
	number := rapid.OneOf(rapid.Int64Range(1, 100), rapid.Int64Range(1, math.MaxInt64), rapid.Just[int64](math.MaxInt64))
	size := rapid.OneOf(rapid.Int64Range(1, 100), rapid.Int64Range(1, math.MaxInt64))
	total := rapid.OneOf(rapid.Int64Range(0, 10_000), rapid.Int64Range(0, math.MaxInt64))
	rapid.Check(t, func(t *rapid.T) {
		p, n := Page{number.Draw(t, "number"), size.Draw(t, "size")}, total.Draw(t, "total")
		want := new(big.Int).Mul(big.NewInt(p.Number-1), big.NewInt(p.Size))
		offset, beyond := p.offset(n)
		switch {
		case beyond != (want.Cmp(big.NewInt(n)) >= 0):
			t.Fatalf("%+v of %d: got beyond %v, want the opposite: %v rows stand before it", p, n, beyond, want)
		case !beyond && big.NewInt(offset).Cmp(want) != 0:
			t.Fatalf("%+v of %d: got offset %d, want %v", p, n, offset, want)
		case offset < 0:
			t.Fatalf("%+v of %d: got offset %d, which is negative", p, n, offset)
		}
	})
}

func TestPages(t *testing.T) {
	for _, c := range []struct{ total, size, want int64 }{{0, 50, 0}, {1, 50, 1}, {50, 50, 1}, {51, 50, 2}, {3, 1, 3}} {
		if got := (List[int]{Total: c.total, Page: Page{1, c.size}}).Pages(); got != c.want {
			t.Errorf("%d rows at %d a page: got %d pages, want %d", c.total, c.size, got, c.want)
		}
	}
}
