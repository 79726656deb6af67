package handlers

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/static"
	"github.com/insighto/insighto/views"
)

// page gives what every page needs around its content. A database that does not answer leaves the visitor unknown.
func (s *server) page(c echo.Context, title string) views.Page {
	v, _ := c.Get(visitorInContext).(*db.Visitor)
	if v == nil {
		v, _ = s.visitor(c)
	}
	return views.Page{Title: title, Path: c.Request().URL.Path, Visitor: v, Now: s.Now()}
}

// render draws a page whole before the first byte is sent, so that an error can still become one. Also a page that says
// that time is up is drawn.
func (s *server) render(c echo.Context, status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(context.WithoutCancel(c.Request().Context()), &b); err != nil {
		return err
	}
	return c.HTMLBlob(status, b.Bytes())
}

// zoneCookie is where the pages' script leaves the zone of the visitor's clock. It decides where days begin, nothing else.
const zoneCookie = "zone"

// zoneOfVisitor is UTC until a script has told another.
func zoneOfVisitor(c echo.Context) *time.Location {
	cookie, err := c.Cookie(zoneCookie)
	if err != nil {
		return time.UTC
	}
	zone, _ := db.ZoneOf(cookie.Value)
	return zone
}

// pathID gives the id in the path, or the one not-found of its noun.
func pathID(c echo.Context) string {
	if id := c.Param("id"); db.IsID(id) {
		return id
	}
	return "00000000-0000-0000-0000-000000000000" // nobody's
}

func (s *server) serveStatic(c echo.Context) error {
	open := static.Open
	if strings.Contains(c.Request().Header.Get(echo.HeaderAcceptEncoding), "gzip") {
		open = static.OpenGzip
	}
	body, kind, ok := open(c.Param("file"))
	if !ok {
		return echo.ErrNotFound
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", echo.HeaderAcceptEncoding)
	if bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		h.Set(echo.HeaderContentEncoding, "gzip")
	}
	return c.Blob(http.StatusOK, kind, body)
}

func (s *server) serveIcon(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "public, max-age=86400")
	return c.Redirect(http.StatusFound, static.URL("favicon.svg"))
}

// alive tells that the program runs.
func (s *server) alive(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// ready tells that the database answers and its tables are up to date.
func (s *server) ready(c echo.Context) error {
	if err := s.Store.Migrated(c.Request().Context()); err != nil {
		p := s.logged(err, c)
		return c.String(http.StatusServiceUnavailable, p.Code+"\n")
	}
	return c.String(http.StatusOK, "ok\n")
}
