package db

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
)

// AssistantTypes are the kinds of assistant there are.
var AssistantTypes = []string{"chat", "nl2sql", "phone", "realtime_openai", "simple"}

// The longest texts of an assistant, in bytes.
const (
	assistantTextMax   = 2000
	assistantPromptMax = 128 << 10
)

// AssistantChange is what a client says of an assistant; nil leaves a field as it is, and "" unsets it. Attributes are
// merged key by key, where null takes a key out.
type AssistantChange struct {
	Name, Description, Type *string
	LLMModel, SystemPrompt  *string
	Voice, VoiceLanguages   *string
	WebhookID               *string
	HasHumanAgent, UseTools *bool
	Attributes              map[string]json.RawMessage
}

// apply gives the assistant with the change made, or Problems.
func (ch AssistantChange) apply(a Assistant) (Assistant, error) {
	var problems Problems
	check := func(e *Error) {
		if e != nil {
			problems = append(problems, e)
		}
	}
	if ch.Name != nil {
		a.Name = *ch.Name
	}
	name, e := line("name", "An assistant's name", a.Name, archivedNameMax/4)
	a.Name = name
	check(e)
	if ch.Type != nil {
		if a.Type = *ch.Type; !slices.Contains(AssistantTypes, a.Type) {
			check(invalid("assistant_type", "assistant_type is one of "+strings.Join(AssistantTypes, ", ")+"."))
		}
	}
	for _, text := range []struct {
		field     string
		to, given *string
		most      int
	}{
		{"description", &a.Description, ch.Description, assistantTextMax}, {"llm_model", &a.LLMModel, ch.LLMModel, assistantTextMax},
		{"system_prompt", &a.SystemPrompt, ch.SystemPrompt, assistantPromptMax}, {"voice", &a.Voice, ch.Voice, assistantTextMax},
		{"voice_languages", &a.VoiceLanguages, ch.VoiceLanguages, assistantTextMax}, {"webhook_id", &a.WebhookID, ch.WebhookID, assistantTextMax},
	} {
		if text.given != nil {
			check(checkArchivedText(text.field, text.field, *text.given, text.most))
			*text.to = *text.given
		}
	}
	if ch.HasHumanAgent != nil {
		a.HasHumanAgent = *ch.HasHumanAgent
	}
	if ch.UseTools != nil {
		a.UseTools = *ch.UseTools
	}
	check(merge("attributes", &a.Attributes, ch.Attributes))
	return a, problems.or()
}

// CreateAssistant makes an assistant; it needs a name.
func (s *Store) CreateAssistant(ctx context.Context, p Principal, change AssistantChange) (Assistant, error) {
	a, err := change.apply(Assistant{ID: NewID(), Type: "simple", Attributes: "{}", TeamID: p.TeamID, CreatedAt: s.now()})
	if err != nil {
		return a, err
	}
	_, err = s.change(ctx, p, `
		INSERT INTO assistants (team_id, id, name, description, assistant_type, llm_model, system_prompt, voice, voice_languages,
		                        webhook_id, has_human_agent, use_tools, attributes, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`, append(a.row(), a.CreatedAt.UnixMilli())...)
	return a, err
}

// UpdateAssistant changes an assistant, and gives it as it is now.
func (s *Store) UpdateAssistant(ctx context.Context, p Principal, id string, change AssistantChange) (a Assistant, err error) {
	err = s.atomically(ctx, p, func(tx *Store) error {
		was, err := single(ctx, tx, "assistant", scanAssistant, `
			SELECT `+assistantColumns+`
			FROM assistants
			WHERE team_id = $1
			  AND id = $2
			`+tx.dialect.forUpdate, p.TeamID, id)
		if err != nil {
			return err
		}
		if a, err = change.apply(was); err != nil {
			return err
		}
		_, err = tx.exec(ctx, `
			UPDATE assistants
			SET name = $3, description = $4, assistant_type = $5, llm_model = $6, system_prompt = $7, voice = $8, voice_languages = $9,
			    webhook_id = $10, has_human_agent = $11, use_tools = $12, attributes = $13
			WHERE team_id = $1
			  AND id = $2`, a.row()...)
		return err
	})
	return a, err
}

// row gives the columns that a change may set, after team and id.
func (a Assistant) row() []any {
	return []any{a.TeamID, a.ID, a.Name, a.Description, a.Type, a.LLMModel, a.SystemPrompt, a.Voice, a.VoiceLanguages,
		a.WebhookID, bit(a.HasHumanAgent), bit(a.UseTools), a.Attributes}
}

// DeleteAssistant removes an assistant. Its conversations stay, and so do their counts.
func (s *Store) DeleteAssistant(ctx context.Context, p Principal, id string) error {
	n, err := s.change(ctx, p, `
		DELETE FROM assistants
		WHERE team_id = $1
		  AND id = $2`, p.TeamID, id)
	if err == nil && n == 0 {
		return notFound("assistant")
	}
	return err
}
