package db

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// Cursor is a place in a list that is ordered by time and id: after the row with both. The zero Cursor is before the
// first row.
type Cursor struct {
	At time.Time
	ID string
}

// IsZero tells the place before the first row.
func (c Cursor) IsZero() bool { return c.ID == "" }

// String gives the cursor as clients carry it: opaque, and safe in an address.
func (c Cursor) String() string {
	id, err := uuid.Parse(c.ID)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append(binary.BigEndian.AppendUint64(nil, uint64(c.At.UnixMilli())), id[:]...))
}

// ParseCursor reads what String gave; anything else is an Invalid error.
func ParseCursor(text string) (Cursor, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != 24 || len(text) != base64.RawURLEncoding.EncodedLen(len(b)) { // line breaks are passed over
		return Cursor{}, invalid("query.after", "That is no cursor of ours. Take it as it was given, or leave it out to start from the beginning.")
	}
	return Cursor{time.UnixMilli(int64(binary.BigEndian.Uint64(b))).UTC(), uuid.UUID(b[8:]).String()}, nil
}
