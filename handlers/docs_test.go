package handlers_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

func TestDocs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		w := newWorld(t, store)
		rec := w.Do("GET", "/docs", "")
		body := rec.Body.String()

		t.Run("anybody reads it", func(t *testing.T) {
			for _, want := range []string{"not_found", "Idempotency-Key", "/api/v1/conversation/{conversation_id}", "contacts:write", `href="/login"`, "http://localhost:8080/api/v1/"} {
				if rec.Code != 200 || !strings.Contains(body, want) {
					t.Errorf("got %d without %s", rec.Code, want)
				}
			}
			if in := w.Page("/docs", w.SignIn("ada@a.example")).Body.String(); !strings.Contains(in, "Sign out") || strings.Contains(in, `href="/login"`) {
				t.Error("signed in, it does not say so")
			}
		})
		t.Run("it weighs less than 60 KB with all that it loads", func(t *testing.T) {
			sum := 0
			var packed bytes.Buffer
			z := gzip.NewWriter(&packed)
			fmt.Fprint(z, body)
			z.Close()
			sum += packed.Len()
			for _, found := range regexp.MustCompile(`(?:src|href)="(/static/[^"]+\.(?:css|js|svg))"`).FindAllStringSubmatch(body, -1) {
				sum += w.Do("GET", found[1], "", "Accept-Encoding", "gzip").Body.Len()
			}
			if sum > 60<<10 {
				t.Errorf("got %d bytes", sum)
			}
		})
		t.Run("it names the POSTs that take no Idempotency-Key, and no others", func(t *testing.T) {
			var document struct {
				Paths map[string]map[string]struct{ Parameters []struct{ Name string } }
			}
			if err := json.Unmarshal(w.Do("GET", "/openapi.json", "").Body.Bytes(), &document); err != nil {
				t.Fatal(err)
			}
			for path, methods := range document.Paths {
				post, there := methods["post"]
				takes := slices.ContainsFunc(post.Parameters, func(p struct{ Name string }) bool { return p.Name == "Idempotency-Key" })
				if named := strings.Contains(body, "<li><code>POST "+path+"</code></li>"); named != (there && !takes) {
					t.Errorf("POST %s: got it named %v, want %v", path, named, there && !takes)
				}
			}
		})
		t.Run("it has each operation of the document", func(t *testing.T) {
			for _, o := range w.paper().operations() {
				if !strings.Contains(body, o.method+" "+o.path) {
					t.Errorf("got no %s %s", o.method, o.path)
				}
			}
		})
	})
}

// kitchen runs a recipe as it is printed, against a server that fails as told.
type kitchen struct {
	*world
	t      *testing.T
	dir    string
	script []string
	env    []string
	large  atomic.Int32           // transfers worth cutting, so far
	during atomic.Pointer[func()] // runs in the middle of a transfer that is then cut
}

// cook takes a script out of the page.
func (w *world) cook(t *testing.T, name, role string) *kitchen {
	t.Helper()
	for _, program := range []string{"sh", "curl", "python3"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("the recipes need %s: %v", program, err)
		}
	}
	k := &kitchen{world: w, t: t, dir: t.TempDir()}
	page := w.Do("GET", "/docs", "").Body.String()
	found := regexp.MustCompile(`(?s)<code id="` + strings.Replace(name, ".", "-", 1) + `">(.*?)</code>`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("%s is not on the page", name)
	}
	k.write(name, html.UnescapeString(found[1]))
	k.script = map[string][]string{".sh": {"sh", name}, ".py": {"python3", name}}[filepath.Ext(name)]
	server := httptest.NewServer(k)
	t.Cleanup(server.Close)
	_, secret := w.Key(w.Ada, role)
	k.env = append(os.Environ(), "INSIGHTO_URL="+server.URL, "INSIGHTO_API_KEY="+secret)
	return k
}

// ServeHTTP does as the server does, but every other large transfer ends in the middle, and the very first request is
// told to come again.
func (k *kitchen) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	rec := httptest.NewRecorder()
	k.Handler.ServeHTTP(rec, r)
	maps.Copy(out.Header(), rec.Header())
	body := rec.Body.Bytes()
	if len(body) < 4000 {
		out.WriteHeader(rec.Code)
		_, _ = out.Write(body)
		return
	}
	switch n := k.large.Add(1); {
	case n == 1:
		out.Header().Del("Content-Length")
		out.Header().Set("Retry-After", "1")
		out.WriteHeader(503)
		_, _ = io.WriteString(out, `{"detail":"Later.","code":"unavailable","request_id":"x"}`+"\n")
	case n%2 == 0 && n < 9:
		_, _ = out.Write(body[:len(body)/2+7])
		_ = http.NewResponseController(out).Flush()
		if during := k.during.Load(); during != nil {
			(*during)()
		}
		panic(http.ErrAbortHandler)
	default:
		_, _ = out.Write(body)
	}
}

// run runs the script once and tells whether it came to its end.
func (k *kitchen) run() bool {
	k.t.Helper()
	cmd := exec.Command(k.script[0], k.script[1:]...)
	cmd.Dir, cmd.Env = k.dir, k.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	secret := strings.TrimPrefix(k.env[len(k.env)-1], "INSIGHTO_API_KEY=")
	process := make(chan int, 1)
	during := func() {
		lists, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, list := range lists {
			if line, _ := os.ReadFile(list); strings.Contains(string(line), secret) {
				k.t.Errorf("the key is in a command line: %q", line)
			}
		}
		if k.large.Load() == 2 { // the first time it is not the line that fails, but the machine
			_ = syscall.Kill(-<-process, syscall.SIGKILL)
		}
	}
	k.during.Store(&during)
	err := cmd.Start()
	if err == nil {
		process <- cmd.Process.Pid
		err = cmd.Wait()
	}
	if err != nil {
		k.t.Logf("%v: %s", err, said.String()[strings.LastIndexByte(strings.TrimSpace(said.String()), '\n')+1:])
	}
	if strings.Contains(said.String(), secret) {
		k.t.Errorf("the key is printed: %s", said.String())
	}
	return err == nil
}

// finish runs the script until it comes to its end, and tells how often it failed.
func (k *kitchen) finish() (failures int) {
	k.t.Helper()
	for !k.run() {
		if failures++; failures > 20 {
			k.t.Fatal("the script never comes to its end")
		}
	}
	return failures
}

func (k *kitchen) write(name, text string) {
	k.t.Helper()
	if err := os.WriteFile(filepath.Join(k.dir, name), []byte(text), 0o644); err != nil {
		k.t.Fatal(err)
	}
}

func (k *kitchen) read(name string) string {
	k.t.Helper()
	text, err := os.ReadFile(filepath.Join(k.dir, name))
	if err != nil {
		k.t.Fatal(err)
	}
	return string(text)
}

// lines counts the ids in the lines of all files that match, and gives each line.
func (k *kitchen) lines(pattern string) (times map[string]int, rows map[string]map[string]any) {
	k.t.Helper()
	times, rows = map[string]int{}, map[string]map[string]any{}
	names, _ := filepath.Glob(filepath.Join(k.dir, pattern))
	for _, name := range names {
		for line := range strings.Lines(k.read(filepath.Base(name))) {
			var row map[string]any
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				k.t.Fatalf("%s: %v in %q", name, err, line)
			}
			times[row["id"].(string)]++
			rows[row["id"].(string)] = row
		}
	}
	return times, rows
}

// recent gives n conversations of the last days, of n contacts, in text that tries to look like a line's end.
func recent(n int) []db.ArchivedConversation {
	start := time.Now().UTC().Truncate(time.Minute).Add(-time.Duration(n) * 20 * time.Minute)
	batch := conversations(n)
	for i := range batch {
		at := start.Add(time.Duration(i) * 20 * time.Minute)
		c := &batch[i]
		c.CreatedAt = at
		if !c.ClosedAt.IsZero() {
			c.ClosedAt = at.Add(time.Minute)
		}
		for j := range c.Messages {
			c.Messages[j].CreatedAt = at.Add(time.Duration(j) * time.Second)
			c.Messages[j].Text = `Grüße "cursor":"x"}` + "\n" + `{"cursor":"y"}`
		}
		c.Attributes = `{"cursor":"z","n":1}`
		c.Contact = db.ArchivedContact{ID: fmt.Sprintf("55555555-0000-4000-8000-%012d", i), FirstName: "Zoë", Email: fmt.Sprintf("c%d@example.com", i)}
		if c.Assistant.ID == quotes {
			c.Assistant.Name = "=1+1"
		}
	}
	return batch
}

func TestRecipes(t *testing.T) {
	for _, kind := range []string{".sh", ".py"} {
		t.Run("export"+kind+" archives every closed conversation once", func(t *testing.T) { everyRecipe(t, "export"+kind, exported) })
		t.Run("counts"+kind+" counts what the rows say", func(t *testing.T) { everyRecipe(t, "counts"+kind, counted) })
		t.Run("contacts"+kind+" takes and pushes each contact once", func(t *testing.T) { everyRecipe(t, "contacts"+kind, synced) })
	}
}

func everyRecipe(t *testing.T, name string, check func(t *testing.T, w *world, name string, batch []db.ArchivedConversation)) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		w := newWorld(t, store)
		batch := recent(250)
		if _, err := w.Store.Import(context.Background(), w.Ada, batch); err != nil {
			t.Fatal(err)
		}
		check(t, w, name, batch)
	})
}

func exported(t *testing.T, w *world, name string, batch []db.ArchivedConversation) {
	old := conversations(2)[1]
	old.ID, old.CreatedAt = db.NewID(), batch[0].CreatedAt.AddDate(0, 0, -40)
	if _, err := w.Store.Import(t.Context(), w.Ada, []db.ArchivedConversation{old}); err != nil {
		t.Fatal(err)
	}
	k := w.cook(t, name, "conversations_export")
	k.env = slices.Insert(k.env, 0, "DAYS=6")
	if failures := k.finish(); failures < 2 {
		t.Errorf("it failed %d times, so nothing was put to the test", failures)
	}
	want := map[string]int{}
	for _, c := range batch {
		if !c.ClosedAt.IsZero() {
			want[c.ID] = 1
		}
	}
	times, rows := k.lines("closed-*.ndjson")
	if !maps.Equal(times, want) {
		t.Errorf("got %d ids, want %d, each once: %v", len(times), len(want), times)
	}
	for id, row := range rows {
		if messages, _ := row["messages"].([]any); len(messages) != 2 {
			t.Errorf("%s has the messages %v", id, row["messages"])
		}
	}
	if left, _ := filepath.Glob(filepath.Join(k.dir, "*.part*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if got := strings.TrimSpace(k.read("since")); got != old.CreatedAt.Format(time.DateOnly) {
		t.Errorf("the next night begins with %s, want the day of the oldest that is open, %v", got, old.CreatedAt)
	}
	if _, err := w.Store.CloseConversation(t.Context(), w.Ada, old.ID); err != nil {
		t.Fatal(err)
	}
	want[old.ID] = 1
	if k.finish() != 0 {
		t.Error("the next night fails")
	}
	if again, _ := k.lines("closed-*.ndjson"); !maps.Equal(again, want) {
		t.Errorf("the next night has %d ids, want %d, each once", len(again), len(want))
	}
}

func counted(t *testing.T, w *world, name string, batch []db.ArchivedConversation) {
	k := w.cook(t, name, "conversations_export")
	k.write("counts.csv", "yesterday's\n")
	if k.run() || k.read("counts.csv") != "yesterday's\n" {
		t.Errorf("a run that was killed leaves %.200s", k.read("counts.csv"))
	}
	k.finish()
	type day struct{ date, assistant string }
	want := map[day][2]string{}
	sums := map[day][2]int{}
	for _, c := range batch {
		name := strings.Replace(c.Assistant.Name, "=", "'=", 1)
		at := day{c.CreatedAt.Format(time.DateOnly), name}
		closed := 0
		if !c.ClosedAt.IsZero() {
			closed = 1
		}
		sums[at] = [2]int{sums[at][0] + 1, sums[at][1] + closed}
		want[at] = [2]string{fmt.Sprint(sums[at][0]), fmt.Sprint(sums[at][1])}
	}
	rows, err := csv.NewReader(strings.NewReader(k.read("counts.csv"))).ReadAll()
	if err != nil || !slices.Equal(rows[0], []string{"date", "assistant_id", "assistant_name", "conversations", "closed", "messages"}) {
		t.Fatalf("%v in %.300s", err, k.read("counts.csv"))
	}
	seen := map[day]bool{}
	for _, row := range rows[1:] {
		at := day{row[0], row[2]}
		if seen[at] {
			t.Errorf("%v is there twice", at)
		}
		seen[at] = true
		if got := [2]string{row[3], row[4]}; row[3] != "0" && got != want[at] || row[3] == "0" && want[at][0] != "" {
			t.Errorf("%v: got %v, want %v", at, got, want[at])
		}
	}
	for at := range want {
		if !seen[at] {
			t.Errorf("%v is missing", at)
		}
	}
}

func synced(t *testing.T, w *world, name string, batch []db.ArchivedConversation) {
	k := w.cook(t, name, "contacts_sync")
	k.write("outbox.ndjson", `{"email":"c0@example.com","last_name":"Known \"to\" us\\"}`+"\n"+`{"email":"new1@example.com","first_name":"Ünal"}`+"\n"+`{"phone":"+4930901820"}`+"\n"+`{"email":"half`)
	if failures := k.finish(); failures < 2 {
		t.Errorf("it failed %d times, so nothing was put to the test", failures)
	}
	want := map[string]int{}
	for _, c := range batch {
		want[c.Contact.ID] = 1
	}
	if times, _ := k.lines("contacts.ndjson"); !maps.Equal(times, want) {
		t.Errorf("got %d contacts, want %d, each once", len(times), len(want))
	}
	_, secret := w.Key(w.Ada, "read_only")
	total := func() float64 { return data(t, w.Get("/api/v1/contact?size=1", secret))["total"].(float64) }
	if got := total(); got != 252 || strings.TrimSpace(k.read("sent")) != "3" {
		t.Errorf("there are %v contacts and %s were sent, want 252 and 3", got, k.read("sent"))
	}
	k.finish()
	times, rows := k.lines("contacts.ndjson")
	if known := rows[batch[0].Contact.ID]; len(times) != 252 || known["last_name"] != `Known "to" us\` {
		t.Errorf("after the next run there are %d contacts, one of them %v", len(times), known)
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("%s is there %d times", id, n)
		}
	}
}
