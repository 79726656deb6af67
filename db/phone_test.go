package db_test

import (
	"strings"
	"testing"

	"github.com/insighto/insighto/db"
)

func TestPhoneNumbersAreReadInEverySpelling(t *testing.T) {
	berlin := db.Phone{E164: "+4930901820", National: "30901820", Country: "49", Region: "DE"}
	fiction := db.Phone{E164: "+15551000220", National: "5551000220", Country: "1", Region: "US"} // a range given to nobody
	for text, want := range map[string]db.Phone{
		"+4930901820": berlin, "4930901820": berlin, "004930901820": berlin, " +49 30 901820 ": berlin, "+49 (0)30 / 90 18-20": berlin, "+４９３０９０１８２０": berlin,
		"+15551000220": fiction, "+1 (555) 100-0220": fiction, "1.555.100.0220": fiction,
		"+447700900123": {E164: "+447700900123", National: "7700900123", Country: "44", Region: "GB"},
		"+390612345678": {E164: "+390612345678", National: "0612345678", Country: "39", Region: "IT"}, // whose zero stays
	} {
		got, e := db.ParsePhone("phone", text)
		if e != nil || got != want {
			t.Errorf("%q: got %+v (%v), want %+v", text, got, e, want)
		}
		if again, e := db.ParsePhone("phone", got.E164); e != nil || again != got {
			t.Errorf("%q: read again it is %+v (%v), want %+v", text, again, e, got)
		}
	}
}

func TestWhatIsNoPhoneNumberIsRefused(t *testing.T) {
	for _, text := range []string{"", " ", "+", "12", "030 901820", "+49", "call me", "+999123456789", "+49 30 901820 ext. 5", "+1555100022012345", "+4930901820\x00", "+49" + strings.Repeat(" ", 38) + "30901820"} {
		if got, e := db.ParsePhone("phone_number", text); e == nil || e.Kind != db.Invalid || e.Field != "phone_number" || got != (db.Phone{}) {
			t.Errorf("%q: got %+v (%v), want an Invalid error of phone_number", text, got, e)
		}
	}
}
