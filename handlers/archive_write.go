package handlers

import (
	"bytes"
	"slices"
	"strings"

	"github.com/insighto/insighto/db"
)

// lineMaker makes lines, one after the other in the same memory.
type lineMaker struct {
	line      ArchiveLine
	assistant ArchiveAssistant
	widget    ArchiveWidget
	contact   ArchiveContact
	messages  []wireMessage
}

// of gives the line of a conversation, until the next.
func (m *lineMaker) of(x *db.Exported, messages bool) *ArchiveLine {
	m.line = ArchiveLine{
		ID: x.ID, CreatedAt: x.CreatedAt, UpdatedAt: x.UpdatedAt, ClosedAt: x.ClosedAt, Status: x.Status(),
		AssistantID: x.AssistantID, AssistantName: x.AssistantName,
		WidgetID: x.WidgetID, WidgetType: x.WidgetType, WidgetProvider: x.WidgetProvider,
		ContactID: x.ContactID, ContactFirstName: x.ContactFirstName, ContactLastName: x.ContactLastName,
		DeviceType: x.DeviceType, UniqueDeviceID: x.UniqueDeviceID, IncludesVoice: x.IncludesVoice, ChatCount: x.ChatCount, FirstMessage: x.FirstMessage,
		IntentID: x.IntentID, IntentName: x.IntentName, Summary: x.Summary, Attributes: append(m.line.Attributes[:0], x.Attributes...),
		Cursor: db.Cursor{At: x.CreatedAt, ID: x.ID}.String(),
	}
	if a := x.Assistant; a != nil {
		m.assistant = ArchiveAssistant{ID: a.ID, Name: a.Name}
		m.line.Assistant = &m.assistant
	}
	if w := x.Widget; w != nil {
		m.widget = ArchiveWidget{ID: w.ID, Name: w.Name, WidgetType: w.Type, WidgetProvider: w.Provider}
		m.line.Widget = &m.widget
	}
	if c := x.Contact; c != nil {
		m.contact = ArchiveContact{
			ID: c.ID, FirstName: c.FirstName, LastName: c.LastName, Email: c.Email,
			Channels:       append(m.contact.Channels[:0], c.Channels...),
			UserAttributes: append(m.contact.UserAttributes[:0], c.UserAttributes...),
			CustomFields:   append(m.contact.CustomFields[:0], c.CustomFields...),
		}
		m.line.Contact = &m.contact
	}
	if messages {
		m.messages = slices.Grow(m.messages[:0], 1) // not nil: there are none, rather than none are told
		for _, said := range x.Messages {
			m.messages = append(m.messages, messageOut(said))
		}
		m.line.Messages = m.messages
	}
	return &m.line
}

// append writes the line as encoding/json would, but without the line breaks within it that only some readers
// take for some, such as Python's splitlines.
func (l *ArchiveLine) append(b []byte) []byte {
	m := newMembers(b)
	m.plain("id", l.ID)
	m.time("created_at", l.CreatedAt)
	m.time("updated_at", l.UpdatedAt)
	m.time("closed_at", l.ClosedAt)
	m.plain("status", l.Status)
	m.plain("assistant_id", l.AssistantID)
	m.given("assistant_name", l.AssistantName)
	m.givenPlain("widget_id", l.WidgetID)
	m.given("widget_type", l.WidgetType)
	m.given("widget_provider", l.WidgetProvider)
	m.givenPlain("contact_id", l.ContactID)
	m.given("contact_first_name", l.ContactFirstName)
	m.given("contact_last_name", l.ContactLastName)
	m.plain("device_type", l.DeviceType)
	m.given("unique_device_id", l.UniqueDeviceID)
	m.bool("includes_voice", l.IncludesVoice)
	m.number("chat_count", l.ChatCount)
	m.given("first_message", l.FirstMessage)
	m.givenPlain("intent_id", l.IntentID)
	m.given("intent_name", l.IntentName)
	m.given("summary", l.Summary)
	m.compact("attributes", l.Attributes)
	l.appendNamed(&m)
	if l.Messages != nil {
		m.name("messages")
		m.b = appendMessages(m.b, l.Messages)
	}
	m.plain("cursor", l.Cursor)
	return escapeBreaks(m.end(), len(b))
}

func (l *ArchiveLine) appendNamed(m *members) {
	if a := l.Assistant; a != nil {
		m.name("assistant")
		in := newMembers(m.b)
		in.plain("id", a.ID)
		in.text("name", a.Name)
		m.b = in.end()
	}
	if w := l.Widget; w != nil {
		m.name("widget")
		in := newMembers(m.b)
		in.plain("id", w.ID)
		in.given("name", w.Name)
		in.given("widget_type", w.WidgetType)
		in.given("widget_provider", w.WidgetProvider)
		m.b = in.end()
	}
	if c := l.Contact; c != nil {
		m.name("contact")
		in := newMembers(m.b)
		in.plain("id", c.ID)
		in.given("first_name", c.FirstName)
		in.given("last_name", c.LastName)
		in.given("email", c.Email)
		in.compact("channels", c.Channels)
		in.compact("user_attributes", c.UserAttributes)
		in.compact("custom_fields", c.CustomFields)
		m.b = in.end()
	}
}

func appendMessages(b []byte, messages []wireMessage) []byte {
	b = append(b, '[')
	for i := range messages {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendMessage(b, &messages[i])
	}
	return append(b, ']')
}

func appendMessage(b []byte, w *wireMessage) []byte {
	m := newMembers(b)
	m.plain("conversation_id", w.ConversationID)
	m.plain("id", w.ID)
	m.plain("sender_type", w.SenderType)
	m.plain("message_type", w.MessageType)
	m.text("text", w.Text)
	if w.VoiceBase64 != nil {
		m.text("voice_base64", *w.VoiceBase64)
	} else {
		m.raw("voice_base64", null)
	}
	m.name("data_sources")
	m.b = appendCompact(m.b, w.DataSources)
	m.time("created_at", w.CreatedAt)
	m.time("updated_at", w.UpdatedAt)
	m.number("char_count", int64(w.CharCount))
	return m.end()
}

var null = []byte("null")

// plain is a text that needs no quoting: an id, one word of ours, a cursor.
func (m *members) plain(name, v string) {
	m.name(name)
	m.b = append(m.b, '"')
	m.b = append(m.b, v...)
	m.b = append(m.b, '"')
}

func (m *members) givenPlain(name, v string) {
	if v != "" {
		m.plain(name, v)
	}
}

func (m *members) bool(name string, yes bool) {
	if yes {
		m.raw(name, []byte("true"))
	} else {
		m.raw(name, []byte("false"))
	}
}

// compact is an object that is left out when there is none.
func (m *members) compact(name string, o object) {
	if len(o) > 0 {
		m.name(name)
		m.b = appendCompact(m.b, o)
	}
}

// appendCompact leaves out the blanks between the parts of valid JSON.
func appendCompact(b, text []byte) []byte {
	quoted, escaped := false, false
	for _, c := range text {
		switch {
		case escaped:
			escaped = false
		case c == '"':
			quoted = !quoted
		case quoted:
			escaped = c == '\\'
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			continue
		}
		b = append(b, c)
	}
	return b
}

var breaks = strings.NewReplacer("\u0085", `\u0085`, "\u2028", `\u2028`, "\u2029", `\u2029`)

// escapeBreaks works on JSON, where these characters can only be inside a text.
func escapeBreaks(b []byte, from int) []byte {
	line := b[from:]
	if !bytes.Contains(line, []byte("\u0085")) && !bytes.Contains(line, []byte("\u2028")) && !bytes.Contains(line, []byte("\u2029")) {
		return b
	}
	return append(b[:from], breaks.Replace(string(line))...)
}
