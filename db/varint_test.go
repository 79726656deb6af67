package db

import (
	"maps"
	"testing"

	"pgregory.net/rapid"
)

func TestQuartersArePackedAndUnpacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Int64Range(-2, 70), rapid.Int64()) // of one byte, of two, of many
		want := rapid.MapOfN(rapid.IntRange(0, quarters-1), rapid.Custom(func(t *rapid.T) tally {
			return tally{number.Draw(t, "conversations"), number.Draw(t, "closed"), number.Draw(t, "voice"), number.Draw(t, "closedVoice"), number.Draw(t, "messages")}
		}), 0, quarters).Draw(t, "kept")
		maps.DeleteFunc(want, func(_ int, n tally) bool { return n == tally{} })
		var kept [quarters]tally
		for q, n := range want {
			kept[q] = n
		}
		if got := maps.Collect(unpackQuarters(packQuarters(&kept))); !maps.Equal(got, want) {
			t.Fatalf("\n got %v\nwant %v", got, want)
		}
	})
}

func TestPartsArePackedAndUnpacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Int64Range(0, 300), rapid.Int64Min(0)) // of one byte, of two, of many
		var want parts
		for i := range want {
			if rapid.Bool().Draw(t, "used") {
				for _, counter := range want[i].dest() {
					*counter.(*int64) = number.Draw(t, "counter")
				}
			}
		}
		var got parts
		eachPart(want.pack(), func(part int, n UsageCounts) { got[part] = n })
		if got != want {
			t.Fatalf("\n got %v\nwant %v", got, want)
		}
		from := rapid.IntRange(0, partsMax).Draw(t, "from")
		until := rapid.IntRange(from, partsMax).Draw(t, "until")
		var added, sum UsageCounts
		added.addParts(want.pack(), int64(from), int64(until))
		for _, n := range want[from:until] {
			sum.add(n)
		}
		if added != sum {
			t.Fatalf("parts %d to %d:\n got %v\nwant %v", from, until, added, sum)
		}
	})
}

// What is no packing ends somewhere, and gives no quarter and no part that there is not.
func TestWhatIsNoPackingIsUnpackedToItsEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		packed := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		for q := range unpackQuarters(packed) {
			if q < 0 || q >= quarters {
				t.Fatalf("got quarter %d of %d", q, quarters)
			}
		}
		eachPart(packed, func(part int, _ UsageCounts) {
			if part < 0 || part >= partsMax {
				t.Fatalf("got part %d of %d", part, partsMax)
			}
		})
	})
}
