package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Exported is one conversation of an export, with those that it names as they are now; nil for one that was deleted.
type Exported struct {
	Conversation
	Assistant *ArchivedAssistant
	Widget    *ArchivedWidget
	Contact   *ArchivedContact
	Messages  []Message // in the order they were said, when they are asked for
}

// How much one page of an export looks at, in conversations, and about how many bytes of text it holds.
const (
	exportWindow = 1000
	exportSmall  = 32
	exportBytes  = 2 << 20
)

// Export reads a team's conversations, oldest first by time and id, a page at a time. Nothing stays open between pages,
// and a page costs the same wherever it lies and however few conversations pass the filter. What was there before the
// first page comes exactly once, as long as nobody changes when it began. It is for one goroutine.
type Export struct {
	store    *Store
	p        Principal
	filter   ConversationFilter // After moves on
	messages bool
	window   int64
	ended    bool
	named    exportNames
}

// Export starts an export of those that pass the filter, after its cursor, with their messages or without.
func (s *Store) Export(p Principal, f ConversationFilter, messages bool) *Export {
	return &Export{store: s, p: p, filter: f, messages: messages, window: exportWindow}
}

// Cursor is the place to go on from after all that Next gave; zero when that was nothing.
func (e *Export) Cursor() Cursor { return e.filter.After }

// GiveWay makes the next page so small that whoever else waits for the processor meanwhile hardly notices.
func (e *Export) GiveWay() { e.window = min(e.window, exportSmall) }

// Next gives the next page, which may be empty, and io.EOF after the last. After another error it may be asked again.
func (e *Export) Next(ctx context.Context) ([]Exported, error) {
	if e.ended {
		return nil, io.EOF
	}
	var page exportPage
	read := func(tx *Store) (err error) {
		page, err = e.read(ctx, tx)
		return err
	}
	var err error
	if e.messages {
		err = e.store.snapshot(ctx, read) // so that the messages are those that the conversation counts
	} else {
		err = read(e.store)
	}
	if err != nil {
		return nil, err
	}
	n := len(page.conversations)
	if page.cut {
		e.window = int64(n) // they are long: more would be read for nothing
	} else {
		e.window = min(e.window+e.window/4+1, exportWindow)
	}
	if n > 0 && (page.cut || page.end.IsZero()) {
		page.end, page.more = page.conversations[n-1].Cursor(), page.cut
	}
	if e.ended = !page.more; !page.end.IsZero() {
		e.filter.After = page.end
	}
	return page.conversations, nil
}

type exportPage struct {
	conversations []Exported
	end           Cursor // of the window, when more may follow
	more          bool
	cut           bool // ended before the window, by its bytes
}

func (e *Export) read(ctx context.Context, tx *Store) (page exportPage, err error) {
	from, until := e.filter.span()
	if page.end, err = e.endOf(ctx, tx, from, until); err != nil {
		return page, err
	}
	if page.more = !page.end.IsZero(); page.more {
		until = []any{page.end.At.UnixMilli(), page.end.ID}
	}
	if err := e.rows(ctx, tx, from, until, &page); err != nil {
		return page, err
	}
	if e.messages {
		whole, err := tx.exportMessages(ctx, e.p, page.conversations)
		if err != nil {
			return page, err
		}
		page.cut = page.cut || whole < len(page.conversations)
		page.conversations = page.conversations[:whole]
	}
	return page, e.named.fill(ctx, tx, e.p, page.conversations)
}

// The ends of time, as far as rows may reach.
const (
	earliest = int64(-1)
	latest   = int64(253402300800000) // the year 10000
)

// span gives the places that an export lies after and up to. There is one lower bound, since an index search can use
// only one.
func (f ConversationFilter) span() (from, until []any) {
	from, until = []any{earliest, ""}, []any{latest, ""}
	if !f.From.IsZero() {
		from[0] = f.From.UnixMilli()
	}
	if !f.Until.IsZero() {
		until[0] = f.Until.UnixMilli()
	}
	if !f.After.IsZero() && !f.After.At.Before(f.From) {
		from = []any{f.After.At.UnixMilli(), f.After.ID}
	}
	return from, until
}

// endOf finds in the index alone where the window ends, or gives the zero Cursor when it reaches the end.
func (e *Export) endOf(ctx context.Context, tx *Store, from, until []any) (end Cursor, err error) {
	narrow := ConversationFilter{AssistantID: e.filter.AssistantID, ContactID: e.filter.ContactID}
	where, args := narrow.where(e.p)
	where, args = between(where, args, from, until)
	_, err = tx.one(ctx, []any{ms(&end.At), &end.ID}, fmt.Sprintf(`
		SELECT c.created_at, c.id
		FROM conversations c
		WHERE %s
		ORDER BY c.created_at, c.id
		LIMIT 1 OFFSET $%d`, where, len(args)+1), append(args, e.window-1)...)
	return end, err
}

// between adds the clause for the rows after one place up to another.
func between(where string, args []any, from, until []any) (string, []any) {
	n := len(args)
	return fmt.Sprintf("%s\n\t\t  AND (c.created_at, c.id) > ($%d, $%d)\n\t\t  AND (c.created_at, c.id) <= ($%d, $%d)",
		where, n+1, n+2, n+3, n+4), slices.Concat(args, from, until)
}

// rows reads the conversations of the window as far as the bytes go. The limit is as many as there can be: it tells
// PostgreSQL, which cannot see how near the two bounds are, to go by the index.
func (e *Export) rows(ctx context.Context, tx *Store, from, until []any, page *exportPage) error {
	f := e.filter
	f.From, f.Until = time.Time{}, time.Time{}
	where, args := f.where(e.p)
	where, args = between(where, args, from, until)
	bytes := 0
	page.conversations = make([]Exported, 0, e.window)
	err := tx.each(ctx, func(scan scanner) error {
		if page.cut = bytes >= exportBytes; page.cut {
			return errEnough
		}
		page.conversations = append(page.conversations, Exported{})
		x := &page.conversations[len(page.conversations)-1]
		var contact string
		if err := scan(&x.ID, &x.AssistantID, &x.WidgetID, &x.ContactID, &contact, &x.DeviceType, &x.UniqueDeviceID, &x.Attributes, &x.FirstMessage,
			&x.ChatCount, &x.IncludesVoice, &x.IntentID, &x.IntentName, &x.Summary, ms(&x.CreatedAt), ms(&x.UpdatedAt), ms(&x.ClosedAt)); err != nil {
			return err
		}
		bytes += 1000 + len(contact) + len(x.Attributes) + len(x.FirstMessage) + len(x.Summary)
		return x.unpackContact(contact)
	}, fmt.Sprintf(`
		SELECT c.id, c.assistant_id, c.widget_id, c.contact_id, `+exportedContact+`, c.device_type, c.unique_device_id, c.attributes, c.first_message,
		       c.chat_count, c.includes_voice, c.intent_id, c.intent_name, c.summary, c.created_at, c.updated_at, c.closed_at
		FROM conversations c
		WHERE %s
		ORDER BY c.created_at, c.id
		LIMIT $%d`, where, len(args)+1), append(args, e.window)...)
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}
