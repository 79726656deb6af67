package handlers

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/insighto/insighto/db"
)

const (
	bodyMax    = 1 << 20  // bytes of a request's body
	ingestMax  = 10 << 20 // bytes of a body that brings conversations
	addressMax = 16 << 10 // bytes of a request's path and query
	headersMax = 32 << 10 // bytes of all headers together

	parametersMax = 1000 // of a query; Go reads none of ten thousand
)

// policy lets a page load nothing from anywhere but this server, and nobody frame it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// everyRequest runs around all requests. It is one function, since Echo would build a chain of them anew for each request.
func (s *server) everyRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		s.asked.Store(start.UnixNano())
		if s.Metrics != nil {
			s.Metrics.inFlight.Inc()
			defer s.Metrics.answered(c, start)
		}
		s.setHeaders(c)
		if !isAPI(c) { // which asks once or twice, and exports for minutes
			ctx, cancel := context.WithTimeout(c.Request().Context(), pageTimeout)
			defer cancel()
			c.SetRequest(c.Request().WithContext(ctx))
		}
		if err := s.answer(c, next); err != nil {
			c.Error(err)
		}
		s.logRequest(c, start)
		if c.Get(cutOff) != nil {
			panic(http.ErrAbortHandler)
		}
		return nil
	}
}

// answer has a request answered when it can be read. A panic becomes an error; what is logged of it holds no key.
func (s *server) answer(c echo.Context, next echo.HandlerFunc) (err error) {
	defer func() {
		if r := recover(); r != nil {
			if r == http.ErrAbortHandler {
				panic(r)
			}
			err = fmt.Errorf("panic: %s\n%s", db.Redact(fmt.Sprint(r)), db.Redact(string(debug.Stack())))
		}
	}()
	if err := readable(c); err != nil {
		return err
	}
	return next(c)
}

// pageTimeout is how long a page may wait for the database in all, so that it says 503 within three seconds even where
// it asks several times and hashes a password in between.
const pageTimeout = 2200 * time.Millisecond

func requestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// isAPI goes by the address: no route has matched when one is wrong.
func isAPI(c echo.Context) bool { return strings.HasPrefix(c.Request().URL.Path, "/api/") }

func isHTMX(c echo.Context) bool { return c.Request().Header.Get("HX-Request") == "true" }

// logRequest writes one line for a request that is answered: its path, never its query.
func (s *server) logRequest(c echo.Context, start time.Time) {
	r, log := c.Request(), s.Log.Handler()
	if !log.Enabled(r.Context(), slog.LevelInfo) {
		return
	}
	line := slog.NewRecord(time.Now(), slog.LevelInfo, "request", 0) // Logger would look up its caller, for a fifth of the cost
	line.AddAttrs(slog.String("request_id", requestID(c)), slog.String("method", redacted(r.Method)), slog.String("path", redacted(r.URL.Path)),
		slog.Int("status", c.Response().Status), slog.Int64("bytes", c.Response().Size),
		slog.Duration("took", line.Time.Sub(start)), slog.String("address", c.RealIP()))
	_ = log.Handle(r.Context(), line)
}

// cutOff is set on a request whose answer broke off after its first byte. Its connection is cut, once all is recorded,
// since an answer that ended there would look complete.
const cutOff = "cut off"

// redacted is what a stranger wrote without any key in it, percent-encoded or not.
func redacted(text string) string {
	if !strings.Contains(text, "%") {
		return db.Redact(text)
	}
	if text = db.Redact(text); holdsKey(text) {
		return "[redacted]"
	}
	return text
}

// holdsKey tells whether a key can be read from a text, even one that was percent-encoded twice.
func holdsKey(text string) bool {
	for range 3 {
		if db.Redact(text) != text {
			return true
		}
		text = unescaped(text)
	}
	return false
}

var escape = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// unescaped undoes percent-encoding where there is any; url.PathUnescape gives up at the first stray percent sign.
func unescaped(text string) string {
	return escape.ReplaceAllStringFunc(text, func(code string) string {
		b, _ := hex.DecodeString(code[1:])
		return string(b)
	})
}

// The headers of all answers of a kind, errors too. Their values are shared between answers: replace one, never add to it.
var (
	// An API answer is no document. It has as few headers as protect it (OWASP REST Security Cheat Sheet): with the id, the
	// type and the limits they are eight, and a ninth would make Go move its map of them elsewhere.
	forAPI = []sentHeader{
		{"Content-Security-Policy", []string{"default-src 'none'; frame-ancestors 'none'"}},
		{"X-Content-Type-Options", []string{"nosniff"}},
		{"Referrer-Policy", []string{"no-referrer"}}, // the address carries the key
		{"Cache-Control", []string{"private, no-store"}},
	}
	forPages = []sentHeader{
		{"Content-Security-Policy", []string{policy}},
		{"X-Content-Type-Options", []string{"nosniff"}},
		{"X-Frame-Options", []string{"DENY"}},
		{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
		{"Referrer-Policy", []string{"same-origin"}}, // no-referrer would make browsers send Origin: null with our own forms
		{"Cache-Control", []string{"no-store"}},
	}
	onHTTPS = []sentHeader{ // browsers heed these nowhere else
		{"Strict-Transport-Security", []string{"max-age=31536000"}},
		{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
	}
)

type sentHeader struct {
	name   string
	values []string
}

// setHeaders gives the answer its headers and an id of ours; a client's own could carry anything into the log.
func (s *server) setHeaders(c echo.Context) {
	kind := forPages
	if isAPI(c) {
		kind = forAPI
	}
	all := c.Response().Header()
	for _, h := range kind {
		all[h.name] = h.values
	}
	if s.base.Scheme == "https" {
		for _, h := range onHTTPS {
			all[h.name] = h.values
		}
	}
	all[echo.HeaderXRequestID] = []string{db.NewID()}
}

// readable refuses a request that is too large or whose query Go would silently misread, before anything acts on it.
func readable(c echo.Context) error {
	r := c.Request()
	if len(r.TransferEncoding) > 0 {
		// Go hides whether a Content-Length came along, which a proxy may have gone by: what follows on this
		// connection is not to be trusted (RFC 9112 section 6.3).
		c.Response().Header().Set("Connection", "close")
	}
	if len(r.RequestURI) > addressMax {
		return &refusal{status: http.StatusBadRequest, code: "bad_request", text: "The address is longer than 16 KB. Ask for less at once."}
	}
	size := 0
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(value) + 4
		}
	}
	if size > headersMax {
		return &refusal{status: http.StatusRequestHeaderFieldsTooLarge, code: "bad_request", text: "The headers are larger than 32 KB."}
	}
	if !isAPI(c) { // an endpoint has its own limit; see requireKey
		r.Body = http.MaxBytesReader(c.Response(), r.Body, bodyMax)
	}
	return checkQuery(r.URL.RawQuery, c.QueryParams())
}

// checkQuery refuses pairs that Go would drop, which are those with a broken escape or a semicolon or among very many, and
// values that are no text. values is what Go made of raw.
func checkQuery(raw string, values url.Values) error {
	if strings.Count(raw, "&") >= parametersMax {
		return &refusal{status: http.StatusBadRequest, code: "bad_request", text: "The address has more than 1,000 parameters. Ask for less at once."}
	}
	if _, err := url.QueryUnescape(raw); err != nil || strings.Contains(raw, ";") {
		return &refusal{status: http.StatusBadRequest, code: "bad_request", text: "The query of the address cannot be read. Percent-encode what is not a letter or digit, and separate parameters with &."}
	}
	for name, list := range values {
		if name == "api_key" { // whatever is no key answers 401 key_malformed
			continue
		}
		for _, value := range list {
			if !utf8.ValidString(value) || strings.ContainsRune(value, 0) || !utf8.ValidString(name) {
				return invalidInput(wrongAt("That holds bytes that are no UTF-8 text.", "query", redacted(strings.ToValidUTF8(name, "\uFFFD"))))
			}
		}
	}
	return nil
}

// sameOrigin refuses requests that change something and come from another site (OWASP Cross-Site Request Forgery
// Prevention, Fetch Metadata). With a session in hand, a request has to say where it comes from.
func (s *server) sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	protection := http.NewCrossOriginProtection()
	return func(c echo.Context) error {
		r := c.Request()
		safe := r.Method == http.MethodGet || r.Method == http.MethodHead
		_, err := r.Cookie(s.sessions.cookieName())
		silent := err == nil && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == ""
		if protection.Check(r) != nil || !safe && silent {
			return &refusal{status: http.StatusForbidden, code: "cross_origin", text: "This came from another site, so nothing was done. Open the page here and try again. (A script sends an Origin header with this server's address.)"}
		}
		return next(c)
	}
}

// compressed sends pages smaller, but never the one that holds a key (BREACH).
var compressed = middleware.GzipWithConfig(middleware.GzipConfig{
	Level:     5,
	MinLength: 1024,
	Skipper: func(c echo.Context) bool {
		return c.Request().Method == http.MethodPost || strings.HasPrefix(c.Request().URL.Path, "/static/")
	},
})

func ipNet(prefix netip.Prefix) *net.IPNet {
	prefix = prefix.Masked()
	return &net.IPNet{IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen())}
}
