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

func (c *wireContact) appendJSON(b []byte) ([]byte, error) {
	m := newMembers(b)
	m.text("id", c.ID)
	m.given("first_name", c.FirstName)
	m.given("last_name", c.LastName)
	m.given("email", c.Email)
	m.raw("channels", c.Channels)
	m.raw("user_attributes", c.UserAttributes)
	m.raw("custom_fields", c.CustomFields)
	m.time("last_seen", c.LastSeen)
	m.time("last_sent", c.LastSent)
	m.text("org_id", c.OrgID)
	m.given("first_assistant_id", c.FirstAssistantID)
	m.given("last_assistant_id", c.LastAssistantID)
	m.given("first_widget_id", c.FirstWidgetID)
	m.given("last_widget_id", c.LastWidgetID)
	m.time("created_at", c.CreatedAt)
	m.time("updated_at", c.UpdatedAt)
	return m.end(), nil
}

func contactOut(c db.Contact) wireContact {
	return wireContact{
		ID: c.ID, FirstName: c.FirstName, LastName: c.LastName, Email: c.Email, Channels: object(c.Channels),
		UserAttributes: object(c.UserAttributes), CustomFields: object(c.CustomFields), LastSeen: c.LastSeen, LastSent: c.LastSent,
		OrgID: c.TeamID, FirstAssistantID: c.FirstAssistantID, LastAssistantID: c.LastAssistantID,
		FirstWidgetID: c.FirstWidgetID, LastWidgetID: c.LastWidgetID, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
	}
}

type contactQuery struct {
	CursorQuery
	Search       string `query:"search" maxLength:"200" doc:"A part of the name, e-mail or phone, whatever the case."`
	CreatedSince string `query:"created_since" doc:"Only contacts made since that day or moment: YYYY-MM-DD or RFC 3339."`
	UpdatedSince string `query:"updated_since" doc:"Only contacts made or changed since then."`
}

func (q *contactQuery) filter() (f db.ContactFilter, err error) {
	f.Search = q.Search
	for _, since := range []struct {
		field, text string
		to          *time.Time
	}{{"created_since", q.CreatedSince, &f.CreatedSince}, {"updated_since", q.UpdatedSince, &f.UpdatedSince}} {
		if since.text == "" {
			continue
		}
		at, _, ok := db.Moment(since.text, time.UTC)
		if !ok {
			return f, inQuery(&db.Error{Kind: db.Invalid, Code: "invalid", Field: since.field, Text: howToDate})
		}
		*since.to = at
	}
	f.After, err = q.after()
	return f, err
}

func (s *server) apiContacts(ctx context.Context, p db.Principal, in *contactQuery) (*items[wireContact], error) {
	filter, err := in.filter()
	if err != nil {
		return nil, err
	}
	list, err := s.Store.Contacts(ctx, p, filter, in.page())
	if err != nil {
		return nil, err
	}
	return listedByCursor(list, contactOut, func(c db.Contact) db.Cursor { return db.Cursor{At: c.CreatedAt, ID: c.ID} }), nil
}

type ContactPath struct {
	ID string `path:"contact_id" format:"uuid" doc:"The contact's id."`
}

func (s *server) apiContact(ctx context.Context, p db.Principal, in *ContactPath) (*wireContact, error) {
	contact, err := s.Store.Contact(ctx, p, strings.ToLower(in.ID))
	if err != nil {
		return nil, err
	}
	out := contactOut(contact)
	return &out, nil
}
