package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/views"
)

func (s *server) showLogin(c echo.Context) error {
	next := localPath(c.QueryParam("next"))
	if v, err := s.visitor(c); err != nil || v != nil {
		if err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, next)
	}
	if anybody, err := s.Store.HasUsers(c.Request().Context()); err != nil || !anybody {
		if err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/setup")
	}
	return s.render(c, http.StatusOK, views.Login(s.page(c, "Sign in"), views.Form{}, next))
}

func (s *server) signIn(c echo.Context) error {
	form, err := readForm(c, "email", "password", "next")
	if err != nil {
		return s.loginAgain(c, form, err)
	}
	if form["next"] == "" {
		if next := c.QueryParams()["next"]; len(next) == 1 {
			form["next"] = next[0]
		}
	}
	person, err := s.Store.SignIn(c.Request().Context(), form["email"], form["password"], s.sessions.client(c.Request()))
	if err != nil {
		return s.loginAgain(c, form, err)
	}
	if err := s.open(c, person); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, localPath(form["next"]))
}

// loginAgain shows the form with one sentence over it, whatever was wrong with e-mail or password.
func (s *server) loginAgain(c echo.Context, sent map[string]string, err error) error {
	p := explain(err)
	text, plain := p.Detail.(string)
	if !plain || !db.Unauthenticated.Is(err) && !db.TooMany.Is(err) {
		return err
	}
	if p.wait > 0 {
		c.Response().Header()["Retry-After"] = p.GetHeaders()["Retry-After"]
	}
	form := views.Form{Values: map[string]string{"email": strings.ToValidUTF8(db.Redact(sent["email"]), "\uFFFD")}, Whole: text}
	return s.render(c, p.status, views.Login(s.page(c, "Sign in"), form, localPath(sent["next"])))
}

func (s *server) signOut(c echo.Context) error {
	session, err := s.session(c)
	if err != nil {
		return err
	}
	session.Options.MaxAge = -1
	if err := session.Save(c.Request(), c.Response()); err != nil {
		return err
	}
	c.Response().Header().Set("Clear-Site-Data", `"cache"`)
	return c.Redirect(http.StatusSeeOther, "/login")
}
