package handlers

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/insighto/insighto/db"
)

// TestEnums reads the struct tags of the API, which can only be literals, and holds them to the tables that decide.
func TestEnums(t *testing.T) {
	tables := [][]string{
		db.Statuses.IDs(), db.DeviceTypes.IDs(), db.SenderTypes.IDs(), db.MessageTypes.IDs(),
		db.AssistantTypes, db.ContactFieldTypes, db.DisabledReasons, spelled(db.DeliveryStates), spelled(db.Outcomes),
		{db.ByKey, db.ByRoute, db.ByOutcome, db.ByNothing}, {db.Hourly, db.Daily, db.Monthly},
		{byAssistant, db.ByNothing}, {db.Daily, db.Monthly}, slices.Collect(maps.Keys(mediaOf)), {"messages"},
	}
	known := map[string]bool{}
	for _, table := range tables {
		known[inOrder(table)] = true
	}
	seen := 0
	for place, tag := range tagsOf(t, "*.go", "archive/*.go") {
		enum := tag.Get("enum")
		if enum == "" {
			continue
		}
		seen++
		if !known[inOrder(strings.Split(enum, ","))] {
			t.Errorf("%s: got enum %q, want what one of the tables holds", place, enum)
		}
		if usual := tag.Get("default"); usual != "" && !slices.Contains(strings.Split(enum, ","), usual) {
			t.Errorf("%s: got default %q, want one of %q", place, usual, enum)
		}
	}
	if seen < 20 {
		t.Errorf("got %d enums, want all of the API", seen)
	}
}

func spelled[T ~string](table []T) []string {
	var all []string
	for _, one := range table {
		all = append(all, string(one))
	}
	return all
}

// inOrder makes two lists of the same values equal.
func inOrder(values []string) string { return strings.Join(slices.Sorted(slices.Values(values)), ",") }

// tagsOf gives the struct tags of the files that match, by file and line.
func tagsOf(t *testing.T, patterns ...string) map[string]reflect.StructTag {
	t.Helper()
	tags, files := map[string]reflect.StructTag{}, token.NewFileSet()
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if field, ok := n.(*ast.Field); ok && field.Tag != nil {
					tag, err := strconv.Unquote(field.Tag.Value)
					if err != nil {
						t.Fatal(err)
					}
					tags[files.Position(field.Pos()).String()] = reflect.StructTag(tag)
				}
				return true
			})
		}
	}
	return tags
}
