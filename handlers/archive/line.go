// Package archive is the format of an archive of conversations, which import reads and export writes. There is no HTTP
// in it: a response and a file hold the same lines.
package archive

import (
	"time"

	"github.com/insighto/insighto/db"
)

// Line is a line of an archive, one conversation: what export writes and import reads. It has all fields of a
// conversation in a list, but attributes is an object; and then whom it names. Import goes by the objects and the ids
// before what follows from them.
type Line struct {
	ID               string     `json:"id"`
	CreatedAt        time.Time  `json:"created_at"`
	UpdatedAt        time.Time  `json:"updated_at,omitzero"`
	ClosedAt         time.Time  `json:"closed_at,omitzero"`
	Status           string     `json:"status" enum:"open,closed"`
	AssistantID      string     `json:"assistant_id"`
	AssistantName    string     `json:"assistant_name,omitempty"`
	WidgetID         string     `json:"widget_id,omitempty"`
	WidgetType       string     `json:"widget_type,omitempty"`
	WidgetProvider   string     `json:"widget_provider,omitempty"`
	ContactID        string     `json:"contact_id,omitempty"`
	ContactFirstName string     `json:"contact_first_name,omitempty"`
	ContactLastName  string     `json:"contact_last_name,omitempty"`
	DeviceType       string     `json:"device_type" enum:"desktop,mobile,tablet,native,phone"`
	UniqueDeviceID   string     `json:"unique_device_id,omitempty"`
	IncludesVoice    bool       `json:"includes_voice"`
	ChatCount        int64      `json:"chat_count"`
	FirstMessage     string     `json:"first_message,omitempty"`
	IntentID         string     `json:"intent_id,omitempty"`
	IntentName       string     `json:"intent_name,omitempty"`
	Summary          string     `json:"summary,omitempty"`
	Attributes       Object     `json:"attributes,omitempty"`
	Assistant        *Assistant `json:"assistant,omitempty" doc:"Left out when it was deleted, as are the next two."`
	Widget           *Widget    `json:"widget,omitempty"`
	Contact          *Contact   `json:"contact,omitempty"`
	Messages         []Message  `json:"messages,omitzero" doc:"With include=messages only."`
	Cursor           string     `json:"cursor" doc:"Goes on after this line, as the parameter after."`
}

// Assistant is who spoke for the team.
type Assistant struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Widget is where the conversation was held.
type Widget struct {
	ID             string `json:"id"`
	Name           string `json:"name,omitempty"`
	WidgetType     string `json:"widget_type,omitempty"`
	WidgetProvider string `json:"widget_provider,omitempty"`
}

// Contact is whom the team talked to.
type Contact struct {
	ID             string `json:"id"`
	FirstName      string `json:"first_name,omitempty"`
	LastName       string `json:"last_name,omitempty"`
	Email          string `json:"email,omitempty"`
	Channels       Object `json:"channels,omitempty"`
	UserAttributes Object `json:"user_attributes,omitempty"`
	CustomFields   Object `json:"custom_fields,omitempty"`
}

// Conversation gives the line as import takes it.
func (l *Line) Conversation() db.ArchivedConversation {
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
			DataSources: Object(m.DataSources).text(), CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt}
		if m.VoiceBase64 != nil {
			c.Messages[i].VoiceBase64 = *m.VoiceBase64
		}
	}
	return c
}
