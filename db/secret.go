package db

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
)

const (
	alphabet     = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	keyMark      = "in-"
	keyLength    = 43 // 62^43 > 2^256
	prefixLength = 8
	signingMark  = "whsec_"
)

// newSigningSecret gives a secret in the spelling of Standard Webhooks: 256 bits in base64 after its mark.
func newSigningSecret() string {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // as below
	return signingMark + base64.StdEncoding.EncodeToString(random)
}

// newSecret gives n characters of 0-9A-Za-z, each drawn without bias from the system's cryptographic source.
func newSecret(n int) string {
	out := make([]byte, 0, n)
	buf := make([]byte, 2*n)
	for len(out) < n {
		_, _ = rand.Read(buf) // crypto/rand.Read never fails; it ends the program instead
		for _, b := range buf {
			if b < 4*62 && len(out) < n {
				out = append(out, alphabet[b%62])
			}
		}
	}
	return string(out)
}

// digest is what is stored of a secret. It is taken of the text as received, never of anything decoded from it.
func digest(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// wellFormedKey tells whether text has the shape of a key, without asking the database.
func wellFormedKey(text string) bool {
	if len(text) != len(keyMark)+keyLength || text[:len(keyMark)] != keyMark {
		return false
	}
	for _, c := range []byte(text[len(keyMark):]) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

var (
	keyInText     = regexp.MustCompile(keyMark + `[0-9A-Za-z]{43}`)
	signingInText = regexp.MustCompile(signingMark + `[0-9A-Za-z+/]{32,}=*`)
)

// Redact blots out whatever has the shape of a key or of a signing secret, for texts that strangers write and we keep or log: a path, a
// user agent, a panic.
func Redact(text string) string {
	if strings.Contains(text, keyMark) {
		text = keyInText.ReplaceAllString(text, keyMark+"[redacted]")
	}
	if strings.Contains(text, signingMark) {
		text = signingInText.ReplaceAllString(text, signingMark+"[redacted]")
	}
	return text
}
