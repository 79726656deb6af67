package handlers

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/archive"
)

// appenders are all types that write their own JSON, each with a comparison of any value of it.
var appenders = map[string]func(t *rapid.T){
	"wireContact": func(t *rapid.T) { c := anyContact(t); same(t, &c) },
	"wireCount":   func(t *rapid.T) { n := anyCount(t); same(t, &n) },
	"wireCounts": func(t *rapid.T) {
		n := anyCount(t)
		same(t, &wireCounts{Items: []wireCount{n, {}, n}[:rapid.IntRange(0, 3).Draw(t, "counts")]})
	},
	"items": func(t *rapid.T) { same(t, anyContacts(t)) },
	"envelope": func(t *rapid.T) {
		same(t, &envelope[*items[wireContact]]{Message: texts.Draw(t, "message"), Meta: meta{texts.Draw(t, "cursor")}, Data: anyContacts(t)})
		same(t, &envelope[*wireTeam]{Data: &wireTeam{ID: texts.Draw(t, "id")}})
	},
}

func TestAppendersWriteWhatEncodingJSONDoes(t *testing.T) {
	for name, check := range appenders {
		t.Run(name, rapid.MakeCheck(check))
	}
}

func TestEveryAppenderIsHeldToEncodingJSON(t *testing.T) {
	got, want := slices.Sorted(maps.Keys(appenders)), slices.Sorted(slices.Values(receivers(t, "appendJSON")))
	if !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("these are held to encoding/json: %q, want those that have appendJSON: %q", got, want)
	}
}

// receivers gives the types of this package that have a method of that name.
func receivers(t *testing.T, method string) (types []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == method {
				types = append(types, receiver(t, f.Recv.List[0].Type))
			}
		}
	}
	return types
}

// receiver gives the name of a receiver's type, without its pointer and its parameters.
func receiver(t *testing.T, x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.StarExpr:
		return receiver(t, x.X)
	case *ast.IndexExpr:
		return receiver(t, x.X)
	}
	t.Fatalf("teach this test about a receiver that is a %T", x)
	return ""
}

// same compares what a value's appender writes with what encoding/json makes of it.
func same[T any](t *rapid.T, value *T) {
	if _, ok := any(value).(appender); !ok {
		t.Fatalf("%T does not write its own JSON", value)
	}
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

var (
	texts = rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "\u2028", `"\</script>&`, "\x00\x1f\b\f\n\r\t\x7f", "\U0001f511", "\xff"}))
	times = rapid.SampledFrom([]time.Time{{}, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 0, 0, 0, 1_500_000, time.UTC), time.Date(2026, 1, 2, 3, 4, 5, 120_000_000, time.UTC)})
)

// fill draws every field of a struct, also those that are added later.
func fill(t *rapid.T, v reflect.Value) {
	for i := range v.NumField() {
		switch f := v.Field(i); f.Interface().(type) {
		case string:
			f.SetString(texts.Draw(t, "text"))
		case time.Time:
			f.Set(reflect.ValueOf(times.Draw(t, "time")))
		case archive.Object:
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

func anyContact(t *rapid.T) (c wireContact) {
	fill(t, reflect.ValueOf(&c).Elem())
	c.CreatedAt, c.UpdatedAt = time.UnixMilli(1).UTC(), time.UnixMilli(1500).UTC() // always there
	return c
}

func anyCount(t *rapid.T) (n wireCount) {
	fill(t, reflect.ValueOf(&n).Elem())
	return n
}

// anyContacts is a page of up to three, the first, the last or one between.
func anyContacts(t *rapid.T) *items[wireContact] {
	c := anyContact(t)
	list := db.List[int]{Items: make([]int, rapid.IntRange(0, 3).Draw(t, "rows")), Total: rapid.Int64Range(0, 9).Draw(t, "total"), Page: db.Page{Number: rapid.Int64Range(1, 4).Draw(t, "page"), Size: 3}}
	return listed(list, func(int) wireContact { return c })
}
