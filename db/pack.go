package db

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// separator is the control character between packed columns (U+001F, made for this). What clients send is refused when it
// holds one; see checkLabel.
const separator = "\x1f"

// packed gives an expression that joins columns into one text; those that may be NULL become 0.
func packed(columns string, nullable ...string) string {
	list := strings.Split(strings.Join(strings.Fields(columns), ""), ",")
	for i, column := range list {
		if slices.Contains(nullable, column) {
			list[i] = "COALESCE(" + column + ", 0)"
		}
	}
	return "concat_ws('" + separator + "', " + strings.Join(list, ", ") + ")"
}

// unpack takes the packed row at hand apart into texts, times and numbers.
func unpack(scan scanner, dest ...any) error {
	var row string
	if err := scan(&row); err != nil {
		return err
	}
	return lastColumns(row, dest...)
}

// lastColumns is firstColumns for all that are left.
func lastColumns(row string, dest ...any) error {
	_, more, err := firstColumns(row, dest...)
	if more {
		err = fmt.Errorf("a packed row has more than %d columns", len(dest))
	}
	return err
}

// firstColumns takes columns off a packed row, and gives the rest of it when there is more.
func firstColumns(row string, dest ...any) (rest string, more bool, err error) {
	more = true
	for i, to := range dest {
		if !more {
			return "", false, fmt.Errorf("a packed row has %d columns", i)
		}
		var column string
		column, row, more = strings.Cut(row, separator)
		switch to := to.(type) {
		case *string:
			*to = column
		case *millis:
			n, err := strconv.ParseInt(column, 10, 64)
			if err != nil {
				return "", false, fmt.Errorf("column %d of a packed row: %w", i, err)
			}
			if n != 0 {
				*to = millis(time.UnixMilli(n).UTC())
			}
		case *int64:
			if *to, err = strconv.ParseInt(column, 10, 64); err != nil {
				return "", false, fmt.Errorf("column %d of a packed row: %w", i, err)
			}
		default:
			return "", false, fmt.Errorf("column %d of a packed row: nothing fills a %v", i, reflect.TypeOf(to)) // %T would put dest of each row on the heap
		}
	}
	return row, more, nil
}
