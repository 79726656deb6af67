package handlers

import (
	"time"

	"github.com/insighto/insighto/db"
)

// ArchiveLine is a line of an archive, one conversation: what export writes and import reads. It has all fields of a
// conversation in a list, but attributes is an object; and then whom it names. Import goes by the objects and the ids
// before what follows from them.
type ArchiveLine struct {
	ID               string            `json:"id"`
	CreatedAt        time.Time         `json:"created_at"`
	UpdatedAt        time.Time         `json:"updated_at,omitzero"`
	ClosedAt         time.Time         `json:"closed_at,omitzero"`
	Status           string            `json:"status" enum:"open,closed"`
	AssistantID      string            `json:"assistant_id"`
	AssistantName    string            `json:"assistant_name,omitempty"`
	WidgetID         string            `json:"widget_id,omitempty"`
	WidgetType       string            `json:"widget_type,omitempty"`
	WidgetProvider   string            `json:"widget_provider,omitempty"`
	ContactID        string            `json:"contact_id,omitempty"`
	ContactFirstName string            `json:"contact_first_name,omitempty"`
	ContactLastName  string            `json:"contact_last_name,omitempty"`
	DeviceType       string            `json:"device_type" enum:"desktop,mobile,tablet,native,phone"`
	UniqueDeviceID   string            `json:"unique_device_id,omitempty"`
	IncludesVoice    bool              `json:"includes_voice"`
	ChatCount        int64             `json:"chat_count"`
	FirstMessage     string            `json:"first_message,omitempty"`
	IntentID         string            `json:"intent_id,omitempty"`
	IntentName       string            `json:"intent_name,omitempty"`
	Summary          string            `json:"summary,omitempty"`
	Attributes       object            `json:"attributes,omitempty"`
	Assistant        *ArchiveAssistant `json:"assistant,omitempty" doc:"Left out when it was deleted, as are the next two."`
	Widget           *ArchiveWidget    `json:"widget,omitempty"`
	Contact          *ArchiveContact   `json:"contact,omitempty"`
	Messages         []wireMessage     `json:"messages,omitzero" doc:"With include=messages only."`
	Cursor           string            `json:"cursor" doc:"Goes on after this line, as the parameter after."`
}

// ArchiveAssistant is who spoke for the team.
type ArchiveAssistant struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// ArchiveWidget is where the conversation was held.
type ArchiveWidget struct {
	ID             string `json:"id"`
	Name           string `json:"name,omitempty"`
	WidgetType     string `json:"widget_type,omitempty"`
	WidgetProvider string `json:"widget_provider,omitempty"`
}

// ArchiveContact is whom the team talked to.
type ArchiveContact struct {
	ID             string `json:"id"`
	FirstName      string `json:"first_name,omitempty"`
	LastName       string `json:"last_name,omitempty"`
	Email          string `json:"email,omitempty"`
	Channels       object `json:"channels,omitempty"`
	UserAttributes object `json:"user_attributes,omitempty"`
	CustomFields   object `json:"custom_fields,omitempty"`
}

// Conversation gives the line as import takes it.
func (l *ArchiveLine) Conversation() db.ArchivedConversation {
	c := db.ArchivedConversation{
		ID:         l.ID,
		Assistant:  db.ArchivedAssistant{ID: l.AssistantID, Gone: l.AssistantID != ""},
		Widget:     db.ArchivedWidget{ID: l.WidgetID, Gone: l.WidgetID != ""},
		Contact:    db.ArchivedContact{ID: l.ContactID, Gone: true},
		DeviceType: l.DeviceType, UniqueDeviceID: l.UniqueDeviceID, IncludesVoice: l.IncludesVoice, Attributes: l.Attributes.text(),
		IntentID: l.IntentID, IntentName: l.IntentName, Summary: l.Summary,
		CreatedAt: l.CreatedAt, UpdatedAt: l.UpdatedAt, ClosedAt: l.ClosedAt,
		FirstMessage: l.FirstMessage, ChatCount: l.ChatCount,
	}
	if a := l.Assistant; a != nil {
		c.Assistant = db.ArchivedAssistant{ID: a.ID, Name: a.Name}
	}
	if w := l.Widget; w != nil {
		c.Widget = db.ArchivedWidget{ID: w.ID, Name: w.Name, Type: w.WidgetType, Provider: w.WidgetProvider}
	}
	if p := l.Contact; p != nil {
		c.Contact = db.ArchivedContact{
			ID: p.ID, FirstName: p.FirstName, LastName: p.LastName, Email: p.Email,
			Channels: p.Channels.text(), UserAttributes: p.UserAttributes.text(), CustomFields: p.CustomFields.text(),
		}
	}
	if l.Messages != nil {
		c.Messages = make([]db.ArchivedMessage, len(l.Messages))
	}
	for i, m := range l.Messages {
		c.Messages[i] = db.ArchivedMessage{ID: m.ID, SenderType: m.SenderType, MessageType: m.MessageType, Text: m.Text,
			DataSources: object(m.DataSources).text(), CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt}
		if m.VoiceBase64 != nil {
			c.Messages[i].VoiceBase64 = *m.VoiceBase64
		}
	}
	return c
}

// UnmarshalJSON keeps the text as it is.
func (o *object) UnmarshalJSON(text []byte) error {
	*o = append((*o)[:0], text...)
	return nil
}

// text gives the object without the blanks between its parts, which are no change; null is as good as absent.
func (o object) text() string {
	if string(o) == "null" {
		return ""
	}
	return string(appendCompact(nil, o))
}
