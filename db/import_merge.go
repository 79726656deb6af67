package db

import "cmp"

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
		if m.SenderType == "user" {
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
