package db

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// add writes rows without NULL, many at a time: PostgreSQL takes any number as arrays. put is for rows that may hold NULL.
func (s *Store) add(ctx context.Context, rows [][]any, insert, update string) error {
	return s.some(len(rows), func(from, until int) error {
		listed, args := s.listed(rows[from:until])
		_, err := s.exec(ctx, insert+listed+update, args...)
		return err
	})
}

// atOnce are the numbers of rows that one statement takes: few, so that few texts are prepared.
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

// put writes rows that may hold NULL, as many at a time as atOnce says; add is for rows without, which PostgreSQL takes as arrays.
func (s *Store) put(ctx context.Context, rows [][]any, insert, update string) error {
	for _, n := range atOnce {
		for ; len(rows) >= n; rows = rows[n:] {
			if _, err := s.exec(ctx, insert+values(n, len(rows[0]))+update, slices.Concat(rows[:n]...)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// values gives VALUES with the placeholders of n rows of so many columns.
func values(n, columns int) string {
	var b strings.Builder
	b.WriteString("\n\t\tVALUES ")
	for i := range n * columns {
		switch {
		case i == 0:
			b.WriteString("($")
		case i%columns == 0:
			b.WriteString("), ($")
		default:
			b.WriteString(", $")
		}
		b.WriteString(strconv.Itoa(i + 1))
	}
	b.WriteString(")")
	return b.String()
}

func textOrNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// lookAtOnce is how many ids one look-up names. It is always as many, so that there is one text to prepare.
const lookAtOnce = 100

// lookUp runs a statement that ends in "id IN" for the ids, with the team as $1.
func (s *Store) lookUp(ctx context.Context, team string, ids []string, text, order string, f func(scan scanner) error) error {
	text += " (" + placeholders(2, lookAtOnce) + ")" + order
	for some := range slices.Chunk(ids, lookAtOnce) {
		args := make([]any, 1+lookAtOnce)
		args[0] = team
		for i := range lookAtOnce {
			args[1+i] = some[min(i, len(some)-1)]
		}
		if err := s.each(ctx, f, text, args...); err != nil {
			return err
		}
	}
	return nil
}

// placeholders gives "$from, $from+1, …", n of them.
func placeholders(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(from+i))
	}
	return b.String()
}
