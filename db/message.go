package db

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"
)

// Message is one turn of a conversation.
type Message struct {
	ID             string
	ConversationID string
	SenderType     string // one of SenderTypes
	MessageType    string // one of MessageTypes
	Text           string
	VoiceBase64    *string
	DataSources    *string // a JSON array
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Who says something.
const (
	SenderUser  = "user" // the contact
	SenderBot   = "bot"
	SenderAgent = "agent"
	SenderTool  = "tool"
)

// SenderTypes are all who may say something.
var SenderTypes = Terms{{SenderUser, "Contact"}, {SenderBot, "Assistant"}, {SenderAgent, "Agent"}, {SenderTool, "Tool"}}

// How something is said.
const (
	MessageText  = "text"
	MessageVoice = "voice"
)

// MessageTypes are all ways to say something.
var MessageTypes = Terms{{MessageText, "written"}, {MessageVoice, "spoken"}}

// CharCount is how many characters (code points) the text has.
func (m Message) CharCount() int { return utf8.RuneCountInString(m.Text) }

// Transcript gives the messages of one conversation of the team, in the order they were said, or a NotFound error.
func (s *Store) Transcript(ctx context.Context, p Principal, conversationID string) ([]Message, error) {
	if _, err := s.Conversation(ctx, p, conversationID); err != nil {
		return nil, err
	}
	return s.messages(ctx, p, conversationID)
}

// messages gives the messages of a conversation, none when it is not there.
func (s *Store) messages(ctx context.Context, p Principal, conversationID string) ([]Message, error) {
	messages := []Message{}
	err := s.each(ctx, func(scan scanner) error {
		m := Message{ConversationID: conversationID}
		err := scan(&m.ID, &m.SenderType, &m.MessageType, &m.Text, &m.VoiceBase64, &m.DataSources, ms(&m.CreatedAt), ms(&m.UpdatedAt))
		messages = append(messages, m)
		return err
	}, `
		SELECT id, sender_type, message_type, text, voice_base64, data_sources, created_at, updated_at
		FROM messages
		WHERE team_id = $1
		  AND conversation_id = $2
		ORDER BY position`, p.TeamID, conversationID)
	return messages, err
}

// TranscriptPage gives one page of a transcript, in the order it was said, without voices and data sources, which may be large.
// A conversation that is not the team's has none.
func (s *Store) TranscriptPage(ctx context.Context, p Principal, conversationID string, page Page) ([]Message, error) {
	first, beyond := page.offset(archivedMessagesMax)
	if beyond {
		return nil, nil
	}
	var messages []Message
	err := s.each(ctx, func(scan scanner) error {
		m := Message{ConversationID: conversationID}
		err := scan(&m.ID, &m.SenderType, &m.MessageType, &m.Text, ms(&m.CreatedAt), ms(&m.UpdatedAt))
		messages = append(messages, m)
		return err
	}, `
		SELECT id, sender_type, message_type, text, created_at, updated_at
		FROM messages
		WHERE team_id = $1
		  AND conversation_id = $2
		  AND position >= $3
		  AND position < $4
		ORDER BY position`, p.TeamID, conversationID, first, first+page.Size)
	return messages, err
}

// NewMessage is one turn that a client brings.
type NewMessage struct {
	SenderType  string
	MessageType string // text when empty
	Text        string
	CreatedAt   *time.Time // when nil: as the message before, or the conversation; now for one that is added later
}

// AddMessage adds a turn to the end of an open conversation. To a closed one it is a Conflict.
func (s *Store) AddMessage(ctx context.Context, p Principal, conversationID string, n NewMessage) (Message, error) {
	m := ArchivedMessage{ID: NewID(), SenderType: n.SenderType, MessageType: n.MessageType, Text: n.Text, CreatedAt: s.now()}
	if n.CreatedAt != nil {
		m.CreatedAt = *n.CreatedAt
	}
	if e := m.check(); e != nil {
		return Message{}, e
	}
	err := s.atomically(ctx, p, func(tx *Store) error {
		if m.SenderType == SenderUser { // contacts are locked before conversations, by everybody
			if err := tx.seenAgain(ctx, p, conversationID, m.CreatedAt); err != nil {
				return err
			}
		}
		was, err := tx.conversationForUpdate(ctx, p, conversationID)
		if err != nil {
			return err
		}
		switch {
		case was.closedAt != 0:
			return conflict("This conversation is closed and takes no message. Start a new one.")
		case was.chatCount >= archivedMessagesMax:
			return conflict(fmt.Sprintf("This conversation has %d messages, as many as one may have. Start a new one.", archivedMessagesMax))
		}
		if err := tx.insertMessage(ctx, p, conversationID, m); err != nil {
			return err
		}
		now := was
		if was.chatCount == 0 {
			now.firstMessage = m.Text
		}
		now.chatCount, now.includesVoice = was.chatCount+1, max(was.includesVoice, bit(m.MessageType == MessageVoice))
		now.updatedAt = max(was.updatedAt, m.CreatedAt.UnixMilli())
		if err := tx.updateConversation(ctx, p, conversationID, was, now); err != nil {
			return err
		}
		return tx.announceConversation(ctx, p, ConversationUpdated, conversationID)
	})
	return Message{ID: m.ID, ConversationID: conversationID, SenderType: m.SenderType, MessageType: m.MessageType, Text: m.Text, CreatedAt: m.CreatedAt, UpdatedAt: m.CreatedAt}, err
}

// seenAgain keeps that the contact of a conversation was heard of; one that was deleted is not missed.
func (s *Store) seenAgain(ctx context.Context, p Principal, conversationID string, at time.Time) error {
	talk, err := s.Conversation(ctx, p, conversationID)
	if err != nil || talk.ContactID == "" {
		return err
	}
	contact, err := s.contactForUpdate(ctx, p, talk.ContactID)
	if NotFound.Is(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.seenWith(ctx, p, contact, at, talk.AssistantID, talk.WidgetID)
}

// insertMessage puts a message after the last one; the lock on the conversation keeps positions apart.
func (s *Store) insertMessage(ctx context.Context, p Principal, conversationID string, m ArchivedMessage) error {
	_, err := s.exec(ctx, `
		INSERT INTO messages (team_id, conversation_id, position, id, sender_type, message_type, text, created_at, updated_at)
		SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), COALESCE(MAX(position) + 1, 0), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS BIGINT), CAST($7 AS BIGINT)
		FROM messages
		WHERE team_id = $1
		  AND conversation_id = $2`, p.TeamID, conversationID, m.ID, m.SenderType, m.MessageType, m.Text, m.CreatedAt.UnixMilli())
	return err
}
