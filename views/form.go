package views

import (
	"strconv"

	"github.com/a-h/templ"
)

// first gives the first of the fields that is wrong, or the first of all: where typing starts.
func (f Form) first(fields ...string) string {
	for _, field := range fields {
		if f.Error(field) != "" {
			return field
		}
	}
	return fields[0]
}

// entry is one field of a form.
type entry struct {
	Form  Form
	Name  string
	Label string
	Hint  string
	Most  int    // how many characters it takes, for the counter; the store decides
	Focus string // the name of the field that typing starts in

	Optional bool
}

// attributes are what every kind of field needs to be understood by ear.
func (e entry) attributes() templ.Attributes {
	wrong := e.Form.Error(e.Name) != ""
	a := templ.Attributes{"id": e.Name, "name": e.Name, "required": !e.Optional, "autofocus": e.Focus == e.Name}
	switch {
	case wrong && e.Hint != "":
		a["aria-describedby"] = e.Name + "-wrong " + e.Name + "-hint"
	case wrong:
		a["aria-describedby"] = e.Name + "-wrong"
	case e.Hint != "":
		a["aria-describedby"] = e.Name + "-hint"
	}
	if e.Most > 0 {
		a["data-most"] = strconv.Itoa(e.Most)
	}
	if wrong {
		a["aria-invalid"] = "true"
	}
	return a
}
