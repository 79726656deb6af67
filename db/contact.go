package db

import (
	"context"
	"time"
)

// Contact is a person that a team's assistants talk to. An empty text or zero time is unset.
type Contact struct {
	ID               string
	FirstName        string
	LastName         string
	Email            string // as it is matched: lower-case
	Phone            string // E.164 with its plus
	Channels         string // a JSON object
	UserAttributes   string // a JSON object
	CustomFields     string // a JSON object
	LastSeen         time.Time
	LastSent         time.Time
	TeamID           string
	FirstAssistantID string
	LastAssistantID  string
	FirstWidgetID    string
	LastWidgetID     string
	CreatedAt        time.Time
	UpdatedAt        time.Time
}

// contactsNoun is how totals call contacts.
const contactsNoun = "contacts"

const contactColumns = `id, first_name, last_name, email, phone, channels, user_attributes, custom_fields, last_seen, last_sent,
		       team_id, first_assistant_id, last_assistant_id, first_widget_id, last_widget_id, created_at, updated_at`

func scanContact(scan scanner) (c Contact, err error) {
	return c, scan(&c.ID, &c.FirstName, &c.LastName, &c.Email, &c.Phone, &c.Channels, &c.UserAttributes, &c.CustomFields,
		ms(&c.LastSeen), ms(&c.LastSent), &c.TeamID, &c.FirstAssistantID, &c.LastAssistantID, &c.FirstWidgetID, &c.LastWidgetID,
		ms(&c.CreatedAt), ms(&c.UpdatedAt))
}

// Contacts gives the team's contacts, newest first.
func (s *Store) Contacts(ctx context.Context, p Principal, page Page) (List[Contact], error) {
	return listOf(ctx, s, page, scanContact, statement{
		count: `SELECT total FROM totals WHERE team_id = $1 AND noun = 'contacts'`,
		rows: `
		SELECT ` + contactColumns + `
		FROM contacts
		WHERE team_id = $1
		ORDER BY created_at DESC, id DESC`,
		args: []any{p.TeamID},
	})
}

// Contact gives one contact of the team, or a NotFound error.
func (s *Store) Contact(ctx context.Context, p Principal, id string) (Contact, error) {
	return single(ctx, s, "contact", scanContact, `
		SELECT `+contactColumns+`
		FROM contacts
		WHERE team_id = $1
		  AND id = $2`, p.TeamID, id)
}
