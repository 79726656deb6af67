package db_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

var everything = db.Page{Number: 1, Size: 1000}

// clock ticks a second at each look, so that a row written twice has another time.
func clock() func() time.Time {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(time.Second)
		return now
	}
}

func made(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// archived is a closed conversation of two messages that began n minutes past nine.
func archived(n int) db.ArchivedConversation {
	began := time.Date(2026, 9, 1, 9, n, 0, 0, time.UTC)
	return db.ArchivedConversation{
		ID:         made(n),
		Assistant:  db.ArchivedAssistant{ID: made(100), Name: "Helper"},
		Contact:    db.ArchivedContact{ID: made(200), FirstName: "Zoë", LastName: "王", Email: "Zoe@Example.com", Channels: `{"telephone":"+15551000220"}`},
		DeviceType: "mobile",
		Attributes: `{"source":"test"}`,
		CreatedAt:  began,
		ClosedAt:   began.Add(5 * time.Minute),
		Messages: []db.ArchivedMessage{
			{SenderType: "user", Text: "Good morning. 🌅", CreatedAt: began.Add(time.Second)},
			{SenderType: "bot", Text: "Hello!", CreatedAt: began.Add(2 * time.Second)},
		},
	}
}

func imported(t *testing.T, store *db.Store, p db.Principal, batch ...db.ArchivedConversation) []db.Imported {
	t.Helper()
	results, err := store.Import(t.Context(), p, batch)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func wantImported(t *testing.T, got []db.Imported, want ...db.Imported) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("import: got %v, want %v", got, want)
	}
}

func transcript(t *testing.T, store *db.Store, p db.Principal, id string) []db.Message {
	t.Helper()
	messages, err := store.Transcript(t.Context(), p, id)
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

func theContact(t *testing.T, store *db.Store, p db.Principal) db.Contact {
	t.Helper()
	c, err := store.Contact(t.Context(), p, made(200))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestImport(t *testing.T) {
	dbtest.EachAt(t, clock(), func(t *testing.T, store *db.Store) {
		p := member(t, store, "a@example.com", "A")
		wantImported(t, imported(t, store, p, archived(1), archived(2)), db.ImportedNew, db.ImportedNew)

		t.Run("a conversation is kept with all that belongs to it", func(t *testing.T) {
			got, err := store.Conversation(t.Context(), p, made(1))
			if err != nil {
				t.Fatal(err)
			}
			began := archived(1).CreatedAt
			want := db.Conversation{
				ID: made(1), AssistantID: made(100), AssistantName: "Helper",
				ContactID: made(200), ContactFirstName: "Zoë", ContactLastName: "王", DeviceType: "mobile",
				Attributes: `{"source":"test"}`, FirstMessage: "Good morning. 🌅", ChatCount: 2,
				CreatedAt: began, UpdatedAt: began.Add(5 * time.Minute), ClosedAt: began.Add(5 * time.Minute),
			}
			if got != want {
				t.Errorf("conversation:\n got %+v\nwant %+v", got, want)
			}
			messages := transcript(t, store, p, made(1))
			if len(messages) != 2 || messages[0].Text != "Good morning. 🌅" || messages[1].SenderType != "bot" ||
				messages[0].MessageType != "text" || !db.IsID(messages[0].ID) || messages[0].ID == messages[1].ID {
				t.Errorf("messages: got %+v", messages)
			}
		})

		t.Run("a contact knows its first and last conversation", func(t *testing.T) {
			got := theContact(t, store, p)
			want := db.Contact{
				ID: made(200), FirstName: "Zoë", LastName: "王", Email: "zoe@example.com", Phone: "+15551000220",
				Channels: `{"telephone":"+15551000220"}`, UserAttributes: "{}", CustomFields: "{}",
				LastSeen: archived(2).CreatedAt.Add(time.Second), TeamID: p.TeamID,
				FirstAssistantID: made(100), LastAssistantID: made(100),
				CreatedAt: archived(1).CreatedAt, UpdatedAt: got.UpdatedAt,
			}
			if got != want {
				t.Errorf("contact:\n got %+v\nwant %+v", got, want)
			}
		})

		t.Run("again nothing is written", func(t *testing.T) {
			before, messages := theContact(t, store, p), transcript(t, store, p, made(1))
			wantImported(t, imported(t, store, p, archived(1), archived(2)), db.ImportedUnchanged, db.ImportedUnchanged)
			if after := theContact(t, store, p); after != before {
				t.Errorf("contact: got %+v, want %+v", after, before)
			}
			if after := transcript(t, store, p, made(1)); !slices.Equal(after, messages) {
				t.Errorf("messages: got %+v, want %+v", after, messages)
			}
		})

		t.Run("the same conversation twice in one batch is one", func(t *testing.T) {
			wantImported(t, imported(t, store, p, archived(3), archived(3)), db.ImportedNew, db.ImportedUnchanged)
		})
	})
}

func TestImportOfChanges(t *testing.T) {
	cases := []struct {
		name     string
		change   func(c *db.ArchivedConversation)
		want     db.Imported
		messages int64
		voice    bool
	}{
		{"more messages", func(c *db.ArchivedConversation) {
			c.Messages = append(c.Messages, db.ArchivedMessage{SenderType: "user", MessageType: "voice", Text: "One more thing.", CreatedAt: c.ClosedAt.Add(time.Minute)})
		}, db.ImportedChanged, 3, true},
		{"another word", func(c *db.ArchivedConversation) { c.Messages[1].Text = "Hello, Zoë!" }, db.ImportedChanged, 2, false},
		{"a message taken out", func(c *db.ArchivedConversation) { c.Messages = c.Messages[:1] }, db.ImportedChanged, 1, false},
		{"other attributes", func(c *db.ArchivedConversation) { c.Attributes = `{"tag":"x"}` }, db.ImportedChanged, 2, false},
		{"another name of the contact", func(c *db.ArchivedConversation) { c.Contact.LastName = "Wang" }, db.ImportedChanged, 2, false},
		{"an older export, from before it was closed, undoes nothing", func(c *db.ArchivedConversation) { c.ClosedAt = time.Time{} }, db.ImportedUnchanged, 2, false},
	}
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		p := member(t, store, "a@example.com", "A")
		for n, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				before, after := archived(n), archived(n)
				before.Contact.ID, after.Contact.ID = made(300+n), made(300+n)
				c.change(&after)
				imported(t, store, p, before)
				first := transcript(t, store, p, made(n))[0]
				wantImported(t, imported(t, store, p, after), c.want)
				wantImported(t, imported(t, store, p, after), db.ImportedUnchanged)
				got, err := store.Conversation(t.Context(), p, made(n))
				if err != nil {
					t.Fatal(err)
				}
				messages := transcript(t, store, p, made(n))
				if got.ChatCount != c.messages || int64(len(messages)) != c.messages || got.IncludesVoice != c.voice {
					t.Errorf("got %d messages, %d in the transcript, voice %v; want %d, voice %v", got.ChatCount, len(messages), got.IncludesVoice, c.messages, c.voice)
				}
				if messages[0] != first {
					t.Errorf("the message that did not change: got %+v, want %+v", messages[0], first)
				}
				if got.Status() != "closed" {
					t.Errorf("status: got %s, want closed", got.Status())
				}
			})
		}
	})
}

func TestImportKeepsTheNewestKnowledge(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		p := member(t, store, "a@example.com", "A")
		older, newer := archived(1), archived(9)
		older.Contact.LastName, older.Assistant.Name = "Before", "Helper 1"
		newer.Contact.LastName, newer.Assistant.Name = "After", "Helper 2"
		newer.Assistant.ID = made(101)
		elder := archived(0)
		elder.Assistant = db.ArchivedAssistant{ID: made(100), Name: "Helper 0"}

		imported(t, store, p, newer)
		imported(t, store, p, older)
		imported(t, store, p, elder)
		wantImported(t, imported(t, store, p, elder, older, newer), db.ImportedUnchanged, db.ImportedUnchanged, db.ImportedUnchanged)
		c := theContact(t, store, p)
		if c.LastName != "After" || c.FirstAssistantID != made(100) || c.LastAssistantID != made(101) || !c.CreatedAt.Equal(elder.CreatedAt) {
			t.Errorf("contact: got %+v", c)
		}
		a, err := store.Assistant(t.Context(), p, made(100))
		if err != nil || a.Name != "Helper 1" || !a.CreatedAt.Equal(elder.CreatedAt) {
			t.Errorf("assistant: got %+v, %v; want Helper 1 from the start of the oldest", a, err)
		}
	})
}

func TestImportStaysInItsTeam(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		ours, theirs := member(t, store, "a@example.com", "A"), member(t, store, "b@example.com", "B")
		imported(t, store, theirs, archived(1))
		mine := archived(1)
		mine.Messages[0].Text, mine.Contact.LastName, mine.Assistant.Name = "Mine.", "Mine", "Mine"
		wantImported(t, imported(t, store, ours, mine), db.ImportedNew)

		if got := transcript(t, store, theirs, made(1))[0].Text; got != "Good morning. 🌅" {
			t.Errorf("their message: got %q", got)
		}
		if got := theContact(t, store, theirs).LastName; got != "王" {
			t.Errorf("their contact: got %q", got)
		}
		if got := transcript(t, store, ours, made(1))[0].Text; got != "Mine." {
			t.Errorf("our message: got %q", got)
		}
		if _, err := store.Import(t.Context(), db.Operator(made(999)), []db.ArchivedConversation{archived(2)}); !db.NotFound.Is(err) {
			t.Errorf("a team that is not there: got %v, want not found", err)
		}
	})
}

func TestImportIsAllOrNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		p := member(t, store, "a@example.com", "A")
		bad := archived(2)
		bad.DeviceType = "toaster"
		if _, err := store.Import(t.Context(), p, []db.ArchivedConversation{archived(1), bad}); !db.Invalid.Is(err) {
			t.Errorf("a bad conversation: got %v, want invalid", err)
		}
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := store.Import(cancelled, p, []db.ArchivedConversation{archived(1)}); err == nil {
			t.Error("a cancelled import: got no error")
		}
		list, err := store.Contacts(t.Context(), p, db.ContactFilter{}, everything)
		if err != nil || list.Total != 0 {
			t.Errorf("contacts: got %d, %v; want none", list.Total, err)
		}
	})
}

func TestImportOfManyAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		p := member(t, store, "a@example.com", "A")
		var batch []db.ArchivedConversation
		for n := range 333 { // more than one look-up and statement takes
			c := archived(n % 60)
			c.ID, c.Contact.ID, c.Contact.Email = made(1000+n), made(5000+n%123), ""
			batch = append(batch, c)
		}
		errs := make(chan error)
		for range 2 { // two copies of the program with the same file
			go func() {
				_, err := store.Import(t.Context(), p, batch)
				errs <- err
			}()
		}
		if err := errors.Join(<-errs, <-errs); err != nil {
			t.Fatal(err)
		}
		conversations, err := store.Conversations(t.Context(), p, db.ConversationFilter{}, everything)
		if err != nil || conversations.Total != 333 {
			t.Errorf("conversations: got %d, %v; want 333", conversations.Total, err)
		}
		contacts, err := store.Contacts(t.Context(), p, db.ContactFilter{}, everything)
		if err != nil || contacts.Total != 123 {
			t.Errorf("contacts: got %d, %v; want 123", contacts.Total, err)
		}
		if n := len(transcript(t, store, p, made(1332))); n != 2 {
			t.Errorf("messages of the last: got %d, want 2", n)
		}
	})
}

func TestArchivedConversationThatIsRefused(t *testing.T) {
	cases := []struct {
		field  string
		change func(c *db.ArchivedConversation)
	}{
		{"id", func(c *db.ArchivedConversation) { c.ID = "" }},
		{"id", func(c *db.ArchivedConversation) { c.ID = "42" }},
		{"assistant.id", func(c *db.ArchivedConversation) { c.Assistant.ID = "x" }},
		{"assistant.name", func(c *db.ArchivedConversation) { c.Assistant.Name = " " }},
		{"contact.id", func(c *db.ArchivedConversation) { c.Contact = db.ArchivedContact{} }},
		{"contact.first_name", func(c *db.ArchivedConversation) { c.Contact.FirstName = "a\x00b" }},
		{"contact.last_name", func(c *db.ArchivedConversation) { c.Contact.LastName = strings.Repeat("x", 401) }},
		{"contact.email", func(c *db.ArchivedConversation) { c.Contact.Email = "nobody" }},
		{"contact.channels", func(c *db.ArchivedConversation) { c.Contact.Channels = `["x"]` }},
		{"contact.channels.telephone", func(c *db.ArchivedConversation) { c.Contact.Channels = `{"telephone":"0123"}` }},
		{"contact.channels.telephone", func(c *db.ArchivedConversation) { c.Contact.Channels = `{"telephone":1234567}` }},
		{"widget.id", func(c *db.ArchivedConversation) { c.Widget.Name = "Nameless" }},
		{"device_type", func(c *db.ArchivedConversation) { c.DeviceType = "toaster" }},
		{"attributes", func(c *db.ArchivedConversation) { c.Attributes = "null" }},
		{"attributes", func(c *db.ArchivedConversation) { c.Attributes = `{"a":` }},
		{"created_at", func(c *db.ArchivedConversation) { c.CreatedAt = time.Time{} }},
		{"created_at", func(c *db.ArchivedConversation) { c.CreatedAt = time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC) }},
		{"closed_at", func(c *db.ArchivedConversation) { c.ClosedAt = c.CreatedAt.Add(-time.Millisecond) }},
		{"messages.1.sender_type", func(c *db.ArchivedConversation) { c.Messages[1].SenderType = "ghost" }},
		{"messages.0.message_type", func(c *db.ArchivedConversation) { c.Messages[0].MessageType = "smell" }},
		{"messages.0.text", func(c *db.ArchivedConversation) { c.Messages[0].Text = "\xff" }},
		{"messages.0.text", func(c *db.ArchivedConversation) { c.Messages[0].Text = strings.Repeat("x", 256<<10+1) }},
		{"messages.0.created_at", func(c *db.ArchivedConversation) { c.Messages[0].CreatedAt = time.Time{} }},
		{"messages.0.id", func(c *db.ArchivedConversation) { c.Messages[0].ID = "x" }},
		{"messages", func(c *db.ArchivedConversation) { c.Messages = make([]db.ArchivedMessage, 20_001) }},
	}
	for _, c := range cases {
		t.Run(c.field, func(t *testing.T) {
			conversation := archived(1)
			c.change(&conversation)
			_, err := conversation.Checked()
			var e *db.Error
			if !errors.As(err, &e) || e.Kind != db.Invalid || e.Field != c.field || !strings.HasSuffix(e.Text, ".") {
				t.Errorf("got %v, want an Invalid error of %s", err, c.field)
			}
		})
	}
}

func TestArchivedIDsAreKeptLowerCase(t *testing.T) {
	c := archived(1)
	c.ID, c.Contact.ID = "ABCDEF00-0000-4000-8000-000000000001", "ABCDEF00-0000-4000-8000-000000000002"
	got, err := c.Checked()
	if err != nil || got.ID != strings.ToLower(c.ID) || got.Contact.ID != strings.ToLower(c.Contact.ID) {
		t.Errorf("got %s and %s, %v", got.ID, got.Contact.ID, err)
	}
}
