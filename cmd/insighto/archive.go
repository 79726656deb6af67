package main

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/insighto/insighto/db"
)

// The line of a file: one conversation with all it takes to keep it. Fields that are not here are passed over.
type archiveLine struct {
	ID            string           `json:"id"`
	Assistant     archiveAssistant `json:"assistant"`
	Contact       archiveContact   `json:"contact"`
	DeviceType    string           `json:"device_type"`
	IncludesVoice bool             `json:"includes_voice"`
	Attributes    jsontext.Value   `json:"attributes"`
	CreatedAt     time.Time        `json:"created_at"`
	ClosedAt      time.Time        `json:"closed_at"`
	Messages      []archiveMessage `json:"messages"`
}

type archiveAssistant struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type archiveContact struct {
	ID        string         `json:"id"`
	FirstName string         `json:"first_name"`
	LastName  string         `json:"last_name"`
	Email     string         `json:"email"`
	Channels  jsontext.Value `json:"channels"`
}

type archiveMessage struct {
	ID          string    `json:"id"`
	SenderType  string    `json:"sender_type"`
	MessageType string    `json:"message_type"`
	Text        string    `json:"text"`
	CreatedAt   time.Time `json:"created_at"`
}

// conversationOf reads a line; reason says in a sentence why it is refused.
func conversationOf(line []byte) (c db.ArchivedConversation, reason string) {
	var l archiveLine
	if err := json.Unmarshal(bytes.TrimPrefix(line, []byte("\ufeff")), &l); err != nil {
		return c, sayJSON(err)
	}
	c = db.ArchivedConversation{
		ID:         l.ID,
		Assistant:  db.ArchivedAssistant{ID: l.Assistant.ID, Name: l.Assistant.Name},
		Contact:    db.ArchivedContact{ID: l.Contact.ID, FirstName: l.Contact.FirstName, LastName: l.Contact.LastName, Email: l.Contact.Email, Channels: objectText(l.Contact.Channels)},
		DeviceType: l.DeviceType, IncludesVoice: l.IncludesVoice, Attributes: objectText(l.Attributes),
		CreatedAt: l.CreatedAt, ClosedAt: l.ClosedAt,
		Messages: make([]db.ArchivedMessage, len(l.Messages)),
	}
	for i, m := range l.Messages {
		c.Messages[i] = db.ArchivedMessage{ID: m.ID, SenderType: m.SenderType, MessageType: m.MessageType, Text: m.Text, CreatedAt: m.CreatedAt}
	}
	c, err := c.Checked()
	var wrong *db.Error
	if errors.As(err, &wrong) {
		return c, wrong.Text
	}
	return c, ""
}

// objectText gives a JSON value without the blanks between its parts, which are no change; null is as good as absent.
func objectText(v jsontext.Value) string {
	if v.Kind() == 'n' {
		return ""
	}
	_ = v.Compact() // valid, since it was read
	return string(v)
}

// sayJSON explains what is wrong with a line, and where, without Go's words and without the line's own.
func sayJSON(err error) string {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		switch {
		case errors.Is(err, jsontext.ErrDuplicateName):
			return fmt.Sprintf("The name %s is there twice.", syntax.JSONPointer)
		case errors.Is(err, jsontext.ErrNonStringName):
			return "A name in an object is no string."
		}
		return fmt.Sprintf("The line is not valid JSON at byte %d%s.", syntax.ByteOffset+1, at(syntax.JSONPointer))
	}
	var meaning *json.SemanticError
	if errors.As(err, &meaning) {
		if meaning.JSONPointer == "" {
			return "The line is no JSON object."
		}
		if meaning.GoType.String() == "time.Time" {
			return fmt.Sprintf("%s is no time such as 2026-09-01T09:30:00Z.", meaning.JSONPointer)
		}
		return fmt.Sprintf("%s is of the wrong type.", meaning.JSONPointer)
	}
	return "The line is not one whole JSON object."
}

func at(p jsontext.Pointer) string {
	if p == "" {
		return ""
	}
	return " (" + string(p) + ")"
}
