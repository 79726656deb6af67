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

// checkLabel is checkArchivedText for a text that comes to be packed.
func checkLabel(field, what, text string, most int) *Error {
	if strings.Contains(text, separator) {
		return invalid(field, what+" holds a control character (U+001F). Take it out.")
	}
	return checkArchivedText(field, what, text, most)
}

var jsonNull = json.RawMessage("null")

func jsonText(text string) json.RawMessage {
	b, _ := json.Marshal(text) // a string always can be
	return b
}

// merge merges one level of keys into a kept JSON object; null takes a key out. Values stay as they were sent, so
// that no number loses a digit.
func merge(field string, kept *string, change map[string]json.RawMessage) *Error {
	if len(change) == 0 {
		return nil
	}
	object := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(*kept), &object); err != nil {
		return invalid(field, "What is kept there is no JSON object.")
	}
	for key, value := range change {
		if object[key] = value; string(value) == "null" {
			delete(object, key)
		}
	}
	text, err := json.Marshal(object)
	if err != nil || len(text) > objectBytesMax || strings.Contains(string(text), `\u0000`) {
		return invalid(field, fmt.Sprintf("That object is larger than %d KB, or holds a NUL character.", objectBytesMax>>10))
	}
	*kept = string(text)
	return nil
}

var unkept = strings.NewReplacer("\x00", "", separator, "")

// clip keeps what a client says of itself to what a page can show.
func clip(text string) string {
	text = strings.ToValidUTF8(unkept.Replace(text), "")
	if len(text) > 256 {
		text = strings.ToValidUTF8(text[:256], "")
	}
	return text
}
