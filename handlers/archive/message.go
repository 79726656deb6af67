package archive

import (
	"encoding/json"
	"time"

	"github.com/insighto/insighto/db"
)

// Message is one thing that was said. It has all ten keys, always: a strict client drops a message that lacks one.
type Message struct {
	ConversationID string          `json:"conversation_id"`
	ID             string          `json:"id"`
	SenderType     string          `json:"sender_type" enum:"bot,agent,user,tool"`
	MessageType    string          `json:"message_type" enum:"voice,text"`
	Text           string          `json:"text"`
	VoiceBase64    *string         `json:"voice_base64" nullable:"true"`
	DataSources    json.RawMessage `json:"data_sources"`
	CreatedAt      time.Time       `json:"created_at"`
	UpdatedAt      time.Time       `json:"updated_at"`
	CharCount      int             `json:"char_count"`
}

// MessageOf gives a kept message the shape that it has in a line and in a transcript.
func MessageOf(m db.Message) Message {
	out := Message{
		ConversationID: m.ConversationID, ID: m.ID, SenderType: m.SenderType, MessageType: m.MessageType, Text: m.Text,
		VoiceBase64: m.VoiceBase64, DataSources: json.RawMessage("null"), CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt, CharCount: m.CharCount(),
	}
	if m.DataSources != nil {
		out.DataSources = json.RawMessage(*m.DataSources)
	}
	return out
}

func appendMessages(b []byte, messages []Message) []byte {
	b = append(b, '[')
	for i := range messages {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendMessage(b, &messages[i])
	}
	return append(b, ']')
}

func appendMessage(b []byte, w *Message) []byte {
	m := WriteObject(b)
	m.plain("conversation_id", w.ConversationID)
	m.plain("id", w.ID)
	m.plain("sender_type", w.SenderType)
	m.plain("message_type", w.MessageType)
	m.Text("text", w.Text)
	if w.VoiceBase64 != nil {
		m.Text("voice_base64", *w.VoiceBase64)
	} else {
		m.Raw("voice_base64", []byte("null"))
	}
	m.Name("data_sources")
	m.Bytes = appendCompact(m.Bytes, w.DataSources)
	m.Time("created_at", w.CreatedAt)
	m.Time("updated_at", w.UpdatedAt)
	m.Number("char_count", int64(w.CharCount))
	return m.End()
}
