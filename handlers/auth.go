package handlers

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/limit"
)

// call is an API request that was let in: who makes it, and its own context.
type call struct {
	db.Principal
	about    *db.Caller // for an endpoint that is introspected
	c        echo.Context
	claim    *claim // with an Idempotency-Key; see once
	standing limit.Standing
}

type callKey struct{}

// callOf gives the call; requireKey has put it there.
func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

// requireKey lets a request in whose key is live and whose role opens the scope, and has it counted. It is written by hand:
// the key is read in one place only, once, exactly as it was sent.
func (s *server) requireKey(scope db.Scope, introspects bool) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		start, c := time.Now(), humaecho.Unwrap(ctx)
		if r := c.Request(); r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(c.Response(), r.Body, cmp.Or(ctx.Operation().MaxBodyBytes, bodyMax))
		}
		made := &call{c: c}
		err := s.admit(made, scope, introspects)
		if made.Actor() == db.ActorKey && s.Usage != nil {
			defer s.count(ctx, made.Principal, start, err == nil)
		}
		if err != nil {
			s.fail(err, c)
			return
		}
		err = onlyOnce(ctx, c)
		if body := ctx.Operation().RequestBody; err == nil && body != nil {
			err = readBody(c, body.Required)
		}
		if err != nil {
			s.fail(err, c)
		} else {
			next(huma.WithValue(ctx, callKey{}, made))
		}
	}
}

// count counts a request of a key that is answered, or about to be because it panicked.
func (s *server) count(ctx huma.Context, p db.Principal, start time.Time, letIn bool) {
	c := humaecho.Unwrap(ctx)
	status := c.Response().Status
	if !c.Response().Committed {
		status = http.StatusInternalServerError
	}
	s.Usage.Count(p, db.Request{
		ID: requestID(c), At: s.Now().UTC(), Method: ctx.Method(), Route: ctx.Operation().Path, Status: status, Took: time.Since(start),
		Bytes: c.Response().Size, Address: c.RealIP(), UserAgent: redacted(c.Request().UserAgent()),
	}, letIn)
}

// admit finds out who makes the call and what they may still do, or why it is not let in; then the call tells whose key it
// was, if it was anybody's.
func (s *server) admit(made *call, scope db.Scope, introspects bool) error {
	if err := s.authenticate(made, introspects); err != nil {
		return err
	}
	if err := s.takeFromLimits(made); err != nil {
		return err
	}
	if !made.Role.Opens(scope) {
		return &refusal{status: http.StatusForbidden, code: "role_forbids",
			text:  "This key's role, " + made.Role.Label + ", does not open this. Create a key with a role that has " + string(scope) + " under Settings → API Keys.",
			extra: map[string]string{"required_scope": string(scope), "key_role": made.Role.ID}}
	}
	return nil
}

// authenticate finds who the key in the address belongs to. One that is somebody's and stopped working is no guess, and is
// told so each time.
func (s *server) authenticate(made *call, introspects bool) error {
	given := made.c.QueryParams()["api_key"]
	if len(given) > 1 {
		return &refusal{status: http.StatusBadRequest, code: "key_repeated", text: "The address has more than one api_key. Send one."}
	}
	if len(given) == 0 || given[0] == "" {
		return missingKey(made.c.Request())
	}
	err := s.lookUp(made, introspects, given[0])
	if db.Unauthenticated.Is(err) && made.Actor() != db.ActorKey {
		if tooMany := s.wrong.count(made.c.RealIP()); tooMany != nil {
			return tooMany
		}
	}
	return err
}

// lookUp asks the store who holds a key, and what it is called where that is asked for.
func (s *server) lookUp(made *call, introspects bool, secret string) (err error) {
	ctx := made.c.Request().Context()
	if !introspects {
		made.Principal, err = s.Store.Authenticate(ctx, secret)
		return err
	}
	caller, err := s.Store.Introspect(ctx, secret)
	made.Principal, made.about = caller.Principal, &caller
	return err
}

// missingKey says what a request without api_key lacks, and helps the one that sends its key in the wrong place.
func missingKey(r *http.Request) error {
	if keyElsewhere(r) {
		return &db.Error{Kind: db.Unauthenticated, Code: "key_in_header", Text: "The key goes into the address, as ?api_key=in-…, not into a header, a cookie or the body."}
	}
	return &db.Error{Kind: db.Unauthenticated, Code: "key_missing", Text: "This needs a key: add ?api_key=in-… to the address. Create one under Settings → API Keys."}
}

func keyElsewhere(r *http.Request) bool {
	if r.Header.Get("Authorization") != "" || r.Header.Get("X-API-Key") != "" {
		return true
	}
	for _, cookie := range r.Cookies() {
		if cookie.Name == "api_key" || db.Redact(cookie.Value) != cookie.Value {
			return true
		}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	return err == nil && (bytes.Contains(body, []byte(`"api_key"`)) || db.Redact(string(body)) != string(body))
}

// onlyOnce refuses a documented parameter that is given twice: which one is meant is anybody's guess.
func onlyOnce(ctx huma.Context, c echo.Context) error {
	query := c.QueryParams()
	for _, p := range ctx.Operation().Parameters {
		if p.In == "query" && len(query[p.Name]) > 1 {
			return invalidInput(wrongAt("Given more than once. Send it once.", "query", p.Name))
		}
	}
	return nil
}
