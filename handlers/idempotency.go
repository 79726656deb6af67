package handlers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
)

// idempotencyKeyMax is how many characters an Idempotency-Key may have.
const idempotencyKeyMax = 255

// claim is a call with an Idempotency-Key, and the answer that is kept for it.
type claim struct {
	db.Repeat
	kept   bool
	answer db.Answer
}

// once makes an endpoint of a change that a client may repeat without fear: with an Idempotency-Key the change and its
// answer are kept in one transaction, so do gets a server whose store is that transaction.
func once[I, T any](do func(*server, context.Context, db.Principal, *I) (*T, error)) serve {
	return serve{repeats: isOnce, hang: func(s *server, api huma.API, op huma.Operation) {
		length, most := 1, idempotencyKeyMax
		op.Parameters = append(slices.Clip(op.Parameters), &huma.Param{
			Name: "Idempotency-Key", In: "header",
			Description: "Any text of your own, new for each change. For 24 hours the same request with it gets the first answer again, and changes nothing.",
			Schema:      &huma.Schema{Type: huma.TypeString, MinLength: &length, MaxLength: &most, Pattern: "^[!-~]+$"},
		})
		op.Middlewares = append(slices.Clip(op.Middlewares), s.repeatable)
		register(s, api, op, do)
	}}
}

// repeatable gives a repeated request the answer of the first, and keeps what the client did wrong; see once for what
// it did right. What is refused before the body is understood, and what failed on our side, is not kept.
func (s *server) repeatable(ctx huma.Context, next func(huma.Context)) {
	made := callOf(ctx.Context())
	keys := made.c.Request().Header.Values("Idempotency-Key")
	if len(keys) == 0 {
		next(ctx)
		return
	}
	if err := s.repeat(ctx, made, keys, next); err != nil {
		s.fail(err, made.c)
	}
}

func (s *server) repeat(ctx huma.Context, made *call, keys []string, next func(huma.Context)) error {
	if len(keys) > 1 || !visible(keys[0]) {
		return invalidInput(wrongAt("Give one key of 1 to 255 visible ASCII characters.", "header", "Idempotency-Key"))
	}
	asked, err := digestOf(made.c)
	if err != nil {
		return err
	}
	made.claim = &claim{Repeat: db.Repeat{Key: keys[0], Asked: asked}}
	kept, found, err := s.Store.KeptAnswer(ctx.Context(), made.Principal, made.claim.Repeat)
	if err != nil {
		return inHeader(err)
	}
	h := bufferAnswer(made.c)
	defer h.letGo()
	if !found {
		next(ctx)
		kept = db.Answer{Status: h.status, Body: h.body.String()}
		switch {
		case made.claim.kept:
			kept = made.claim.answer
		case h.status >= 400 && h.status < 500 && h.status != http.StatusTooManyRequests:
			if kept, err = s.Store.Once(ctx.Context(), made.Principal, made.claim.Repeat, func(*db.Store) (db.Answer, error) { return kept, nil }); err != nil {
				return inHeader(err)
			}
		}
	}
	made.c.Response().Header().Set(echo.HeaderContentType, echo.MIMEApplicationJSON)
	h.send(kept.Status, []byte(kept.Body))
	return nil
}

func visible(key string) bool {
	for i := range len(key) {
		if key[i] < '!' || key[i] > '~' {
			return false
		}
	}
	return key != "" && len(key) <= idempotencyKeyMax
}

// digestOf is the same for the same request, whichever of the person's keys it carries. It puts the body back.
func digestOf(c echo.Context) ([]byte, error) {
	r := c.Request()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	query := r.URL.Query()
	query.Del("api_key")
	hash := sha256.New()
	for _, part := range [][]byte{[]byte(r.Method), []byte(r.URL.Path), []byte(query.Encode()), body} {
		_ = binary.Write(hash, binary.BigEndian, int64(len(part))) // a hash takes everything
		hash.Write(part)
	}
	return hash.Sum(nil), nil
}

// keptOnce does the work of a claimed call together with keeping its answer. What is wrong without the work having failed
// is wrong with the claim.
func (s *server) keptOnce(ctx context.Context, made *call, work func(*server) (any, error)) error {
	var body bytes.Buffer
	var failed, err error
	made.claim.answer, err = s.Store.Once(ctx, made.Principal, made.claim.Repeat, func(tx *db.Store) (db.Answer, error) {
		inside := *s
		inside.Store = tx
		var out any
		if out, failed = work(&inside); failed == nil {
			failed = huma.DefaultJSONFormat.Marshal(&body, out)
		}
		return db.Answer{Status: http.StatusOK, Body: body.String()}, failed
	})
	made.claim.kept = err == nil
	if failed == nil {
		err = inHeader(err)
	}
	return err
}
