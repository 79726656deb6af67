package db

import (
	"slices"
	"strings"
)

// Term is one value that a field may have: an id that is stored and sent, and words for people.
type Term struct {
	ID    string
	Words string
}

// Terms are all values that a field may have, in the order people see them. Checks, pages, docs and tests read these tables.
type Terms []Term

// IDs gives the ids of all.
func (t Terms) IDs() []string {
	ids := make([]string, len(t))
	for i, term := range t {
		ids[i] = term.ID
	}
	return ids
}

// Has tells whether there is one with that exact id.
func (t Terms) Has(id string) bool {
	return slices.ContainsFunc(t, func(term Term) bool { return term.ID == id })
}

// Words gives what people call an id, and nothing where there is no such one.
func (t Terms) Words(id string) string {
	for _, term := range t {
		if term.ID == id {
			return term.Words
		}
	}
	return ""
}

// oneOf gives the ids as a message names them: a, b and c.
func (t Terms) oneOf() string {
	ids := t.IDs()
	last := len(ids) - 1
	return strings.Join(ids[:last], ", ") + " and " + ids[last]
}
