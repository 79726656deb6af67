package handlers_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// everyDay takes in all that manyConversations makes, and what is written later.
const everyDay = "date_from=2026-01-01&date_to=2100-12-31"

func TestAnExportThatFailsLooksBroken(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		w := newWorld(t, dbtest.Open(t, target, time.Now))
		w.manyConversations(target, 2500)
		key, secret := w.Key(w.Ada, "read_only")
		handle := dbtest.Handle(t, target)
		server := w.served(func() {
			if _, err := handle.Exec(`ALTER TABLE conversations RENAME TO gone`); err != nil {
				t.Error(err)
			}
		})
		answer, err := http.Get(server.URL + exportPath + everyDay + "&api_key=" + secret)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if lines := wholeLines(string(body)); err == nil || answer.StatusCode != 200 || len(lines) == 0 || len(lines) >= 2500 {
			t.Errorf("got %d, %d lines, %v; want some lines and an error", answer.StatusCode, len(lines), err)
		}
		server.Close() // waits for the handler
		if log := w.Log.String(); !strings.Contains(log, `"a request failed"`) || !strings.Contains(log, `"msg":"request"`) {
			t.Errorf("the log tells of no failure: %s", log)
		}
		if err := w.Usage.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		if kept, err := w.Store.Key(context.Background(), w.Ada, key.ID); err != nil || kept.LastUsed.Route != "/api/v1/conversation/export" {
			t.Errorf("last use: got %+v, %v", kept.LastUsed, err)
		}
	})
}

func TestAnExportMayTakeLongerThanARequestMayBeRead(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		w := newWorld(t, dbtest.Open(t, target, time.Now))
		w.manyConversations(target, 2500)
		_, secret := w.Key(w.Ada, "read_only")
		server := w.served(func() { time.Sleep(300 * time.Millisecond) }) // three times the server's ReadTimeout
		answer, err := http.Get(server.URL + exportPath + everyDay + "&api_key=" + secret)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if n := len(wholeLines(string(body))); err != nil || n != 2500 {
			t.Errorf("got %d lines, %v; want 2,500", n, err)
		}
	})
}

func TestAnExportEndsWithItsClient(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		w := newWorld(t, dbtest.Open(t, target, time.Now))
		w.manyConversations(target, 2500)
		_, secret := w.Key(w.Ada, "read_only")
		ctx, leave := context.WithCancel(context.Background())
		defer leave()
		rec := httptest.NewRecorder()
		func() {
			defer func() {
				if r := recover(); r != http.ErrAbortHandler {
					t.Errorf("got %v, want the connection cut", r)
				}
			}()
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, exportPath+everyDay+"&api_key="+secret, nil)
			w.Handler.ServeHTTP(&breaking{ResponseWriter: rec, do: leave}, r)
		}()
		if n := len(wholeLines(rec.Body.String())); n == 0 || n >= 2500 {
			t.Errorf("got %d lines, want some", n)
		}
		if log := w.Log.String(); strings.Contains(log, `"a request failed"`) {
			t.Errorf("a client that left is no failure of ours: %s", log)
		}
	})
}

// A client is cut at any byte, again and again, and goes on after the last whole line with another copy of the
// program, while newer conversations are written.
func TestAnExportThatIsCutGivesEveryRowOnce(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		w := newWorld(t, dbtest.Open(t, target, time.Now))
		const n = 1200 // more than a page
		w.manyConversations(target, n)
		_, secret := w.Key(w.Ada, "read_only")
		size := len(w.Get(exportPath+everyDay, secret).Body.String())
		later := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
		rapid.Check(t, func(rt *rapid.T) {
			var got []string
			after := ""
			for _, at := range rapid.SliceOfN(rapid.IntRange(0, size), 0, 4).Draw(rt, "cuts") {
				store, err := db.Open(context.Background(), target, time.Now)
				if err != nil {
					rt.Fatal(err)
				}
				handler, _ := w.Copy(store)
				lines := wholeLines(cutAt(at, handler, exportPath+everyDay+after+"&api_key="+secret, func() {
					later = later.Add(time.Second)
					w.write(later)
				}))
				if len(lines) > 0 {
					after = "&after=" + parsed(t, lines[len(lines)-1]).Cursor
				}
				got = append(got, lines...)
				store.Close()
			}
			got = idsOf(t, append(got, w.exported(secret, everyDay+after)...))
			if len(got) < n || !slices.Equal(got[:n], numbered(0, n)) {
				rt.Fatalf("got %d lines, want the %d that were there first, in order", len(got), n)
			}
			if newer := slices.Sorted(slices.Values(got)); len(slices.Compact(newer)) != len(got) {
				rt.Fatal("a line came twice")
			}
		})
	})
}

// cutter is a client that takes so many bytes, and leaves.
type cutter struct {
	*httptest.ResponseRecorder
	left int
	do   func()
}

func (c *cutter) Write(part []byte) (int, error) {
	c.do()
	c.do = func() {}
	taken := min(c.left, len(part))
	c.left -= taken
	_, _ = c.ResponseRecorder.Write(part[:taken])
	if taken < len(part) {
		return taken, io.ErrClosedPipe
	}
	return taken, nil
}

// cutAt gives what a client has that leaves after so many bytes; do is called with the first of them.
func cutAt(bytes int, handler http.Handler, path string, do func()) (body string) {
	c := &cutter{httptest.NewRecorder(), bytes, do}
	defer func() {
		_ = recover() // the connection is cut
		body = c.Body.String()
	}()
	handler.ServeHTTP(c, httptest.NewRequest(http.MethodGet, path, nil))
	return ""
}

// write brings one more conversation.
func (w *world) write(at time.Time) {
	w.T.Helper()
	c := conversations(1)
	c[0].ID, c[0].CreatedAt, c[0].ClosedAt = db.NewID(), at, time.Time{}
	if _, err := w.Store.Import(context.Background(), w.Ada, c); err != nil {
		w.T.Fatal(err)
	}
}
