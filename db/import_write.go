package db

import (
	"context"
)

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
			rows = append(rows, []any{a.team, id, k.FirstName, k.LastName, k.Email, k.phone, foldContact(k.FirstName, k.LastName, k.Email, k.phone), k.Channels,
				k.UserAttributes, k.CustomFields, k.lastSeen, k.firstAssistantID, k.lastAssistantID, k.firstWidgetID, k.lastWidgetID, k.createdAt, a.now})
		}
	}
	return s.put(ctx, rows, `
		INSERT INTO contacts (team_id, id, first_name, last_name, email, phone, folded, channels, user_attributes, custom_fields,
		                      last_seen, first_assistant_id, last_assistant_id, first_widget_id, last_widget_id, created_at, updated_at)`, `
		ON CONFLICT (team_id, id) DO UPDATE
		SET first_name = excluded.first_name, last_name = excluded.last_name, email = excluded.email, phone = excluded.phone, folded = excluded.folded,
		    channels = excluded.channels, user_attributes = excluded.user_attributes, custom_fields = excluded.custom_fields, last_seen = excluded.last_seen,
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
		rows = append(rows, []any{a.team, id, k.assistantID, k.widgetID, k.contactID, k.deviceType, k.uniqueDeviceID, k.attributes, k.firstMessage,
			k.chatCount, k.includesVoice, k.intentID, k.intentName, k.summary, k.createdAt, k.updatedAt, closed})
	}
	return s.put(ctx, rows, `
		INSERT INTO conversations (team_id, id, assistant_id, widget_id, contact_id, device_type, unique_device_id, attributes, first_message,
		                           chat_count, includes_voice, intent_id, intent_name, summary, created_at, updated_at, closed_at)`, `
		ON CONFLICT (team_id, id) DO UPDATE
		SET assistant_id = excluded.assistant_id, widget_id = excluded.widget_id, contact_id = excluded.contact_id,
		    device_type = excluded.device_type, unique_device_id = excluded.unique_device_id, attributes = excluded.attributes,
		    first_message = excluded.first_message, chat_count = excluded.chat_count, includes_voice = excluded.includes_voice,
		    intent_id = excluded.intent_id, intent_name = excluded.intent_name, summary = excluded.summary, created_at = excluded.created_at,
		    updated_at = excluded.updated_at, closed_at = excluded.closed_at`)
}

func (s *Store) putMessages(ctx context.Context, a *archive) error {
	var rows [][]any
	for _, conversation := range sorted(a.conversations) {
		k := a.conversations[conversation]
		for position, m := range k.messages {
			if m.write {
				rows = append(rows, []any{a.team, conversation, position, m.id, m.senderType, m.messageType, m.text, textOrNull(m.voiceBase64), textOrNull(m.dataSources), m.createdAt, m.updatedAt})
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
		INSERT INTO messages (team_id, conversation_id, position, id, sender_type, message_type, text, voice_base64, data_sources, created_at, updated_at)`, `
		ON CONFLICT (team_id, conversation_id, position) DO UPDATE
		SET id = excluded.id, sender_type = excluded.sender_type, message_type = excluded.message_type, text = excluded.text,
		    voice_base64 = excluded.voice_base64, data_sources = excluded.data_sources, created_at = excluded.created_at, updated_at = excluded.updated_at`)
}
