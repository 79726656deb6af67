package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module   = "github.com/insighto/insighto"
	maxLines = 300
)

// topLevel is the whole house: whatever else is needed lives inside one of these.
var topLevel = []string{"cmd", "views", "handlers", "static", "db", "go.mod", "go.sum", "Taskfile.yml", "README.md",
	"LICENSE", ".ci", ".gitignore", ".gitattributes", ".git"}

// arrows lists every package and what of this module it may import. What is not listed is refused.
var arrows = map[string][]string{
	"cmd/insighto":         {"handlers", "handlers/archive", "handlers/limit", "handlers/usage", "handlers/webhook", "db"},
	"cmd/dev":              {},
	"handlers":             {"handlers/archive", "handlers/limit", "handlers/usage", "db", "views", "static"},
	"handlers/archive":     {"db"},
	"handlers/limit":       {"db"},
	"handlers/usage":       {"db"},
	"handlers/webhook":     {"db"},
	"handlers/handlertest": {"handlers", "handlers/usage", "handlers/webhook", "db"},
	"handlers/browsertest": {},
	"views":                {"db", "static"},
	"db":                   {},
	"db/dbtest":            {"db"},
	"db/dbtest/syncs":      {},
	"static":               {},
}

// standardOnly are the packages that import no other module.
var standardOnly = []string{"cmd/dev", "static", "db/dbtest/syncs"}

// confined names the one package that may import a library, so that replacing the library touches one folder.
var confined = map[string]string{
	"github.com/labstack/echo":      "handlers",
	"github.com/gorilla/sessions":   "handlers",
	"github.com/danielgtaylor/huma": "handlers",
	"github.com/prometheus":         "handlers",
	"github.com/mattn/go-sqlite3":   "db",
	"github.com/jackc/pgx":          "db",
	"github.com/pressly/goose":      "db",
}

func TestEveryImportFollowsAnArrow(t *testing.T) {
	root, seen := repository(t), 0
	for _, name := range sources(t, root) {
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		seen++
		if err := listed(path.Dir(name)); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, imported := range imports(t, filepath.Join(root, name)) {
			if err := allowed(path.Dir(name), imported); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if seen == 0 {
		t.Error("no Go file was found: the walk looks in the wrong place")
	}
}

// Whoever tests anything else waits for no browser's protocol to be compiled.
func TestOnlyTheTestsInTheBrowserImportOne(t *testing.T) {
	root, seen := repository(t), 0
	for _, name := range sources(t, root) {
		if path.Ext(name) != ".go" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			if !strings.HasPrefix(spec.Path.Value, `"github.com/chromedp/`) {
				continue
			}
			if seen++; path.Dir(name) != "handlers/browsertest" {
				t.Errorf("%s imports %s, which stops at handlers/browsertest: move the test there", name, spec.Path.Value)
			}
		}
	}
	if seen == 0 {
		t.Error("nothing imports a browser: the walk looks in the wrong place")
	}
}

// Rules that refuse nothing would pass for ever.
func TestAForbiddenImportIsRefused(t *testing.T) {
	for _, c := range []struct {
		from, imported string
		ok             bool
	}{
		{"handlers", module + "/db", true},
		{"handlers", "net/http", true},
		{"handlers", "github.com/labstack/echo/v4", true},
		{"handlers", module + "/handlers/archive", true},
		{"handlers", module + "/handlers/limit", true},
		{"handlers", module + "/handlers/webhook", false},
		{"handlers", module + "/db/dbtest", false},
		{"handlers", module + "/handlers/handlertest", false},
		{"handlers/handlertest", module + "/handlers", true},
		{"handlers", "github.com/jackc/pgx/v5/pgxpool", false},
		{"handlers", module + "/handlers/usage", true},
		{"handlers/archive", module + "/db", true},
		{"handlers/archive", "github.com/go-json-experiment/json/jsontext", true},
		{"handlers/archive", module + "/handlers", false},
		{"handlers/archive", module + "/handlers/webhook", false},
		{"handlers/archive", module + "/views", false},
		{"handlers/archive", "github.com/labstack/echo/v4", false},
		{"handlers/archive", "github.com/danielgtaylor/huma/v2", false},
		{"handlers/archive", "github.com/gorilla/sessions", false},
		{"handlers/webhook", module + "/handlers/archive", false},
		{"handlers/limit", module + "/db", true},
		{"handlers/limit", module + "/handlers", false},
		{"handlers/usage", module + "/db", true},
		{"handlers/usage", module + "/handlers/limit", false},
		{"handlers/webhook", "github.com/labstack/echo/v4/middleware", false},
		{"handlers/webhook", module + "/handlers", false},
		{"cmd/insighto", module + "/handlers/archive", true},
		{"cmd/insighto", module + "/handlers/webhook", true},
		{"cmd/insighto", module + "/views", false},
		{"cmd/insighto", "github.com/alecthomas/kong", true},
		{"cmd/dev", "os/exec", true},
		{"cmd/dev", "golang.org/x/sys/unix", false},
		{"cmd/dev", module + "/db", false},
		{"db", "github.com/mattn/go-sqlite3", true},
		{"db", "github.com/mattn/go-isatty", true},
		{"db", module + "/handlers", false},
		{"db", "github.com/gorilla/sessions", false},
		{"db/dbtest", module + "/db", true},
		{"db/dbtest", "github.com/jackc/pgx/v5", false},
		{"views", module + "/static", true},
		{"views", module + "/handlers", false},
		{"views", "github.com/danielgtaylor/huma/v2", false},
		{"static", "embed", true},
		{"static", "github.com/a-h/templ", false},
		{"static", module, false},
	} {
		if err := allowed(c.from, c.imported); (err == nil) != c.ok {
			t.Errorf("%s importing %s: got %v, want allowed = %t", c.from, c.imported, err, c.ok)
		}
	}
	for _, dir := range []string{"util", "db/sqlite", "."} {
		if listed(dir) == nil {
			t.Errorf("a package in %s: got allowed, want refused", dir)
		}
	}
}

// What a command needs of an archive must not bring a web server with it.
func TestTheArchiveHasNoHTTPInIt(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "./handlers/archive")
	list.Dir = repository(t)
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := strings.Fields(string(out))
	if !slices.Contains(packages, module+"/db") {
		t.Fatalf("got %d packages without db: the list is of something else", len(packages))
	}
	for _, p := range packages {
		for _, web := range []string{"net/http", "github.com/labstack/echo", "github.com/danielgtaylor/huma", "github.com/a-h/templ", "github.com/gorilla/sessions"} {
			if inside(p, web) {
				t.Errorf("handlers/archive reaches %s, want an archive without HTTP: give it what it needs of that as an argument", p)
			}
		}
	}
}

func TestOnlyServeReachesTheServer(t *testing.T) {
	root, found := repository(t), false
	for _, name := range sources(t, root) {
		if path.Dir(name) != "cmd/insighto" || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		if !slices.Contains(imports(t, filepath.Join(root, name)), module+"/handlers") {
			continue
		}
		if found = true; path.Base(name) != "serve.go" {
			t.Errorf("%s imports handlers, want serve.go alone to: take what it needs from a package under handlers, or from db", name)
		}
	}
	if !found {
		t.Error("no file of cmd/insighto imports handlers: the walk looks in the wrong place")
	}
}

// Package db works while somebody waits for it, and says what is wrong in its errors: what runs by itself, and logs, is at
// home in handlers/*, where it is told to stop.
func TestNothingRunsByItselfInDB(t *testing.T) {
	root, seen := repository(t), 0
	for _, name := range sources(t, root) {
		if path.Dir(name) != "db" || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		seen++
		body, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range runsByItself(t, name, string(body)) {
			t.Errorf("%s has %s: move what runs to a package in handlers, and leave its SQL here", name, what)
		}
	}
	if seen == 0 {
		t.Error("no Go file of db was found: the walk looks in the wrong place")
	}
}

func TestWhatRunsByItselfIsFound(t *testing.T) {
	for source, want := range map[string]string{
		`import "log/slog"`:                   "the import of log/slog",
		`import l "log"`:                      "the import of log",
		"import \"time\"\nvar now = time.Now": "",
		"func f() { go f() }":                 "a go statement",
		"import \"sync\"\nfunc f() { var all sync.WaitGroup; all.Go(f) }":              "the Go of a group",
		"import \"time\"\nvar tick = time.NewTicker(1)":                                "time.NewTicker",
		"import \"time\"\nvar tick = time.Tick(1)":                                     "time.Tick",
		"import clock \"time\"\nvar later = clock.AfterFunc":                           "time.AfterFunc",
		"import \"context\"\nfunc f(c context.Context) { context.AfterFunc(c, f) }":    "context.AfterFunc",
		"type tick struct{ NewTicker func() }\nfunc f(time tick) { time.NewTicker() }": "",
	} {
		if got := strings.Join(runsByItself(t, "sample.go", "package db\n"+source), ", "); got != want {
			t.Errorf("in %s: got %q, want %q", source, got, want)
		}
	}
}

func TestTheTopLevelHoldsNothingElse(t *testing.T) {
	for _, name := range topNames(t, repository(t)) {
		if !slices.Contains(topLevel, name) {
			t.Errorf("%s does not belong at the top of the repository: move it into the folder that it is about", name)
		}
	}
}

func TestFilesStayShortEnoughForOneSitting(t *testing.T) {
	root := repository(t)
	for _, name := range sources(t, root) {
		if handWritten(name) {
			body, err := os.ReadFile(filepath.Join(root, name))
			if err != nil {
				t.Fatal(err)
			}
			if err := shortEnough(body); err != nil {
				t.Errorf("%s %v", name, err)
			}
		}
	}
	if shortEnough(bytes.Repeat([]byte("a line\n"), maxLines)) != nil || shortEnough(bytes.Repeat([]byte("a line\n"), maxLines+1)) == nil {
		t.Errorf("the rule must let %d lines pass and refuse one more", maxLines)
	}
}

// imports are the paths that a Go file imports.
func imports(t *testing.T, name string) (paths []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatalf("%s cannot be read: %v", name, err)
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, imported)
	}
	return paths
}

// listed refuses a package that has no line in arrows.
func listed(dir string) error {
	if _, ok := arrows[dir]; !ok {
		return fmt.Errorf("package %s has no arrows: put the code into a package that has, or change the design and then the table in layers_test.go", dir)
	}
	return nil
}

// allowed says why package from may not import a path, or nil.
func allowed(from, imported string) error {
	if inside(imported, module) {
		to := strings.TrimPrefix(strings.TrimPrefix(imported, module), "/")
		if slices.Contains(arrows[from], to) {
			return nil
		}
		return fmt.Errorf("%s may not import %q, only %q: pass it in as an argument, or move the code to where the arrows point", from, to, arrows[from])
	}
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return nil
	}
	if slices.Contains(standardOnly, from) {
		return fmt.Errorf("%s may import the standard library only, not %s: write it without, or move it", from, imported)
	}
	for library, home := range confined {
		if inside(imported, library) && from != home {
			return fmt.Errorf("%s may not import %s, which stops at %s: give %s a type or a function of its own instead", from, imported, home, home)
		}
	}
	return nil
}

func inside(imported, prefix string) bool {
	return imported == prefix || strings.HasPrefix(imported, prefix+"/")
}

// runners begin what goes on when their caller has returned.
var runners = []string{"time.NewTicker", "time.Tick", "time.AfterFunc", "context.AfterFunc"}

// runsByItself tells what in a source goes on by itself, or logs. A group of goroutines is known by its method Go.
func runsByItself(t *testing.T, name, source string) (found []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string]string{} // by what the file calls them
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		local := path.Base(imported)
		if spec.Name != nil {
			local = spec.Name.Name
		}
		if packages[local] = imported; inside(imported, "log") {
			found = append(found, "the import of "+imported)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, "a go statement")
		case *ast.SelectorExpr:
			if n.Sel.Name == "Go" {
				found = append(found, "the Go of a group")
			}
			if of, ok := n.X.(*ast.Ident); ok && slices.Contains(runners, packages[of.Name]+"."+n.Sel.Name) {
				found = append(found, packages[of.Name]+"."+n.Sel.Name)
			}
		}
		return true
	})
	return found
}

// handWritten leaves out what a program or somebody else wrote, and tests, whose tables may be as long as the truth.
func handWritten(name string) bool {
	if !slices.Contains([]string{".go", ".templ", ".css"}, path.Ext(name)) || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_templ.go") {
		return false
	}
	for _, vendored := range []string{"static/js/", "static/swagger/", "static/vendor/"} {
		if strings.HasPrefix(name, vendored) {
			return false
		}
	}
	return true
}

func shortEnough(body []byte) error {
	if n := bytes.Count(body, []byte("\n")); n > maxLines {
		return fmt.Errorf("has %d lines, the most is %d: there are two ideas in it, name the second and give it a file", n, maxLines)
	}
	return nil
}

// repository is the folder of go.mod.
func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatalf("the repository is not two folders up: %v", err)
	}
	return root
}

// sources lists every file that Go would look at, and its neighbours, by slash-separated path from the root.
func sources(t *testing.T, root string) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() && name != "." && (base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
			return fs.SkipDir
		}
		if d.Type().IsRegular() {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// topNames lists what lies at the top: what git would commit, or, where there is no git, all that .gitignore does not name.
func topNames(t *testing.T, root string) []string {
	t.Helper()
	var names []string
	git := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	git.Dir = root
	if list, err := git.Output(); err == nil {
		for name := range strings.SplitSeq(strings.TrimRight(string(list), "\x00"), "\x00") {
			top, _, _ := strings.Cut(name, "/")
			if _, err := os.Lstat(filepath.Join(root, top)); !errors.Is(err, fs.ErrNotExist) {
				names = append(names, top)
			}
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	ignore, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		ignored := slices.ContainsFunc(strings.Fields(string(ignore)), func(pattern string) bool {
			match, _ := path.Match(strings.Trim(pattern, "/"), entry.Name())
			return match
		})
		if !ignored {
			names = append(names, entry.Name())
		}
	}
	return names
}
