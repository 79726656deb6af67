package db

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of trouble an Error is; handlers turn it into a status.
type Kind string

// The kinds of error that leave this package.
const (
	Invalid         Kind = "invalid"         // the input breaks a rule; Field names which input
	NotFound        Kind = "not_found"       // missing, or not the asker's to see: one answer for both
	Conflict        Kind = "conflict"        // the row is not in the state that the change needs
	Unauthenticated Kind = "unauthenticated" // nobody we know asks
	Forbidden       Kind = "forbidden"       // we know who asks, and it is not allowed
	TooMany         Kind = "too_many"        // slow down
	Unavailable     Kind = "unavailable"     // the database does not answer now; trying again is right
)

// Error is an error with a kind. Text is for the person who asks and never holds a cause;
// the cause, for our log, is reached by errors.Unwrap.
type Error struct {
	Kind  Kind
	Code  string        // stable and machine-readable, e.g. "key_revoked"
	Field string        // the input that is wrong, for Invalid
	Text  string        // what to do next, in words for a person
	Wait  time.Duration // how long to wait before trying again, for TooMany
	cause error
}

// Error gives kind, code and cause, for logs; answers to people carry Text alone.
func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %v", e.Code, e.cause)
	}
	return e.Code + ": " + e.Text
}

// Unwrap gives the cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Is tells whether err, or what it wraps, is an Error of this kind.
func (k Kind) Is(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == k
}

// Problems are all the inputs that are wrong in one request, each an Invalid Error.
type Problems []*Error

// Error joins what is wrong, for logs.
func (p Problems) Error() string {
	text := "invalid:"
	for _, e := range p {
		text += " " + e.Field
	}
	return text
}

// Unwrap lets Invalid.Is see the problems inside.
func (p Problems) Unwrap() []error {
	errs := make([]error, len(p))
	for i, e := range p {
		errs[i] = e
	}
	return errs
}

// or gives nil when nothing is wrong.
func (p Problems) or() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// under says of which part of the input the problems are.
func under(field string, err error) error {
	var problems Problems
	var one *Error
	switch {
	case errors.As(err, &problems):
	case errors.As(err, &one) && one.Kind == Invalid:
		problems = Problems{one}
	default:
		return err
	}
	inside := make(Problems, len(problems))
	for i, e := range problems {
		moved := *e
		moved.Field = field + "." + e.Field
		inside[i] = &moved
	}
	return inside
}

// InvalidInput is an Invalid error: which input is wrong, and what to do about it.
func InvalidInput(field, text string) *Error {
	return &Error{Kind: Invalid, Code: "invalid", Field: field, Text: text}
}

func invalid(field, text string) *Error { return InvalidInput(field, text) }

// notFound is what a missing row and a foreign row both give.
func notFound(noun string) *Error {
	return &Error{Kind: NotFound, Code: "not_found", Text: "There is no such " + noun + ". It may have been deleted, or the address is mistyped."}
}

func conflict(text string) *Error {
	return &Error{Kind: Conflict, Code: "conflict", Text: text}
}

func unauthenticated(code, text string) *Error {
	return &Error{Kind: Unauthenticated, Code: code, Text: text}
}

// TooSoon is a TooMany error that tells how long to wait.
func TooSoon(wait time.Duration, text string) *Error {
	return &Error{Kind: TooMany, Code: "rate_limited", Text: text, Wait: wait}
}

func unavailable(cause error) *Error {
	return &Error{Kind: Unavailable, Code: "unavailable", Text: "The database does not answer right now. Nothing was changed that you were told of; try again in a moment.", cause: cause}
}
