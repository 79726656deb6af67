package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/views"
)

func (s *server) listMembers(c echo.Context) error {
	p := me(c).Principal
	list, err := s.Store.Members(c.Request().Context(), p, db.Page{Number: pageNumber(c), Size: rowsOnPage})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.Team(s.page(c, "Team"), list, p.Member.Manages()))
}
