package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/views"
)

func (s *server) showSetup(c echo.Context) error {
	if anybody, err := s.Store.HasUsers(c.Request().Context()); err != nil || anybody {
		if err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/login")
	}
	return s.render(c, http.StatusOK, views.Setup(s.page(c, "Set up Insighto"), views.Form{}))
}

func (s *server) setUp(c echo.Context) error {
	ctx := c.Request().Context()
	if err := s.Store.MaySetUp(ctx, s.sessions.client(c.Request())); err != nil {
		return err
	}
	sent, err := readForm(c, "code", "team", "name", "email", "password")
	if err != nil {
		return s.setupAgain(c, sent, err)
	}
	user, team, err := s.Store.SetUp(ctx, sent["code"], db.NewUser{Email: sent["email"], Name: sent["name"], Team: sent["team"], Password: sent["password"]})
	if err != nil {
		return s.setupAgain(c, sent, err)
	}
	if err := s.open(c, db.Principal{TeamID: team.ID, UserID: user.ID}); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/settings/api-keys")
}

func (s *server) setupAgain(c echo.Context, sent map[string]string, err error) error {
	form, err := again(sent, err, "password")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusUnprocessableEntity, views.Setup(s.page(c, "Set up Insighto"), form))
}
