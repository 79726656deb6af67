package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/views"
)

func (s *server) showDocs(c echo.Context) error {
	d := views.Docs{BaseURL: s.BaseURL}
	for _, r := range s.endpoints() {
		e := views.Endpoint{Method: r.method, Path: r.path, Scope: r.scope, Summary: r.summary}
		d.Endpoints = append(d.Endpoints, e)
		if r.method == http.MethodPost && r.serve.repeats == isAnew {
			d.Anew = append(d.Anew, e)
		}
	}
	for _, known := range codes {
		d.Codes = append(d.Codes, views.Code{Status: known.status, Name: known.name, Words: known.words})
	}
	return s.render(c, http.StatusOK, views.APIDocs(s.page(c, "API docs"), d))
}
