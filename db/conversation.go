package db

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Conversation is what a contact and an assistant said to each other. Names of its assistant, contact and widget come
// with it for lists. An empty text or zero time is unset.
type Conversation struct {
	ID               string
	AssistantID      string
	AssistantName    string
	WidgetID         string
	WidgetType       string
	WidgetProvider   string
	ContactID        string
	ContactFirstName string
	ContactLastName  string
	DeviceType       string // desktop, mobile, tablet, native or phone
	UniqueDeviceID   string
	Attributes       string // a JSON object
	FirstMessage     string
	ChatCount        int64 // messages
	IncludesVoice    bool
	IntentID         string
	IntentName       string
	Summary          string
	CreatedAt        time.Time
	UpdatedAt        time.Time
	ClosedAt         time.Time // zero while open
}

// Cursor is the conversation's place in lists and exports.
func (c Conversation) Cursor() Cursor { return Cursor{At: c.CreatedAt, ID: c.ID} }

// Status is StatusOpen or StatusClosed.
func (c Conversation) Status() string {
	if c.ClosedAt.IsZero() {
		return StatusOpen
	}
	return StatusClosed
}

// The statuses of a conversation.
const (
	StatusOpen   = "open"
	StatusClosed = "closed"
)

// Statuses are all statuses of a conversation.
var Statuses = Terms{{StatusOpen, "Open"}, {StatusClosed, "Closed"}}

const defaultDevice = "desktop" // of a conversation that does not say

// DeviceTypes are what a contact may talk through.
var DeviceTypes = Terms{{defaultDevice, "Desktop"}, {"mobile", "Mobile"}, {"tablet", "Tablet"}, {"native", "App"}, {"phone", "Phone call"}}

// ConversationFilter narrows a list. From is included, Until is not; the zero value of every other field asks nothing.
type ConversationFilter struct {
	From, Until   time.Time
	AssistantID   string
	ContactID     string
	IntentID      string
	IncludesVoice *bool
	Status        string // open, closed or empty
	After         Cursor // those that are older
	Before        Cursor // those that are newer, the next of them; not beside After, and not for an export
}

// where gives the clauses of a filter and their arguments.
func (f ConversationFilter) where(p Principal) (string, []any) {
	clauses, args := []string{"c.team_id = $1"}, []any{p.TeamID}
	add := func(clause string, arg any) {
		args = append(args, arg)
		clauses = append(clauses, fmt.Sprintf(clause, len(args)))
	}
	if !f.From.IsZero() {
		add("c.created_at >= $%d", f.From.UnixMilli())
	}
	if !f.Until.IsZero() {
		add("c.created_at < $%d", f.Until.UnixMilli())
	}
	if f.AssistantID != "" {
		add("c.assistant_id = $%d", f.AssistantID)
	}
	if f.ContactID != "" {
		add("c.contact_id = $%d", f.ContactID)
	}
	if f.IntentID != "" {
		add("c.intent_id = $%d", f.IntentID)
	}
	if f.IncludesVoice != nil {
		add("c.includes_voice = $%d", bit(*f.IncludesVoice))
	}
	switch f.Status {
	case StatusOpen:
		clauses = append(clauses, "c.closed_at IS NULL")
	case StatusClosed:
		clauses = append(clauses, "c.closed_at IS NOT NULL")
	}
	return strings.Join(clauses, "\n\t\t  AND "), args
}

// fromCursor moves the bound of the days that lies behind the cursor up to it. The engine may begin at either of the two,
// and from the days' it would pass over every row that was seen before.
func (f ConversationFilter) fromCursor() ConversationFilter {
	if at := f.After.At.Add(time.Millisecond); !f.After.IsZero() && at.Before(f.Until) {
		f.Until = at
	}
	if at := f.Before.At; !f.Before.IsZero() && at.After(f.From) && !f.From.IsZero() {
		f.From = at
	}
	return f
}

const selectConversations = `
		SELECT c.id, c.assistant_id, COALESCE(a.name, ''), c.widget_id, COALESCE(w.widget_type, ''), COALESCE(w.widget_provider, ''),
		       c.contact_id, COALESCE(p.first_name, ''), COALESCE(p.last_name, ''), c.device_type, c.unique_device_id,
		       c.attributes, c.first_message, c.chat_count, c.includes_voice, c.intent_id, c.intent_name, c.summary,
		       c.created_at, c.updated_at, c.closed_at
		FROM conversations c
		LEFT JOIN assistants a ON a.team_id = c.team_id AND a.id = c.assistant_id
		LEFT JOIN widgets w ON w.team_id = c.team_id AND w.id = c.widget_id
		LEFT JOIN contacts p ON p.team_id = c.team_id AND p.id = c.contact_id`

func scanConversation(scan scanner) (c Conversation, err error) {
	return c, scan(&c.ID, &c.AssistantID, &c.AssistantName, &c.WidgetID, &c.WidgetType, &c.WidgetProvider,
		&c.ContactID, &c.ContactFirstName, &c.ContactLastName, &c.DeviceType, &c.UniqueDeviceID,
		&c.Attributes, &c.FirstMessage, &c.ChatCount, &c.IncludesVoice, &c.IntentID, &c.IntentName, &c.Summary,
		ms(&c.CreatedAt), ms(&c.UpdatedAt), ms(&c.ClosedAt))
}

// Conversations gives the team's conversations that pass the filter, newest first.
func (s *Store) Conversations(ctx context.Context, p Principal, f ConversationFilter, page Page) (List[Conversation], error) {
	total, err := s.conversationTotal(ctx, p, f)
	if err != nil {
		return List[Conversation]{}, err
	}
	where, args := f.fromCursor().where(p)
	q := statement{total: total, args: args, rows: selectConversations + `
		WHERE ` + where}
	return listOf(ctx, s, page, scanConversation, q.newest("c.", f.After, f.Before))
}

// Conversation gives one conversation of the team, or a NotFound error.
func (s *Store) Conversation(ctx context.Context, p Principal, id string) (Conversation, error) {
	return single(ctx, s, "conversation", scanConversation, selectConversations+`
		WHERE c.team_id = $1
		  AND c.id = $2`, p.TeamID, id)
}
