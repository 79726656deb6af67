package handlers

import (
	"context"
	"strings"
	"time"

	"github.com/insighto/insighto/db"
)

type wireContact struct {
	ID               string    `json:"id"`
	FirstName        string    `json:"first_name,omitempty"`
	LastName         string    `json:"last_name,omitempty"`
	Email            string    `json:"email,omitempty"`
	Channels         object    `json:"channels"`
	UserAttributes   object    `json:"user_attributes"`
	CustomFields     object    `json:"custom_fields"`
	LastSeen         time.Time `json:"last_seen,omitzero"`
	LastSent         time.Time `json:"last_sent,omitzero"`
	OrgID            string    `json:"org_id"`
	FirstAssistantID string    `json:"first_assistant_id,omitempty"`
	LastAssistantID  string    `json:"last_assistant_id,omitempty"`
	FirstWidgetID    string    `json:"first_widget_id,omitempty"`
	LastWidgetID     string    `json:"last_widget_id,omitempty"`
	CreatedAt        time.Time `json:"created_at"`
	UpdatedAt        time.Time `json:"updated_at"`
}

func contactOut(c db.Contact) wireContact {
	return wireContact{
		ID: c.ID, FirstName: c.FirstName, LastName: c.LastName, Email: c.Email, Channels: object(c.Channels),
		UserAttributes: object(c.UserAttributes), CustomFields: object(c.CustomFields), LastSeen: c.LastSeen, LastSent: c.LastSent,
		OrgID: c.TeamID, FirstAssistantID: c.FirstAssistantID, LastAssistantID: c.LastAssistantID,
		FirstWidgetID: c.FirstWidgetID, LastWidgetID: c.LastWidgetID, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
	}
}

func (s *server) apiContacts(ctx context.Context, c db.Caller, in *Paging) (*items[wireContact], error) {
	list, err := s.Store.Contacts(ctx, c.Principal, in.page())
	if err != nil {
		return nil, err
	}
	return listed(list, contactOut), nil
}

type contactPath struct {
	ID string `path:"contact_id" format:"uuid"`
}

func (s *server) apiContact(ctx context.Context, c db.Caller, in *contactPath) (*wireContact, error) {
	contact, err := s.Store.Contact(ctx, c.Principal, strings.ToLower(in.ID))
	if err != nil {
		return nil, err
	}
	out := contactOut(contact)
	return &out, nil
}
