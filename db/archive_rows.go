package db

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// lookAtOnce is how many ids one look-up names. It is always as many, so that there is one text to prepare.
const lookAtOnce = 100

// archived reads what is kept of everything that the batch names.
func (s *Store) archived(ctx context.Context, team string, batch []ArchivedConversation) (*archive, error) {
	a := &archive{
		team: team, now: s.now().UnixMilli(), tallies: tallies{},
		assistants: map[string]*archivedAssistant{}, widgets: map[string]*archivedWidget{},
		contacts: map[string]*archivedContact{}, conversations: map[string]*archivedConversation{},
	}
	var id string
	// The lock makes two imports into one team wait for each other; SQLite has one writer anyway.
	found, err := s.one(ctx, []any{&id}, `
		SELECT id
		FROM teams
		WHERE id = $1
		`+s.dialect.forUpdate, team)
	if err == nil && !found {
		err = notFound("team")
	}
	if err != nil {
		return nil, err
	}
	ids := func(of func(ArchivedConversation) string) []string {
		all := make([]string, 0, len(batch))
		for _, c := range batch {
			all = append(all, of(c))
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	if err := s.archivedAssistants(ctx, a, ids(func(c ArchivedConversation) string { return c.Assistant.ID })); err != nil {
		return nil, err
	}
	if err := s.archivedWidgets(ctx, a, ids(func(c ArchivedConversation) string { return c.Widget.ID })); err != nil {
		return nil, err
	}
	if err := s.archivedContacts(ctx, a, ids(func(c ArchivedConversation) string { return c.Contact.ID })); err != nil {
		return nil, err
	}
	return a, s.archivedConversations(ctx, a, ids(func(c ArchivedConversation) string { return c.ID }))
}

// lookUp runs a statement that ends in "id IN" for the ids, with the team as $1.
func (s *Store) lookUp(ctx context.Context, team string, ids []string, text, order string, f func(scan scanner) error) error {
	text += " (" + placeholders(2, lookAtOnce) + ")" + order
	for some := range slices.Chunk(ids, lookAtOnce) {
		args := make([]any, 1+lookAtOnce)
		args[0] = team
		for i := range lookAtOnce {
			args[1+i] = some[min(i, len(some)-1)]
		}
		if err := s.each(ctx, f, text, args...); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) archivedAssistants(ctx context.Context, a *archive, ids []string) error {
	return s.lookUp(ctx, a.team, ids, `
		SELECT a.id, a.name, a.created_at,
		       COALESCE((SELECT MAX(c.created_at) FROM conversations c WHERE c.team_id = a.team_id AND c.assistant_id = a.id), 0)
		FROM assistants a
		WHERE a.team_id = $1
		  AND a.id IN`, "", func(scan scanner) error {
		var id string
		var k archivedAssistant
		err := scan(&id, &k.name, &k.createdAt, &k.newest)
		a.assistants[id] = &k
		return err
	})
}

func (s *Store) archivedWidgets(ctx context.Context, a *archive, ids []string) error {
	return s.lookUp(ctx, a.team, ids, `
		SELECT id, name, assistant_id, widget_type, widget_provider, created_at
		FROM widgets
		WHERE team_id = $1
		  AND id IN`, "", func(scan scanner) error {
		var k archivedWidget
		err := scan(&k.ID, &k.Name, &k.assistantID, &k.Type, &k.Provider, &k.createdAt)
		a.widgets[k.ID] = &k
		return err
	})
}

func (s *Store) archivedContacts(ctx context.Context, a *archive, ids []string) error {
	return s.lookUp(ctx, a.team, ids, `
		SELECT id, first_name, last_name, email, phone, channels, COALESCE(last_seen, 0),
		       first_assistant_id, last_assistant_id, first_widget_id, last_widget_id, created_at
		FROM contacts
		WHERE team_id = $1
		  AND id IN`, `
		ORDER BY id
		`+s.dialect.forUpdate, func(scan scanner) error {
		var k archivedContact
		err := scan(&k.ID, &k.FirstName, &k.LastName, &k.Email, &k.phone, &k.Channels, &k.lastSeen,
			&k.firstAssistantID, &k.lastAssistantID, &k.firstWidgetID, &k.lastWidgetID, &k.createdAt)
		a.contacts[k.ID] = &k
		return err
	})
}

func (s *Store) archivedConversations(ctx context.Context, a *archive, ids []string) error {
	if err := s.lookUp(ctx, a.team, ids, `
		SELECT id, assistant_id, widget_id, contact_id, device_type, attributes, first_message, chat_count, includes_voice,
		       created_at, updated_at, COALESCE(closed_at, 0)
		FROM conversations
		WHERE team_id = $1
		  AND id IN`, `
		ORDER BY id
		`+s.dialect.forUpdate, func(scan scanner) error {
		var id string
		var k archivedConversation
		err := scan(&id, &k.assistantID, &k.widgetID, &k.contactID, &k.deviceType, &k.attributes, &k.firstMessage, &k.chatCount,
			&k.includesVoice, &k.createdAt, &k.updatedAt, &k.closedAt)
		a.conversations[id] = &k
		return err
	}); err != nil {
		return err
	}
	return s.lookUp(ctx, a.team, sorted(a.conversations), `
		SELECT conversation_id, position, id, sender_type, message_type, text, created_at, updated_at
		FROM messages
		WHERE team_id = $1
		  AND conversation_id IN`, `
		ORDER BY conversation_id, position`, func(scan scanner) error {
		var conversation string
		var position int
		var m archivedMessage
		if err := scan(&conversation, &position, &m.id, &m.senderType, &m.messageType, &m.text, &m.createdAt, &m.updatedAt); err != nil {
			return err
		}
		k := a.conversations[conversation]
		for len(k.messages) < position { // a gap equals no message, so the archive fills it
			k.messages = append(k.messages, archivedMessage{})
		}
		k.messages = append(k.messages, m)
		k.stored = len(k.messages)
		return nil
	})
}

// putArchive writes what has changed.
func (s *Store) putArchive(ctx context.Context, a *archive) error {
	for _, put := range []func(context.Context, *archive) error{s.putAssistants, s.putWidgets, s.putContacts, s.putConversations, s.putMessages} {
		if err := put(ctx, a); err != nil {
			return err
		}
	}
	if err := s.addTotal(ctx, a.team, contactsNoun, a.newContacts); err != nil {
		return err
	}
	return s.tally(ctx, a.team, a.tallies)
}

func (s *Store) putAssistants(ctx context.Context, a *archive) error {
	var rows [][]any
	for _, id := range sorted(a.assistants) {
		if k := a.assistants[id]; k.write {
			rows = append(rows, []any{a.team, id, k.name, k.createdAt})
		}
	}
	return s.put(ctx, rows, `
		INSERT INTO assistants (team_id, id, name, created_at)`, `
		ON CONFLICT (team_id, id) DO UPDATE
		SET name = excluded.name, created_at = excluded.created_at`)
}

func (s *Store) putWidgets(ctx context.Context, a *archive) error {
	var rows [][]any
	for _, id := range sorted(a.widgets) {
		if k := a.widgets[id]; k.write {
			rows = append(rows, []any{a.team, id, k.Name, k.assistantID, k.Type, k.Provider, k.createdAt})
		}
	}
	return s.put(ctx, rows, `
		INSERT INTO widgets (team_id, id, name, assistant_id, widget_type, widget_provider, created_at)`, `
		ON CONFLICT (team_id, id) DO UPDATE
		SET name = excluded.name, assistant_id = excluded.assistant_id, widget_type = excluded.widget_type,
		    widget_provider = excluded.widget_provider, created_at = excluded.created_at`)
}

func (s *Store) putContacts(ctx context.Context, a *archive) error {
	var rows [][]any
	for _, id := range sorted(a.contacts) {
		if k := a.contacts[id]; k.write {
			rows = append(rows, []any{a.team, id, k.FirstName, k.LastName, k.Email, k.phone, foldContact(k.FirstName, k.LastName, k.Email, k.phone), k.Channels, k.lastSeen,
				k.firstAssistantID, k.lastAssistantID, k.firstWidgetID, k.lastWidgetID, k.createdAt, a.now})
		}
	}
	return s.put(ctx, rows, `
		INSERT INTO contacts (team_id, id, first_name, last_name, email, phone, folded, channels, last_seen,
		                      first_assistant_id, last_assistant_id, first_widget_id, last_widget_id, created_at, updated_at)`, `
		ON CONFLICT (team_id, id) DO UPDATE
		SET first_name = excluded.first_name, last_name = excluded.last_name, email = excluded.email, phone = excluded.phone, folded = excluded.folded,
		    channels = excluded.channels, last_seen = excluded.last_seen,
		    first_assistant_id = excluded.first_assistant_id, last_assistant_id = excluded.last_assistant_id,
		    first_widget_id = excluded.first_widget_id, last_widget_id = excluded.last_widget_id,
		    created_at = excluded.created_at, updated_at = excluded.updated_at`)
}

func (s *Store) putConversations(ctx context.Context, a *archive) error {
	var rows [][]any
	for _, id := range sorted(a.conversations) {
		k := a.conversations[id]
		if !k.write {
			continue
		}
		var closed any
		if k.closedAt != 0 {
			closed = k.closedAt
		}
		rows = append(rows, []any{a.team, id, k.assistantID, k.widgetID, k.contactID, k.deviceType, k.attributes, k.firstMessage,
			k.chatCount, k.includesVoice, k.createdAt, k.updatedAt, closed})
	}
	return s.put(ctx, rows, `
		INSERT INTO conversations (team_id, id, assistant_id, widget_id, contact_id, device_type, attributes, first_message,
		                           chat_count, includes_voice, created_at, updated_at, closed_at)`, `
		ON CONFLICT (team_id, id) DO UPDATE
		SET assistant_id = excluded.assistant_id, widget_id = excluded.widget_id, contact_id = excluded.contact_id,
		    device_type = excluded.device_type, attributes = excluded.attributes, first_message = excluded.first_message,
		    chat_count = excluded.chat_count, includes_voice = excluded.includes_voice, created_at = excluded.created_at,
		    updated_at = excluded.updated_at, closed_at = excluded.closed_at`)
}

func (s *Store) putMessages(ctx context.Context, a *archive) error {
	var rows [][]any
	for _, conversation := range sorted(a.conversations) {
		k := a.conversations[conversation]
		for position, m := range k.messages {
			if m.write {
				rows = append(rows, []any{a.team, conversation, position, m.id, m.senderType, m.messageType, m.text, m.createdAt, m.updatedAt})
			}
		}
		if len(k.messages) >= k.stored {
			continue
		}
		if _, err := s.exec(ctx, `
			DELETE FROM messages
			WHERE team_id = $1
			  AND conversation_id = $2
			  AND position >= $3`, a.team, conversation, len(k.messages)); err != nil {
			return err
		}
	}
	return s.put(ctx, rows, `
		INSERT INTO messages (team_id, conversation_id, position, id, sender_type, message_type, text, created_at, updated_at)`, `
		ON CONFLICT (team_id, conversation_id, position) DO UPDATE
		SET id = excluded.id, sender_type = excluded.sender_type, message_type = excluded.message_type, text = excluded.text,
		    created_at = excluded.created_at, updated_at = excluded.updated_at`)
}

// put writes rows many at a time, but only ever as many as four texts can say, so that each is prepared once.
func (s *Store) put(ctx context.Context, rows [][]any, insert, update string) error {
	for _, n := range []int{64, 16, 4, 1} {
		for ; len(rows) >= n; rows = rows[n:] {
			if _, err := s.exec(ctx, insert+values(n, len(rows[0]))+update, slices.Concat(rows[:n]...)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// values gives VALUES with the placeholders of n rows of so many columns.
func values(n, columns int) string {
	var b strings.Builder
	b.WriteString("\n\t\tVALUES ")
	for i := range n * columns {
		switch {
		case i == 0:
			b.WriteString("($")
		case i%columns == 0:
			b.WriteString("), ($")
		default:
			b.WriteString(", $")
		}
		b.WriteString(strconv.Itoa(i + 1))
	}
	b.WriteString(")")
	return b.String()
}
