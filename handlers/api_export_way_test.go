package handlers

import (
	"bytes"
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers/archive"
)

func TestAnExportGivesWayToOthersWhoAskedLately(t *testing.T) {
	ctx := context.Background()
	store := dbtest.Open(t, filepath.Join(t.TempDir(), "test.db"), time.Now)
	user, team, err := store.AddUser(ctx, db.Operator(""), db.NewUser{Email: "ada@a.example", Name: "Ada", Team: "A", Member: "owner", Password: "a long enough pass phrase"})
	if err != nil {
		t.Fatal(err)
	}
	ada := db.Principal{TeamID: team.ID, UserID: user.ID}
	batch := make([]db.ArchivedConversation, 100)
	for i := range batch {
		batch[i] = db.ArchivedConversation{ID: db.NewID(), DeviceType: "desktop", CreatedAt: time.Date(2026, 9, 1, 0, i, 0, 0, time.UTC),
			Assistant: db.ArchivedAssistant{ID: "11111111-0000-4000-8000-000000000001", Name: "Ava"}, Contact: db.ArchivedContact{ID: "22222222-0000-4000-8000-000000000001"}}
	}
	if _, err := store.Import(ctx, ada, batch); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, c := range []struct {
		name         string
		begun, asked time.Time
		lines        int
	}{
		{"its own request was the last", now, now.Add(-time.Millisecond), 100},
		{"somebody asks all the time", now.Add(-time.Hour), now.Add(time.Hour), 32},
		{"somebody asked a minute ago", now.Add(-time.Hour), now.Add(-time.Minute), 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &server{asked: &atomic.Int64{}}
			s.asked.Store(c.asked.UnixNano())
			e := archive.NewExporter(store.Export(ada, db.ConversationFilter{}, false), false, archive.NDJSON)
			s.giveWay(e, c.begun)
			piece, err := e.Next(ctx)
			if lines := bytes.Count(piece, []byte("\n")); err != nil || lines != c.lines {
				t.Errorf("got %d lines, %v; want %d", lines, err, c.lines)
			}
		})
	}
}
