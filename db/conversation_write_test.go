package db_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// life is a team whose conversations are brought, imported, continued, closed and deleted in any order.
type life struct {
	store      *db.Store
	ada        db.Principal
	assistants []string
	alive      []string // conversations
	imported   []db.ArchivedConversation
}

func newLife(t *testing.T, store *db.Store, n int) *life {
	t.Helper()
	l := &life{store: store, ada: member(t, store, fmt.Sprintf("ada%d@a.example", n), fmt.Sprintf("Team %d", n))}
	for _, name := range []string{"Claims", "Quotes"} {
		a, err := store.CreateAssistant(context.Background(), l.ada, db.AssistantChange{Name: &name})
		if err != nil {
			t.Fatal(err)
		}
		l.assistants = append(l.assistants, a.ID)
	}
	return l
}

// step does one thing to the team.
func (l *life) step(rt *rapid.T) error {
	ctx := context.Background()
	one := func() string {
		if len(l.alive) == 0 {
			return zoe // there is none: not found
		}
		return rapid.SampledFrom(l.alive).Draw(rt, "conversation")
	}
	sender := rapid.SampledFrom([]string{"user", "bot"}).Draw(rt, "sender")
	kind := rapid.SampledFrom([]string{"text", "voice"}).Draw(rt, "kind")
	switch rapid.IntRange(0, 6).Draw(rt, "step") {
	case 0, 1:
		at := turns[0].Add(time.Duration(rapid.Int64Range(0, 50*3600*1000).Draw(rt, "ms")) * time.Millisecond)
		n := db.NewConversation{AssistantID: rapid.SampledFrom(l.assistants).Draw(rt, "assistant"), CreatedAt: &at, Attributes: map[string]json.RawMessage{"n": json.RawMessage("1")}}
		for range rapid.IntRange(0, 3).Draw(rt, "messages") {
			n.Messages = append(n.Messages, db.NewMessage{SenderType: sender, MessageType: kind, Text: "x"})
		}
		if rapid.Bool().Draw(rt, "closed") {
			n.ClosedAt = &at
		}
		if email := rapid.SampledFrom([]string{"", "one@a.example", "two@a.example", "nobody"}).Draw(rt, "contact"); email != "" {
			n.Contact = &db.ContactChange{Email: &email} // nobody is refused, and everything with it
		}
		made, err := l.store.CreateConversation(ctx, l.ada, n)
		if err == nil {
			l.alive = append(l.alive, made.ID)
		}
		return err
	case 2:
		_, err := l.store.AddMessage(ctx, l.ada, one(), db.NewMessage{SenderType: sender, MessageType: kind, Text: "y"})
		return err
	case 3:
		_, err := l.store.CloseConversation(ctx, l.ada, one())
		return err
	case 4:
		id := one()
		err := l.store.DeleteConversation(ctx, l.ada, id)
		if err == nil {
			for i := range l.alive {
				if l.alive[i] == id {
					l.alive = append(l.alive[:i], l.alive[i+1:]...)
					break
				}
			}
		}
		return err
	case 5:
		batch := someConversations(rt, l.assistants)
		l.imported = append(l.imported, batch...)
		for _, c := range batch {
			l.alive = append(l.alive, c.ID)
		}
		_, err := l.store.Import(ctx, l.ada, batch)
		return err
	}
	_, err := l.store.Import(ctx, l.ada, changed(rt, l.imported))
	return err
}

func TestTotalsFollowEveryChange(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		store, n := dbtest.Open(t, target, time.Now), 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			l := newLife(t, store, n)
			for range rapid.IntRange(1, 12).Draw(rt, "steps") {
				if err := l.step(rt); err != nil && !db.NotFound.Is(err) && !db.Conflict.Is(err) && !db.Invalid.Is(err) {
					rt.Fatal(err)
				}
			}
			if wrong := differences(t, target, l.ada.TeamID); wrong != "" {
				rt.Fatal(wrong)
			}
		})
	})
}

// differences compares all that is kept beside rows with the rows.
func differences(t *testing.T, target, team string) string {
	t.Helper()
	var wrong string
	rows, err := dbtest.Handle(t, target).Query(`
		SELECT 'contacts', (SELECT COALESCE(MAX(total), 0) FROM totals WHERE team_id = $1 AND noun = 'contacts'), (SELECT COUNT(*) FROM contacts WHERE team_id = $1)
		UNION ALL
		SELECT 'messages', (SELECT COALESCE(CAST(SUM(chat_count) AS BIGINT), 0) FROM conversations WHERE team_id = $1), (SELECT COUNT(*) FROM messages WHERE team_id = $1)
		UNION ALL
		SELECT 'chat_count of ' || c.id, c.chat_count, (SELECT COUNT(*) FROM messages m WHERE m.team_id = $1 AND m.conversation_id = c.id)
		FROM conversations c
		WHERE c.team_id = $1
		UNION ALL
		SELECT 'first_message of ' || c.id, 0, (SELECT COUNT(*) FROM messages m WHERE m.team_id = $1 AND m.conversation_id = c.id AND m.position = 0 AND m.text <> c.first_message)
		FROM conversations c
		WHERE c.team_id = $1
		UNION ALL
		SELECT 'voice of ' || c.id, 1, CASE WHEN c.includes_voice = 1 OR NOT EXISTS (SELECT 1 FROM messages m WHERE m.team_id = $1 AND m.conversation_id = c.id AND m.message_type = 'voice') THEN 1 ELSE 0 END
		FROM conversations c
		WHERE c.team_id = $1
		UNION ALL
		SELECT d.noun || ' of ' || d.assistant_id || ' on ' || d.day, d.kept,
		       (SELECT COALESCE(CAST(SUM(CASE d.noun WHEN 'conversations' THEN 1 WHEN 'closed' THEN CASE WHEN c.closed_at IS NULL THEN 0 ELSE 1 END
		                                            WHEN 'voice' THEN c.includes_voice WHEN 'closed voice' THEN CASE WHEN c.closed_at IS NULL THEN 0 ELSE c.includes_voice END
		                                            ELSE c.chat_count END) AS BIGINT), 0)
		        FROM conversations c
		        WHERE c.team_id = $1 AND c.created_at / 86400000 = d.day AND (d.assistant_id = '' OR c.assistant_id = d.assistant_id))
		FROM (SELECT day, assistant_id, 'conversations' AS noun, conversations AS kept FROM conversation_days WHERE team_id = $1
		      UNION ALL SELECT day, assistant_id, 'closed', closed FROM conversation_days WHERE team_id = $1
		      UNION ALL SELECT day, assistant_id, 'voice', voice FROM conversation_days WHERE team_id = $1
		      UNION ALL SELECT day, assistant_id, 'closed voice', closed_voice FROM conversation_days WHERE team_id = $1
		      UNION ALL SELECT day, assistant_id, 'messages', messages FROM conversation_days WHERE team_id = $1) d
		UNION ALL
		SELECT 'conversations', (SELECT COALESCE(CAST(SUM(conversations) AS BIGINT), 0) FROM conversation_days WHERE team_id = $1 AND assistant_id = ''),
		       (SELECT COUNT(*) FROM conversations WHERE team_id = $1)`, team)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var what string
		var kept, there int64
		if err := rows.Scan(&what, &kept, &there); err != nil {
			t.Fatal(err)
		}
		if kept != there {
			wrong += fmt.Sprintf("%s: %d is kept, %d is there\n", what, kept, there)
		}
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return wrong
}

// TestChangesAtOnce has all writers of conversations and contacts meet on a few rows: none may wait for ever, or lose
// what another has counted.
func TestChangesAtOnce(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		ctx, store := context.Background(), dbtest.Open(t, target, time.Now)
		l := newLife(t, store, 0)
		archived := make([]db.ArchivedConversation, 24)
		for i := range archived {
			archived[i] = db.ArchivedConversation{
				ID: db.NewID(), DeviceType: "phone", CreatedAt: turns[0].Add(time.Duration(i) * time.Hour), Contact: db.ArchivedContact{ID: zoe, FirstName: "Zoë"},
				Assistant: db.ArchivedAssistant{ID: l.assistants[i%2], Name: "Assistant"}, Messages: []db.ArchivedMessage{{SenderType: "bot", Text: "x", CreatedAt: turns[0]}},
			}
		}
		if _, err := store.Import(ctx, l.ada, archived); err != nil {
			t.Fatal(err)
		}
		texts := func(i int, s string) *string { s = fmt.Sprintf(s, i); return &s }
		writers := []func(i int) error{
			func(i int) error {
				_, err := store.CreateConversation(ctx, l.ada, db.NewConversation{AssistantID: l.assistants[i%2], Contact: &db.ContactChange{Email: texts(i%3, "c%d@a.example")},
					Messages: []db.NewMessage{{SenderType: "user", Text: "hi"}}})
				return err
			},
			func(i int) error {
				_, err := store.CreateConversation(ctx, l.ada, db.NewConversation{AssistantID: l.assistants[i%2], ContactID: zoe})
				return err
			},
			func(i int) error {
				_, err := store.AddMessage(ctx, l.ada, archived[i%4].ID, db.NewMessage{SenderType: "user", Text: "more"})
				return err
			},
			func(i int) error { _, err := store.CloseConversation(ctx, l.ada, archived[i%4].ID); return err },
			func(i int) error { return store.DeleteConversation(ctx, l.ada, archived[4+i%20].ID) },
			func(int) error { _, err := store.Import(ctx, l.ada, archived); return err },
			func(i int) error {
				_, err := store.UpsertContact(ctx, l.ada, db.ContactChange{Email: texts(i%3, "c%d@a.example"), FirstName: texts(i, "N%d")})
				return err
			},
			func(int) error { return store.DeleteContacts(ctx, l.ada, []string{zoe}) },
		}
		var all sync.WaitGroup
		for n, write := range writers {
			all.Go(func() {
				for i := range 12 {
					if err := write(i); err != nil && !db.NotFound.Is(err) && !db.Conflict.Is(err) && !db.Invalid.Is(err) {
						t.Errorf("writer %d, time %d: %v", n, i, err)
					}
				}
			})
		}
		all.Wait()
		if wrong := differences(t, target, l.ada.TeamID); wrong != "" {
			t.Error(wrong)
		}
	})
}
