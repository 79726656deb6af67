package handlers

import (
	"context"
	"strings"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/archive"
)

type wireContact struct {
	ID               string         `json:"id"`
	FirstName        string         `json:"first_name,omitempty"`
	LastName         string         `json:"last_name,omitempty"`
	Email            string         `json:"email,omitempty"`
	Channels         archive.Object `json:"channels"`
	UserAttributes   archive.Object `json:"user_attributes"`
	CustomFields     archive.Object `json:"custom_fields"`
	LastSeen         time.Time      `json:"last_seen,omitzero"`
	LastSent         time.Time      `json:"last_sent,omitzero"`
	OrgID            string         `json:"org_id"`
	FirstAssistantID string         `json:"first_assistant_id,omitempty"`
	LastAssistantID  string         `json:"last_assistant_id,omitempty"`
	FirstWidgetID    string         `json:"first_widget_id,omitempty"`
	LastWidgetID     string         `json:"last_widget_id,omitempty"`
	CreatedAt        time.Time      `json:"created_at"`
	UpdatedAt        time.Time      `json:"updated_at"`
}

func (c *wireContact) appendJSON(b []byte) ([]byte, error) {
	m := archive.WriteObject(b)
	m.Text("id", c.ID)
	m.Given("first_name", c.FirstName)
	m.Given("last_name", c.LastName)
	m.Given("email", c.Email)
	m.Raw("channels", c.Channels)
	m.Raw("user_attributes", c.UserAttributes)
	m.Raw("custom_fields", c.CustomFields)
	m.Time("last_seen", c.LastSeen)
	m.Time("last_sent", c.LastSent)
	m.Text("org_id", c.OrgID)
	m.Given("first_assistant_id", c.FirstAssistantID)
	m.Given("last_assistant_id", c.LastAssistantID)
	m.Given("first_widget_id", c.FirstWidgetID)
	m.Given("last_widget_id", c.LastWidgetID)
	m.Time("created_at", c.CreatedAt)
	m.Time("updated_at", c.UpdatedAt)
	return m.End(), nil
}

func contactOut(c db.Contact) wireContact {
	return wireContact{
		ID: c.ID, FirstName: c.FirstName, LastName: c.LastName, Email: c.Email, Channels: archive.Object(c.Channels),
		UserAttributes: archive.Object(c.UserAttributes), CustomFields: archive.Object(c.CustomFields), LastSeen: c.LastSeen, LastSent: c.LastSent,
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
			return f, db.InvalidInput(since.field, howToDate)
		}
		*since.to = at
	}
	f.After, err = q.after()
	return f, err
}

func (s *server) apiContacts(ctx context.Context, p db.Principal, in *contactQuery) (*items[wireContact], error) {
	filter, err := in.filter()
	if err != nil {
		return nil, inQuery(err)
	}
	list, err := s.Store.Contacts(ctx, p, filter, in.page())
	if err != nil {
		return nil, err
	}
	return listedByCursor(list, contactOut, db.Contact.Cursor), nil
}

type ContactPath struct {
	ID string `path:"contact_id" format:"uuid" doc:"The contact's id."`
}

func (s *server) apiContact(ctx context.Context, p db.Principal, in *ContactPath) (*wireContact, error) {
	contact, err := s.Store.Contact(ctx, p, strings.ToLower(in.ID))
	return answered(contact, err, contactOut)
}
