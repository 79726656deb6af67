package handlers

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/insighto/insighto/db"
)

// ContactBody is what may be said of a contact; what is left out stays as it is, and unknown members are ignored.
type ContactBody struct {
	_                struct{}                   `additionalProperties:"true"`
	FirstName        *string                    `json:"first_name,omitempty" maxLength:"400"`
	LastName         *string                    `json:"last_name,omitempty" maxLength:"400"`
	Email            *string                    `json:"email,omitempty" maxLength:"254"`
	PhoneNumber      *string                    `json:"phone_number,omitempty" maxLength:"40" doc:"With its country's code."`
	Phone            *string                    `json:"phone,omitempty" maxLength:"40" doc:"Another spelling of phone_number."`
	Channels         map[string]json.RawMessage `json:"channels,omitempty" doc:"Merged key by key; null takes a key out."`
	UserAttributes   map[string]json.RawMessage `json:"user_attributes,omitempty" doc:"Merged key by key; null takes a key out."`
	CustomFields     map[string]json.RawMessage `json:"custom_fields,omitempty" doc:"Merged key by key; null takes a key out."`
	LastSeen         *time.Time                 `json:"last_seen,omitempty"`
	LastSent         *time.Time                 `json:"last_sent,omitempty"`
	FirstAssistantID *string                    `json:"first_assistant_id,omitempty"`
	LastAssistantID  *string                    `json:"last_assistant_id,omitempty"`
	FirstWidgetID    *string                    `json:"first_widget_id,omitempty"`
	LastWidgetID     *string                    `json:"last_widget_id,omitempty"`
}

func (b *ContactBody) change() db.ContactChange {
	phone := b.PhoneNumber
	if phone == nil {
		phone = b.Phone
	}
	return db.ContactChange{
		FirstName: b.FirstName, LastName: b.LastName, Email: b.Email, Phone: phone, Channels: b.Channels,
		UserAttributes: b.UserAttributes, CustomFields: b.CustomFields, LastSeen: b.LastSeen, LastSent: b.LastSent,
		FirstAssistantID: b.FirstAssistantID, LastAssistantID: b.LastAssistantID, FirstWidgetID: b.FirstWidgetID, LastWidgetID: b.LastWidgetID,
	}
}

type newContact struct {
	Body ContactBody
}

func (s *server) apiCreateContact(ctx context.Context, p db.Principal, in *newContact) (*wireContact, error) {
	contact, err := s.Store.CreateContact(ctx, p, in.Body.change())
	return answered(contact, inBody(err), contactOut)
}

type contactUpdate struct {
	ContactPath
	Body ContactBody
}

// updatedContact is a contact with the message that clients expect of an update.
type updatedContact struct{ wireContact }

func (*updatedContact) envelope() (string, meta) { return "Data updated successfully", meta{} }

func (s *server) apiUpdateContact(ctx context.Context, p db.Principal, in *contactUpdate) (*updatedContact, error) {
	contact, err := s.Store.UpdateContact(ctx, p, strings.ToLower(in.ID), in.Body.change())
	return answered(contact, inBody(err), func(c db.Contact) updatedContact { return updatedContact{contactOut(c)} })
}

// contactUpsert takes its fields from the query, or from a JSON body, but no field from both.
type contactUpsert struct {
	FirstName   string `query:"first_name" maxLength:"400" doc:"The given name."`
	LastName    string `query:"last_name" maxLength:"400" doc:"The family name."`
	Email       string `query:"email" maxLength:"254" doc:"Finds the contact, whatever the case."`
	PhoneNumber string `query:"phone_number" maxLength:"40" doc:"Finds the contact; with its country's code, the + encoded as %2B or left out."`
	Phone       string `query:"phone" maxLength:"40" doc:"Another spelling of phone_number."`
	Body        *struct {
		ContactBody
		ID *string `json:"id,omitempty" doc:"Refused: the server gives ids."`
	}
}

// Resolve refuses what would make it unclear which contact is meant.
func (in *contactUpsert) Resolve(huma.Context) []error {
	if in.Body == nil {
		return nil
	}
	var found []error
	wrong := func(field, text string) {
		found = append(found, &huma.ErrorDetail{Location: "body." + field, Message: text})
	}
	if in.Body.ID != nil {
		wrong("id", "A contact is found by e-mail or phone, and its id is ours. Leave it out.")
	}
	for _, both := range []struct {
		field string
		query string
		body  *string
	}{{"first_name", in.FirstName, in.Body.FirstName}, {"last_name", in.LastName, in.Body.LastName}, {"email", in.Email, in.Body.Email},
		{"phone_number", in.PhoneNumber + in.Phone, in.Body.change().Phone}} {
		if both.query != "" && both.body != nil && *both.body != both.query {
			wrong(both.field, "The address says otherwise. Give each field once.")
		}
	}
	return found
}

func (in *contactUpsert) change() db.ContactChange {
	var change db.ContactChange
	if in.Body != nil {
		change = in.Body.change()
	}
	given := func(to **string, text string) {
		if text != "" && *to == nil {
			*to = &text
		}
	}
	given(&change.FirstName, in.FirstName)
	given(&change.LastName, in.LastName)
	given(&change.Email, in.Email)
	given(&change.Phone, in.PhoneNumber)
	given(&change.Phone, in.Phone)
	return change
}

func (s *server) apiUpsertContact(ctx context.Context, p db.Principal, in *contactUpsert) (*wireContact, error) {
	contact, err := s.Store.UpsertContact(ctx, p, in.change())
	if in.Body != nil {
		err = inBody(err)
	}
	return answered(contact, inQuery(err), contactOut)
}

// deleted is what a delete answers.
type deleted struct {
	Details string `json:"details"`
}

func (s *server) apiDeleteContact(ctx context.Context, p db.Principal, in *ContactPath) (*deleted, error) {
	if err := s.Store.DeleteContacts(ctx, p, []string{strings.ToLower(in.ID)}); err != nil {
		return nil, err
	}
	return &deleted{"Contact deleted"}, nil
}

type contactIDs struct {
	Body struct {
		_          struct{} `additionalProperties:"true"`
		ContactIDs []string `json:"contact_ids" minItems:"1" maxItems:"1000" format:"uuid"`
	}
}

type deletedCount struct {
	Deleted int `json:"deleted"`
}

// apiDeleteContacts deletes all, or none when one is not there.
func (s *server) apiDeleteContacts(ctx context.Context, p db.Principal, in *contactIDs) (*deletedCount, error) {
	ids := map[string]bool{}
	for _, id := range in.Body.ContactIDs {
		ids[strings.ToLower(id)] = true
	}
	distinct := make([]string, 0, len(ids))
	for id := range ids {
		distinct = append(distinct, id)
	}
	if err := s.Store.DeleteContacts(ctx, p, distinct); err != nil {
		return nil, inBody(err)
	}
	return &deletedCount{len(distinct)}, nil
}
