package db

import (
	"context"
	"time"
)

// Widget is where on a site or channel an assistant stands.
type Widget struct {
	ID          string
	Name        string
	AssistantID string
	Type        string
	Provider    string
	CreatedAt   time.Time
}

// Widgets gives the team's widgets, newest first.
func (s *Store) Widgets(ctx context.Context, p Principal, page Page) (List[Widget], error) {
	return listOf(ctx, s, page, func(scan scanner) (w Widget, err error) {
		return w, scan(&w.ID, &w.Name, &w.AssistantID, &w.Type, &w.Provider, ms(&w.CreatedAt))
	}, statement{
		count: `SELECT COUNT(*) FROM widgets WHERE team_id = $1`,
		rows: `
		SELECT id, name, assistant_id, widget_type, widget_provider, created_at
		FROM widgets
		WHERE team_id = $1
		ORDER BY created_at DESC, id DESC`,
		args: []any{p.TeamID},
	})
}
