package handlers

import (
	"context"
	"strings"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/archive"
)

type wireAssistant struct {
	ID             string         `json:"id"`
	Name           string         `json:"name"`
	Description    string         `json:"description,omitempty"`
	AssistantType  string         `json:"assistant_type" enum:"chat,nl2sql,phone,realtime_openai,simple"`
	LLMModel       string         `json:"llm_model,omitempty"`
	SystemPrompt   string         `json:"system_prompt,omitempty"`
	Voice          string         `json:"voice,omitempty"`
	VoiceLanguages string         `json:"voice_languages,omitempty"`
	WebhookID      string         `json:"webhook_id,omitempty"`
	HasHumanAgent  bool           `json:"has_human_agent"`
	UseTools       bool           `json:"use_tools"`
	OrgID          string         `json:"org_id"`
	Attributes     archive.Object `json:"attributes"`
	CreatedAt      time.Time      `json:"created_at"`
}

func assistantOut(a db.Assistant) wireAssistant {
	return wireAssistant{
		ID: a.ID, Name: a.Name, Description: a.Description, AssistantType: a.Type, LLMModel: a.LLMModel, SystemPrompt: a.SystemPrompt,
		Voice: a.Voice, VoiceLanguages: a.VoiceLanguages, WebhookID: a.WebhookID, HasHumanAgent: a.HasHumanAgent, UseTools: a.UseTools,
		OrgID: a.TeamID, Attributes: archive.Object(a.Attributes), CreatedAt: a.CreatedAt,
	}
}

func (s *server) apiAssistants(ctx context.Context, p db.Principal, in *Paging) (*items[wireAssistant], error) {
	list, err := s.Store.Assistants(ctx, p, in.page())
	if err != nil {
		return nil, err
	}
	return listed(list, assistantOut), nil
}

type AssistantPath struct {
	ID string `path:"assistant_id" format:"uuid" doc:"The assistant's id."`
}

func (s *server) apiAssistant(ctx context.Context, p db.Principal, in *AssistantPath) (*wireAssistant, error) {
	assistant, err := s.Store.Assistant(ctx, p, strings.ToLower(in.ID))
	return answered(assistant, err, assistantOut)
}
