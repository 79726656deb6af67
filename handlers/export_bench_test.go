package handlers_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers"
)

// manyConversations fills Ada's team past the store, so that a million take seconds: each of its own contact in five.
func (w *world) manyConversations(target string, n int) {
	w.t.Helper()
	handle := dbtest.Handle(w.t, target)
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
		if _, err := handle.Exec(fill.text, fill.n, w.ada.TeamID); err != nil {
			w.t.Fatalf("%v in %s", err, fill.text)
		}
	}
	if _, err := handle.Exec(`ANALYZE`); err != nil {
		w.t.Fatal(err)
	}
}

// plainConversation is what a loop over rows would encode.
type plainConversation struct {
	ID            string          `json:"id"`
	AssistantID   string          `json:"assistant_id"`
	WidgetID      string          `json:"widget_id,omitempty"`
	ContactID     string          `json:"contact_id,omitempty"`
	DeviceType    string          `json:"device_type"`
	DeviceID      string          `json:"unique_device_id,omitempty"`
	Attributes    json.RawMessage `json:"attributes"`
	FirstMessage  string          `json:"first_message"`
	ChatCount     int64           `json:"chat_count"`
	IncludesVoice bool            `json:"includes_voice"`
	IntentID      string          `json:"intent_id,omitempty"`
	IntentName    string          `json:"intent_name,omitempty"`
	Summary       string          `json:"summary,omitempty"`
	CreatedAt     time.Time       `json:"created_at"`
	UpdatedAt     time.Time       `json:"updated_at"`
	ClosedAt      *time.Time      `json:"closed_at,omitempty"`
}

// plainExport is the loop: every column of the conversations alone, in one statement.
func plainExport(b *testing.B, handle *sql.DB, team string, w io.Writer) (n int) {
	rows, err := handle.Query(`
		SELECT id, assistant_id, widget_id, contact_id, device_type, unique_device_id, attributes, first_message, chat_count, includes_voice,
		       intent_id, intent_name, summary, created_at, updated_at, closed_at
		FROM conversations
		WHERE team_id = $1
		ORDER BY created_at, id`, team)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	encoder := json.NewEncoder(w)
	for rows.Next() {
		var c plainConversation
		var attributes string
		var created, updated int64
		var closed sql.NullInt64
		if err := rows.Scan(&c.ID, &c.AssistantID, &c.WidgetID, &c.ContactID, &c.DeviceType, &c.DeviceID, &attributes, &c.FirstMessage, &c.ChatCount, &c.IncludesVoice,
			&c.IntentID, &c.IntentName, &c.Summary, &created, &updated, &closed); err != nil {
			b.Fatal(err)
		}
		c.Attributes, c.CreatedAt, c.UpdatedAt = json.RawMessage(attributes), time.UnixMilli(created).UTC(), time.UnixMilli(updated).UTC()
		if closed.Valid {
			at := time.UnixMilli(closed.Int64).UTC()
			c.ClosedAt = &at
		}
		if err := encoder.Encode(&c); err != nil {
			b.Fatal(err)
		}
		n++
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return n
}

// BenchmarkExport runs a plain loop over the rows and ours in turn. Ours also joins whom a line names, may be
// interrupted, and must give 0.7 × the rows a second.
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
		if got := plainExport(b, handle, w.ada.TeamID, io.Discard); got != n {
			b.Fatalf("plain: got %d rows, want %d", got, n)
		}
		plain, plainCPU = plain+time.Since(start), plainCPU+worked()-used
		start, used = time.Now(), worked()
		e := handlers.NewExporter(w.store.Export(w.ada, db.ConversationFilter{}, false), false, handlers.NDJSON)
		var err error
		for err == nil {
			_, err = e.Next(b.Context())
		}
		if !errors.Is(err, io.EOF) || e.Lines() != int64(n) {
			b.Fatalf("ours: got %d rows, %v; want %d", e.Lines(), err, n)
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
