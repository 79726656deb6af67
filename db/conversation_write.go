package db

import (
	"cmp"
	"context"
	"encoding/json"
	"time"
)

// NewConversation is what a client says of a conversation that it brings. Its contact is one of the team's, one that
// is upserted, or nobody known.
type NewConversation struct {
	AssistantID string
	ContactID   string
	Contact     *ContactChange
	WidgetID    string
	DeviceType  string // desktop when empty
	Attributes  map[string]json.RawMessage
	CreatedAt   *time.Time // now when nil
	ClosedAt    *time.Time // open when nil
	Messages    []NewMessage
}

// CreateConversation keeps a conversation with its messages, and its contact when that is upserted, or none of it.
func (s *Store) CreateConversation(ctx context.Context, p Principal, n NewConversation) (made Conversation, err error) {
	c, err := n.archived(s.now())
	if err != nil {
		return made, err
	}
	err = s.atomically(ctx, p, func(tx *Store) error {
		if c.Contact.ID, err = tx.partner(ctx, p, n, c); err != nil {
			return err
		}
		a := &archive{team: p.TeamID, now: s.now().UnixMilli(), tallies: tallies{}, conversations: map[string]*archivedConversation{}}
		a.takeConversation(c)
		if err := tx.putConversations(ctx, a); err != nil {
			return err
		}
		if err := tx.putMessages(ctx, a); err != nil {
			return err
		}
		if err := tx.tally(ctx, p.TeamID, a.tallies); err != nil {
			return err
		}
		if made, err = tx.Conversation(ctx, p, c.ID); err != nil {
			return err
		}
		event := ConversationUpdated
		if !made.ClosedAt.IsZero() {
			event = ConversationClosed
		}
		return tx.announceConversation(ctx, p, event, made.ID)
	})
	return made, err
}

// archived gives the conversation in the shape in which archives bring them, checked by the same rules.
func (n NewConversation) archived(now time.Time) (ArchivedConversation, error) {
	c := ArchivedConversation{
		ID: NewID(), DeviceType: cmp.Or(n.DeviceType, defaultDevice), Attributes: "{}", CreatedAt: now,
		Assistant: ArchivedAssistant{ID: n.AssistantID}, Widget: ArchivedWidget{ID: n.WidgetID},
	}
	var problems Problems
	check := func(e *Error) {
		if e != nil {
			problems = append(problems, e)
		}
	}
	if n.CreatedAt != nil {
		c.CreatedAt = *n.CreatedAt
	}
	check(checkArchivedID("assistant_id", "The assistant's id", &c.Assistant.ID))
	if n.WidgetID != "" {
		check(checkArchivedID("widget_id", "The widget's id", &c.Widget.ID))
	}
	if n.Contact != nil && n.ContactID != "" {
		check(invalid("contact", "Give contact_id or contact, not both."))
	}
	if n.ClosedAt != nil {
		c.ClosedAt = *n.ClosedAt
		check(checkArchivedTime("closed_at", "closed_at", &c.ClosedAt))
	}
	check(merge("attributes", &c.Attributes, n.Attributes))
	at := c.CreatedAt
	for _, m := range n.Messages {
		if m.CreatedAt != nil {
			at = *m.CreatedAt
		}
		c.Messages = append(c.Messages, ArchivedMessage{SenderType: m.SenderType, MessageType: m.MessageType, Text: m.Text, CreatedAt: at})
	}
	if len(problems) == 0 {
		check(c.checkSelf())
	}
	check(c.checkMessages())
	return c, problems.or()
}

// partner gives the id of the contact of a new conversation, kept up to date, and refuses an assistant or contact that
// is not there.
func (s *Store) partner(ctx context.Context, p Principal, n NewConversation, c ArchivedConversation) (id string, err error) {
	if _, err := s.Assistant(ctx, p, c.Assistant.ID); NotFound.Is(err) {
		return "", invalid("assistant_id", "There is no such assistant in this team.")
	} else if err != nil {
		return "", err
	}
	var contact Contact
	switch {
	case n.Contact != nil:
		contact, err = s.UpsertContact(ctx, p, *n.Contact)
		err = under("contact", err)
	case n.ContactID != "":
		if contact, err = s.contactForUpdate(ctx, p, n.ContactID); NotFound.Is(err) {
			err = invalid("contact_id", "There is no such contact in this team.")
		}
	default:
		return "", nil
	}
	if err != nil {
		return "", err
	}
	seen := c.CreatedAt
	for _, m := range c.Messages {
		if m.SenderType == SenderUser && m.CreatedAt.After(seen) {
			seen = m.CreatedAt
		}
	}
	return contact.ID, s.seenWith(ctx, p, contact, seen, c.Assistant.ID, c.Widget.ID)
}

// seenWith keeps when and with which assistant a contact, locked by this transaction, came first and was seen last.
func (s *Store) seenWith(ctx context.Context, p Principal, c Contact, seen time.Time, assistantID, widgetID string) error {
	var change ContactChange
	if c.FirstAssistantID == "" {
		change.FirstAssistantID, change.FirstWidgetID = &assistantID, &widgetID
	}
	if seen.After(c.LastSeen) {
		change.LastSeen, change.LastAssistantID, change.LastWidgetID = &seen, &assistantID, &widgetID
	}
	_, err := s.updateContact(ctx, p, c, change)
	return err
}

// CloseConversation closes a conversation; one that is closed keeps the time it was closed at.
func (s *Store) CloseConversation(ctx context.Context, p Principal, id string) (c Conversation, err error) {
	err = s.atomically(ctx, p, func(tx *Store) error {
		was, err := tx.conversationForUpdate(ctx, p, id)
		if err != nil {
			return err
		}
		if was.closedAt == 0 {
			now := was
			now.closedAt = max(s.now().UnixMilli(), was.createdAt)
			now.updatedAt = max(was.updatedAt, now.closedAt)
			if err := tx.updateConversation(ctx, p, id, was, now); err != nil {
				return err
			}
			if err := tx.announceConversation(ctx, p, ConversationClosed, id); err != nil {
				return err
			}
		}
		c, err = tx.Conversation(ctx, p, id)
		return err
	})
	return c, err
}

// DeleteConversation removes a conversation with its messages. Its contact stays.
func (s *Store) DeleteConversation(ctx context.Context, p Principal, id string) error {
	return s.atomically(ctx, p, func(tx *Store) error {
		was, err := tx.conversationForUpdate(ctx, p, id)
		if err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `
			DELETE FROM conversations
			WHERE team_id = $1
			  AND id = $2`, p.TeamID, id); err != nil {
			return err
		}
		changes := tallies{}
		changes.conversation(was, -1)
		return tx.tally(ctx, p.TeamID, changes)
	})
}

// conversationForUpdate gives the columns that a change goes by, and lets nobody else change them meanwhile.
func (s *Store) conversationForUpdate(ctx context.Context, p Principal, id string) (conversationFacts, error) {
	return single(ctx, s, "conversation", func(scan scanner) (f conversationFacts, err error) {
		return f, scan(&f.assistantID, &f.widgetID, &f.contactID, &f.firstMessage, &f.chatCount, &f.includesVoice, &f.createdAt, &f.updatedAt, &f.closedAt)
	}, `
		SELECT assistant_id, widget_id, contact_id, first_message, chat_count, includes_voice, created_at, updated_at, COALESCE(closed_at, 0)
		FROM conversations
		WHERE team_id = $1
		  AND id = $2
		`+s.dialect.forUpdate, p.TeamID, id)
}

// updateConversation writes what follows from its messages and its end, and counts it anew.
func (s *Store) updateConversation(ctx context.Context, p Principal, id string, was, now conversationFacts) error {
	var closed any
	if now.closedAt != 0 {
		closed = now.closedAt
	}
	if _, err := s.exec(ctx, `
		UPDATE conversations
		SET first_message = $3, chat_count = $4, includes_voice = $5, updated_at = $6, closed_at = $7
		WHERE team_id = $1
		  AND id = $2`, p.TeamID, id, now.firstMessage, now.chatCount, now.includesVoice, now.updatedAt, closed); err != nil {
		return err
	}
	changes := tallies{}
	changes.conversation(was, -1)
	changes.conversation(now, 1)
	return s.tally(ctx, p.TeamID, changes)
}

// conversation counts one as its columns say.
func (t tallies) conversation(f conversationFacts, sign int64) {
	t.count(time.UnixMilli(f.createdAt), f.assistantID, sign, tallyOf(f.closedAt != 0, f.includesVoice != 0, f.chatCount))
}
