package handlers

import (
	"bytes"
	"encoding/json"
	"io"
	"sync"
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
