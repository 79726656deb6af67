package db

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// The longest texts a person may type, in characters (code points after NFC).
const (
	NameMax        = 64
	DescriptionMax = 280
	EmailMax       = 254 // RFC 5321 section 4.5.3.1.3
)

// line cleans a one-line text that a person typed: composed (NFC), trimmed, and refused when it is
// empty to the eye, too long, or holds what could mislead a reader or a log (controls, line breaks, bidirectional overrides).
func line(field, what, text string, most int) (string, *Error) {
	return clean(field, what, text, most, "")
}

// prose is line for a text that may have line breaks.
func prose(field, what, text string, most int) (string, *Error) {
	return clean(field, what, strings.ReplaceAll(text, "\r\n", "\n"), most, "\n")
}

func clean(field, what, text string, most int, controls string) (string, *Error) {
	if !utf8.ValidString(text) {
		return "", invalid(field, what+" holds bytes that are no text. Type it again.")
	}
	if Redact(text) != text {
		return "", invalid(field, what+" holds an API key or a signing secret, which would be shown to whoever sees this. Take it out.")
	}
	text = strings.TrimSpace(norm.NFC.String(text))
	for _, r := range text {
		if strings.ContainsRune(controls, r) {
			continue
		}
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			return "", invalid(field, what+" holds an invisible control character or a line break. Take it out.")
		}
	}
	if !visible(text) {
		return "", invalid(field, what+" is required, with at least one letter or digit.")
	}
	if n := utf8.RuneCountInString(text); n > most {
		return "", invalid(field, fmt.Sprintf("%s may have %d characters at most; this has %d.", what, most, n))
	}
	return text, nil
}

// fold gives a text as it is searched: composed, and the same for both cases of a letter.
func fold(text string) string { return cases.Fold().String(norm.NFC.String(text)) }

// visible tells whether a text has a letter, a digit or a pictograph that shows.
func visible(text string) bool {
	for _, r := range text {
		switch r {
		case '\u115F', '\u1160', '\u3164', '\uFFA0', '\u2800': // letters and a symbol that are drawn as nothing
			continue
		}
		if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.So, r) {
			return true
		}
	}
	return false
}

// Email cleans an e-mail address: trimmed, lower-case, one plain mailbox of a plain domain. Quoted
// local parts, comments and lists are refused: nobody who signs in with one will be missed.
func Email(field, text string) (string, *Error) {
	wrong := invalid(field, "That is no e-mail address we can use. It looks like name@example.com.")
	text = strings.ToLower(norm.NFC.String(strings.TrimSpace(text)))
	local, domain, found := strings.Cut(text, "@")
	if !found || local == "" || len(text) > EmailMax || !utf8.ValidString(text) {
		return "", wrong
	}
	for _, r := range local {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune("!#$%&'*+/=?^_`{|}~.-", r) {
			return "", wrong
		}
	}
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return "", wrong
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return "", wrong
		}
		for _, r := range label {
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '-' {
				return "", wrong
			}
		}
	}
	return text, nil
}

// NewID gives a new UUID of version 7 (RFC 9562), whose order is the order of making.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// IsID tells whether text is a UUID in its canonical spelling; anything else is nobody's id.
func IsID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i := range len(text) {
		switch c := text[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case (c < '0' || c > '9') && (c < 'a' || c > 'f'):
			return false
		}
	}
	return true
}
