package db

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// importPatience is how long a batch may take. Nobody waits for a page meanwhile.
const importPatience = time.Minute

// Imported says what an import did with one conversation.
type Imported string

// What an import does.
const (
	ImportedNew       Imported = "new"
	ImportedUnchanged Imported = "unchanged" // kept already, or kept in a later state
	ImportedChanged   Imported = "changed"
)

// Import keeps archived conversations in the asker's team, all of the batch or none, and says for each what became of
// it. Importing again writes nothing. Where a conversation differs from what is kept the archive is right, unless what
// is kept is newer; contacts and assistants are as the newest of their conversations knows them.
func (s *Store) Import(ctx context.Context, p Principal, batch []ArchivedConversation) ([]Imported, error) {
	batch = slices.Clone(batch)
	for i, c := range batch {
		var err error
		if batch[i], err = c.Checked(); err != nil {
			return nil, err
		}
	}
	slow := *s
	slow.patient = importPatience
	results := make([]Imported, len(batch))
	err := slow.atomically(ctx, func(tx *Store) error {
		a, err := tx.archived(ctx, p.TeamID, batch)
		if err != nil {
			return err
		}
		for i, c := range batch {
			results[i] = a.take(c)
		}
		return tx.putArchive(ctx, a)
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// archive is what is kept of all that a batch names. It is brought up to date in memory, conversation by
// conversation, and what has changed is written at the end.
type archive struct {
	team          string
	now           int64
	assistants    map[string]*archivedAssistant
	widgets       map[string]*archivedWidget
	contacts      map[string]*archivedContact
	conversations map[string]*archivedConversation
	tallies       tallies
	newContacts   int64
}

type archivedAssistant struct {
	name      string
	createdAt int64
	newest    int64 // when its newest conversation began
	write     bool
}

type archivedWidget struct {
	ArchivedWidget
	assistantID string
	createdAt   int64
	write       bool
}

type archivedContact struct {
	ArchivedContact
	createdAt, lastSeen             int64
	firstAssistantID, firstWidgetID string
	lastAssistantID, lastWidgetID   string
	write                           bool
}

type archivedConversation struct {
	conversationFacts
	messages []archivedMessage // by position
	stored   int               // how many positions have a row
	write    bool
}

// conversationFacts are the columns that an archive decides.
type conversationFacts struct {
	assistantID, widgetID, contactID string
	deviceType, attributes           string
	firstMessage                     string
	chatCount, includesVoice         int64
	createdAt, updatedAt, closedAt   int64 // closedAt is 0 while open
}

type archivedMessage struct {
	messageFacts
	updatedAt int64
	write     bool
}

type messageFacts struct {
	id, senderType, messageType, text string
	createdAt                         int64
}

// take brings the archive up to date with one conversation.
func (a *archive) take(c ArchivedConversation) Imported {
	result := a.takeConversation(c)
	changed := a.takeAssistant(c)
	changed = a.takeWidget(c) || changed
	changed = a.takeContact(c) || changed
	if result == ImportedUnchanged && changed {
		return ImportedChanged
	}
	return result
}

func (a *archive) takeConversation(c ArchivedConversation) Imported {
	want := factsOf(c)
	k, known := a.conversations[c.ID]
	if !known {
		k = &archivedConversation{}
		a.conversations[c.ID] = k
	}
	if known && want.updatedAt < k.updatedAt {
		return ImportedUnchanged // an old export does not undo a newer one
	}
	if want.widgetID == "" {
		want.widgetID = k.widgetID
	}
	changed := k.takeMessages(c, a.now)
	if k.conversationFacts != want {
		if known {
			a.count(k.conversationFacts, -1)
		}
		a.count(want, 1)
		k.conversationFacts, k.write, changed = want, true, true
	}
	switch {
	case !known:
		return ImportedNew
	case changed:
		return ImportedChanged
	}
	return ImportedUnchanged
}

func (a *archive) count(f conversationFacts, sign int64) {
	a.tallies.count(time.UnixMilli(f.createdAt), f.assistantID, sign, tallyOf(f.closedAt != 0, f.includesVoice != 0, f.chatCount))
}

func factsOf(c ArchivedConversation) conversationFacts {
	f := conversationFacts{
		assistantID: c.Assistant.ID, widgetID: c.Widget.ID, contactID: c.Contact.ID,
		deviceType: c.DeviceType, attributes: c.Attributes,
		chatCount: int64(len(c.Messages)), includesVoice: bit(c.IncludesVoice),
		createdAt: c.CreatedAt.UnixMilli(), updatedAt: c.CreatedAt.UnixMilli(),
	}
	for i, m := range c.Messages {
		if i == 0 {
			f.firstMessage = m.Text
		}
		f.updatedAt = max(f.updatedAt, m.CreatedAt.UnixMilli())
	}
	if !c.ClosedAt.IsZero() {
		f.closedAt = c.ClosedAt.UnixMilli()
		f.updatedAt = max(f.updatedAt, f.closedAt)
	}
	return f
}

// takeMessages makes the messages those of c, and tells whether any differs.
func (k *archivedConversation) takeMessages(c ArchivedConversation, now int64) (changed bool) {
	var namespace uuid.UUID
	for i, m := range c.Messages {
		at := m.CreatedAt.UnixMilli()
		want := archivedMessage{messageFacts{m.ID, m.SenderType, m.MessageType, m.Text, at}, at, true}
		if i < len(k.messages) {
			if want.id == "" {
				want.id = k.messages[i].id
			}
			if want.messageFacts == k.messages[i].messageFacts {
				continue
			}
			want.updatedAt = now
		}
		if want.id == "" {
			if namespace == uuid.Nil {
				namespace = uuid.MustParse(c.ID)
			}
			want.id = uuid.NewSHA1(namespace, strconv.AppendInt(nil, int64(i), 10)).String()
		}
		if changed = true; i < len(k.messages) {
			k.messages[i] = want
		} else {
			k.messages = append(k.messages, want)
		}
	}
	if len(k.messages) > len(c.Messages) {
		k.messages, changed = k.messages[:len(c.Messages)], true
	}
	return changed
}

func (a *archive) takeAssistant(c ArchivedConversation) (changed bool) {
	at := c.CreatedAt.UnixMilli()
	k, known := a.assistants[c.Assistant.ID]
	if !known {
		a.assistants[c.Assistant.ID] = &archivedAssistant{name: c.Assistant.Name, createdAt: at, newest: at, write: true}
		return true
	}
	if at >= k.newest {
		changed = k.name != c.Assistant.Name
		k.name, k.newest = c.Assistant.Name, at
	}
	if at < k.createdAt {
		k.createdAt, k.write = at, true
	}
	k.write = k.write || changed
	return changed
}

func (a *archive) takeWidget(c ArchivedConversation) (changed bool) {
	if c.Widget.ID == "" {
		return false
	}
	want := archivedWidget{c.Widget, c.Assistant.ID, c.CreatedAt.UnixMilli(), true}
	k, known := a.widgets[c.Widget.ID]
	if known && k.ArchivedWidget == want.ArchivedWidget && k.createdAt <= want.createdAt {
		return false
	}
	if known {
		want.createdAt = min(want.createdAt, k.createdAt)
	}
	a.widgets[c.Widget.ID] = &want
	return !known || k.ArchivedWidget != want.ArchivedWidget
}

// takeContact also keeps when and with which assistant the contact came first and was seen last.
func (a *archive) takeContact(c ArchivedConversation) (changed bool) {
	began, seen := c.CreatedAt.UnixMilli(), c.CreatedAt.UnixMilli()
	for _, m := range c.Messages {
		if m.SenderType == "user" {
			seen = max(seen, m.CreatedAt.UnixMilli())
		}
	}
	k, known := a.contacts[c.Contact.ID]
	if !known {
		a.newContacts++
		a.contacts[c.Contact.ID] = &archivedContact{c.Contact, began, seen, c.Assistant.ID, c.Widget.ID, c.Assistant.ID, c.Widget.ID, true}
		return true
	}
	if seen >= k.lastSeen && k.ArchivedContact != c.Contact {
		k.ArchivedContact, changed = c.Contact, true
	}
	if began < k.createdAt {
		k.createdAt, k.firstAssistantID, k.firstWidgetID, k.write = began, c.Assistant.ID, c.Widget.ID, true
	}
	if seen > k.lastSeen {
		k.lastSeen, k.lastAssistantID, k.lastWidgetID, k.write = seen, c.Assistant.ID, c.Widget.ID, true
	}
	k.write = k.write || changed
	return changed
}

// sorted gives the ids of a map in order: two imports at once then wait for each other's rows in the same order.
func sorted[T any](rows map[string]T) []string { return slices.Sorted(maps.Keys(rows)) }
