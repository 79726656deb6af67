package handlers

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/insighto/insighto/db"
)

const sampleKey = "in-4fG7kQ2xA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r"

// FuzzCheckQuery: what passes is text that Go reads whole, and what does not is a 4xx that repeats no key.
func FuzzCheckQuery(f *testing.F) {
	for _, raw := range []string{
		"", "&", "=", "a=b&a=c", "a;b", "%", "a=%", "a=%zz", "a=%00", "a=\x00", "a=%ff", "%ff=a", "a=%c3%28", "a=%ed%a0%80", "a=+%2B", "api_key=%ff", "api_key=%00&b=%00",
		sampleKey + "=%ff", "a%00=b", "page=9223372036854775807&size=100", "a=é", "a[]=1&a[b]=2", strings.Repeat("a=1&", 2000), strings.Repeat("&", 12_000),
	} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		values, broken := url.ParseQuery(raw)
		err := checkQuery(raw, values)
		if err == nil {
			if broken != nil {
				t.Fatalf("%q passes, and Go drops a part of it: %v", raw, broken)
			}
			for name, list := range values {
				if all := name + strings.Join(list, ""); name != "api_key" && (!utf8.ValidString(all) || strings.ContainsRune(strings.Join(list, ""), 0)) {
					t.Fatalf("%q passes, and %q is no text", raw, all)
				}
			}
			return
		}
		p := explain(err)
		if said := fmt.Sprintf("%+v", p.Detail); p.status != 400 && p.status != 422 || !utf8.ValidString(said) || holdsKey(said) {
			t.Fatalf("%q: got %d %q, want 400 or 422 without a key", raw, p.status, said)
		}
	})
}

// FuzzBlotted hides a key, percent-encoded up to twice, between whatever a stranger writes.
func FuzzBlotted(f *testing.F) {
	for _, c := range [][2]string{{"", ""}, {"/x/", "/y"}, {"%", "%"}, {"%zz", ""}, {"", "%zz"}, {"%2", "5"}, {"%25", "%"}, {"in-", "in-"}, {"\xff", "\x00"}, {"a", "z"}} {
		for times := range 3 {
			f.Add(c[0], c[1], uint8(times))
		}
	}
	f.Fuzz(func(t *testing.T, before, after string, times uint8) {
		key := sampleKey
		for range times % 3 {
			var coded strings.Builder
			for _, b := range []byte(key) {
				fmt.Fprintf(&coded, "%%%02x", b)
			}
			key = coded.String()
		}
		if out := redacted(before + key + after); strings.Contains(out, key) {
			t.Fatalf("redacted(%q) = %q, which holds the key", before+key+after, out)
		}
		if text := before + after; db.Redact(text) == text && !strings.Contains(text, "%") && redacted(text) != text {
			t.Fatalf("redacted(%q) = %q, want it as it is", text, redacted(text))
		}
	})
}
