package archive

import (
	"bytes"
	"slices"
	"strings"

	"github.com/insighto/insighto/db"
)

// lineMaker makes lines, one after the other in the same memory.
type lineMaker struct {
	line      Line
	assistant Assistant
	widget    Widget
	contact   Contact
	messages  []Message
}

// of gives the line of a conversation, until the next.
func (m *lineMaker) of(x *db.Exported, messages bool) *Line {
	m.line = Line{
		ID: x.ID, CreatedAt: x.CreatedAt, UpdatedAt: x.UpdatedAt, ClosedAt: x.ClosedAt, Status: x.Status(),
		AssistantID: x.AssistantID, AssistantName: x.AssistantName,
		WidgetID: x.WidgetID, WidgetType: x.WidgetType, WidgetProvider: x.WidgetProvider,
		ContactID: x.ContactID, ContactFirstName: x.ContactFirstName, ContactLastName: x.ContactLastName,
		DeviceType: x.DeviceType, UniqueDeviceID: x.UniqueDeviceID, IncludesVoice: x.IncludesVoice, ChatCount: x.ChatCount, FirstMessage: x.FirstMessage,
		IntentID: x.IntentID, IntentName: x.IntentName, Summary: x.Summary, Attributes: append(m.line.Attributes[:0], x.Attributes...),
		Cursor: x.Cursor().String(),
	}
	if a := x.Assistant; a != nil {
		m.assistant = Assistant{ID: a.ID, Name: a.Name}
		m.line.Assistant = &m.assistant
	}
	if w := x.Widget; w != nil {
		m.widget = Widget{ID: w.ID, Name: w.Name, WidgetType: w.Type, WidgetProvider: w.Provider}
		m.line.Widget = &m.widget
	}
	if c := x.Contact; c != nil {
		m.contact = Contact{
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
			m.messages = append(m.messages, MessageOf(said))
		}
		m.line.Messages = m.messages
	}
	return &m.line
}

// append writes the line as encoding/json would, but without the line breaks within it that only some readers
// take for some, such as Python's splitlines.
func (l *Line) append(b []byte) []byte {
	m := WriteObject(b)
	m.plain("id", l.ID)
	m.Time("created_at", l.CreatedAt)
	m.Time("updated_at", l.UpdatedAt)
	m.Time("closed_at", l.ClosedAt)
	m.plain("status", l.Status)
	m.plain("assistant_id", l.AssistantID)
	m.Given("assistant_name", l.AssistantName)
	m.givenPlain("widget_id", l.WidgetID)
	m.Given("widget_type", l.WidgetType)
	m.Given("widget_provider", l.WidgetProvider)
	m.givenPlain("contact_id", l.ContactID)
	m.Given("contact_first_name", l.ContactFirstName)
	m.Given("contact_last_name", l.ContactLastName)
	m.plain("device_type", l.DeviceType)
	m.Given("unique_device_id", l.UniqueDeviceID)
	m.bool("includes_voice", l.IncludesVoice)
	m.Number("chat_count", l.ChatCount)
	m.Given("first_message", l.FirstMessage)
	m.givenPlain("intent_id", l.IntentID)
	m.Given("intent_name", l.IntentName)
	m.Given("summary", l.Summary)
	m.compact("attributes", l.Attributes)
	l.appendNamed(&m)
	if l.Messages != nil {
		m.Name("messages")
		m.Bytes = appendMessages(m.Bytes, l.Messages)
	}
	m.plain("cursor", l.Cursor)
	return escapeBreaks(m.End(), len(b))
}

func (l *Line) appendNamed(m *ObjectWriter) {
	if a := l.Assistant; a != nil {
		m.Name("assistant")
		in := WriteObject(m.Bytes)
		in.plain("id", a.ID)
		in.Text("name", a.Name)
		m.Bytes = in.End()
	}
	if w := l.Widget; w != nil {
		m.Name("widget")
		in := WriteObject(m.Bytes)
		in.plain("id", w.ID)
		in.Given("name", w.Name)
		in.Given("widget_type", w.WidgetType)
		in.Given("widget_provider", w.WidgetProvider)
		m.Bytes = in.End()
	}
	if c := l.Contact; c != nil {
		m.Name("contact")
		in := WriteObject(m.Bytes)
		in.plain("id", c.ID)
		in.Given("first_name", c.FirstName)
		in.Given("last_name", c.LastName)
		in.Given("email", c.Email)
		in.compact("channels", c.Channels)
		in.compact("user_attributes", c.UserAttributes)
		in.compact("custom_fields", c.CustomFields)
		m.Bytes = in.End()
	}
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
