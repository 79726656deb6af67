package handlers

import (
	"encoding/json"
	flags "flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

var update = flags.Bool("update", false, "write the golden files again")

func TestRouteTable(t *testing.T) {
	s := &server{}
	var lines []string
	listed := map[string]bool{}
	for _, p := range s.pages() {
		who := "session"
		if p.open {
			who = "anybody"
		}
		lines = append(lines, fmt.Sprintf("%-7s %-60s %s", p.method, p.path, who))
		listed[p.method+" "+p.path] = true
	}
	for _, r := range s.endpoints() {
		lines = append(lines, fmt.Sprintf("%-7s %-60s %s", r.method, r.path, r.scope))
		listed[r.method+" "+strings.NewReplacer("{", ":", "}", "").Replace(r.path)] = true
	}

	t.Run("it is what people agreed to", func(t *testing.T) {
		got := strings.Join(lines, "\n") + "\n"
		const golden = "testdata/routes.golden"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("the routes are not those of %s; go test ./handlers -run TestRouteTable -update, and read the diff:\n%s", golden, got)
		}
	})
	t.Run("it is all that is served", func(t *testing.T) {
		e := echo.New()
		s.routes(e)
		served := map[string]bool{}
		for _, r := range e.Routes() {
			known := listed[r.Method+" "+r.Path]
			if r.Method == "HEAD" {
				known = listed["GET "+r.Path]
			}
			if !known && r.Method != "OPTIONS" {
				t.Errorf("%s %s is served and not in the table", r.Method, r.Path)
			}
			served[r.Method+" "+r.Path] = true
		}
		for route := range listed {
			if !served[route] {
				t.Errorf("%s is in the table and not served", route)
			}
		}
	})
	t.Run("it is what the OpenAPI document describes", func(t *testing.T) {
		s.routes(echo.New())
		document, err := s.openAPI()
		if err != nil {
			t.Fatal(err)
		}
		var described struct {
			Paths map[string]map[string]any
		}
		if err := json.Unmarshal(document, &described); err != nil {
			t.Fatal(err)
		}
		var got, want []string
		for path, item := range described.Paths {
			for method := range item {
				got = append(got, strings.ToUpper(method)+" "+path)
			}
		}
		for _, r := range s.endpoints() {
			want = append(want, r.method+" "+r.path)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("described is %v\nserved is %v", got, want)
		}
	})
	t.Run("an endpoint says what it does", func(t *testing.T) {
		for _, r := range s.endpoints() {
			if !slices.Contains([]string{"GET", "POST", "PUT", "DELETE"}, r.method) || !strings.HasPrefix(r.path, apiPrefix) || r.summary == "" {
				t.Errorf("%s %s is no endpoint of the API, or has no summary", r.method, r.path)
			}
		}
	})
}
