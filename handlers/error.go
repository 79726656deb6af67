package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/views"
)

// refusal is an answer that says no before the store is asked.
type refusal struct {
	status int
	code   string
	text   string
	extra  map[string]string // further fields of an API answer
}

func (r *refusal) Error() string { return r.code }

// problem is what the API says when it does not do what was asked: contract section 1. Detail is a string, or a list
// of detail for input that is wrong.
type problem struct {
	status        int
	wait          int    // seconds, for Retry-After
	Detail        any    `json:"detail" doc:"What to do next; for code invalid, a list of what is wrong where."`
	Code          string `json:"code" doc:"Stable and machine-readable."`
	RequestID     string `json:"request_id"`
	RequiredScope string `json:"required_scope,omitempty"`
	KeyRole       string `json:"key_role,omitempty"`
}

// detail is one input that is wrong, in the shape that clients of FastAPI services read.
type detail struct {
	Loc  []string `json:"loc"`
	Msg  string   `json:"msg"`
	Type string   `json:"type"`
}

// invalidInput is what the API says of input that is wrong.
func invalidInput(wrong ...detail) *problem {
	return &problem{status: http.StatusUnprocessableEntity, Code: "invalid", Detail: wrong}
}

// wrongAt is one input that is wrong, and where it stands.
func wrongAt(text string, loc ...string) detail {
	return detail{Loc: loc, Msg: text, Type: "value_error"}
}

// missingAt is one input that is not there.
func missingAt(loc ...string) detail {
	return detail{Loc: loc, Msg: "Field required", Type: "missing"}
}

// Error, GetStatus and GetHeaders make a problem an error that huma answers with as it is.
func (p *problem) Error() string  { return p.Code }
func (p *problem) GetStatus() int { return p.status }

func (p *problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.wait > 0 {
		h.Set("Retry-After", strconv.Itoa(p.wait))
	}
	if p.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `ApiKey in="query", name="api_key"`)
	}
	return h
}

// ContentType keeps application/json for errors too.
func (p *problem) ContentType(string) string { return "application/json" }

// statusOf is the one table from kinds of error to statuses.
var statusOf = map[db.Kind]int{
	db.Invalid:         http.StatusUnprocessableEntity,
	db.NotFound:        http.StatusNotFound,
	db.Conflict:        http.StatusConflict,
	db.Unauthenticated: http.StatusUnauthorized,
	db.Forbidden:       http.StatusForbidden,
	db.TooMany:         http.StatusTooManyRequests,
	db.Unavailable:     http.StatusServiceUnavailable,
}

// explain turns any error into what is answered.
func explain(err error) *problem {
	var known *problem
	var refused *refusal
	var problems db.Problems
	var kept *db.Error
	var routed *echo.HTTPError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &refused):
		return &problem{status: refused.status, Code: refused.code, Detail: refused.text, RequiredScope: refused.extra["required_scope"], KeyRole: refused.extra["key_role"]}
	case errors.As(err, &problems):
		details := make([]detail, len(problems))
		for i, p := range problems {
			details[i] = wrongAt(p.Text, strings.Split(p.Field, ".")...)
		}
		p := invalidInput(details...)
		p.Code = problems[0].Code
		return p
	case errors.As(err, &kept):
		p := &problem{status: statusOf[kept.Kind], Code: kept.Code, Detail: kept.Text, wait: int(math.Ceil(kept.Wait.Seconds()))}
		if kept.Kind == db.Invalid {
			return explain(db.Problems{kept})
		}
		if kept.Kind == db.Unavailable {
			p.wait = 2
		}
		return p
	case errors.As(err, &tooLarge):
		return &problem{status: http.StatusRequestEntityTooLarge, Code: "body_too_large", Detail: fmt.Sprintf("That is more than one request may carry (%d MiB). Send less at once.", cmp.Or(tooLarge.Limit, bodyMax)>>20)}
	case errors.As(err, &routed):
		return explainRoute(routed.Code)
	case errors.Is(err, context.Canceled):
		return &problem{status: http.StatusServiceUnavailable, Code: "unavailable", Detail: "The request was given up before it was answered.", wait: 2}
	}
	return &problem{status: http.StatusInternalServerError, Code: "internal", Detail: "Something broke on our side. Try again; if it stays, tell who runs this server the request id."}
}

func explainRoute(status int) *problem {
	switch status {
	case http.StatusNotFound:
		return &problem{status: status, Code: "no_such_route", Detail: "There is nothing at this address. Check its spelling."}
	case http.StatusMethodNotAllowed:
		return &problem{status: status, Code: "method_not_allowed", Detail: "This address does not take that method. The Allow header lists those it takes."}
	case http.StatusRequestEntityTooLarge:
		return explain(&http.MaxBytesError{})
	case http.StatusUnsupportedMediaType:
		return &problem{status: status, Code: "unsupported_media_type", Detail: "Send the body as the documentation says, uncompressed."}
	}
	return &problem{status: http.StatusBadRequest, Code: "bad_request", Detail: "The request cannot be read."}
}

// fail answers an error, for a person with a page and for a script with JSON, and logs what is ours.
func (s *server) fail(err error, c echo.Context) {
	p := s.logged(err, c)
	if c.Response().Committed {
		return
	}
	for name, values := range p.GetHeaders() {
		if name != "Www-Authenticate" || isAPI(c) {
			c.Response().Header()[name] = values
		}
	}
	if isAPI(c) {
		err = c.JSON(p.status, p)
	} else {
		err = s.failPage(c, p)
	}
	if err != nil {
		s.Log.Warn("the answer was not taken", "request_id", requestID(c), "err", err)
	}
}

// logged is explain with the request's id, and a line in the log when the fault is ours.
func (s *server) logged(err error, c echo.Context) *problem {
	made := *explain(err)
	p := &made
	p.RequestID = requestID(c)
	if p.status >= 500 && !errors.Is(err, context.Canceled) {
		s.Log.Error("a request failed", "request_id", p.RequestID, "method", redacted(c.Request().Method), "path", redacted(c.Request().URL.Path), "err", db.Redact(err.Error()))
	}
	return p
}

func (s *server) failPage(c echo.Context, p *problem) error {
	f := views.Failure{Status: p.status, Title: titles[p.status], RequestID: p.RequestID}
	switch d := p.Detail.(type) {
	case string:
		f.Text = d
	case []detail:
		f.Text = d[0].Msg
	}
	if f.Title == "" {
		f.Title = "That did not work"
	}
	return s.render(c, p.status, views.Failed(s.page(c, f.Title), f))
}

var titles = map[int]string{
	http.StatusBadRequest:            "That request cannot be read",
	http.StatusForbidden:             "That is not allowed",
	http.StatusNotFound:              "Nothing is here",
	http.StatusMethodNotAllowed:      "That cannot be done here",
	http.StatusRequestEntityTooLarge: "That is too much at once",
	http.StatusTooManyRequests:       "Slow down",
	http.StatusInternalServerError:   "Something broke",
	http.StatusServiceUnavailable:    "The database does not answer",
}

// validation gives huma's findings our shape.
func validation(c echo.Context, status int, found []error) *problem {
	if status != http.StatusUnprocessableEntity || len(found) == 0 {
		p := explainRoute(status)
		p.RequestID = requestID(c)
		return p
	}
	details := make([]detail, 0, len(found))
	for _, err := range found {
		where, text := "body", err.Error()
		var d *huma.ErrorDetail
		if errors.As(err, &d) {
			where, text = d.Location, d.Message
		}
		wrong := wrongAt(text, strings.Split(where, ".")...)
		if strings.HasPrefix(text, "required ") {
			wrong = missingAt(wrong.Loc...)
		}
		details = append(details, wrong)
	}
	p := invalidInput(details...)
	p.RequestID = requestID(c)
	return p
}

// problemsOf gives the inputs that an error is about, and whether it is about input at all.
func problemsOf(err error) (db.Problems, bool) {
	var problems db.Problems
	var one *db.Error
	switch {
	case errors.As(err, &problems):
		return problems, true
	case errors.As(err, &one) && one.Kind == db.Invalid:
		return db.Problems{one}, true
	}
	return nil, false
}

// inBody, inQuery and inHeader say where the inputs came from that the store found wrong, unless that is said already.
func inBody(err error) error   { return placed("body.", err) }
func inQuery(err error) error  { return placed("query.", err) }
func inHeader(err error) error { return placed("header.", err) }

func placed(where string, err error) error {
	problems, ok := problemsOf(err)
	if !ok {
		return err
	}
	there := make(db.Problems, len(problems))
	for i, p := range problems {
		moved := *p
		if root, _, _ := strings.Cut(p.Field, "."); root != "body" && root != "query" && root != "header" {
			moved.Field = where + p.Field
		}
		there[i] = &moved
	}
	return there
}
