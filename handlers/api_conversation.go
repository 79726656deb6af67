package handlers

import (
	"context"
	"strings"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/archive"
)

// wireConversation is a conversation in a list, where attributes is a string that holds JSON.
type wireConversation struct {
	ID               string    `json:"id"`
	WidgetID         string    `json:"widget_id,omitempty"`
	AssistantID      string    `json:"assistant_id"`
	AssistantName    string    `json:"assistant_name,omitempty"`
	Attributes       string    `json:"attributes" doc:"A JSON object, as a string."`
	FirstMessage     string    `json:"first_message,omitempty"`
	DeviceType       string    `json:"device_type" enum:"desktop,mobile,tablet,native,phone"`
	CreatedAt        time.Time `json:"created_at"`
	UpdatedAt        time.Time `json:"updated_at"`
	ChatCount        int64     `json:"chat_count"`
	IncludesVoice    bool      `json:"includes_voice"`
	IntentName       string    `json:"intent_name,omitempty"`
	ContactID        string    `json:"contact_id,omitempty"`
	ContactFirstName string    `json:"contact_first_name,omitempty"`
	ContactLastName  string    `json:"contact_last_name,omitempty"`
	Summary          string    `json:"summary,omitempty"`
	WidgetType       string    `json:"widget_type,omitempty"`
	WidgetProvider   string    `json:"widget_provider,omitempty"`
	Status           string    `json:"status" enum:"open,closed"`
	ClosedAt         time.Time `json:"closed_at,omitzero"`
}

func conversationOut(c db.Conversation) wireConversation {
	return wireConversation{
		ID: c.ID, WidgetID: c.WidgetID, AssistantID: c.AssistantID, AssistantName: c.AssistantName, Attributes: c.Attributes,
		FirstMessage: c.FirstMessage, DeviceType: c.DeviceType, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
		ChatCount: c.ChatCount, IncludesVoice: c.IncludesVoice, IntentName: c.IntentName, ContactID: c.ContactID,
		ContactFirstName: c.ContactFirstName, ContactLastName: c.ContactLastName, Summary: c.Summary,
		WidgetType: c.WidgetType, WidgetProvider: c.WidgetProvider, Status: c.Status(), ClosedAt: c.ClosedAt,
	}
}

// wireConversationDetail is a conversation on its own, where attributes is an object.
type wireConversationDetail struct {
	ID             string         `json:"id"`
	WidgetID       string         `json:"widget_id,omitempty"`
	AssistantID    string         `json:"assistant_id"`
	DeviceType     string         `json:"device_type" enum:"desktop,mobile,tablet,native,phone"`
	UniqueDeviceID string         `json:"unique_device_id,omitempty"`
	Attributes     archive.Object `json:"attributes"`
	ContactID      string         `json:"contact_id,omitempty"`
	CreatedAt      time.Time      `json:"created_at"`
	FirstMessage   string         `json:"first_message,omitempty"`
	ChatCount      int64          `json:"chat_count"`
	Status         string         `json:"status" enum:"open,closed"`
	ClosedAt       time.Time      `json:"closed_at,omitzero"`
	UpdatedAt      time.Time      `json:"updated_at"`
}

func conversationDetailOut(c db.Conversation) wireConversationDetail {
	return wireConversationDetail{
		ID: c.ID, WidgetID: c.WidgetID, AssistantID: c.AssistantID, DeviceType: c.DeviceType, UniqueDeviceID: c.UniqueDeviceID,
		Attributes: archive.Object(c.Attributes), ContactID: c.ContactID, CreatedAt: c.CreatedAt, FirstMessage: c.FirstMessage,
		ChatCount: c.ChatCount, Status: c.Status(), ClosedAt: c.ClosedAt, UpdatedAt: c.UpdatedAt,
	}
}

type conversationListQuery struct {
	CursorQuery
	ConversationQuery
}

// ConversationQuery is which conversations are asked for.
type ConversationQuery struct {
	DateFrom      string `query:"date_from" required:"true" doc:"The first day or moment: YYYY-MM-DD or RFC 3339."`
	DateTo        string `query:"date_to" required:"true" doc:"The last day or moment, included."`
	Timezone      string `query:"timezone" doc:"Where days begin, as an IANA zone; UTC otherwise."`
	AssistantID   string `query:"assistant_id" format:"uuid" doc:"Only those of this assistant."`
	ContactID     string `query:"contact_id" format:"uuid" doc:"Only those of this contact."`
	IntentID      string `query:"intent_id" format:"uuid" doc:"Only those with this intent."`
	IncludesVoice flag   `query:"includes_voice" doc:"Only those with voice, or only those without."`
	Status        string `query:"status" enum:"open,closed" doc:"Only open or only closed ones."`
}

// filter gives the query the store's terms, or db.Problems with the parameters that cannot be read.
func (q *ConversationQuery) filter(after db.Cursor) (db.ConversationFilter, error) {
	from, until, err := db.Between(q.DateFrom, q.DateTo, q.Timezone, spanWords)
	return db.ConversationFilter{
		From: from, Until: until, After: after,
		AssistantID: strings.ToLower(q.AssistantID), ContactID: strings.ToLower(q.ContactID), IntentID: strings.ToLower(q.IntentID),
		IncludesVoice: q.IncludesVoice.asked(), Status: q.Status,
	}, inQuery(err)
}

func (s *server) apiConversations(ctx context.Context, p db.Principal, in *conversationListQuery) (*items[wireConversation], error) {
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	filter, err := in.filter(after)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.Conversations(ctx, p, filter, in.page())
	if err != nil {
		return nil, err
	}
	return listedByCursor(list, conversationOut, db.Conversation.Cursor), nil
}

type ConversationPath struct {
	ID string `path:"conversation_id" format:"uuid" doc:"The conversation's id."`
}

func (s *server) apiConversation(ctx context.Context, p db.Principal, in *ConversationPath) (*wireConversationDetail, error) {
	conversation, err := s.Store.Conversation(ctx, p, strings.ToLower(in.ID))
	return answered(conversation, err, conversationDetailOut)
}

type contactConversations struct {
	Paging
	ContactID string `path:"contact_id" format:"uuid" doc:"The contact's id."`
}

// apiContactConversations answers for a contact of the team; another one is not found.
func (s *server) apiContactConversations(ctx context.Context, p db.Principal, in *contactConversations) (*items[wireConversationDetail], error) {
	id := strings.ToLower(in.ContactID)
	if _, err := s.Store.Contact(ctx, p, id); err != nil {
		return nil, err
	}
	list, err := s.Store.Conversations(ctx, p, db.ConversationFilter{ContactID: id}, in.page())
	if err != nil {
		return nil, err
	}
	return listed(list, conversationDetailOut), nil
}

func (s *server) apiTranscript(ctx context.Context, p db.Principal, in *ConversationPath) (*[]archive.Message, error) {
	messages, err := s.Store.Transcript(ctx, p, strings.ToLower(in.ID))
	if err != nil {
		return nil, err
	}
	out := make([]archive.Message, len(messages))
	for i, m := range messages {
		out[i] = archive.MessageOf(m)
	}
	return &out, nil
}
