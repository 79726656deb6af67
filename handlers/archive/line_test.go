package archive

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/insighto/insighto/db"
)

// nasty are texts that break what treats them lightly.
var nasty = []string{"", "plain", `"quoted" \back/slash`, "two\nlines\r\n", "<b>&</b>", "\u2028\u2029\u0085\x1f\x7f\t", "’“–…", "👩🏽‍💻", "שלום\u202Eעולם", "=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝x", `{"a": [1, "x y"]}`}

var objects = []Object{Object(`{}`), Object(`{"a":1}`), Object("{ \"a b\" : \"x \\\" y\" ,\n\t\"c\":[ 1.0 , null ] }"), Object(`{"\\":"\\\\"}`), Object("{\"a\":\"\u2028 \u0085\"}")}

// fillLine sets every field of a line, also those that are added later, from what draw gives.
func fillLine(v reflect.Value, draw func(n int) int) {
	for i := range v.NumField() {
		f := v.Field(i)
		switch f.Interface().(type) {
		case Object:
			f.Set(reflect.ValueOf(objects[draw(len(objects))]))
			continue
		case json.RawMessage:
			f.Set(reflect.ValueOf(json.RawMessage([]string{`null`, `[]`, `[ {"url": "x y"} ]`}[draw(3)])))
			continue
		case time.Time:
			f.Set(reflect.ValueOf(time.UnixMilli(1_793_000_000_000 + int64(draw(2000))).UTC()))
			continue
		}
		switch f.Kind() {
		case reflect.String:
			f.SetString(nasty[draw(len(nasty))])
			if name := v.Type().Field(i).Name; strings.HasSuffix(name, "ID") || strings.HasSuffix(name, "Type") && name != "WidgetType" || name == "Status" || name == "Cursor" {
				f.SetString([]string{"11111111-0000-4000-8000-000000000001", "word", ""}[draw(3)])
			}
		case reflect.Bool:
			f.SetBool(draw(2) == 1)
		case reflect.Int, reflect.Int64:
			f.SetInt(int64(draw(1000)))
		case reflect.Pointer:
			if f.Set(reflect.Zero(f.Type())); draw(4) > 0 {
				f.Set(reflect.New(f.Type().Elem()))
				if f.Elem().Kind() == reflect.Struct {
					fillLine(f.Elem(), draw)
				} else {
					f.Elem().SetString(nasty[draw(len(nasty))])
				}
			}
		case reflect.Slice:
			if n := draw(4) - 1; n >= 0 {
				f.Set(reflect.MakeSlice(f.Type(), n, n))
				for i := range n {
					fillLine(f.Index(i), draw)
				}
			}
		default:
			panic("a line has a field of a kind that the test does not know: " + v.Type().Field(i).Name)
		}
	}
}

func TestALineIsWhatEncodingJSONWouldWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var line Line
		fillLine(reflect.ValueOf(&line).Elem(), func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") })
		got := line.append([]byte("before "))
		var want bytes.Buffer
		plainly := json.NewEncoder(&want)
		plainly.SetEscapeHTML(false)
		if err := plainly.Encode(&line); err != nil {
			t.Fatal(err)
		}
		if plain := "before " + breaks.Replace(want.String()); string(got)+"\n" != plain {
			t.Fatalf("\n got %s\nwant %s", got, plain)
		}
		if bytes.ContainsAny(got, "\n\r\u0085\u2028\u2029") {
			t.Fatalf("a line break in %q", got)
		}
		var back Line
		if err := json.Unmarshal(got[len("before "):], &back); err != nil {
			t.Fatalf("%v in %s", err, got)
		}
		if again := back.append(nil); string(again) != string(got[len("before "):]) {
			t.Fatalf("read and written again:\n got %s\nwant %s", again, got)
		}
	})
}

func TestALineMadeInUsedMemoryHoldsNothingOfTheLast(t *testing.T) {
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	full := &db.Exported{
		Conversation: db.Conversation{ID: db.NewID(), Attributes: `{"long":"object"}`, Summary: "summary", CreatedAt: at, ClosedAt: at},
		Assistant:    &db.ArchivedAssistant{ID: "a", Name: "A"}, Widget: &db.ArchivedWidget{ID: "w", Name: "W"},
		Contact:  &db.ArchivedContact{ID: "c", FirstName: "C", Channels: `{"email":"c@example.com"}`, UserAttributes: `{"a":1}`, CustomFields: `{"b":2}`},
		Messages: []db.Message{{Text: "one"}, {Text: "two"}},
	}
	bare := &db.Exported{Conversation: db.Conversation{ID: db.NewID(), Attributes: "{}", CreatedAt: at}}
	var used, fresh lineMaker
	used.of(full, true)
	got, want := used.of(bare, true).append(nil), fresh.of(bare, true).append(nil)
	if string(got) != string(want) || !strings.Contains(string(want), `"messages":[]`) {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}
