package db

import (
	"context"
	"fmt"
	"strings"
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

// Cursor is the contact's place in lists.
func (c Contact) Cursor() Cursor { return Cursor{At: c.CreatedAt, ID: c.ID} }

// contactsNoun is how totals call contacts.
const contactsNoun = "contacts"

// contactColumns are a contact's columns in one text, as scanContact takes it apart: SQLite hands over each column by a
// call of its own, and a list has 17 of them a row.
var contactColumns = packed(`id, first_name, last_name, email, phone, channels, user_attributes, custom_fields, last_seen, last_sent,
		team_id, first_assistant_id, last_assistant_id, first_widget_id, last_widget_id, created_at, updated_at`, "last_seen", "last_sent")

func scanContact(scan scanner) (Contact, error) { return scanContactAndTotal(scan, nil) }

// The total of a list that nothing narrows, by itself and behind each packed contact: of the same moment, and for one
// statement less, which on PostgreSQL is a way there and back.
const contactsTotal = `SELECT total FROM totals WHERE team_id = $1 AND noun = 'contacts'`

var contactColumnsAndTotal = strings.TrimSuffix(contactColumns, ")") + ", COALESCE((" + contactsTotal + "), 0))"

// scanContactAndTotal takes a packed contact apart, and into total what comes behind it, unless that is nil.
func scanContactAndTotal(scan scanner, total *int64) (c Contact, err error) {
	dest := [...]any{&c.ID, &c.FirstName, &c.LastName, &c.Email, &c.Phone, &c.Channels, &c.UserAttributes, &c.CustomFields,
		ms(&c.LastSeen), ms(&c.LastSent), &c.TeamID, &c.FirstAssistantID, &c.LastAssistantID, &c.FirstWidgetID, &c.LastWidgetID,
		ms(&c.CreatedAt), ms(&c.UpdatedAt), total}
	if total == nil {
		return c, unpack(scan, dest[:len(dest)-1]...)
	}
	return c, unpack(scan, dest[:]...)
}

// ContactFilter narrows a list; the zero value asks nothing.
type ContactFilter struct {
	Search       string // in names, e-mail and phone, whatever the case
	CreatedSince time.Time
	UpdatedSince time.Time
	After        Cursor // those that are older
	Before       Cursor // those that are newer, the next of them; not beside After
}

// where gives the clauses of a filter, but for its cursors, and their arguments.
func (f ContactFilter) where(s *Store, p Principal) (string, []any) {
	clauses, args := "team_id = $1", []any{p.TeamID}
	add := func(clause string, arg any) {
		args = append(args, arg)
		clauses += "\n\t\t  AND " + fmt.Sprintf(clause, len(args))
	}
	if !f.CreatedSince.IsZero() {
		add("created_at >= $%d", f.CreatedSince.UnixMilli())
	}
	if !f.UpdatedSince.IsZero() {
		add("updated_at >= $%d", f.UpdatedSince.UnixMilli())
	}
	if f.Search != "" {
		add(s.dialect.contains+"(folded, $%d) > 0", fold(f.Search))
	}
	return clauses, args
}

// Contacts gives the team's contacts that pass the filter, newest first. With a cursor the page counts from there.
func (s *Store) Contacts(ctx context.Context, p Principal, f ContactFilter, page Page) (List[Contact], error) {
	where, args := f.where(s, p)
	columns, q := contactColumns, statement{args: args, count: `
		SELECT COUNT(*)
		FROM contacts
		WHERE ` + where}
	if len(args) == 1 {
		columns, q.count, q.along = contactColumnsAndTotal, contactsTotal, new(int64)
	}
	q.rows = `
		SELECT ` + columns + `
		FROM contacts
		WHERE ` + where
	return listOf(ctx, s, page, func(scan scanner) (Contact, error) { return scanContactAndTotal(scan, q.along) }, q.newest("", f.After, f.Before))
}

// Contact gives one contact of the team, or a NotFound error.
func (s *Store) Contact(ctx context.Context, p Principal, id string) (Contact, error) {
	return single(ctx, s, "contact", scanContact, `
		SELECT `+contactColumns+`
		FROM contacts
		WHERE team_id = $1
		  AND id = $2`, p.TeamID, id)
}
