package db

import (
	"context"
	"time"
)

// Assistant is who talks to a team's contacts.
type Assistant struct {
	ID             string
	Name           string
	Description    string
	Type           string // chat, nl2sql, phone, realtime_openai or simple
	LLMModel       string
	SystemPrompt   string
	Voice          string
	VoiceLanguages string
	WebhookID      string
	HasHumanAgent  bool
	UseTools       bool
	Attributes     string // a JSON object
	TeamID         string
	CreatedAt      time.Time
}

const assistantColumns = `id, name, description, assistant_type, llm_model, system_prompt, voice, voice_languages,
		       webhook_id, has_human_agent, use_tools, attributes, team_id, created_at`

func scanAssistant(scan scanner) (a Assistant, err error) {
	return a, scan(&a.ID, &a.Name, &a.Description, &a.Type, &a.LLMModel, &a.SystemPrompt, &a.Voice, &a.VoiceLanguages,
		&a.WebhookID, &a.HasHumanAgent, &a.UseTools, &a.Attributes, &a.TeamID, ms(&a.CreatedAt))
}

// Assistants gives the team's assistants, newest first.
func (s *Store) Assistants(ctx context.Context, p Principal, page Page) (List[Assistant], error) {
	return listOf(ctx, s, page, scanAssistant, statement{
		count: `SELECT COUNT(*) FROM assistants WHERE team_id = $1`,
		rows: `
		SELECT ` + assistantColumns + `
		FROM assistants
		WHERE team_id = $1
		ORDER BY created_at DESC, id DESC`,
		args: []any{p.TeamID},
	})
}

// Assistant gives one assistant of the team, or a NotFound error.
func (s *Store) Assistant(ctx context.Context, p Principal, id string) (Assistant, error) {
	return single(ctx, s, "assistant", scanAssistant, `
		SELECT `+assistantColumns+`
		FROM assistants
		WHERE team_id = $1
		  AND id = $2`, p.TeamID, id)
}

// AssistantNames gives the names of all the team's assistants by their ids.
func (s *Store) AssistantNames(ctx context.Context, p Principal) (map[string]string, error) {
	names := map[string]string{}
	err := s.each(ctx, func(scan scanner) error {
		var id, name string
		err := scan(&id, &name)
		names[id] = name
		return err
	}, `
		SELECT id, name
		FROM assistants
		WHERE team_id = $1`, p.TeamID)
	return names, err
}

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
