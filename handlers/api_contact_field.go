package handlers

import (
	"context"
	"strings"
	"time"

	"github.com/insighto/insighto/db"
)

type wireContactField struct {
	ID        string    `json:"id"`
	Name      string    `json:"custom_field_name"`
	Type      string    `json:"custom_field_type" enum:"string,number"`
	OrgID     string    `json:"org_id"`
	CreatedAt time.Time `json:"created_at"`
}

func (s *server) apiContactFields(ctx context.Context, p db.Principal, in *Paging) (*items[wireContactField], error) {
	list, err := s.Store.ContactFields(ctx, p, in.page())
	if err != nil {
		return nil, err
	}
	return listed(list, contactFieldOf(p)), nil
}

func contactFieldOf(p db.Principal) func(db.ContactField) wireContactField {
	return func(f db.ContactField) wireContactField {
		return wireContactField{f.ID, f.Name, f.Type, p.TeamID, f.CreatedAt}
	}
}

type newContactField struct {
	Body struct {
		_    struct{} `additionalProperties:"true"`
		Name string   `json:"custom_field_name"`
		Type string   `json:"custom_field_type" enum:"string,number"`
	}
}

func (s *server) apiCreateContactField(ctx context.Context, p db.Principal, in *newContactField) (*wireContactField, error) {
	f, err := s.Store.CreateContactField(ctx, p, in.Body.Name, in.Body.Type)
	return answered(f, inBody(err), contactFieldOf(p))
}

type contactFieldPath struct {
	ID string `path:"field_id" format:"uuid" doc:"The custom field's id."`
}

func (s *server) apiDeleteContactField(ctx context.Context, p db.Principal, in *contactFieldPath) (*deleted, error) {
	if err := s.Store.DeleteContactField(ctx, p, strings.ToLower(in.ID)); err != nil {
		return nil, err
	}
	return &deleted{"Custom field deleted"}, nil
}
