package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/views"
)

func (s *server) showOverview(c echo.Context) error {
	facts, err := s.Store.Facts(c.Request().Context(), me(c).Principal)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.Overview(s.page(c, "Overview"), facts, s.BaseURL))
}

func (s *server) showSettings(c echo.Context) error {
	return c.Redirect(http.StatusSeeOther, "/settings/api-keys")
}
