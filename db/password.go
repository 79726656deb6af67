package db

import (
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// The length of a password in characters: NIST SP 800-63B-4 section 3.1.1.2 asks for 15 where it stands alone, and
// for accepting at least 64.
const (
	PasswordMin = 15
	PasswordMax = 128
)

// Argon2id by the OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
const (
	argonMemory = 19 * 1024
	argonTime   = 2
	argonLanes  = 1
)

//go:embed passwords.txt
var commonPasswords string // the 3,000 most common, and longer ones; from zxcvbn's frequency list (MIT)

// hasher hashes passwords, as many at once as there are processors: each takes 19 MiB and one of those.
type hasher chan struct{}

func newHasher() hasher { return make(hasher, runtime.NumCPU()) }

// hash gives the PHC string of a password under a fresh salt.
func (h hasher) hash(password string) string {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(h.argon(password, salt, argonTime, argonMemory, argonLanes)))
}

// matches compares in constant time. A hash that is empty or unreadable costs the same and never matches.
func (h hasher) matches(hash, password string) bool {
	var version int
	var memory, time uint32
	var lanes uint8
	var tail string
	if n, _ := fmt.Sscanf(hash, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s", &version, &memory, &time, &lanes, &tail); n != 5 {
		memory, time, lanes, tail = argonMemory, argonTime, argonLanes, "AAAAAAAAAAAAAAAAAAAAAA$"
	}
	salt64, want64, _ := strings.Cut(tail, "$")
	salt, _ := base64.RawStdEncoding.DecodeString(salt64)
	want, _ := base64.RawStdEncoding.DecodeString(want64)
	got := h.argon(password, salt, time, memory, lanes)
	return subtle.ConstantTimeCompare(got, want) == 1
}

func (h hasher) argon(password string, salt []byte, time, memory uint32, lanes uint8) []byte {
	h <- struct{}{}
	defer func() {
		debug.FreeOSMemory() // the 19 MiB go back now; Go by itself would hold on to them for minutes
		<-h
	}()
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, time, memory, lanes, 32)
}

// checkPassword holds a new password to the rules: its length, and not one of those that are guessed first.
// There are no composition rules.
func checkPassword(field, password, email string) *Error {
	n := utf8.RuneCountInString(norm.NFC.String(password))
	switch {
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		return invalid(field, "That password holds bytes that are no text. Type another.")
	case n < PasswordMin:
		return invalid(field, fmt.Sprintf("A password needs %d characters or more; this has %d. A few words in a row are fine.", PasswordMin, n))
	case n > PasswordMax:
		return invalid(field, fmt.Sprintf("A password may have %d characters at most; this has %d.", PasswordMax, n))
	case common(strings.ToLower(password), strings.ToLower(email)):
		return invalid(field, "That password is one of the first that are guessed. Take a few words that do not belong together.")
	}
	return nil
}

// common tells a password that is in the list, or is the e-mail address, or one or two of the list written in a row
// or over and over, or a single character, or a run such as 123456… or abcdef….
func common(password, email string) bool {
	if password == email || run(password) {
		return true
	}
	known := make(map[string]bool, 3100)
	for word := range strings.Lines(commonPasswords) {
		known[strings.TrimSpace(word)] = true
	}
	if known[password] {
		return true
	}
	for i := 1; i < len(password); i++ {
		head, tail := password[:i], password[i:]
		if known[head] && (known[tail] || strings.Repeat(head, len(password)/i) == password) {
			return true
		}
	}
	return false
}

// run tells a text whose characters all differ from the one before by the same step of -1, 0 or 1.
func run(text string) bool {
	runes := []rune(text)
	for i := 2; i < len(runes); i++ {
		if runes[i]-runes[i-1] != runes[1]-runes[0] {
			return strings.Contains("12345678901234567890123456789012345678901234567890", text)
		}
	}
	return len(runes) > 1 && runes[1]-runes[0] <= 1 && runes[1]-runes[0] >= -1
}
