package archive

import (
	"math/rand/v2"
	"reflect"
	"testing"
)

func TestCellsFitTheirHeader(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var line Line
	fillLine(reflect.ValueOf(&line).Elem(), r.IntN)
	if header, cells := csvHeader(false), line.cells(); len(header) != len(cells) {
		t.Errorf("got %d cells under %d names", len(cells), len(header))
	}
}

func TestFormulasAreDefused(t *testing.T) {
	for _, cell := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠a"} {
		if got := Defused(cell); got != "'"+cell {
			t.Errorf("%q: got %q, want an apostrophe before it", cell, got)
		}
	}
	for _, cell := range []string{"", "1+1", "a=b", " =1", "'=1", "Grüße", `{"a":1}`, "\xff"} {
		if got := Defused(cell); got != cell {
			t.Errorf("%q: got %q, want it as it is", cell, got)
		}
	}
}
