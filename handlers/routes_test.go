package handlers

import (
	"encoding/json"
	flags "flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

var update = flags.Bool("update", false, "write the golden files again")

func TestRouteTable(t *testing.T) {
	s := &server{}
	var lines []string
	listed := map[string]bool{}
	for _, p := range s.pages() {
		lines = append(lines, fmt.Sprintf("%-7s %-60s %s", p.method, p.path, p.who))
		listed[p.method+" "+p.path] = true
	}
	for _, r := range s.endpoints() {
		line := fmt.Sprintf("%-7s %-60s %-20s %s", r.method, r.path, r.scope, r.serve.repeats)
		if r.serve.introspects {
			line += ", introspected"
		}
		lines = append(lines, line)
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

func TestRouteThatSaysTooLittle(t *testing.T) {
	s := &server{}
	for _, c := range []struct {
		name string
		add  func(*echo.Echo)
		want string
	}{
		{"a page that does not say who may see it", func(e *echo.Echo) {
			s.servePage(e, page{method: http.MethodGet, path: "/new", handle: s.alive})
		}, "GET /new does not say who may see it"},
		{"a page for somebody unheard of", func(e *echo.Echo) {
			s.servePage(e, page{http.MethodGet, "/new", "admin", s.alive})
		}, "GET /new does not say who may see it"},
		{"an endpoint without a scope", func(e *echo.Echo) {
			s.serveEndpoint(humaecho.New(e, s.apiConfig()), endpoint{method: http.MethodGet, path: "/api/v1/new", serve: read(s.apiTeams)})
		}, "GET /api/v1/new names no scope"},
		{"an endpoint that does not say what comes of repeating it", func(e *echo.Echo) {
			s.serveEndpoint(humaecho.New(e, s.apiConfig()), endpoint{http.MethodGet, "/api/v1/new", db.AnyRole, "New", serve{hang: serveExport}})
		}, "GET /api/v1/new does not say what comes of repeating it"},
	} {
		t.Run(c.name+" does not start", func(t *testing.T) {
			e := echo.New()
			defer func() {
				if got := recover(); got != c.want {
					t.Errorf("got %v, want a panic that says %q", got, c.want)
				}
				if n := len(e.Routes()); n != 0 {
					t.Errorf("got %d routes, want none", n)
				}
			}()
			c.add(e)
		})
	}
}

func TestIntrospected(t *testing.T) {
	store := dbtest.Open(t, filepath.Join(t.TempDir(), "test.db"), time.Now)
	user, team, err := store.AddUser(t.Context(), db.Operator(""), db.NewUser{Email: "ada@a.example", Name: "Ada Lovelace", Team: "A", Member: "owner", Password: "a long enough pass phrase"})
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := store.CreateKey(t.Context(), db.Principal{TeamID: team.ID, UserID: user.ID}, db.NewKey{Name: "laptop", Role: "read_only", Description: "For a test."})
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Config: Config{Store: store, Now: time.Now}}
	e := echo.New()
	s.serveEndpoint(humaecho.New(e, s.apiConfig()), endpoint{http.MethodGet, "/api/v1/me", db.ContactsRead, "Who asks", introspected(read, s.apiUser)})
	t.Run("an endpoint knows whose key it is, whatever its scope", func(t *testing.T) {
		rec := httptest.NewRecorder()
		e.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/me?api_key="+secret, nil))
		if rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `"first_name":"Ada"`) {
			t.Errorf("got %d %s, want 200 with Ada", rec.Code, rec.Body)
		}
	})
}
