package archive

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Object is a JSON object that is kept and sent as text.
type Object json.RawMessage

// MarshalJSON gives the text as it is.
func (o Object) MarshalJSON() ([]byte, error) { return json.RawMessage(o).MarshalJSON() }

// UnmarshalJSON keeps the text as it is.
func (o *Object) UnmarshalJSON(text []byte) error {
	*o = append((*o)[:0], text...)
	return nil
}

// text gives the object without the blanks between its parts, which are no change; null is as good as absent.
func (o Object) text() string {
	if string(o) == "null" {
		return ""
	}
	return string(appendCompact(nil, o))
}

// ObjectWriter writes the members of one JSON object as encoding/json does with characters as they are, since it is
// never part of a page. Reflection would cost more in a list than the database.
type ObjectWriter struct {
	Bytes []byte // what is written so far
	next  byte   // what comes before the next member
}

// WriteObject begins an object behind b.
func WriteObject(b []byte) ObjectWriter { return ObjectWriter{b, '{'} }

// End closes the object, and gives all that was written.
func (m *ObjectWriter) End() []byte {
	if m.next == '{' { // there was none
		m.Bytes = append(m.Bytes, '{')
	}
	return append(m.Bytes, '}')
}

// Name begins a member, whose value is to be appended to Bytes. It needs no quoting.
func (m *ObjectWriter) Name(name string) {
	m.Bytes = append(m.Bytes, m.next, '"')
	m.Bytes = append(m.Bytes, name...)
	m.Bytes = append(m.Bytes, '"', ':')
	m.next = ','
}

// Text is a member that is a text.
func (m *ObjectWriter) Text(name, v string) {
	m.Name(name)
	m.Bytes = appendText(m.Bytes, v)
}

// Given is a text that is left out when it is empty.
func (m *ObjectWriter) Given(name, v string) {
	if v != "" {
		m.Text(name, v)
	}
}

// Number is a member that is a whole number.
func (m *ObjectWriter) Number(name string, n int64) {
	m.Name(name)
	m.Bytes = strconv.AppendInt(m.Bytes, n, 10)
}

// Raw is a member that is JSON already.
func (m *ObjectWriter) Raw(name string, v []byte) {
	m.Name(name)
	m.Bytes = append(m.Bytes, v...)
}

// Time is a moment, which is left out when it is zero.
func (m *ObjectWriter) Time(name string, t time.Time) {
	if t.IsZero() {
		return
	}
	m.Name(name)
	m.Bytes = append(m.Bytes, '"')
	m.Bytes = t.AppendFormat(m.Bytes, time.RFC3339Nano)
	m.Bytes = append(m.Bytes, '"')
}

// plain is a text that needs no quoting: an id, one word of ours, a cursor.
func (m *ObjectWriter) plain(name, v string) {
	m.Name(name)
	m.Bytes = append(m.Bytes, '"')
	m.Bytes = append(m.Bytes, v...)
	m.Bytes = append(m.Bytes, '"')
}

func (m *ObjectWriter) givenPlain(name, v string) {
	if v != "" {
		m.plain(name, v)
	}
}

func (m *ObjectWriter) bool(name string, yes bool) {
	if yes {
		m.Raw(name, []byte("true"))
	} else {
		m.Raw(name, []byte("false"))
	}
}

// compact is an object that is left out when there is none.
func (m *ObjectWriter) compact(name string, o Object) {
	if len(o) > 0 {
		m.Name(name)
		m.Bytes = appendCompact(m.Bytes, o)
	}
}

// appendText quotes a text as encoding/json does.
func appendText(b []byte, text string) []byte {
	from := len(b)
	b, err := jsontext.AppendQuote(b, text)
	separated := strings.IndexByte(text, "\u2028"[0]) >= 0 && (strings.Contains(text, "\u2028") || strings.Contains(text, "\u2029"))
	if err == nil && !separated { // those two lines' ends encoding/json escapes
		return b
	}
	var slow bytes.Buffer
	e := json.NewEncoder(&slow)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string always can be
	return append(b[:from], bytes.TrimSuffix(slow.Bytes(), []byte("\n"))...)
}

// appendCompact leaves out the blanks between the parts of valid JSON.
func appendCompact(b, text []byte) []byte {
	quoted, escaped := false, false
	for _, c := range text {
		switch {
		case escaped:
			escaped = false
		case c == '"':
			quoted = !quoted
		case quoted:
			escaped = c == '\\'
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			continue
		}
		b = append(b, c)
	}
	return b
}
