package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/views"
)

func (s *server) showSecurity(c echo.Context) error {
	return s.security(c, http.StatusOK, views.Form{}, c.QueryParam("changed") == "password")
}

func (s *server) security(c echo.Context, status int, form views.Form, changed bool) error {
	sessions, err := s.Store.Sessions(c.Request().Context(), me(c).Principal)
	if err != nil {
		return err
	}
	return s.render(c, status, views.Security(s.page(c, "Security"), sessions, form, changed))
}

// changePassword ends every session of the person and opens a new one here.
func (s *server) changePassword(c echo.Context) error {
	sent, err := readForm(c, "current", "password")
	if err == nil {
		err = s.Store.ChangePassword(c.Request().Context(), me(c).Principal, sent["current"], sent["password"])
	}
	if err != nil {
		form, err := again(sent, err, "current", "password")
		if err != nil {
			return err
		}
		return s.security(c, http.StatusUnprocessableEntity, form, false)
	}
	if err := s.open(c, db.Principal{TeamID: me(c).TeamID, UserID: me(c).UserID}); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/settings/security?changed=password")
}

func (s *server) endSession(c echo.Context) error {
	if err := s.Store.EndSession(c.Request().Context(), me(c).Principal, pathID(c)); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/settings/security")
}
