package handlers

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"

	"github.com/labstack/echo/v4"
)

// bufferedAnswer is an answer that is written, but not sent yet: what follows from all of it can still be put into its headers.
type bufferedAnswer struct {
	http.ResponseWriter
	c      echo.Context
	status int
	body   *bytes.Buffer
}

// heldMax keeps one large answer from holding its memory for ever.
const heldMax = 1 << 20

var heldBodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// bufferAnswer keeps back what is answered from now on, until letGo.
func bufferAnswer(c echo.Context) *bufferedAnswer {
	h := &bufferedAnswer{ResponseWriter: c.Response().Writer, c: c, status: http.StatusOK, body: heldBodies.Get().(*bytes.Buffer)}
	h.body.Reset()
	c.Response().Writer = h
	return h
}

// WriteHeader, Write and Unwrap make it the writer of a response.
func (h *bufferedAnswer) WriteHeader(status int)         { h.status = status }
func (h *bufferedAnswer) Write(part []byte) (int, error) { return h.body.Write(part) }
func (h *bufferedAnswer) Unwrap() http.ResponseWriter    { return h.ResponseWriter }

// letGo gives the response its own writer back, and forgets what was held: send comes before.
func (h *bufferedAnswer) letGo() {
	r := h.c.Response()
	if r.Writer == http.ResponseWriter(h) { // nothing was sent, so an error may still be answered
		r.Writer, r.Committed, r.Status, r.Size = h.ResponseWriter, false, http.StatusOK, 0
	}
	if h.body.Cap() <= heldMax {
		heldBodies.Put(h.body)
	}
}

// send answers with a status and a body, which HEAD leaves out.
func (h *bufferedAnswer) send(status int, body []byte) {
	r := h.c.Response()
	r.Writer, r.Committed, r.Size = h.ResponseWriter, false, 0
	if status == http.StatusNotModified {
		body = nil
	} else {
		r.Header().Set(echo.HeaderContentLength, strconv.Itoa(len(body)))
	}
	r.WriteHeader(status)
	if h.c.Request().Method != http.MethodHead && len(body) > 0 {
		_, _ = r.Write(body) // who went away is not told
	}
}
