package db

import (
	"context"
	"slices"
	"time"
)

// ContactField is a custom field that a team keeps of its contacts.
type ContactField struct {
	ID        string
	Name      string
	Type      string // string or number
	CreatedAt time.Time
}

// contactFieldsMax is how many a team may define.
const contactFieldsMax = 500

// ContactFields gives the team's custom fields, newest first.
func (s *Store) ContactFields(ctx context.Context, p Principal, page Page) (List[ContactField], error) {
	q := statement{args: []any{p.TeamID},
		count: `SELECT COUNT(*) FROM contact_fields WHERE team_id = $1`,
		rows: `
		SELECT id, name, field_type, created_at
		FROM contact_fields
		WHERE team_id = $1`}
	return listOf(ctx, s, page, func(scan scanner) (f ContactField, err error) {
		return f, scan(&f.ID, &f.Name, &f.Type, ms(&f.CreatedAt))
	}, q.newest("", Cursor{}, Cursor{}))
}

// ContactFieldTypes are what a custom field may hold.
var ContactFieldTypes = []string{"string", "number"}

// CreateContactField defines a custom field; a name that is taken is a Conflict.
func (s *Store) CreateContactField(ctx context.Context, p Principal, name, kind string) (ContactField, error) {
	var problems Problems
	name, problem := line("custom_field_name", "A field's name", name, NameMax)
	if problem != nil {
		problems = append(problems, problem)
	}
	if !slices.Contains(ContactFieldTypes, kind) {
		problems = append(problems, invalid("custom_field_type", "A field is a string or a number."))
	}
	f := ContactField{ID: NewID(), Name: name, Type: kind, CreatedAt: s.now()}
	if err := problems.or(); err != nil {
		return f, err
	}
	return f, s.atomically(ctx, p, func(tx *Store) error {
		var n int64
		if _, err := tx.one(ctx, []any{&n}, `SELECT COUNT(*) FROM contact_fields WHERE team_id = $1`, p.TeamID); err != nil {
			return err
		}
		if n >= contactFieldsMax {
			return conflict("This team has as many custom fields as there may be. Delete one first.")
		}
		_, err := tx.exec(ctx, `
			INSERT INTO contact_fields (team_id, id, name, field_type, created_at)
			VALUES ($1, $2, $3, $4, $5)`, p.TeamID, f.ID, f.Name, f.Type, f.CreatedAt.UnixMilli())
		if Conflict.Is(err) {
			return conflict("There is a custom field of that name already.")
		}
		return err
	})
}

// DeleteContactField removes the definition; what contacts hold under its name stays.
func (s *Store) DeleteContactField(ctx context.Context, p Principal, id string) error {
	n, err := s.change(ctx, p, `
		DELETE FROM contact_fields
		WHERE team_id = $1
		  AND id = $2`, p.TeamID, id)
	if err == nil && n == 0 {
		return notFound("custom field")
	}
	return err
}
