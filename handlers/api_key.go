package handlers

import (
	"context"
	"time"

	"github.com/insighto/insighto/db"
)

type wireKey struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	Prefix      string     `json:"prefix"`
	Role        string     `json:"role"`
	Scopes      []db.Scope `json:"scopes"`
	Description string     `json:"description"`
	CreatedAt   time.Time  `json:"created_at"`
	LastUsedAt  time.Time  `json:"last_used_at,omitzero"`
	Team        wireTeam   `json:"team"`
	User        wirePerson `json:"user"`
}

func (k *wireKey) appendJSON(b []byte) ([]byte, error) {
	m := newMembers(b)
	m.text("id", k.ID)
	m.text("name", k.Name)
	m.text("prefix", k.Prefix)
	m.text("role", k.Role)
	m.name("scopes")
	m.b = append(m.b, '[')
	for i, scope := range k.Scopes {
		if i > 0 {
			m.b = append(m.b, ',')
		}
		m.b = appendText(m.b, string(scope))
	}
	m.b = append(m.b, ']')
	m.text("description", k.Description)
	m.time("created_at", k.CreatedAt)
	m.time("last_used_at", k.LastUsedAt)
	m.name("team")
	team := newMembers(m.b)
	team.text("id", k.Team.ID)
	team.text("name", k.Team.Name)
	m.b = team.end()
	m.name("user")
	user := newMembers(m.b)
	user.text("id", k.User.ID)
	user.text("name", k.User.Name)
	user.text("email", k.User.Email)
	m.b = user.end()
	return m.end(), nil
}

// apiKey tells a script whether its key still works, and as what.
func (s *server) apiKey(ctx context.Context, _ db.Principal, _ *none) (*wireKey, error) {
	c := callOf(ctx).about
	k := c.Key
	return &wireKey{
		ID: k.ID, Name: k.Name, Prefix: k.Prefix, Role: k.Role.ID, Scopes: k.Role.Scopes, Description: k.Description,
		CreatedAt: k.CreatedAt, LastUsedAt: k.LastUsed.At,
		Team: wireTeam{c.Team.ID, c.Team.Name}, User: wirePerson{c.User.ID, c.User.Name, c.User.Email},
	}, nil
}
