package db_test

import (
	"strings"
	"testing"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// numbers is a table n of the numbers i from 0 up to $1.
const numbers = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1)`

// fill makes the tables as large as a busy server's, past the store so that a million keys take seconds: n keys, a
// person for every ten of them and a team for every two persons. Their ids are older than any that the store makes.
func fill(t testing.TB, target string, n int) {
	t.Helper()
	bulk(t, target, `
		INSERT INTO teams (id, name, created_at) `+numbers+`
		SELECT '00-team-' || i, '00-team-' || i, i FROM n`, n/20)
	bulk(t, target, `
		INSERT INTO users (id, email, name, password_hash, created_at) `+numbers+`
		SELECT '00-user-' || i, '00-user-' || i || '@fill.example', 'Filling', '', i FROM n`, n/10)
	bulk(t, target, `
		INSERT INTO members (team_id, user_id, member_role, created_at) `+numbers+`
		SELECT '00-team-' || (i / 2), '00-user-' || i, 'member', i FROM n`, n/10)
	bulk(t, target, `
		INSERT INTO keys (team_id, id, user_id, digest, prefix, name, role, description, created_at) `+numbers+`
		SELECT '00-team-' || (i / 20), 'key-' || i, '00-user-' || (i / 10), RANDOM, 'in-filling0', 'filling', 'read_only', 'one of many', i FROM n`, n)
}

// fillTeams gives each of a hundred teams of fill, and twenty times as often the team of one person, a part of n
// sessions, contacts, assistants, widgets, and conversations of two messages, one a minute from 1970 on. The sums that
// are kept beside them are there only as far as plans need them.
func fillTeams(t testing.TB, target string, p db.Principal, n int) {
	t.Helper()
	bulk(t, target, `
		INSERT INTO sessions (digest, id, user_id, team_id, created_at, seen_at, address, user_agent) `+numbers+`
		SELECT RANDOM, 'session-' || i, CASE i % 20 WHEN 0 THEN $2 ELSE '00-user-' || (i % 100) END, $3, i, i, '', '' FROM n`, n, p.UserID, p.TeamID)
	for _, text := range []string{
		`INSERT INTO contacts (team_id, id, created_at, updated_at)
		 SELECT TEAM, 'contact-' || i, i, i FROM n`,
		`INSERT INTO assistants (team_id, id, name, created_at)
		 SELECT TEAM, 'assistant-' || i, 'Filling', i FROM n`,
		`INSERT INTO widgets (team_id, id, name, assistant_id, widget_type, widget_provider, created_at)
		 SELECT TEAM, 'widget-' || i, 'Filling', '', '', '', i FROM n`,
		`INSERT INTO conversations (team_id, id, assistant_id, contact_id, widget_id, created_at, updated_at)
		 SELECT TEAM, 'talk-' || i, 'assistant-' || (i % 100), 'contact-' || (i % 1000), 'widget-' || (i % 100), MINUTE * i, MINUTE * i FROM n`,
		`INSERT INTO messages (team_id, conversation_id, position, id, sender_type, message_type, text, created_at, updated_at)
		 SELECT TEAM, 'talk-' || i, 1, 'm', 'user', 'text', 'hello', MINUTE * i, MINUTE * i FROM n`,
		`INSERT INTO messages (team_id, conversation_id, position, id, sender_type, message_type, text, created_at, updated_at)
		 SELECT TEAM, 'talk-' || i, 2, 'n', 'bot', 'text', 'hello', MINUTE * i, MINUTE * i FROM n`,
		`INSERT INTO conversation_days (team_id, assistant_id, day, conversations, closed, voice, closed_voice, messages, quarters)
		 SELECT TEAM, '', i, 1440, 0, 0, 0, 2880, EMPTY FROM n`,
		`INSERT INTO conversation_days (team_id, assistant_id, day, conversations, closed, voice, closed_voice, messages, quarters)
		 SELECT TEAM, 'assistant-' || (i % 100), i, 1440, 0, 0, 0, 2880, EMPTY FROM n`,
		`INSERT INTO usage_hours (team_id, hour, key_id, route, outcome, requests, bytes, micros)
		 SELECT TEAM, 60 * MINUTE * i, 'key-' || (i % 100), 'GET /api/v1/contact', 'ok', 1, 1, 1 FROM n`,
		`INSERT INTO usage_sums (team_id, kind, at, name, ok, denied, limited, client, server, bytes, micros, parts)
		 SELECT TEAM, CASE i % 3 WHEN 0 THEN 'team' WHEN 1 THEN 'key' ELSE 'route' END, 1440 * MINUTE * i, 'key-' || (i % 100), 1, 0, 0, 0, 0, 1, 1, EMPTY FROM n`,
		`INSERT INTO usage_months (team_id, month, requests)
		 SELECT TEAM, 'month ' || i, 1 FROM n`,
		`INSERT INTO requests (team_id, id, at, key_id, method, route, status, micros, bytes, address, agent, weight)
		 SELECT TEAM, 'request-' || i, MINUTE * i, 'key-' || (i % 100), 'GET', '/api/v1/contact', 200, 1, 1, '', '', 1 FROM n`,
		`INSERT INTO deleted_keys (team_id, id, user_id, name, prefix, deleted_at)
		 SELECT TEAM, 'gone-' || i, 'nobody', '', '', i FROM n`,
		`INSERT INTO totals (team_id, noun, total)
		 SELECT TEAM, CASE i WHEN 0 THEN 'contacts' ELSE 'noun ' || i END, 1000 FROM n`,
	} {
		bulk(t, target, strings.Replace(text, "SELECT", numbers+" SELECT", 1), n, p.TeamID)
	}
	if _, err := dbtest.Handle(t, target).Exec(`ANALYZE`); err != nil {
		t.Fatal(err)
	}
}

// bulk runs one statement, with a few words of its own: RANDOM is 32 bytes of no order.
func bulk(t testing.TB, target, text string, args ...any) {
	t.Helper()
	random, bytes := `randomblob(32)`, `BLOB`
	if db.IsPostgres(target) {
		random, bytes = `sha256(CAST(i || ' ' || random() AS BYTEA))`, `BYTEA`
	}
	text = strings.NewReplacer("RANDOM", random, "EMPTY", `CAST('' AS `+bytes+`)`, "MINUTE", `CAST(60000 AS BIGINT)`,
		"TEAM", `CASE i % 20 WHEN 0 THEN $2 ELSE '00-team-' || (i % 100) END`).Replace(text)
	if _, err := dbtest.Handle(t, target).Exec(text, args...); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}
