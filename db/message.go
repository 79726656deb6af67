package db

import (
	"context"
	"time"
	"unicode/utf8"
)

// Message is one turn of a conversation.
type Message struct {
	ID             string
	ConversationID string
	SenderType     string // user, bot, agent or tool
	MessageType    string // text or voice
	Text           string
	VoiceBase64    *string
	DataSources    *string // a JSON array
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// CharCount is how many characters (code points) the text has.
func (m Message) CharCount() int { return utf8.RuneCountInString(m.Text) }

// Transcript gives the messages of one conversation of the team, in the order they were said, or a NotFound error.
func (s *Store) Transcript(ctx context.Context, p Principal, conversationID string) ([]Message, error) {
	if _, err := s.Conversation(ctx, p, conversationID); err != nil {
		return nil, err
	}
	return s.said(ctx, p, conversationID)
}

// said gives the messages of a conversation, none when it is not there.
func (s *Store) said(ctx context.Context, p Principal, conversationID string) ([]Message, error) {
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

// Said gives one page of a transcript, in the order it was said, without voices and data sources, which may be large.
// A conversation that is not the team's has none.
func (s *Store) Said(ctx context.Context, p Principal, conversationID string, page Page) ([]Message, error) {
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
