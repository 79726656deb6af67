package db

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"time"

	"github.com/google/uuid"
)

// Cursor is a place in a list that is ordered by time and id: after the row with both. The zero Cursor is before the
// first row.
type Cursor struct {
	At time.Time
	ID string
}

const placeLength = 24 // bytes: 8 of milliseconds, 16 of the id

// IsZero tells the place before the first row.
func (c Cursor) IsZero() bool { return c.ID == "" }

// String gives the cursor as clients carry it: opaque, and safe in an address. It is no secret, and its checksum only
// tells one that was changed on the way.
func (c Cursor) String() string {
	id, err := uuid.Parse(c.ID)
	if err != nil {
		return ""
	}
	place := append(binary.BigEndian.AppendUint64(make([]byte, 0, placeLength+4), uint64(c.At.UnixMilli())), id[:]...)
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(place, crc32.ChecksumIEEE(place)))
}

// ParseCursor reads what String gave; anything else is an Invalid error.
func ParseCursor(text string) (Cursor, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != placeLength+4 || len(text) != base64.RawURLEncoding.EncodedLen(len(b)) || // line breaks are passed over
		crc32.ChecksumIEEE(b[:placeLength]) != binary.BigEndian.Uint32(b[placeLength:]) {
		return Cursor{}, invalid("query.after", "That is no cursor of ours. Take it as it was given, or leave it out to start from the beginning.")
	}
	return Cursor{time.UnixMilli(int64(binary.BigEndian.Uint64(b))).UTC(), uuid.UUID(b[8:placeLength]).String()}, nil
}
