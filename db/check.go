package db

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

func checkArchivedID(field, what string, id *string) *Error {
	*id = strings.ToLower(*id)
	switch {
	case *id == "":
		return invalid(field, what+" is missing.")
	case !IsID(*id):
		return invalid(field, what+" is no UUID.")
	}
	return nil
}

func checkArchivedText(field, what, text string, most int) *Error {
	switch {
	case !utf8.ValidString(text):
		return invalid(field, what+" holds bytes that are no text (UTF-8).")
	case strings.IndexByte(text, 0) >= 0:
		return invalid(field, what+" holds a NUL character, which cannot be kept.")
	case len(text) > most:
		return invalid(field, fmt.Sprintf("%s is %d bytes long; %d are the most.", what, len(text), most))
	}
	return nil
}

// checkObject also makes {} of an empty text.
func checkObject(field, what string, text *string) *Error {
	*text = cmp.Or(*text, "{}")
	return checkKnownObject(field, what, *text)
}

func checkKnownObject(field, what, text string) *Error {
	if text == "" || text == "{}" {
		return nil
	}
	if e := checkArchivedText(field, what, text, archivedObjectMax); e != nil {
		return e
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &object); err != nil || object == nil {
		return invalid(field, what+" is no JSON object.")
	}
	return nil
}

func checkArray(field, what, text string) *Error {
	if text == "" {
		return nil
	}
	if e := checkArchivedText(field, what, text, archivedObjectMax); e != nil {
		return e
	}
	var array []json.RawMessage
	if err := json.Unmarshal([]byte(text), &array); err != nil || array == nil {
		return invalid(field, what+" is no JSON array.")
	}
	return nil
}

// checkArchivedTime also rounds down to the millisecond that is kept.
func checkArchivedTime(field, what string, t *time.Time) *Error {
	if t.IsZero() {
		return invalid(field, what+" is missing.")
	}
	*t = t.UTC().Truncate(time.Millisecond)
	if t.Year() < 1970 || t.Year() > 9999 {
		return invalid(field, what+" lies outside the years 1970 to 9999.")
	}
	return nil
}

// checkKnownTime is checkArchivedTime for one that may be missing.
func checkKnownTime(field, what string, t *time.Time) *Error {
	if t.IsZero() {
		return nil
	}
	return checkArchivedTime(field, what, t)
}
