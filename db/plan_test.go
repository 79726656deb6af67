package db_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// question is a call on the store, and how many statements it may send.
type question struct {
	name       string
	ask        func(store *db.Store) error
	statements int
}

// questions are the calls that requests wait for.
func questions(p db.Principal, secret, session string) []question {
	ctx := context.Background()
	first, later := db.Page{Number: 1, Size: 50}, db.Page{Number: 3, Size: 50}
	day := func(n int) time.Time { return time.Unix(0, 0).UTC().AddDate(0, 0, n) }
	conversations := func(f db.ConversationFilter, page db.Page) func(*db.Store) error {
		return func(s *db.Store) error { _, err := s.Conversations(ctx, p, f, page); return err }
	}
	export := func(f db.ConversationFilter, messages bool) func(*db.Store) error {
		return func(s *db.Store) error { _, err := s.Export(p, f, messages).Next(ctx); return err }
	}
	used := db.UsageQuery{From: day(3).Add(5 * time.Hour), Until: day(100), Zone: time.UTC, Interval: db.Daily, GroupBy: db.ByKey}
	return []question{
		{"a key", func(s *db.Store) error { _, err := s.Authenticate(ctx, secret); return err }, 1},
		{"a key with its details", func(s *db.Store) error { _, err := s.Introspect(ctx, secret); return err }, 1},
		{"a session", func(s *db.Store) error { _, err := s.Visitor(ctx, session); return err }, 1},
		{"the sessions of a person", func(s *db.Store) error { _, err := s.Sessions(ctx, p); return err }, 1},
		{"the teams of a person", func(s *db.Store) error { _, err := s.Teams(ctx, p, first); return err }, 2},
		{"the keys of a person", func(s *db.Store) error { _, err := s.Keys(ctx, p, first); return err }, 2},
		{"contacts", func(s *db.Store) error { _, err := s.Contacts(ctx, p, db.ContactFilter{}, later); return err }, 2},
		{"the first contacts", func(s *db.Store) error { _, err := s.Contacts(ctx, p, db.ContactFilter{}, first); return err }, 1},
		{"newer contacts", func(s *db.Store) error {
			_, err := s.Contacts(ctx, p, db.ContactFilter{Before: db.Cursor{At: time.UnixMilli(100), ID: made(1)}}, first)
			return err
		}, 1},
		{"a contact", func(s *db.Store) error { _, err := s.Contact(ctx, p, "contact-20"); return err }, 1},
		{"assistants", func(s *db.Store) error { _, err := s.Assistants(ctx, p, later); return err }, 2},
		{"an assistant", func(s *db.Store) error { _, err := s.Assistant(ctx, p, "assistant-20"); return err }, 1},
		{"widgets", func(s *db.Store) error { _, err := s.Widgets(ctx, p, later); return err }, 2},
		{"conversations", conversations(db.ConversationFilter{}, later), 2},
		{"conversations of some days", conversations(db.ConversationFilter{From: day(1), Until: day(60)}, first), 2},
		{"conversations of an assistant", conversations(db.ConversationFilter{AssistantID: "assistant-20", From: day(0), Until: day(60)}, first), 2},
		{"older conversations of some days", conversations(db.ConversationFilter{From: day(1), Until: day(60), After: db.Cursor{At: day(3), ID: made(1)}}, first), 2},
		{"newer conversations of some days", conversations(db.ConversationFilter{From: day(1), Until: day(60), Before: db.Cursor{At: day(3), ID: made(1)}}, first), 2},
		{"open conversations of some days", conversations(db.ConversationFilter{From: day(1), Until: day(60), Status: "open"}, first), 2},
		{"newer open conversations of an assistant", conversations(db.ConversationFilter{AssistantID: "assistant-20", From: day(0), Until: day(60), Status: "open", Before: db.Cursor{At: day(3), ID: made(1)}}, first), 2},
		{"newer conversations of a contact", conversations(db.ConversationFilter{ContactID: "contact-20", Before: db.Cursor{At: day(0), ID: made(1)}}, first), 2},
		{"conversations of a contact", conversations(db.ConversationFilter{ContactID: "contact-20"}, first), 2},
		{"a page of an export", export(db.ConversationFilter{From: day(1), Until: day(60)}, false), 4},
		{"a page of an export with messages", export(db.ConversationFilter{Status: "open", After: db.Cursor{At: day(2), ID: made(1)}}, true), 8},
		{"a page of an assistant's export", export(db.ConversationFilter{AssistantID: "assistant-20"}, false), 4},
		{"a page of a contact's export", export(db.ConversationFilter{AssistantID: "assistant-20", ContactID: "contact-20"}, false), 4},
		{"a conversation", func(s *db.Store) error { _, err := s.Conversation(ctx, p, "talk-20"); return err }, 1},
		{"the team's usage", func(s *db.Store) error { _, _, _, err := s.TeamUsage(ctx, p, used); return err }, 2},
		{"what is used of the plan", func(s *db.Store) error { _, err := s.UsageFacts(ctx, p); return err }, 1},
		{"usage by key", func(s *db.Store) error { _, err := s.Usage(ctx, p, used); return err }, 2},
		{"a key's usage", func(s *db.Store) error { _, _, err := s.KeyUsage(ctx, p, "key-20", used); return err }, 1},
		{"a key's requests", func(s *db.Store) error { _, err := s.KeyRequests(ctx, p, "key-20", day(1), 50); return err }, 1},
		{"a request", func(s *db.Store) error { _, err := s.Request(ctx, p, "request-20"); missingIsFine(&err); return err }, 1},
		{"the weeks of keys", func(s *db.Store) error { _, err := s.Weeks(ctx, p, []db.Key{{ID: "key-1"}, {ID: "key-2"}}); return err }, 1},
		{"a transcript", func(s *db.Store) error { _, err := s.Transcript(ctx, p, "talk-20"); return err }, 2},
		{"a page of a transcript", func(s *db.Store) error { _, err := s.TranscriptPage(ctx, p, "talk-20", first); return err }, 1},
		{"the names of assistants", func(s *db.Store) error { _, err := s.AssistantNames(ctx, p); return err }, 1},
	}
}

func missingIsFine(err *error) {
	if db.NotFound.Is(*err) {
		*err = nil
	}
}

func TestNothingThatARequestWaitsForScansATable(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		store := dbtest.Open(t, target, time.Now)
		ada := member(t, store, "ada@a.example", "A")
		_, secret := newKey(t, store, ada, "read_only")
		session, err := store.OpenSession(context.Background(), ada, db.Client{})
		if err != nil {
			t.Fatal(err)
		}
		fill(t, target, 20_000)
		all := questions(ada, secret, session)
		t.Run("before the engine has statistics", func(t *testing.T) { // as after a restore
			for _, q := range all[:3] {
				t.Run(q.name, func(t *testing.T) { q.check(t, store, target) })
			}
		})
		fillTeams(t, target, ada, 10_000)
		for _, q := range all {
			t.Run(q.name, func(t *testing.T) { q.check(t, store, target) })
		}
	})
}

// check asks, and looks at the plan of every statement that the store sends.
func (q question) check(t *testing.T, store *db.Store, target string) {
	t.Helper()
	sent := 0
	watched := store.Watch(func(text string, args []any) {
		sent++
		for _, plan := range plans(t, target, text, args) {
			for _, wrong := range []string{scans.FindString(plan), sorts.FindString(plan)} {
				if wrong != "" {
					t.Errorf("%q in the plan of %s\n%s", wrong, text, plan)
				}
			}
		}
	})
	defer watched.Unwatch()
	if err := q.ask(watched); err != nil {
		t.Error(err)
	}
	if sent != q.statements {
		t.Errorf("got %d statements, want %d", sent, q.statements)
	}
}

// What a plan says when it reads a whole table, and when it sorts rows by itself. Rows that an index has put in order
// but for equals (LAST TERM) are not sorted anew. PostgreSQL may sort: it chooses so where it expects few rows.
var (
	scans = regexp.MustCompile(`(?m)^SCAN .*|Seq Scan on .*`)
	sorts = regexp.MustCompile(`USE TEMP B-TREE FOR ORDER BY`)
	// A subquery that hands its rows on one by one; SQLite calls taking them a scan, too.
	coroutine = regexp.MustCompile(`(?m)^CO-ROUTINE (.*)$`)
)

// plans gives how the engine would run a statement. PostgreSQL has two ways: for these very arguments, and for any.
func plans(t *testing.T, target, text string, args []any) []string {
	t.Helper()
	if !db.IsPostgres(target) {
		plan := explain(t, target, nil, `EXPLAIN QUERY PLAN `+text, args...)
		for _, m := range coroutine.FindAllStringSubmatch(plan, -1) {
			plan = strings.ReplaceAll(plan, "SCAN "+m[1]+"\n", "")
		}
		return []string{plan}
	}
	if len(args) == 0 {
		return []string{explain(t, target, nil, `EXPLAIN `+text)}
	}
	generic := []string{`SET plan_cache_mode = force_generic_plan`, `PREPARE asked AS ` + text}
	nulls := strings.TrimSuffix(strings.Repeat("NULL, ", len(args)), ", ")
	return []string{
		explain(t, target, nil, `EXPLAIN `+text, args...),
		explain(t, target, generic, fmt.Sprintf(`EXPLAIN EXECUTE asked(%s)`, nulls)),
	}
}

// explain runs what comes first and gives the last column of each row of a plan, in lines.
func explain(t *testing.T, target string, before []string, text string, args ...any) string {
	t.Helper()
	ctx := context.Background()
	conn, err := dbtest.Handle(t, target).Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, b := range before {
		if _, err := conn.ExecContext(ctx, b); err != nil {
			t.Fatalf("%v in %s", err, b)
		}
	}
	rows, err := conn.QueryContext(ctx, text, args...)
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var line string
		dest := []any{&line}
		if !db.IsPostgres(target) {
			var id, parent, unused int
			dest = []any{&id, &parent, &unused, &line}
		}
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	if rows.Err() != nil || plan.Len() == 0 {
		t.Fatalf("no plan: %v", rows.Err())
	}
	return plan.String()
}
