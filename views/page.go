// Package views draws the pages. An upper-case component is a page that a handler may render, a lower-case one a
// part. Views decide nothing: what they show is passed in.
package views

import (
	"time"

	"github.com/insighto/insighto/db"
)

// Page is what every page needs around its own content.
type Page struct {
	Title   string
	Path    string      // of the request, to mark where one is in the navigation
	Visitor *db.Visitor // nil when nobody is signed in
	Now     time.Time   // the moment that "3 minutes ago" counts from
}

// Form is a form as it was sent: what was typed, and what is wrong with it by field name. Whole is what is wrong
// with all of it, shown above the fields.
type Form struct {
	Values map[string]string
	Errors map[string]string
	Whole  string
}

// Value gives what was typed into a field.
func (f Form) Value(field string) string { return f.Values[field] }

// Error gives what is wrong with a field, or nothing.
func (f Form) Error(field string) string { return f.Errors[field] }

// Made is a key that was just made. It is the only value that carries a secret to a page, and MadeKey the only page
// that takes it.
type Made struct {
	Key    db.Key
	Secret string
	Curl   string // a call that the key's role may make, with this server's own address
	Env    string // the same as lines of a .env file
}

// Failure is an error as a page says it.
type Failure struct {
	Status    int
	Title     string
	Text      string // what to do next
	RequestID string
}
