package db

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Page is which part of a list is asked for: Number from 1, Size from 1.
type Page struct {
	Number int64
	Size   int64
}

// List is one page of rows and how many rows there are in all, both of the same moment.
type List[T any] struct {
	Items []T
	Total int64
	Page  Page
}

// Pages is how many pages Total fills.
func (l List[T]) Pages() int64 { return (l.Total + l.Page.Size - 1) / l.Page.Size }

// offset is how many rows stand before the page. beyond tells that the page lies past the last row,
// so nothing has to be read; a product that would overflow counts as beyond.
func (p Page) offset(total int64) (offset int64, beyond bool) {
	if p.Number-1 > total/p.Size {
		return 0, true
	}
	offset = (p.Number - 1) * p.Size
	return offset, offset >= total
}

// statement is a list: how many rows there are, and the rows in order; LIMIT and OFFSET come behind.
type statement struct {
	count string // empty when total is known
	total int64
	along *int64 // where the rows leave the total, if each brings it along; see listOf
	rows  string
	order string
	args  []any
	more  []any // of rows only, after args

	backwards bool // the rows come in the opposite order
}

// newest puts the rows in the order of lists, newest first: those next after a cursor, or next before one. prefix is
// the table's, with its dot. The comparison of both columns at once is what lets an index find the place.
func (q statement) newest(prefix string, after, before Cursor) statement {
	place, sign, order := after, "<", "DESC"
	if q.backwards = !before.IsZero(); q.backwards {
		place, sign, order = before, ">", "ASC"
	}
	q.order = fmt.Sprintf("\n\t\tORDER BY %[1]screated_at %[2]s, %[1]sid %[2]s", prefix, order)
	if !place.IsZero() {
		q.more = []any{place.At.UnixMilli(), place.ID}
		q.rows += fmt.Sprintf("\n\t\t  AND (%[1]screated_at, %[1]sid) %[2]s ($%[3]d, $%[4]d)", prefix, sign, len(q.args)+1, len(q.args)+2)
	}
	return q
}

// listOf reads one page of a list with its exact total; a page past the end costs only the count. The first page needs
// no statement for a total that comes along with its rows.
func listOf[T any](ctx context.Context, s *Store, page Page, row func(scan scanner) (T, error), q statement) (List[T], error) {
	list := List[T]{Items: []T{}, Total: q.total, Page: page}
	if q.along != nil && page.Number == 1 {
		list.Items = make([]T, 0, page.Size)
		err := rowsOf(ctx, s, &list, row, q, 0)
		if list.Total = *q.along; err != nil || len(list.Items) > 0 {
			return list, err
		}
	}
	if q.count != "" {
		if _, err := s.one(ctx, []any{&list.Total}, q.count, q.args...); err != nil {
			return list, err
		}
	}
	offset, beyond := page.offset(list.Total)
	if beyond {
		return list, nil
	}
	list.Items = make([]T, 0, min(page.Size, list.Total))
	err := rowsOf(ctx, s, &list, row, q, offset)
	return list, err
}

// rowsOf adds the rows of a page.
func rowsOf[T any](ctx context.Context, s *Store, list *List[T], row func(scan scanner) (T, error), q statement, offset int64) error {
	args := slices.Concat(q.args, q.more)
	// The size is a part of the text. PostgreSQL, which could not keep a plan for a number of rows that it does not know,
	// would plan the statement each time.
	text := fmt.Sprintf("%s%s\n\t\tLIMIT %d", q.rows, q.order, list.Page.Size)
	if offset > 0 {
		args = append(args, offset)
		text += fmt.Sprintf(" OFFSET $%d", len(args))
	}
	err := s.each(ctx, func(scan scanner) error {
		item, err := row(scan)
		list.Items = append(list.Items, item)
		return err
	}, text, args...)
	if q.backwards {
		slices.Reverse(list.Items)
	}
	return err
}

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
		return Cursor{}, invalid("after", "That is no cursor of ours. Take it as it was given, or leave it out to start from the beginning.")
	}
	return Cursor{time.UnixMilli(int64(binary.BigEndian.Uint64(b))).UTC(), uuid.UUID(b[8:placeLength]).String()}, nil
}
