package handlers_test

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers/handlertest"
	"github.com/insighto/insighto/handlers/limit"
)

const (
	passphrase = handlertest.Passphrase
	agent      = handlertest.UserAgent
)

// world is a server with Ada in it, and what tests of several files do with one. Copied, it may get another server.
type world struct {
	handlertest.World
	cookie string         // of a session that was opened before a measurement
	limits *limit.Limiter // nil without any
}

// eachWorld runs f in a fresh world on every engine.
func eachWorld(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, store *db.Store) { f(t, newWorld(t, store)) })
}

// eachWorldAt is eachWorld on a clock that the test moves.
func eachWorldAt(t *testing.T, f func(t *testing.T, w *world, clock *dbtest.Clock)) {
	t.Helper()
	dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) { f(t, newWorld(t, store), clock) })
}

func newWorld(t testing.TB, store *db.Store) *world {
	t.Helper()
	return &world{World: *handlertest.New(t, store)}
}

// emptyWorld has nobody in it.
func emptyWorld(t testing.TB, store *db.Store) *world {
	t.Helper()
	return &world{World: *handlertest.Empty(t, store)}
}

// decode reads a JSON answer.
func decode(t testing.TB, rec *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
		t.Fatalf("no JSON: %v in %s", err, rec.Body)
	}
	return v
}
