package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/views"
)

func (s *server) showProfile(c echo.Context) error {
	form := filled(map[string]string{"name": me(c).User.Name})
	return s.render(c, http.StatusOK, views.Profile(s.page(c, "Profile"), form, c.QueryParam("changed") == "name"))
}

func (s *server) changeProfile(c echo.Context) error {
	sent, err := readForm(c, "name")
	if err == nil {
		err = s.Store.RenameUser(c.Request().Context(), me(c).Principal, sent["name"])
	}
	if err != nil {
		form, err := again(sent, err)
		if err != nil {
			return err
		}
		return s.render(c, http.StatusUnprocessableEntity, views.Profile(s.page(c, "Profile"), form, false))
	}
	return c.Redirect(http.StatusSeeOther, "/settings/profile?changed=name")
}
