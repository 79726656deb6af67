package db

import (
	"context"
	"maps"
	"slices"
	"time"
)

// importTimeout is how long a batch may take. Nobody waits for a page meanwhile.
const importTimeout = time.Minute

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
	results := make([]Imported, len(batch))
	err := s.within(importTimeout).atomically(ctx, p, func(tx *Store) error {
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

// sorted gives the ids of a map in order: two imports at once then wait for each other's rows in the same order.
func sorted[T any](rows map[string]T) []string { return slices.Sorted(maps.Keys(rows)) }
