package handlers

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/insighto/insighto/db"
)

// assistantBody is what may be said of an assistant; what is left out stays as it is, and unknown members are ignored.
type assistantBody struct {
	_              struct{}                   `additionalProperties:"true"`
	Name           *string                    `json:"name,omitempty" maxLength:"100"`
	Description    *string                    `json:"description,omitempty" maxLength:"2000"`
	AssistantType  *string                    `json:"assistant_type,omitempty" enum:"chat,nl2sql,phone,realtime_openai,simple"`
	LLMModel       *string                    `json:"llm_model,omitempty" maxLength:"2000"`
	SystemPrompt   *string                    `json:"system_prompt,omitempty" maxLength:"131072"`
	Voice          *string                    `json:"voice,omitempty" maxLength:"2000"`
	VoiceLanguages *string                    `json:"voice_languages,omitempty" maxLength:"2000"`
	WebhookID      *string                    `json:"webhook_id,omitempty" maxLength:"2000"`
	HasHumanAgent  *bool                      `json:"has_human_agent,omitempty"`
	UseTools       *bool                      `json:"use_tools,omitempty"`
	Attributes     map[string]json.RawMessage `json:"attributes,omitempty" doc:"Merged key by key; null takes a key out."`
}

func (b *assistantBody) change() db.AssistantChange {
	return db.AssistantChange{
		Name: b.Name, Description: b.Description, Type: b.AssistantType, LLMModel: b.LLMModel, SystemPrompt: b.SystemPrompt, Voice: b.Voice,
		VoiceLanguages: b.VoiceLanguages, WebhookID: b.WebhookID, HasHumanAgent: b.HasHumanAgent, UseTools: b.UseTools, Attributes: b.Attributes,
	}
}

type newAssistant struct {
	Body assistantBody
}

func (s *server) apiCreateAssistant(ctx context.Context, p db.Principal, in *newAssistant) (*wireAssistant, error) {
	assistant, err := s.Store.CreateAssistant(ctx, p, in.Body.change())
	return answered(assistant, inBody(err), assistantOut)
}

type assistantUpdate struct {
	AssistantPath
	Body assistantBody
}

// updatedAssistant is an assistant with the message that clients expect of an update.
type updatedAssistant struct{ wireAssistant }

func (*updatedAssistant) envelope() (string, meta) { return "Data updated successfully", meta{} }

func (s *server) apiUpdateAssistant(ctx context.Context, p db.Principal, in *assistantUpdate) (*updatedAssistant, error) {
	assistant, err := s.Store.UpdateAssistant(ctx, p, strings.ToLower(in.ID), in.Body.change())
	return answered(assistant, inBody(err), func(a db.Assistant) updatedAssistant { return updatedAssistant{assistantOut(a)} })
}

func (s *server) apiDeleteAssistant(ctx context.Context, p db.Principal, in *AssistantPath) (*deleted, error) {
	if err := s.Store.DeleteAssistant(ctx, p, strings.ToLower(in.ID)); err != nil {
		return nil, err
	}
	return &deleted{"Assistant deleted"}, nil
}
