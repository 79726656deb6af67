package db

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The most that one archived conversation may hold, in bytes and messages.
const (
	archivedNameMax     = 400
	archivedObjectMax   = 256 << 10
	archivedTextMax     = 256 << 10
	archivedVoiceMax    = 12 << 20
	archivedMessagesMax = 20_000
)

// ArchivedConversation is one conversation of an archive, with the contact and the assistant as they were then. A text
// that is empty is not known, and what is kept of it stays.
type ArchivedConversation struct {
	ID             string
	Assistant      ArchivedAssistant
	Widget         ArchivedWidget // no ID: no widget is known
	Contact        ArchivedContact
	DeviceType     string // desktop, mobile, tablet, native or phone
	UniqueDeviceID string
	IncludesVoice  bool
	Attributes     string // a JSON object; empty means {}
	IntentID       string
	IntentName     string
	Summary        string
	CreatedAt      time.Time
	UpdatedAt      time.Time         // zero: when something was last said or it was closed
	ClosedAt       time.Time         // zero while open
	Messages       []ArchivedMessage // nil: the archive leaves them out; those that are kept stay
	FirstMessage   string            // of a conversation whose messages are left out, as is
	ChatCount      int64             // how many there were
}

// ArchivedAssistant is who spoke for the team.
type ArchivedAssistant struct {
	ID   string
	Name string
	Gone bool // it was deleted: only the ID is left
}

// ArchivedWidget is where the conversation was held.
type ArchivedWidget struct {
	ID       string
	Name     string
	Type     string
	Provider string
	Gone     bool // it was deleted: only the ID is left
}

// ArchivedContact is whom the team talked to. Channels is a JSON object whose telephone is E.164 with its plus; the
// other two are as well, or empty when they are not known.
type ArchivedContact struct {
	ID             string
	FirstName      string
	LastName       string
	Email          string
	Channels       string
	UserAttributes string
	CustomFields   string
	Gone           bool // it was deleted: only the ID is left, or not even that

	phone string
}

// ArchivedMessage is one turn. Without an ID it gets one that follows from the conversation and its place in it.
type ArchivedMessage struct {
	ID          string
	SenderType  string // user, bot, agent or tool
	MessageType string // text or voice; empty means text
	Text        string
	VoiceBase64 string // empty: none
	DataSources string // a JSON array; empty: none
	CreatedAt   time.Time
	UpdatedAt   time.Time // zero: never since
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
		checkArchivedText("unique_device_id", "unique_device_id", c.UniqueDeviceID, archivedNameMax),
		checkArchivedText("intent_name", "intent_name", c.IntentName, archivedNameMax),
		checkArchivedText("summary", "summary", c.Summary, archivedTextMax),
		checkArchivedText("first_message", "first_message", c.FirstMessage, archivedTextMax),
		checkArchivedTime("created_at", "created_at", &c.CreatedAt),
		checkKnownTime("updated_at", "updated_at", &c.UpdatedAt),
		checkKnownTime("closed_at", "closed_at", &c.ClosedAt),
	); e != nil {
		return e
	}
	if c.IntentID != "" {
		if e := checkArchivedID("intent_id", "intent_id", &c.IntentID); e != nil {
			return e
		}
	}
	if c.ChatCount < 0 || c.ChatCount > archivedMessagesMax {
		return invalid("chat_count", fmt.Sprintf("chat_count is a number from 0 to %d.", archivedMessagesMax))
	}
	if !DeviceTypes.Has(c.DeviceType) {
		return invalid("device_type", "device_type is one of "+DeviceTypes.oneOf()+".")
	}
	if !c.ClosedAt.IsZero() && c.ClosedAt.Before(c.CreatedAt) {
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
		c.IncludesVoice = c.IncludesVoice || m.MessageType == MessageVoice
	}
	return nil
}

func (m *ArchivedMessage) check() *Error {
	m.MessageType = cmp.Or(m.MessageType, MessageText)
	if m.ID != "" {
		if e := checkArchivedID("id", "its id", &m.ID); e != nil {
			return e
		}
	}
	if !SenderTypes.Has(m.SenderType) {
		return invalid("sender_type", "sender_type is one of "+SenderTypes.oneOf()+".")
	}
	if !MessageTypes.Has(m.MessageType) {
		return invalid("message_type", "message_type is "+strings.Join(MessageTypes.IDs(), " or ")+".")
	}
	return cmp.Or(
		checkArchivedText("text", "its text", m.Text, archivedTextMax),
		checkArchivedText("voice_base64", "its voice_base64", m.VoiceBase64, archivedVoiceMax),
		checkArray("data_sources", "its data_sources", m.DataSources),
		checkArchivedTime("created_at", "created_at", &m.CreatedAt),
		checkKnownTime("updated_at", "updated_at", &m.UpdatedAt))
}

func (a *ArchivedAssistant) check() *Error {
	if e := checkArchivedID("assistant.id", "The assistant's id", &a.ID); e != nil || a.Gone {
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
	if c.Gone && c.ID == "" {
		return nil
	}
	if e := cmp.Or(
		checkArchivedID("contact.id", "The contact's id", &c.ID),
		checkLabel("contact.first_name", "The contact's first name", c.FirstName, archivedNameMax),
		checkLabel("contact.last_name", "The contact's last name", c.LastName, archivedNameMax),
		checkObject("contact.channels", "The contact's channels", &c.Channels),
		checkKnownObject("contact.user_attributes", "The contact's user_attributes", c.UserAttributes),
		checkKnownObject("contact.custom_fields", "The contact's custom_fields", c.CustomFields),
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
