package db

import (
	"context"
	"errors"
)

var errEnough = errors.New("enough")

// messagesBytes bounds the messages of one look-up.
const messagesBytes = 4 << 20

// exportedContact is a conversation's contact in one column, as unpackContact takes it apart, and empty when there is
// none. A join would say the same, but PostgreSQL would rather read all contacts for each page than look for some.
var exportedContact = `COALESCE((
		         SELECT ` + packed("p.first_name, p.last_name, p.email, p.channels, p.user_attributes, p.custom_fields") + `
		         FROM contacts p
		         WHERE p.team_id = c.team_id
		           AND p.id = c.contact_id), '')`

func (x *Exported) unpackContact(text string) error {
	if text == "" {
		return nil
	}
	c := &ArchivedContact{ID: x.ContactID}
	err := lastColumns(text, &c.FirstName, &c.LastName, &c.Email, &c.Channels, &c.UserAttributes, &c.CustomFields)
	x.Contact, x.ContactFirstName, x.ContactLastName = c, c.FirstName, c.LastName
	return err
}

// namesMax is how many assistants or widgets an export remembers.
const namesMax = 5000

// exportNames are the assistants and widgets that an export has met, nil for one that is not there. They are few, so
// that to look each up once costs less than to join.
type exportNames struct {
	assistants map[string]*ArchivedAssistant
	widgets    map[string]*ArchivedWidget
}

// fill adds those that the conversations name.
func (n *exportNames) fill(ctx context.Context, tx *Store, p Principal, page []Exported) error {
	if err := meet(ctx, tx, p, &n.assistants, page, func(x *Exported) string { return x.AssistantID }, `
		SELECT id, name
		FROM assistants
		WHERE team_id = $1
		  AND id IN`, func(scan scanner) (string, *ArchivedAssistant, error) {
		var a ArchivedAssistant
		err := scan(&a.ID, &a.Name)
		return a.ID, &a, err
	}); err != nil {
		return err
	}
	if err := meet(ctx, tx, p, &n.widgets, page, func(x *Exported) string { return x.WidgetID }, `
		SELECT id, name, widget_type, widget_provider
		FROM widgets
		WHERE team_id = $1
		  AND id IN`, func(scan scanner) (string, *ArchivedWidget, error) {
		var w ArchivedWidget
		err := scan(&w.ID, &w.Name, &w.Type, &w.Provider)
		return w.ID, &w, err
	}); err != nil {
		return err
	}
	for i := range page {
		x := &page[i]
		if x.Assistant = n.assistants[x.AssistantID]; x.Assistant != nil {
			x.AssistantName = x.Assistant.Name
		}
		if x.Widget = n.widgets[x.WidgetID]; x.Widget != nil {
			x.WidgetType, x.WidgetProvider = x.Widget.Type, x.Widget.Provider
		}
	}
	return nil
}

// meet looks up those of a page that are not known yet. When they would be too many, those of former pages are forgotten.
func meet[T any](ctx context.Context, tx *Store, p Principal, known *map[string]*T, page []Exported, of func(x *Exported) string,
	text string, row func(scan scanner) (string, *T, error)) error {
	if *known == nil || len(*known)+len(page) > namesMax {
		*known = map[string]*T{}
	}
	var strangers []string
	for i := range page {
		id := of(&page[i])
		if _, met := (*known)[id]; !met && id != "" {
			(*known)[id] = nil
			strangers = append(strangers, id)
		}
	}
	err := tx.lookUp(ctx, p.TeamID, strangers, text, "", func(scan scanner) error {
		id, one, err := row(scan)
		(*known)[id] = one
		return err
	})
	if err != nil {
		*known = nil // some of them are not known after all
	}
	return err
}

// exportMessages adds the messages, and tells how many conversations have all of theirs: at least one, if there is one.
// Where they are long it reads those of fewer conversations at once.
func (s *Store) exportMessages(ctx context.Context, p Principal, page []Exported) (whole int, err error) {
	read, step := 0, lookAtOnce
	for whole < len(page) && read < exportBytes {
		some := page[whole:min(whole+step, len(page))]
		n, err := s.messagesOf(ctx, p, some)
		if errors.Is(err, errEnough) {
			step = max(1, len(some)/8)
			continue
		}
		if err != nil {
			return whole, err
		}
		read, whole = read+n, whole+len(some)
	}
	return whole, nil
}

// messagesOf adds the messages of some conversations, at most lookAtOnce, and gives up with errEnough when those of
// several are too many bytes.
func (s *Store) messagesOf(ctx context.Context, p Principal, some []Exported) (bytes int, err error) {
	ids, at := make([]string, len(some)), make(map[string]*Exported, len(some))
	for i := range some {
		ids[i], at[some[i].ID], some[i].Messages = some[i].ID, &some[i], nil
	}
	err = s.lookUp(ctx, p.TeamID, ids, `
		SELECT conversation_id, id, sender_type, message_type, text, voice_base64, data_sources, created_at, updated_at
		FROM messages
		WHERE team_id = $1
		  AND conversation_id IN`, `
		ORDER BY conversation_id, position`, func(scan scanner) error {
		var m Message
		if err := scan(&m.ConversationID, &m.ID, &m.SenderType, &m.MessageType, &m.Text, &m.VoiceBase64, &m.DataSources, ms(&m.CreatedAt), ms(&m.UpdatedAt)); err != nil {
			return err
		}
		if bytes += m.bytes(); bytes > messagesBytes && len(some) > 1 {
			return errEnough
		}
		x := at[m.ConversationID]
		x.Messages = append(x.Messages, m)
		return nil
	})
	return bytes, err
}

// bytes is how much text a message holds, and about how much more it takes to tell it.
func (m Message) bytes() int {
	n := 250 + len(m.Text)
	if m.VoiceBase64 != nil {
		n += len(*m.VoiceBase64)
	}
	if m.DataSources != nil {
		n += len(*m.DataSources)
	}
	return n
}
