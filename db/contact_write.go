package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// deleteManyMax is how many contacts one request may delete.
const deleteManyMax = 1000

// CreateContact makes a contact. An e-mail or phone that another contact of the team has is a Conflict.
func (s *Store) CreateContact(ctx context.Context, p Principal, change ContactChange) (c Contact, err error) {
	err = s.atomically(ctx, p, func(tx *Store) error {
		if err := tx.lockContacts(ctx, p.TeamID); err != nil {
			return err
		}
		c, err = tx.insertContact(ctx, p, change)
		return err
	})
	return c, err
}

// UpdateContact changes a contact, and gives it as it is now.
func (s *Store) UpdateContact(ctx context.Context, p Principal, id string, change ContactChange) (c Contact, err error) {
	err = s.atomically(ctx, p, func(tx *Store) error {
		if change.addresses() {
			if err := tx.lockContacts(ctx, p.TeamID); err != nil {
				return err
			}
		}
		if c, err = tx.contactForUpdate(ctx, p, id); err != nil {
			return err
		}
		c, err = tx.updateContact(ctx, p, c, change)
		return err
	})
	return c, err
}

// UpsertContact changes the contact with that e-mail or phone, or makes one. When they belong to two contacts it is
// the Conflict contact_ambiguous. Of two at once for one new person, the second changes what the first has made.
func (s *Store) UpsertContact(ctx context.Context, p Principal, change ContactChange) (c Contact, err error) {
	email, phone, err := change.handles()
	if err != nil {
		return c, err
	}
	err = s.atomically(ctx, p, func(tx *Store) error {
		found := false
		if c, found, err = tx.match(ctx, p, email, phone); err != nil {
			return err
		}
		if !found || email != "" && c.Email != email || phone != "" && c.Phone != phone {
			// A person gets an address here, so nobody else may give one away meanwhile: look again behind the lock.
			if err := tx.lockContacts(ctx, p.TeamID); err != nil {
				return err
			}
			if c, found, err = tx.match(ctx, p, email, phone); err != nil {
				return err
			}
		}
		if !found {
			c, err = tx.insertContact(ctx, p, change)
			return err
		}
		if c, err = tx.contactForUpdate(ctx, p, c.ID); err != nil {
			return err
		}
		c, err = tx.updateContact(ctx, p, c, change)
		return err
	})
	return c, err
}

// DeleteContacts removes contacts, all of them or, when one is not there, none. Their conversations stay.
func (s *Store) DeleteContacts(ctx context.Context, p Principal, ids []string) error {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if len(ids) == 0 || len(ids) > deleteManyMax {
		return invalid("contact_ids", fmt.Sprintf("Name between 1 and %d contacts.", deleteManyMax))
	}
	return s.atomically(ctx, p, func(tx *Store) error {
		if err := tx.lockContacts(ctx, p.TeamID); err != nil {
			return err
		}
		for _, id := range ids {
			n, err := tx.exec(ctx, `
				DELETE FROM contacts
				WHERE team_id = $1
				  AND id = $2`, p.TeamID, id)
			if err == nil && n == 0 {
				err = notFound("contact")
			}
			if err != nil {
				return err
			}
		}
		return tx.addTotal(ctx, p.TeamID, contactsNoun, -int64(len(ids)))
	})
}

// match gives the team's contact with that e-mail or phone, the oldest of several.
func (s *Store) match(ctx context.Context, p Principal, email, phone string) (c Contact, found bool, err error) {
	for _, by := range []struct{ column, value string }{{"email", email}, {"phone", phone}} {
		if by.value == "" {
			continue
		}
		other, err := single(ctx, s, "contact", scanContact, `
			SELECT `+contactColumns+`
			FROM contacts
			WHERE team_id = $1
			  AND `+by.column+` = $2
			  AND `+by.column+` <> ''
			ORDER BY created_at, id
			LIMIT 1`, p.TeamID, by.value)
		switch {
		case NotFound.Is(err):
		case err != nil:
			return c, false, err
		case found && other.ID != c.ID:
			return c, false, &Error{Kind: Conflict, Code: "contact_ambiguous", Text: "The e-mail belongs to one contact and the phone to another. Send one of them, or merge the two contacts first."}
		default:
			c, found = other, true
		}
	}
	return c, found, nil
}

// lockContacts lets nobody else of the team make or remove a contact, or give one an address, until this transaction ends.
func (s *Store) lockContacts(ctx context.Context, teamID string) error {
	return s.lockTotal(ctx, teamID, contactsNoun)
}

func (s *Store) contactForUpdate(ctx context.Context, p Principal, id string) (Contact, error) {
	return single(ctx, s, "contact", scanContact, `
		SELECT `+contactColumns+`
		FROM contacts
		WHERE team_id = $1
		  AND id = $2
		`+s.dialect.forUpdate, p.TeamID, id)
}

func (s *Store) insertContact(ctx context.Context, p Principal, change ContactChange) (Contact, error) {
	now := s.now()
	c, err := change.apply(Contact{ID: NewID(), TeamID: p.TeamID, Channels: "{}", UserAttributes: "{}", CustomFields: "{}", CreatedAt: now, UpdatedAt: now})
	if err != nil {
		return c, err
	}
	if err := s.addressFree(ctx, p, c); err != nil {
		return c, err
	}
	if _, err := s.exec(ctx, `
		INSERT INTO contacts (team_id, id, first_name, last_name, email, phone, folded, channels, user_attributes, custom_fields, last_seen,
		                      last_sent, first_assistant_id, last_assistant_id, first_widget_id, last_widget_id, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`, append(c.row(), c.CreatedAt.UnixMilli(), c.UpdatedAt.UnixMilli())...); err != nil {
		return c, err
	}
	if err := s.announceContact(ctx, p, ContactCreated, c); err != nil {
		return c, err
	}
	return c, s.addTotal(ctx, p.TeamID, contactsNoun, 1)
}

// updateContact writes a change; one that changes nothing is not written and leaves updated_at.
func (s *Store) updateContact(ctx context.Context, p Principal, c Contact, change ContactChange) (Contact, error) {
	now, err := change.apply(c)
	if err != nil || now == c {
		return c, err
	}
	if now.Email != c.Email || now.Phone != c.Phone {
		if err := s.addressFree(ctx, p, now); err != nil {
			return c, err
		}
	}
	now.UpdatedAt = s.now()
	if _, err = s.exec(ctx, `
		UPDATE contacts
		SET first_name = $3, last_name = $4, email = $5, phone = $6, folded = $7, channels = $8, user_attributes = $9, custom_fields = $10,
		    last_seen = $11, last_sent = $12, first_assistant_id = $13, last_assistant_id = $14, first_widget_id = $15, last_widget_id = $16,
		    updated_at = $17
		WHERE team_id = $1
		  AND id = $2`, append(now.row(), now.UpdatedAt.UnixMilli())...); err != nil {
		return now, err
	}
	return now, s.announceContact(ctx, p, ContactUpdated, now)
}

// row gives the columns that a change may set, after team and id.
func (c Contact) row() []any {
	return []any{c.TeamID, c.ID, c.FirstName, c.LastName, c.Email, c.Phone, foldContact(c.FirstName, c.LastName, c.Email, c.Phone),
		c.Channels, c.UserAttributes, c.CustomFields, orNull(c.LastSeen), orNull(c.LastSent),
		c.FirstAssistantID, c.LastAssistantID, c.FirstWidgetID, c.LastWidgetID}
}

func foldContact(first, last, email, phone string) string {
	return fold(first + " " + last + "\n" + email + "\n" + phone)
}

// addressFree refuses an e-mail or phone that another contact has.
func (s *Store) addressFree(ctx context.Context, p Principal, c Contact) error {
	other, found, err := s.match(ctx, p, c.Email, c.Phone)
	var ambiguous *Error
	if errors.As(err, &ambiguous) && ambiguous.Kind == Conflict || err == nil && found && other.ID != c.ID {
		return conflict("Another contact has that e-mail or phone already. Update that one, or use upsert.")
	}
	return err
}
