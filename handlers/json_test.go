package handlers

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/insighto/insighto/db"
)

// same compares what a value's appender writes with what encoding/json makes of it.
func same[T any](t *rapid.T, value *T) {
	got, err := appendValue(nil, value)
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := plainJSON(&want, value); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(append(got, '\n'), want.Bytes()) {
		t.Fatalf("got  %s\nwant %s", got, want.Bytes())
	}
	var back T
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
}

func TestAppendersWriteWhatEncodingJSONDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "\u2028", `"\</script>&`, "\x00\x1f\b\f\n\r\t\x7f", "\U0001f511", "\xff"}))
		times := rapid.SampledFrom([]time.Time{{}, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 0, 0, 0, 1_500_000, time.UTC), time.Date(2026, 1, 2, 3, 4, 5, 120_000_000, time.UTC)})
		fill := func(v reflect.Value) {
			for i := range v.NumField() {
				switch f := v.Field(i); f.Interface().(type) {
				case string:
					f.SetString(texts.Draw(t, "text"))
				case time.Time:
					f.Set(reflect.ValueOf(times.Draw(t, "time")))
				case object:
					f.SetBytes([]byte(rapid.SampledFrom([]string{"{}", `{"a":1}`}).Draw(t, "object")))
				case int64:
					f.SetInt(rapid.Int64().Draw(t, "number"))
				case bool:
					f.SetBool(rapid.Bool().Draw(t, "yes"))
				default:
					t.Fatalf("teach this test about %s", f.Type())
				}
			}
		}
		var c wireContact
		fill(reflect.ValueOf(&c).Elem())
		c.CreatedAt, c.UpdatedAt = time.UnixMilli(1).UTC(), time.UnixMilli(1500).UTC() // always there
		same(t, &c)
		list := db.List[int]{Items: make([]int, rapid.IntRange(0, 3).Draw(t, "rows")), Total: rapid.Int64Range(0, 9).Draw(t, "total"), Page: db.Page{Number: rapid.Int64Range(1, 4).Draw(t, "page"), Size: 3}}
		same(t, listed(list, func(int) wireContact { return c }))
		e := envelope[*items[wireContact]]{Message: texts.Draw(t, "message"), Meta: meta{texts.Draw(t, "cursor")}, Data: listed(list, func(int) wireContact { return c })}
		same(t, &e)
		var n wireCount
		fill(reflect.ValueOf(&n).Elem())
		same(t, &wireCounts{Items: []wireCount{n, {}, n}[:rapid.IntRange(0, 3).Draw(t, "counts")]})
		same(t, &envelope[*wireTeam]{Data: &wireTeam{ID: texts.Draw(t, "id")}})
	})
}
