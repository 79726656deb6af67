package db

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// unit is the control character between packed columns (U+001F, made for this). What clients send is refused when it
// holds one; see checkLabel.
const unit = "\x1f"

// packed gives an expression that joins columns into one text; those that may be NULL become 0.
func packed(columns string, nullable ...string) string {
	list := strings.Split(strings.Join(strings.Fields(columns), ""), ",")
	for i, column := range list {
		if slices.Contains(nullable, column) {
			list[i] = "COALESCE(" + column + ", 0)"
		}
	}
	return "concat_ws('" + unit + "', " + strings.Join(list, ", ") + ")"
}

// unpack takes a packed row apart into texts and times.
func unpack(scan scanner, dest ...any) error {
	var row string
	if err := scan(&row); err != nil {
		return err
	}
	for i, to := range dest {
		column, rest, more := strings.Cut(row, unit)
		if more != (i < len(dest)-1) {
			return fmt.Errorf("a packed row has not %d columns", len(dest))
		}
		switch to := to.(type) {
		case *string:
			*to = column
		case *millis:
			n, err := strconv.ParseInt(column, 10, 64)
			if err != nil {
				return fmt.Errorf("column %d of a packed row: %w", i, err)
			}
			if n != 0 {
				_ = to.Scan(n)
			}
		}
		row = rest
	}
	return nil
}

// checkLabel is checkArchivedText for a text that comes to be packed.
func checkLabel(field, what, text string, most int) *Error {
	if strings.Contains(text, unit) {
		return invalid(field, what+" holds a control character (U+001F). Take it out.")
	}
	return checkArchivedText(field, what, text, most)
}
