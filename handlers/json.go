package handlers

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// appender is implemented by what writes its own JSON, for the lists that are asked for most: reflection would cost
// more there than the database. A test holds each to what encoding/json makes of the same value.
type appender interface {
	appendJSON(b []byte) ([]byte, error)
}

var jsonBuffers = sync.Pool{New: func() any { return new([]byte) }}

// toJSON writes an answer.
func toJSON(w io.Writer, v any) error {
	buffer := jsonBuffers.Get().(*[]byte)
	defer jsonBuffers.Put(buffer)
	body, err := appendValue((*buffer)[:0], v)
	if err != nil {
		return err
	}
	*buffer = append(body, '\n')
	_, err = w.Write(*buffer)
	return err
}

// appendValue writes a value through its appender, or else through encoding/json.
func appendValue(b []byte, v any) ([]byte, error) {
	if a, ok := v.(appender); ok {
		return a.appendJSON(b)
	}
	var plain bytes.Buffer
	if err := plainJSON(&plain, v); err != nil {
		return b, err
	}
	return append(b, bytes.TrimSuffix(plain.Bytes(), []byte("\n"))...), nil
}

func appendArray[T any](b []byte, values []T) ([]byte, error) {
	b = append(b, '[')
	for i := range values {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendValue(b, &values[i]); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

// plainJSON is encoding/json with characters as they are: an answer is never part of a page.
func plainJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// members writes the members of one JSON object behind b.
type members struct {
	b    []byte
	next byte // what comes before the next member
}

func newMembers(b []byte) members { return members{b, '{'} }

func (m *members) name(name string) {
	m.b = append(m.b, m.next, '"')
	m.b = append(m.b, name...)
	m.b = append(m.b, '"', ':')
	m.next = ','
}

func (m *members) text(name, v string) {
	m.name(name)
	m.b = appendText(m.b, v)
}

// given is text that is left out when it is empty.
func (m *members) given(name, v string) {
	if v != "" {
		m.text(name, v)
	}
}

func (m *members) number(name string, n int64) {
	m.name(name)
	m.b = strconv.AppendInt(m.b, n, 10)
}

// neighbour is the number of another page, or null.
func (m *members) neighbour(name string, page *int64) {
	if page == nil {
		m.raw(name, []byte("null"))
		return
	}
	m.number(name, *page)
}

func (m *members) raw(name string, v []byte) {
	m.name(name)
	m.b = append(m.b, v...)
}

// time is left out when it is zero.
func (m *members) time(name string, t time.Time) {
	if t.IsZero() {
		return
	}
	m.name(name)
	m.b = append(m.b, '"')
	m.b = t.AppendFormat(m.b, time.RFC3339Nano)
	m.b = append(m.b, '"')
}

func (m *members) end() []byte {
	if m.next == '{' { // there was none
		m.b = append(m.b, '{')
	}
	return append(m.b, '}')
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
	_ = plainJSON(&slow, text) // a string always can be
	return append(b[:from], bytes.TrimSuffix(slow.Bytes(), []byte("\n"))...)
}
