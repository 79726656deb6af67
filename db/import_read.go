package db

import (
	"context"
	"slices"
)

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
	if err == nil { // before any contact, as everybody who makes or removes contacts does
		err = s.lockContacts(ctx, team)
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
		SELECT id, first_name, last_name, email, phone, channels, user_attributes, custom_fields, COALESCE(last_seen, 0),
		       first_assistant_id, last_assistant_id, first_widget_id, last_widget_id, created_at
		FROM contacts
		WHERE team_id = $1
		  AND id IN`, `
		ORDER BY id
		`+s.dialect.forUpdate, func(scan scanner) error {
		var k archivedContact
		err := scan(&k.ID, &k.FirstName, &k.LastName, &k.Email, &k.phone, &k.Channels, &k.UserAttributes, &k.CustomFields, &k.lastSeen,
			&k.firstAssistantID, &k.lastAssistantID, &k.firstWidgetID, &k.lastWidgetID, &k.createdAt)
		a.contacts[k.ID] = &k
		return err
	})
}

func (s *Store) archivedConversations(ctx context.Context, a *archive, ids []string) error {
	if err := s.lookUp(ctx, a.team, ids, `
		SELECT id, assistant_id, widget_id, contact_id, device_type, unique_device_id, attributes, first_message, chat_count,
		       includes_voice, intent_id, intent_name, summary, created_at, updated_at, COALESCE(closed_at, 0)
		FROM conversations
		WHERE team_id = $1
		  AND id IN`, `
		ORDER BY id
		`+s.dialect.forUpdate, func(scan scanner) error {
		var id string
		var k archivedConversation
		err := scan(&id, &k.assistantID, &k.widgetID, &k.contactID, &k.deviceType, &k.uniqueDeviceID, &k.attributes, &k.firstMessage, &k.chatCount,
			&k.includesVoice, &k.intentID, &k.intentName, &k.summary, &k.createdAt, &k.updatedAt, &k.closedAt)
		a.conversations[id] = &k
		return err
	}); err != nil {
		return err
	}
	return s.lookUp(ctx, a.team, sorted(a.conversations), `
		SELECT conversation_id, position, id, sender_type, message_type, text, COALESCE(voice_base64, ''), COALESCE(data_sources, ''), created_at, updated_at
		FROM messages
		WHERE team_id = $1
		  AND conversation_id IN`, `
		ORDER BY conversation_id, position`, func(scan scanner) error {
		var conversation string
		var position int
		var m archivedMessage
		if err := scan(&conversation, &position, &m.id, &m.senderType, &m.messageType, &m.text, &m.voiceBase64, &m.dataSources, &m.createdAt, &m.updatedAt); err != nil {
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
