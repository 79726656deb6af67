package db_test

import (
	"context"
	"strings"
	"testing"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

func TestAssistantWrites(t *testing.T) {
	ctx, yes, no := context.Background(), true, false
	dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
		ada, eve := member(t, store, "ada@a.example", "A"), member(t, store, "eve@b.example", "B")
		create := func(t *testing.T, change db.AssistantChange) db.Assistant {
			t.Helper()
			a, err := store.CreateAssistant(ctx, ada, change)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}

		t.Run("the least there can be is a name", func(t *testing.T) {
			a := create(t, db.AssistantChange{Name: text(" Least ")})
			want := db.Assistant{ID: a.ID, Name: "Least", Type: "simple", Attributes: "{}", TeamID: ada.TeamID, CreatedAt: clock.Now()}
			if kept, err := store.Assistant(ctx, ada, a.ID); a != want || err != nil || kept != want {
				t.Errorf("got %+v\nand kept %+v (%v)\nwant %+v", a, kept, err, want)
			}
		})

		t.Run("a change leaves what it does not name, merges attributes, and unsets what is empty", func(t *testing.T) {
			for _, kind := range db.AssistantTypes {
				want := create(t, db.AssistantChange{Name: text("Claims"), Description: text("First\nline"), Type: &kind, LLMModel: text("m-1"), SystemPrompt: text("Be kind."), Voice: text("alto"),
					VoiceLanguages: text("de,en"), WebhookID: text("hook"), HasHumanAgent: &yes, UseTools: &yes, Attributes: object("a", "1", "b", `"x"`)})
				got, err := store.UpdateAssistant(ctx, ada, want.ID, db.AssistantChange{Voice: text(""), UseTools: &no, Attributes: object("b", "null", "c", "1.0")})
				want.Voice, want.UseTools, want.Attributes = "", false, `{"a":1,"c":1.0}`
				if kept, unread := store.Assistant(ctx, ada, want.ID); got != want || err != nil || kept != want || unread != nil {
					t.Errorf("%s: got %+v (%v)\nand kept %+v (%v)\nwant %+v", kind, got, err, kept, unread, want)
				}
			}
		})

		t.Run("all that is wrong is told, and nothing is written", func(t *testing.T) {
			a := create(t, db.AssistantChange{Name: text("Claims")})
			before, err := store.AssistantNames(ctx, ada)
			if err != nil {
				t.Fatal(err)
			}
			for name, c := range map[string]struct {
				change db.AssistantChange
				fields string
			}{
				"no name":        {db.AssistantChange{Name: text(" ")}, "name"},
				"two lines":      {db.AssistantChange{Name: text("a\nb")}, "name"},
				"type and texts": {db.AssistantChange{Name: text("a"), Type: text("ghost"), Description: text(strings.Repeat("x", 2001)), Voice: text("\x00")}, "assistant_type description voice"},
				"a long prompt":  {db.AssistantChange{Name: text("a"), SystemPrompt: text(strings.Repeat("x", 128<<10+1))}, "system_prompt"},
				"attributes":     {db.AssistantChange{Name: text("a"), Attributes: object("a", `"\u0000"`)}, "attributes"},
			} {
				_, created := store.CreateAssistant(ctx, ada, c.change)
				_, updated := store.UpdateAssistant(ctx, ada, a.ID, c.change)
				for what, err := range map[string]error{"create": created, "update": updated} {
					if got := wrongFields(err); got != c.fields {
						t.Errorf("%s, %s: got %q (%v), want %q", name, what, got, err, c.fields)
					}
				}
			}
			if after, err := store.AssistantNames(ctx, ada); err != nil || len(after) != len(before) || after[a.ID] != "Claims" {
				t.Errorf("the names are now %v (%v), want %v", after, err, before)
			}
		})

		t.Run("a deleted one is gone, and leaves its conversations", func(t *testing.T) {
			a := create(t, db.AssistantChange{Name: text("Claims")})
			talk, err := store.CreateConversation(ctx, ada, db.NewConversation{AssistantID: a.ID})
			if err != nil {
				t.Fatal(err)
			}
			if err := store.DeleteAssistant(ctx, ada, a.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Assistant(ctx, ada, a.ID); !db.NotFound.Is(err) {
				t.Errorf("after it: got %v, want a NotFound error", err)
			}
			if kept, err := store.Conversation(ctx, ada, talk.ID); err != nil || kept.AssistantID != a.ID {
				t.Errorf("its conversation: got %+v (%v), want it to name %s still", kept, err, a.ID)
			}
		})

		t.Run("another team's assistant is as absent as a missing one", func(t *testing.T) {
			a := create(t, db.AssistantChange{Name: text("Claims")})
			for _, id := range []string{a.ID, db.NewID(), "x"} {
				_, read := store.Assistant(ctx, eve, id)
				_, changed := store.UpdateAssistant(ctx, eve, id, db.AssistantChange{Name: text("Mine")})
				for what, err := range map[string]error{"read": read, "changed": changed, "deleted": store.DeleteAssistant(ctx, eve, id)} {
					if !db.NotFound.Is(err) {
						t.Errorf("%s %s: got %v, want a NotFound error", what, id, err)
					}
				}
			}
			if kept, err := store.Assistant(ctx, ada, a.ID); err != nil || kept != a {
				t.Errorf("kept %+v (%v), want %+v", kept, err, a)
			}
		})
	})
}
