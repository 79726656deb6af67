package db

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// typed draws what somebody, or something, may send: text, runes that mislead, and bytes that are no text.
func typed() *rapid.Generator[string] {
	odd := rapid.SampledFrom([]string{" ", "\t", "\n", "\r\n", "\x00", "\u0085", "\u2028", "\u202e", "\u2066", "\u200b", "\ufeff",
		"\u3164", "e\u0301", "\u1100\u1161", "\ufb01", "\xff", "\xed\xa0\x80", "🔑", "Ⅷ", "<b>", "'", "in-"})
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.OneOf(odd, rapid.String()), 0, 8).Draw(t, "parts"), "")
	})
}

func TestTyped(t *testing.T) {
	for name, c := range map[string]struct {
		clean  func(field, what, text string, most int) (string, *Error)
		breaks bool
	}{"a line": {line, false}, "prose": {prose, true}} {
		t.Run(name+" that is accepted is clean, short enough, and accepted again as it is", func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				text, most := typed().Draw(t, "text"), rapid.IntRange(1, 300).Draw(t, "most")
				got, problem := c.clean("field", "That", text, most)
				if problem != nil {
					if got != "" || problem.Kind != Invalid || problem.Field != "field" {
						t.Fatalf("refused: got %q and %+v, want nothing and an invalid field", got, problem)
					}
					return
				}
				again, problem := c.clean("field", "That", got, most)
				if problem != nil || again != got {
					t.Fatalf("again: got %q (%v), want %q", again, problem, got)
				}
				if n := utf8.RuneCountInString(got); n < 1 || n > most || !utf8.ValidString(got) || strings.TrimSpace(got) != got {
					t.Fatalf("got %q, want 1 to %d characters, trimmed", got, most)
				}
				for _, r := range got {
					if (unicode.IsControl(r) && !(c.breaks && r == '\n')) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
						t.Fatalf("got %q with %U in it", got, r)
					}
				}
			})
		})
	}
}

func TestEmailIsFoldedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		got, problem := Email("email", typed().Draw(t, "local")+"@"+rapid.StringMatching(`[A-Za-z\x{c0}-\x{24f}.-]{0,12}`).Draw(t, "domain"))
		if problem != nil {
			return
		}
		if again, problem := Email("email", got); problem != nil || again != got {
			t.Fatalf("again: got %q (%v), want %q", again, problem, got)
		}
		if len(got) > EmailMax || strings.ContainsAny(got, " \x00\r\n,<>") || strings.Count(got, "@") != 1 {
			t.Fatalf("got %q", got)
		}
	})
}

func TestAKeyHasTheShapeOfAKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(typed(), rapid.StringMatching(`in-[0-9A-Za-z_-]{42,44}`), rapid.StringMatching(`in-[0-9A-Za-z]{43}`)).Draw(t, "text")
		if want := len(text) == 46 && keyInText.FindString(text) == text; wellFormedKey(text) != want {
			t.Fatalf("%q: got %v, want %v", text, !want, want)
		}
		if around := Redact("/x?y=" + text + " end"); wellFormedKey(text) && around != "/x?y=in-[redacted] end" {
			t.Fatalf("redacted: got %q", around)
		}
	})
	for range 100 {
		if secret := keyMark + newSecret(keyLength); !wellFormedKey(secret) {
			t.Fatalf("a new key: got %q", secret)
		}
	}
}
