package db

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// add writes rows without NULL, many at a time.
func (s *Store) add(ctx context.Context, rows [][]any, insert, update string) error {
	return s.some(len(rows), func(from, until int) error {
		listed, args := s.listed(rows[from:until])
		_, err := s.exec(ctx, insert+listed+update, args...)
		return err
	})
}

// atOnce is how many rows go into a statement whose text tells their number: it is prepared once for each.
var atOnce = []int{64, 16, 4, 1}

// some calls f for as many of n rows as one statement takes, until it has had all.
func (s *Store) some(n int, f func(from, until int) error) error {
	sizes := atOnce
	if s.dialect.arrays && n > 0 {
		sizes = []int{n}
	}
	done := 0
	for _, size := range sizes {
		for ; n-done >= size; done += size {
			if err := f(done, done+size); err != nil {
				return err
			}
		}
	}
	return nil
}

// listed gives rows without NULL as the rows of a statement, and its arguments.
func (s *Store) listed(rows [][]any) (text string, args []any) {
	if !s.dialect.arrays {
		return values(len(rows), len(rows[0])), slices.Concat(rows...)
	}
	var b strings.Builder
	b.WriteString("\n\t\tSELECT * FROM unnest(")
	for i, first := range rows[0] {
		if i > 0 {
			b.WriteString(", ")
		}
		kind := "TEXT"
		switch first.(type) {
		case int64:
			kind, args = "BIGINT", append(args, columnOf[int64](rows, i))
		case []byte:
			kind, args = "BYTEA", append(args, columnOf[[]byte](rows, i))
		default:
			args = append(args, columnOf[string](rows, i))
		}
		b.WriteString("CAST($" + strconv.Itoa(i+1) + " AS " + kind + "[])")
	}
	b.WriteString(")")
	return b.String(), args
}

func columnOf[T any](rows [][]any, i int) []T {
	column := make([]T, len(rows))
	for j, row := range rows {
		column[j] = row[i].(T)
	}
	return column
}
