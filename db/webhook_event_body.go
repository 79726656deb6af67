package db

import (
	"context"
	"encoding/json"
	"time"
)

// The shapes of contract section 7. They stand here and not beside the API's, since the outbox keeps the very bytes: an
// upgrade between two tries must not change what is signed. A test holds them to what the API answers.

type conversationData struct {
	ConversationID string          `json:"conversation_id"`
	WidgetID       string          `json:"widget_id,omitempty"`
	AssistantID    string          `json:"assistant_id"`
	DeviceType     string          `json:"device_type"`
	ContactID      string          `json:"contact_id,omitempty"`
	ChatCount      int64           `json:"chat_count"`
	FirstMessage   string          `json:"first_message,omitempty"`
	Transcript     []messageData   `json:"transcript"`
	Attributes     json.RawMessage `json:"attributes"`
}

// messageData has all ten keys, always.
type messageData struct {
	ConversationID string          `json:"conversation_id"`
	ID             string          `json:"id"`
	SenderType     string          `json:"sender_type"`
	MessageType    string          `json:"message_type"`
	Text           string          `json:"text"`
	VoiceBase64    *string         `json:"voice_base64"`
	DataSources    json.RawMessage `json:"data_sources"`
	CreatedAt      time.Time       `json:"created_at"`
	UpdatedAt      time.Time       `json:"updated_at"`
	CharCount      int             `json:"char_count"`
}

type contactData struct {
	ID               string          `json:"id"`
	FirstName        string          `json:"first_name,omitempty"`
	LastName         string          `json:"last_name,omitempty"`
	Email            string          `json:"email,omitempty"`
	Channels         json.RawMessage `json:"channels"`
	UserAttributes   json.RawMessage `json:"user_attributes"`
	CustomFields     json.RawMessage `json:"custom_fields"`
	LastSeen         time.Time       `json:"last_seen,omitzero"`
	LastSent         time.Time       `json:"last_sent,omitzero"`
	OrgID            string          `json:"org_id"`
	FirstAssistantID string          `json:"first_assistant_id,omitempty"`
	LastAssistantID  string          `json:"last_assistant_id,omitempty"`
	FirstWidgetID    string          `json:"first_widget_id,omitempty"`
	LastWidgetID     string          `json:"last_widget_id,omitempty"`
	CreatedAt        time.Time       `json:"created_at"`
	UpdatedAt        time.Time       `json:"updated_at"`
}

type testData struct {
	WebhookID string `json:"webhook_id"`
	Name      string `json:"name"`
}

// announceConversation tells the webhooks that listen of a conversation as this transaction leaves it.
func (s *Store) announceConversation(ctx context.Context, p Principal, event, id string) error {
	webhooks, err := s.listening(ctx, p, event)
	if err != nil || len(webhooks) == 0 {
		return err
	}
	data, err := s.conversationData(ctx, p, id)
	if err != nil {
		return err
	}
	_, err = s.keepEvent(ctx, p, event, id, data, webhooks)
	return err
}

func (s *Store) conversationData(ctx context.Context, p Principal, id string) (data conversationData, err error) {
	c, err := s.Conversation(ctx, p, id)
	if err != nil {
		return data, err
	}
	messages, err := s.messages(ctx, p, id)
	data = conversationData{
		ConversationID: c.ID, WidgetID: c.WidgetID, AssistantID: c.AssistantID, DeviceType: c.DeviceType, ContactID: c.ContactID,
		ChatCount: c.ChatCount, FirstMessage: c.FirstMessage, Transcript: make([]messageData, len(messages)), Attributes: json.RawMessage(c.Attributes),
	}
	for i, m := range messages {
		data.Transcript[i] = messageData{
			ConversationID: m.ConversationID, ID: m.ID, SenderType: m.SenderType, MessageType: m.MessageType, Text: m.Text,
			VoiceBase64: m.VoiceBase64, CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt, CharCount: m.CharCount(),
		}
		if m.DataSources != nil {
			data.Transcript[i].DataSources = json.RawMessage(*m.DataSources)
		}
	}
	return data, err
}

// announceContact tells the webhooks that listen of a contact as this transaction leaves it.
func (s *Store) announceContact(ctx context.Context, p Principal, event string, c Contact) error {
	webhooks, err := s.listening(ctx, p, event)
	if err != nil || len(webhooks) == 0 {
		return err
	}
	_, err = s.keepEvent(ctx, p, event, c.ID, contactData{
		ID: c.ID, FirstName: c.FirstName, LastName: c.LastName, Email: c.Email, Channels: json.RawMessage(c.Channels),
		UserAttributes: json.RawMessage(c.UserAttributes), CustomFields: json.RawMessage(c.CustomFields), LastSeen: c.LastSeen, LastSent: c.LastSent,
		OrgID: c.TeamID, FirstAssistantID: c.FirstAssistantID, LastAssistantID: c.LastAssistantID,
		FirstWidgetID: c.FirstWidgetID, LastWidgetID: c.LastWidgetID, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
	}, webhooks)
	return err
}
