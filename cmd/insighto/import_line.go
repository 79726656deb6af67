package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/archive"
)

// conversationOf reads a line, in which names that are not known are passed over; reason says in a sentence why it is refused.
func conversationOf(line []byte) (c db.ArchivedConversation, reason string) {
	var l archive.Line
	if err := json.Unmarshal(bytes.TrimPrefix(line, []byte("\ufeff")), &l); err != nil {
		return c, sayJSON(err)
	}
	c, err := l.Conversation().Checked()
	var wrong *db.Error
	if errors.As(err, &wrong) {
		return c, wrong.Text
	}
	return c, ""
}

// sayJSON explains what is wrong with a line, and where, without Go's words and without the line's own.
func sayJSON(err error) string {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		switch {
		case errors.Is(err, jsontext.ErrDuplicateName):
			return fmt.Sprintf("The name %s is there twice.", shown(syntax.JSONPointer))
		case errors.Is(err, jsontext.ErrNonStringName):
			return "A name in an object is no string."
		}
		return fmt.Sprintf("The line is not valid JSON at byte %d%s.", syntax.ByteOffset+1, at(syntax.JSONPointer))
	}
	var meaning *json.SemanticError
	if errors.As(err, &meaning) {
		if meaning.JSONPointer == "" {
			return "The line is no JSON object."
		}
		if meaning.GoType.String() == "time.Time" {
			return fmt.Sprintf("%s is no time such as 2026-09-01T09:30:00Z.", shown(meaning.JSONPointer))
		}
		return fmt.Sprintf("%s is of the wrong type.", shown(meaning.JSONPointer))
	}
	return "The line is not one whole JSON object."
}

func at(p jsontext.Pointer) string {
	if p == "" {
		return ""
	}
	return " (" + shown(p) + ")"
}

// shown is a place in a line as a terminal may show it: its names come from the file, and could move the cursor.
func shown(p jsontext.Pointer) string {
	const most = 80
	text := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, string(p)))
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}
