package db

import (
	"cmp"
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
	deviceType, uniqueDeviceID       string
	attributes, firstMessage         string
	intentID, intentName, summary    string
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
	voiceBase64, dataSources          string
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
	want.complete(k.conversationFacts)
	changed := false
	switch {
	case c.Messages != nil:
		changed = k.takeMessages(c, a.now)
	case len(k.messages) > 0:
		want.firstMessage, want.chatCount = k.firstMessage, k.chatCount
	}
	if k.conversationFacts != want {
		if known {
			a.tallies.conversation(k.conversationFacts, -1)
		}
		a.tallies.conversation(want, 1)
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

func factsOf(c ArchivedConversation) conversationFacts {
	f := conversationFacts{
		assistantID: c.Assistant.ID, widgetID: c.Widget.ID, contactID: c.Contact.ID,
		deviceType: c.DeviceType, uniqueDeviceID: c.UniqueDeviceID, attributes: c.Attributes,
		firstMessage: c.FirstMessage, chatCount: c.ChatCount, includesVoice: bit(c.IncludesVoice),
		intentID: c.IntentID, intentName: c.IntentName, summary: c.Summary,
		createdAt: c.CreatedAt.UnixMilli(), updatedAt: c.CreatedAt.UnixMilli(),
	}
	if c.Messages != nil {
		f.firstMessage, f.chatCount = "", int64(len(c.Messages))
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
	if !c.UpdatedAt.IsZero() {
		f.updatedAt = c.UpdatedAt.UnixMilli()
	}
	return f
}

// complete takes what the archive does not know from what is kept.
func (f *conversationFacts) complete(kept conversationFacts) {
	f.widgetID, f.uniqueDeviceID = cmp.Or(f.widgetID, kept.widgetID), cmp.Or(f.uniqueDeviceID, kept.uniqueDeviceID)
	f.intentID, f.intentName = cmp.Or(f.intentID, kept.intentID), cmp.Or(f.intentName, kept.intentName)
	f.contactID, f.summary = cmp.Or(f.contactID, kept.contactID), cmp.Or(f.summary, kept.summary)
}

// takeMessages makes the messages those of c, and tells whether any differs.
func (k *archivedConversation) takeMessages(c ArchivedConversation, now int64) (changed bool) {
	var namespace uuid.UUID
	for i, m := range c.Messages {
		at := m.CreatedAt.UnixMilli()
		want := archivedMessage{messageFacts{m.ID, m.SenderType, m.MessageType, m.Text, m.VoiceBase64, m.DataSources, at}, at, true}
		if i < len(k.messages) {
			was := k.messages[i]
			if want.id = cmp.Or(want.id, was.id); want.id == was.id {
				want.voiceBase64, want.dataSources = cmp.Or(want.voiceBase64, was.voiceBase64), cmp.Or(want.dataSources, was.dataSources)
			}
			if want.messageFacts == was.messageFacts && (m.UpdatedAt.IsZero() || m.UpdatedAt.UnixMilli() == was.updatedAt) {
				continue
			}
			want.updatedAt = now
		}
		if !m.UpdatedAt.IsZero() {
			want.updatedAt = m.UpdatedAt.UnixMilli()
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

// sorted gives the ids of a map in order: two imports at once then wait for each other's rows in the same order.
func sorted[T any](rows map[string]T) []string { return slices.Sorted(maps.Keys(rows)) }
