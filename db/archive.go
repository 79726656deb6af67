package db

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The most that one archived conversation may hold, in bytes and messages.
const (
	archivedNameMax     = 400
	archivedObjectMax   = 256 << 10
	archivedTextMax     = 256 << 10
	archivedMessagesMax = 20_000
)

// ArchivedConversation is one conversation of an archive, with the contact and the assistant as they were then.
type ArchivedConversation struct {
	ID            string
	Assistant     ArchivedAssistant
	Widget        ArchivedWidget // no ID: no widget is known
	Contact       ArchivedContact
	DeviceType    string // desktop, mobile, tablet, native or phone
	IncludesVoice bool
	Attributes    string // a JSON object; empty means {}
	CreatedAt     time.Time
	ClosedAt      time.Time // zero while open
	Messages      []ArchivedMessage
}

// ArchivedAssistant is who spoke for the team.
type ArchivedAssistant struct {
	ID   string
	Name string
}

// ArchivedWidget is where the conversation was held.
type ArchivedWidget struct {
	ID       string
	Name     string
	Type     string
	Provider string
}

// ArchivedContact is whom the team talked to. Channels is a JSON object whose telephone is E.164 with its plus.
type ArchivedContact struct {
	ID        string
	FirstName string
	LastName  string
	Email     string
	Channels  string

	phone string
}

// ArchivedMessage is one turn. Without an ID it gets one that follows from the conversation and its place in it.
type ArchivedMessage struct {
	ID          string
	SenderType  string // user, bot, agent or tool
	MessageType string // text or voice; empty means text
	Text        string
	CreatedAt   time.Time
}

// Checked gives the conversation as it will be kept, or an Invalid error that says in a sentence what is wrong first.
func (c ArchivedConversation) Checked() (ArchivedConversation, error) {
	c.Messages = slices.Clone(c.Messages)
	if e := cmp.Or(c.checkSelf(), c.Assistant.check(), c.Widget.check(), c.Contact.check(), c.checkMessages()); e != nil {
		return c, e
	}
	return c, nil
}

func (c *ArchivedConversation) checkSelf() *Error {
	if e := cmp.Or(
		checkArchivedID("id", "The id", &c.ID),
		checkObject("attributes", "attributes", &c.Attributes),
		checkArchivedTime("created_at", "created_at", &c.CreatedAt),
	); e != nil {
		return e
	}
	if !slices.Contains([]string{"desktop", "mobile", "tablet", "native", "phone"}, c.DeviceType) {
		return invalid("device_type", "device_type is one of desktop, mobile, tablet, native and phone.")
	}
	if c.ClosedAt.IsZero() {
		return nil
	}
	if e := checkArchivedTime("closed_at", "closed_at", &c.ClosedAt); e != nil {
		return e
	}
	if c.ClosedAt.Before(c.CreatedAt) {
		return invalid("closed_at", "closed_at is before created_at.")
	}
	return nil
}

func (c *ArchivedConversation) checkMessages() *Error {
	if n := len(c.Messages); n > archivedMessagesMax {
		return invalid("messages", fmt.Sprintf("%d messages are more than one conversation may have, %d.", n, archivedMessagesMax))
	}
	for i := range c.Messages {
		m := &c.Messages[i]
		if e := m.check(); e != nil {
			return invalid(fmt.Sprintf("messages.%d.%s", i, e.Field), fmt.Sprintf("Message %d: %s", i+1, e.Text))
		}
		c.IncludesVoice = c.IncludesVoice || m.MessageType == "voice"
	}
	return nil
}

func (m *ArchivedMessage) check() *Error {
	m.MessageType = cmp.Or(m.MessageType, "text")
	if m.ID != "" {
		if e := checkArchivedID("id", "its id", &m.ID); e != nil {
			return e
		}
	}
	if !slices.Contains([]string{"user", "bot", "agent", "tool"}, m.SenderType) {
		return invalid("sender_type", "sender_type is one of user, bot, agent and tool.")
	}
	if m.MessageType != "text" && m.MessageType != "voice" {
		return invalid("message_type", "message_type is text or voice.")
	}
	return cmp.Or(checkArchivedText("text", "its text", m.Text, archivedTextMax), checkArchivedTime("created_at", "created_at", &m.CreatedAt))
}

func (a *ArchivedAssistant) check() *Error {
	if e := checkArchivedID("assistant.id", "The assistant's id", &a.ID); e != nil {
		return e
	}
	name, e := line("assistant.name", "The assistant's name", a.Name, archivedNameMax/4)
	a.Name = name
	return e
}

func (w *ArchivedWidget) check() *Error {
	if *w == (ArchivedWidget{}) {
		return nil
	}
	return cmp.Or(
		checkArchivedID("widget.id", "The widget's id", &w.ID),
		checkArchivedText("widget.name", "The widget's name", w.Name, archivedNameMax),
		checkArchivedText("widget.widget_type", "The widget's type", w.Type, archivedNameMax),
		checkArchivedText("widget.widget_provider", "The widget's provider", w.Provider, archivedNameMax))
}

func (c *ArchivedContact) check() *Error {
	if e := cmp.Or(
		checkArchivedID("contact.id", "The contact's id", &c.ID),
		checkArchivedText("contact.first_name", "The contact's first name", c.FirstName, archivedNameMax),
		checkArchivedText("contact.last_name", "The contact's last name", c.LastName, archivedNameMax),
		checkObject("contact.channels", "The contact's channels", &c.Channels),
	); e != nil {
		return e
	}
	if strings.TrimSpace(c.Email) != "" {
		email, e := Email("contact.email", c.Email)
		if e != nil {
			return invalid("contact.email", "The contact's e-mail address is none.")
		}
		c.Email = email
	}
	var channels map[string]any
	_ = json.Unmarshal([]byte(c.Channels), &channels) // an object, as was seen above
	phone, isText := channels["telephone"].(string)
	if channels["telephone"] != nil && !isText || phone != "" && !isE164(phone) {
		return invalid("contact.channels.telephone", "The contact's telephone is no number in E.164, such as +15551000220.")
	}
	c.phone = phone
	return nil
}

// isE164 tells whether text is a plus, a digit that is not zero and 6 to 14 more digits.
func isE164(text string) bool {
	digits, plus := strings.CutPrefix(text, "+")
	return plus && len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}

func checkArchivedID(field, what string, id *string) *Error {
	*id = strings.ToLower(*id)
	switch {
	case *id == "":
		return invalid(field, what+" is missing.")
	case !IsID(*id):
		return invalid(field, what+" is no UUID.")
	}
	return nil
}

func checkArchivedText(field, what, text string, most int) *Error {
	switch {
	case !utf8.ValidString(text):
		return invalid(field, what+" holds bytes that are no text (UTF-8).")
	case strings.IndexByte(text, 0) >= 0:
		return invalid(field, what+" holds a NUL character, which cannot be kept.")
	case len(text) > most:
		return invalid(field, fmt.Sprintf("%s is %d bytes long; %d are the most.", what, len(text), most))
	}
	return nil
}

func checkObject(field, what string, text *string) *Error {
	*text = cmp.Or(*text, "{}")
	if e := checkArchivedText(field, what, *text, archivedObjectMax); e != nil {
		return e
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(*text), &object); err != nil || object == nil {
		return invalid(field, what+" is no JSON object.")
	}
	return nil
}

// checkArchivedTime also rounds down to the millisecond that is kept.
func checkArchivedTime(field, what string, t *time.Time) *Error {
	if t.IsZero() {
		return invalid(field, what+" is missing.")
	}
	*t = t.UTC().Truncate(time.Millisecond)
	if t.Year() < 1970 || t.Year() > 9999 {
		return invalid(field, what+" lies outside the years 1970 to 9999.")
	}
	return nil
}
