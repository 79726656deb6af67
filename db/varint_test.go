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

// What is no packing ends somewhere, and gives no quarter that there is not.
func TestWhatIsNoPackingIsUnpackedToItsEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for q := range unpackQuarters(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) {
			if q < 0 || q >= quarters {
				t.Fatalf("got quarter %d of %d", q, quarters)
			}
		}
	})
}
