package db

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
)

const sampleKey = "in-4fG7kQ2xA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r"

func FuzzKey(f *testing.F) {
	for _, text := range []string{
		"", "in-", sampleKey, sampleKey[:45], sampleKey + "s", "IN-" + sampleKey[3:], " " + sampleKey, sampleKey + "\n", sampleKey[:45] + "\x00",
		"in_" + sampleKey[3:], "in-" + strings.Repeat("é", 21) + "a", "in-" + strings.Repeat("\xff", 43), "in-" + strings.Repeat("-", 43), sampleKey + sampleKey,
	} {
		f.Add(text)
	}
	shape := regexp.MustCompile(`\Ain-[0-9A-Za-z]{43}\z`)
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := wellFormedKey(text), shape.MatchString(text); got != want {
			t.Fatalf("%q: got well-formed %v, want %v", text, got, want)
		}
		if wellFormedKey(text) {
			return
		}
		// A store without a database panics when it is asked.
		_, err := (&Store{}).Authenticate(context.Background(), text)
		if e := (*Error)(nil); !errors.As(err, &e) || e != errKeyMalformed {
			t.Fatalf("%q: got %v, want key_malformed", text, err)
		}
	})
}

func FuzzRedact(f *testing.F) {
	for _, c := range [][2]string{
		{"", ""}, {"/api/v1/contact?api_key=", "&page=2"}, {"in-", ""}, {"in-in-", "in-"}, {sampleKey, sampleKey}, {"abc", "def"}, {sampleKey[:20], sampleKey[3:]},
		{"\xff", "\xff"}, {"in-[redacted]", "[redacted]"}, {sampleKey[:45], ""},
	} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		for _, text := range []string{before + after, before + sampleKey + after} {
			out := Redact(text)
			for i := range out {
				if i+46 <= len(out) && wellFormedKey(out[i:i+46]) {
					t.Fatalf("Redact(%q) = %q, which holds a key", text, out)
				}
			}
			if again := Redact(out); again != out {
				t.Fatalf("Redact(%q) = %q, and once more %q", text, out, again)
			}
			if whole := strings.ReplaceAll(out, keyMark+"[redacted]", ""); len(whole) > len(text) {
				t.Fatalf("Redact(%q) = %q, which says more", text, out)
			}
		}
	})
}
