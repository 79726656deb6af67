package handlers

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/views"
)

// askedFor gives the fields of a form that was sent in the address; those that are not there are as usual.
func askedFor(c echo.Context, usual map[string]string) map[string]string {
	for field := range usual {
		if given := c.QueryParams()[field]; len(given) > 0 {
			usual[field] = strings.TrimSpace(given[0])
		}
	}
	return usual
}

// pageByCursor asks for the page of a list at the address's cursor, and tells where newer and older rows are. One row more is
// asked for, to know whether there are any. A cursor that is none begins with the newest.
func pageByCursor[T any](c echo.Context, form views.Form, place func(T) db.Cursor, ask func(after, before db.Cursor, page db.Page) (db.List[T], error)) (db.List[T], views.CursorLinks, error) {
	after, _ := db.ParseCursor(c.QueryParam("after"))
	before, _ := db.ParseCursor(c.QueryParam("before"))
	if !after.IsZero() {
		before = db.Cursor{}
	}
	page := db.Page{Number: 1, Size: rowsOnPage + 1}
	list, err := ask(after, before, page)
	if err == nil && !before.IsZero() && len(list.Items) <= rowsOnPage {
		before = db.Cursor{} // what is left is the newest: that page is shown whole
		list, err = ask(after, before, page)
	}
	newer, older := !after.IsZero() || !before.IsZero(), len(list.Items) > rowsOnPage
	switch {
	case older && !before.IsZero():
		list.Items = list.Items[1:]
	case older:
		list.Items = list.Items[:rowsOnPage]
	}
	list.Page.Size = rowsOnPage
	w := views.CursorLinks{Start: pageURL(c, form, "", db.Cursor{})}
	if n := len(list.Items); n > 0 && newer {
		w.Newer = pageURL(c, form, "before", place(list.Items[0]))
	}
	if n := len(list.Items); n > 0 && older {
		w.Older = pageURL(c, form, "after", place(list.Items[n-1]))
	}
	return list, w, err
}

// pageURL is this page's address with what the form asks, at a cursor.
func pageURL(c echo.Context, form views.Form, where string, place db.Cursor) string {
	query := url.Values{}
	for field, value := range form.Values {
		if _, given := c.QueryParams()[field]; given {
			query.Set(field, value)
		}
	}
	if where != "" {
		query.Set(where, place.String())
	}
	if len(query) == 0 {
		return c.Request().URL.Path
	}
	return c.Request().URL.Path + "?" + query.Encode()
}

// pageNumber reads ?page= of a list page; nonsense is the first page.
func pageNumber(c echo.Context) int64 {
	if n, err := strconv.ParseInt(c.QueryParam("page"), 10, 64); err == nil && n > 0 {
		return n
	}
	return 1
}

const (
	rowsOnPage     = 50
	messagesOnPage = 100
	daysShown      = 30 // when nobody asks for others, today included
)
