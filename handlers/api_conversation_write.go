package handlers

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/archive"
)

// messageBody is one turn that a client brings.
type messageBody struct {
	_           struct{}   `additionalProperties:"true"`
	SenderType  string     `json:"sender_type" enum:"user,bot,agent,tool"`
	MessageType string     `json:"message_type,omitempty" enum:"text,voice" default:"text"`
	Text        string     `json:"text"`
	CreatedAt   *time.Time `json:"created_at,omitempty" doc:"When left out: in a new conversation, as the message before or the conversation itself; otherwise now."`
}

func (b messageBody) message() db.NewMessage {
	return db.NewMessage{SenderType: b.SenderType, MessageType: b.MessageType, Text: b.Text, CreatedAt: b.CreatedAt}
}

type newConversation struct {
	Body struct {
		_           struct{}                   `additionalProperties:"true"`
		AssistantID string                     `json:"assistant_id" format:"uuid"`
		ContactID   string                     `json:"contact_id,omitempty" format:"uuid" doc:"A contact of the team; or give contact."`
		Contact     *ContactBody               `json:"contact,omitempty" doc:"Upserted by its e-mail or phone_number."`
		WidgetID    string                     `json:"widget_id,omitempty" format:"uuid"`
		DeviceType  string                     `json:"device_type,omitempty" enum:"desktop,mobile,tablet,native,phone" default:"desktop"`
		Attributes  map[string]json.RawMessage `json:"attributes,omitempty"`
		CreatedAt   *time.Time                 `json:"created_at,omitempty" doc:"Now when left out."`
		ClosedAt    *time.Time                 `json:"closed_at,omitempty" doc:"Open when left out."`
		Messages    []messageBody              `json:"messages,omitempty" maxItems:"20000"`
	}
}

func (in *newConversation) conversation() db.NewConversation {
	b := &in.Body
	n := db.NewConversation{
		AssistantID: b.AssistantID, ContactID: strings.ToLower(b.ContactID), WidgetID: b.WidgetID, DeviceType: b.DeviceType,
		Attributes: b.Attributes, CreatedAt: b.CreatedAt, ClosedAt: b.ClosedAt, Messages: make([]db.NewMessage, len(b.Messages)),
	}
	if b.Contact != nil {
		change := b.Contact.change()
		n.Contact = &change
	}
	for i, m := range b.Messages {
		n.Messages[i] = m.message()
	}
	return n
}

func (s *server) apiCreateConversation(ctx context.Context, p db.Principal, in *newConversation) (*wireConversationDetail, error) {
	conversation, err := s.Store.CreateConversation(ctx, p, in.conversation())
	return answered(conversation, inBody(err), conversationDetailOut)
}

type newMessage struct {
	ConversationPath
	Body messageBody
}

func (s *server) apiAddMessage(ctx context.Context, p db.Principal, in *newMessage) (*archive.Message, error) {
	message, err := s.Store.AddMessage(ctx, p, strings.ToLower(in.ID), in.Body.message())
	return answered(message, inBody(err), archive.MessageOf)
}

// apiCloseConversation closes once; a second time changes nothing and answers alike.
func (s *server) apiCloseConversation(ctx context.Context, p db.Principal, in *ConversationPath) (*wireConversationDetail, error) {
	conversation, err := s.Store.CloseConversation(ctx, p, strings.ToLower(in.ID))
	return answered(conversation, err, conversationDetailOut)
}

func (s *server) apiDeleteConversation(ctx context.Context, p db.Principal, in *ConversationPath) (*deleted, error) {
	if err := s.Store.DeleteConversation(ctx, p, strings.ToLower(in.ID)); err != nil {
		return nil, err
	}
	return &deleted{"Conversation deleted"}, nil
}
