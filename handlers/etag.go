package handlers

import (
	"context"
	"fmt"
	"hash/crc32"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
)

// read makes an endpoint of a question, whose answer a client may hold and ask again whether it still stands.
func read[I, T any](do func(context.Context, db.Principal, *I) (*T, error)) serve {
	return serve{repeats: isRead, hang: func(s *server, api huma.API, op huma.Operation) {
		op.Parameters = append(slices.Clip(op.Parameters), &huma.Param{
			Name: "If-None-Match", In: "header", Description: "The ETag of an answer in hand; 304 when it still stands.", Schema: &huma.Schema{Type: huma.TypeString},
		})
		op.Responses = map[string]*huma.Response{"304": {Description: "What the client holds still stands."}}
		op.Middlewares = append(slices.Clip(op.Middlewares), s.tagged)
		register(s, api, op, bound(do))
	}}
}

// tagged gives an answer an ETag, and a client that holds it already a 304 without a body, which does not count.
func (s *server) tagged(ctx huma.Context, next func(huma.Context)) {
	c := humaecho.Unwrap(ctx)
	h := bufferAnswer(c)
	defer h.letGo()
	next(ctx)
	body := h.body.Bytes()
	if h.status != http.StatusOK {
		h.send(h.status, body)
		return
	}
	tag := etag(body)
	header := c.Response().Header()
	header.Set("ETag", tag)
	header.Set(echo.HeaderCacheControl, "private, no-cache")
	if matches(c.Request().Header.Values("If-None-Match"), tag) {
		header.Del(echo.HeaderContentType)
		if made := callOf(ctx.Context()); s.Limits != nil {
			s.setLimitHeaders(header, s.Limits.GiveBack(made.Principal, made.standing))
		}
		h.send(http.StatusNotModified, nil)
		return
	}
	h.send(http.StatusOK, body)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// etag is the length and two checksums of a body, the same on every copy of the program. Processors have instructions for
// both, so that together they cost a third of SHA-256; their polynomials share no factor, so that they are as good as one of 64
// bits. It guards against chance: whoever could make two bodies alike only deceives readers of the own team.
func etag(body []byte) string {
	return fmt.Sprintf(`"%x-%08x%08x"`, len(body), crc32.ChecksumIEEE(body), crc32.Checksum(body, castagnoli))
}

// matches tells whether If-None-Match names the tag, by weak comparison (RFC 9110 sections 8.8.3.2 and 13.1.2).
func matches(lines []string, tag string) bool {
	for _, line := range lines {
		if strings.TrimSpace(line) == "*" {
			return true
		}
		for {
			_, from, opened := strings.Cut(line, `"`)
			name, rest, closed := strings.Cut(from, `"`)
			if !opened || !closed {
				break
			}
			if `"`+name+`"` == tag {
				return true
			}
			line = rest
		}
	}
	return false
}
