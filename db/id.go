package db

import "github.com/google/uuid"

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
