package db

import (
	"cmp"
	"strconv"

	"github.com/google/uuid"
)

func (a *archive) takeAssistant(c ArchivedConversation) (changed bool) {
	if c.Assistant.Gone {
		return false
	}
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
	if c.Widget.ID == "" || c.Widget.Gone {
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
	if c.Contact.Gone {
		return false
	}
	began, seen := c.CreatedAt.UnixMilli(), c.CreatedAt.UnixMilli()
	for _, m := range c.Messages {
		if m.SenderType == SenderUser {
			seen = max(seen, m.CreatedAt.UnixMilli())
		}
	}
	k, known := a.contacts[c.Contact.ID]
	c.Contact.complete(k)
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

// complete takes what the archive does not know from what is kept, if anything is.
func (c *ArchivedContact) complete(kept *archivedContact) {
	if kept != nil {
		c.UserAttributes, c.CustomFields = cmp.Or(c.UserAttributes, kept.UserAttributes), cmp.Or(c.CustomFields, kept.CustomFields)
	}
	c.UserAttributes, c.CustomFields = cmp.Or(c.UserAttributes, "{}"), cmp.Or(c.CustomFields, "{}")
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
