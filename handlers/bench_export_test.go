package handlers_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers/archive"
)

// manyConversations fills Ada's team past the store, so that a million take seconds: each of its own contact in five.
func (w *world) manyConversations(target string, n int) {
	w.T.Helper()
	handle := dbtest.Handle(w.T, target)
	text := func(prefix, number string) string {
		return fmt.Sprintf(`'%s-0000-4000-8000-' || substr('00000000000' || (%s), -12)`, prefix, number)
	}
	if db.IsPostgres(target) {
		text = func(prefix, number string) string {
			return fmt.Sprintf(`'%s-0000-4000-8000-' || lpad(CAST(%s AS TEXT), 12, '0')`, prefix, number)
		}
	}
	numbers := `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1) `
	for _, fill := range []struct {
		text string
		n    int
	}{
		{`INSERT INTO assistants (team_id, id, name, created_at) ` + numbers + `SELECT $2, ` + text("11111111", "i") + `, 'Assistant ' || i, 1 FROM n`, 29},
		{`INSERT INTO contacts (team_id, id, first_name, last_name, email, channels, created_at, updated_at) ` + numbers + `
		  SELECT $2, ` + text("22222222", "i") + `, 'Grace', 'Hopper', 'grace' || i || '@example.com',
		         '{"email":"grace' || i || '@example.com","telephone":"+15551000220"}', i, i FROM n`, n / 5},
		{`INSERT INTO conversations (team_id, id, assistant_id, contact_id, device_type, attributes, first_message, chat_count, created_at, updated_at, closed_at) ` + numbers + `
		  SELECT $2, ` + text("44444444", "i") + `, ` + text("11111111", "i % 29") + `, ` + text("22222222", fmt.Sprintf("i %% %d", n/5)) + `, 'mobile', '{"source":"site"}',
		         'I would like to find a place to eat in San Francisco, please.', 15, CAST(1793000000000 AS BIGINT) + i * 1000, CAST(1793000000000 AS BIGINT) + i * 1000 + 60000, CAST(1793000000000 AS BIGINT) + i * 1000 + 60000 FROM n`, n},
	} {
		if _, err := handle.Exec(fill.text, fill.n, w.Ada.TeamID); err != nil {
			w.T.Fatalf("%v in %s", err, fill.text)
		}
	}
	if _, err := handle.Exec(`INSERT INTO totals (team_id, noun, total) VALUES ($1, 'contacts', $2)`, w.Ada.TeamID, n/5); err != nil {
		w.T.Fatal(err)
	}
	if _, err := handle.Exec(`ANALYZE`); err != nil {
		w.T.Fatal(err)
	}
}

// plainExport is the loop that anybody would write for the same lines: one statement that joins whom a conversation
// names, and encoding/json. It gives how many lines and bytes there were.
func plainExport(b *testing.B, handle *sql.DB, team string) (lines int, bytes counter) {
	rows, err := handle.Query(`
		SELECT c.id, c.assistant_id, c.widget_id, c.contact_id, c.device_type, c.unique_device_id, c.attributes, c.first_message, c.chat_count, c.includes_voice,
		       c.intent_id, c.intent_name, c.summary, c.created_at, c.updated_at, c.closed_at,
		       a.name, w.name, w.widget_type, w.widget_provider, p.first_name, p.last_name, p.email, p.channels, p.user_attributes, p.custom_fields
		FROM conversations c
		LEFT JOIN assistants a ON a.team_id = c.team_id AND a.id = c.assistant_id
		LEFT JOIN widgets w ON w.team_id = c.team_id AND w.id = c.widget_id
		LEFT JOIN contacts p ON p.team_id = c.team_id AND p.id = c.contact_id
		WHERE c.team_id = $1
		ORDER BY c.created_at, c.id`, team)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	encoder := json.NewEncoder(&bytes)
	encoder.SetEscapeHTML(false)
	for rows.Next() {
		line, err := plainLine(rows)
		if err != nil {
			b.Fatal(err)
		}
		if err := encoder.Encode(line); err != nil {
			b.Fatal(err)
		}
		lines++
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return lines, bytes
}

func plainLine(rows *sql.Rows) (*archive.Line, error) {
	var l archive.Line
	var created, updated int64
	var closed sql.NullInt64
	var attributes string
	var assistant, widget, kind, provider, first, last, email, channels, known, custom sql.NullString
	err := rows.Scan(&l.ID, &l.AssistantID, &l.WidgetID, &l.ContactID, &l.DeviceType, &l.UniqueDeviceID, &attributes, &l.FirstMessage, &l.ChatCount, &l.IncludesVoice,
		&l.IntentID, &l.IntentName, &l.Summary, &created, &updated, &closed,
		&assistant, &widget, &kind, &provider, &first, &last, &email, &channels, &known, &custom)
	l.Attributes, l.CreatedAt, l.UpdatedAt, l.Status = []byte(attributes), time.UnixMilli(created).UTC(), time.UnixMilli(updated).UTC(), "open"
	if closed.Valid {
		l.ClosedAt, l.Status = time.UnixMilli(closed.Int64).UTC(), "closed"
	}
	if assistant.Valid {
		l.AssistantName, l.Assistant = assistant.String, &archive.Assistant{ID: l.AssistantID, Name: assistant.String}
	}
	if widget.Valid {
		l.WidgetType, l.WidgetProvider = kind.String, provider.String
		l.Widget = &archive.Widget{ID: l.WidgetID, Name: widget.String, WidgetType: kind.String, WidgetProvider: provider.String}
	}
	if first.Valid {
		l.ContactFirstName, l.ContactLastName = first.String, last.String
		l.Contact = &archive.Contact{ID: l.ContactID, FirstName: first.String, LastName: last.String, Email: email.String,
			Channels: []byte(channels.String), UserAttributes: []byte(known.String), CustomFields: []byte(custom.String)}
	}
	l.Cursor = db.Cursor{At: l.CreatedAt, ID: l.ID}.String()
	return &l, err
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

// BenchmarkExport runs a plain loop over the rows and ours in turn, which must give 0.7 × the rows a second.
func BenchmarkExport(b *testing.B) {
	const n = 100_000
	b.Run("sqlite", func(b *testing.B) { benchExport(b, filepath.Join(b.TempDir(), "bench.db"), n) })
	b.Run("postgres", func(b *testing.B) { benchExport(b, dbtest.Postgres(b), n) })
}

func benchExport(b *testing.B, target string, n int) {
	w := newWorld(b, dbtest.Open(b, target, time.Now))
	w.manyConversations(target, n)
	handle := dbtest.Handle(b, target)
	var plain, ours, plainCPU, ourCPU time.Duration
	for b.Loop() {
		start, used := time.Now(), worked()
		lines, same := plainExport(b, handle, w.Ada.TeamID)
		if lines != n {
			b.Fatalf("plain: got %d rows, want %d", lines, n)
		}
		plain, plainCPU = plain+time.Since(start), plainCPU+worked()-used
		start, used = time.Now(), worked()
		e := archive.NewExporter(w.Store.Export(w.Ada, db.ConversationFilter{}, false), false, archive.NDJSON)
		var err error
		for err == nil {
			var piece []byte
			piece, err = e.Next(b.Context())
			same -= counter(len(piece))
		}
		if !errors.Is(err, io.EOF) || e.Lines() != int64(n) || same != 0 {
			b.Fatalf("ours: got %d rows, %v; want %d, and %d bytes more", e.Lines(), err, n, same)
		}
		ours, ourCPU = ours+time.Since(start), ourCPU+worked()-used
	}
	rate := func(d time.Duration) float64 { return float64(n) * float64(b.N) / d.Seconds() }
	b.ReportMetric(rate(plain), "plain-rows/s")
	b.ReportMetric(rate(ours), "our-rows/s")
	b.ReportMetric(plain.Seconds()/ours.Seconds(), "ratio")
	b.ReportMetric(plainCPU.Seconds()/ourCPU.Seconds(), "ratio-of-CPU")
}

// worked is the processor time that this process has used.
func worked() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// TestReadersBesideAnExport measures how long two readers of the list wait while nothing else happens and while another
// client takes an export, in turn. It measures, so it does not fail; go run ./cmd/dev bench runs it.
func TestReadersBesideAnExport(t *testing.T) {
	if os.Getenv("INSIGHTO_BENCH") == "" {
		t.Skip("INSIGHTO_BENCH is not set: go run ./cmd/dev bench sets it")
	}
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		w := newWorld(t, dbtest.Open(t, target, time.Now))
		w.manyConversations(target, 300_000)
		_, secret := w.Key(w.Ada, "full_access")
		server := httptest.NewServer(w.Handler)
		defer server.Close()
		list := server.URL + "/api/v1/contact?size=50&api_key=" + secret
		export := server.URL + "/api/v1/conversation/export?date_from=2026-01-01&date_to=2027-12-31&api_key=" + secret
		var alone, beside []time.Duration
		var exported int64
		const rounds, each = 6, 2 * time.Second
		for range rounds {
			alone = append(alone, oneAfterOther(t, list, each)...)
			ctx, stop := context.WithCancel(t.Context())
			taken := make(chan struct{})
			go func() {
				defer close(taken)
				for ctx.Err() == nil {
					_, n := take(ctx, export)
					exported += n
				}
			}()
			beside = append(beside, oneAfterOther(t, list, each)...)
			stop()
			<-taken
		}
		slices.Sort(alone)
		slices.Sort(beside)
		at := func(waits []time.Duration, percent int) time.Duration { return waits[len(waits)*percent/100] }
		t.Logf("the list alone: p50 %v, p99 %v; beside an export: p50 %v, p99 %v, %.1f × as long; the export gave %.0f MB a second", at(alone, 50), at(alone, 99), at(beside, 50), at(beside, 99),
			at(beside, 99).Seconds()/at(alone, 99).Seconds(), float64(exported)/1e6/(rounds*each).Seconds())
	})
}

// oneAfterOther has two readers ask, each 5 ms after its last answer, and gives how long each answer took.
func oneAfterOther(t *testing.T, url string, long time.Duration) (waits []time.Duration) {
	t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	for begun := range 2 {
		all.Go(func() {
			for start := time.Now(); time.Since(start) < long; time.Sleep(time.Duration(5+begun) * time.Millisecond) {
				asked := time.Now()
				if ok, _ := take(t.Context(), url); !ok {
					t.Error("a request failed")
					return
				}
				mu.Lock()
				waits = append(waits, time.Since(asked))
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return waits
}

// take reads an answer to its end, and gives how many bytes came.
func take(ctx context.Context, url string) (ok bool, size int64) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false, 0
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false, 0
	}
	defer answer.Body.Close()
	size, err = io.Copy(io.Discard, answer.Body)
	return err == nil && answer.StatusCode == http.StatusOK, size
}
