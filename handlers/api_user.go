package handlers

import (
	"context"
	"strings"

	"github.com/insighto/insighto/db"
)

type none struct{}

type wireTeam struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type wirePerson struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

type wireUser struct {
	ID        string `json:"id"`
	Email     string `json:"email"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name,omitempty"`
}

// apiUser gives the key's person; a name's first word is the first name.
func (s *server) apiUser(_ context.Context, c db.Caller, _ *none) (*wireUser, error) {
	first, last, _ := strings.Cut(c.User.Name, " ")
	return &wireUser{ID: c.User.ID, Email: c.User.Email, FirstName: first, LastName: last}, nil
}

func (s *server) apiTeams(ctx context.Context, p db.Principal, in *Paging) (*items[wireTeam], error) {
	list, err := s.Store.Teams(ctx, p, in.page())
	if err != nil {
		return nil, err
	}
	return listed(list, func(t db.Team) wireTeam { return wireTeam{t.ID, t.Name} }), nil
}
