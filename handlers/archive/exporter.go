package archive

import (
	"context"
	"encoding/csv"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/insighto/insighto/db"
)

// The formats of an export.
const (
	NDJSON = "ndjson" // a line of JSON for each conversation
	CSV    = "csv"    // a row for each, under a header row; messages are a cell of JSON
)

// Exporter gives an export as the lines of a format, piece by piece.
type Exporter struct {
	lines    int64
	rows     *db.Export
	messages bool
	csv      bool
	started  bool
	made     lineMaker
	b        []byte
}

// NewExporter gives the lines of an export that was started with messages or without.
func NewExporter(rows *db.Export, messages bool, format string) *Exporter {
	return &Exporter{rows: rows, messages: messages, csv: format == CSV}
}

// Lines is how many conversations Next gave so far, and Cursor the place to go on from after them, which may be zero.
func (e *Exporter) Lines() int64      { return e.lines }
func (e *Exporter) Cursor() db.Cursor { return e.rows.Cursor() }

// GiveWay makes the next piece small.
func (e *Exporter) GiveWay() { e.rows.GiveWay() }

// Next gives the next whole lines, and io.EOF after the last. They are the exporter's own until it is asked again. A
// piece may be empty, where nothing passes the filter.
func (e *Exporter) Next(ctx context.Context) ([]byte, error) {
	page, err := e.rows.Next(ctx)
	if err != nil {
		return nil, err
	}
	e.b = e.b[:0]
	if e.csv && !e.started {
		e.row(append(csvHeader(e.messages), "cursor"))
	}
	for i := range page {
		e.line(&page[i])
	}
	e.started, e.lines = true, e.lines+int64(len(page))
	return e.b, nil
}

func (e *Exporter) line(x *db.Exported) {
	line := e.made.of(x, e.messages)
	if !e.csv {
		e.b = append(line.append(e.b), '\n')
		return
	}
	cells := line.cells()
	if e.messages {
		cells = append(cells, string(appendMessages(nil, line.Messages)))
	}
	for i := range cells {
		cells[i] = Defused(cells[i])
	}
	e.row(append(cells, line.Cursor))
}

// row writes one row of CSV, in which quotes, commas and line breaks are quoted (RFC 4180).
func (e *Exporter) row(cells []string) {
	w := csv.NewWriter(appending{&e.b})
	_ = w.Write(cells) // memory takes all
	w.Flush()
}

type appending struct{ b *[]byte }

// Write appends.
func (a appending) Write(part []byte) (int, error) {
	*a.b = append(*a.b, part...)
	return len(part), nil
}

// csvHeader names the columns of cells; the cursor comes last.
func csvHeader(messages bool) []string {
	header := []string{
		"id", "created_at", "updated_at", "closed_at", "status", "assistant_id", "assistant_name",
		"widget_id", "widget_name", "widget_type", "widget_provider",
		"contact_id", "contact_first_name", "contact_last_name", "contact_email", "contact_channels",
		"device_type", "unique_device_id", "includes_voice", "chat_count", "first_message",
		"intent_id", "intent_name", "summary", "attributes",
	}
	if messages {
		header = append(header, "messages")
	}
	return header
}

func (l *Line) cells() []string {
	contact, widget := Contact{}, Widget{}
	if l.Contact != nil {
		contact = *l.Contact
	}
	if l.Widget != nil {
		widget = *l.Widget
	}
	return []string{
		l.ID, Timestamp(l.CreatedAt), Timestamp(l.UpdatedAt), Timestamp(l.ClosedAt), l.Status, l.AssistantID, l.AssistantName,
		l.WidgetID, widget.Name, l.WidgetType, l.WidgetProvider,
		l.ContactID, l.ContactFirstName, l.ContactLastName, contact.Email, contact.Channels.text(),
		l.DeviceType, l.UniqueDeviceID, strconv.FormatBool(l.IncludesVoice), strconv.FormatInt(l.ChatCount, 10), l.FirstMessage,
		l.IntentID, l.IntentName, l.Summary, l.Attributes.text(),
	}
}

// Timestamp is a time as JSON has it, and nothing for none.
func Timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}

// Defused keeps a spreadsheet from taking a cell for a formula (OWASP, CSV Injection): one that starts like one gets an
// apostrophe before it. Full-width signs count, since some programs read them as the plain ones.
func Defused(cell string) string {
	if first, _ := utf8.DecodeRuneInString(cell); cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + cell
	}
	return cell
}
