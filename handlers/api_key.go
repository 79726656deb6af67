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

// apiKey tells a script whether its key still works, and as what.
func (s *server) apiKey(_ context.Context, c db.Caller, _ *none) (*wireKey, error) {
	k := c.Key
	return &wireKey{
		ID: k.ID, Name: k.Name, Prefix: k.Prefix, Role: k.Role.ID, Scopes: k.Role.Scopes, Description: k.Description,
		CreatedAt: k.CreatedAt, LastUsedAt: k.LastUsed.At,
		Team: wireTeam{c.Team.ID, c.Team.Name}, User: wirePerson{c.User.ID, c.User.Name, c.User.Email},
	}, nil
}
