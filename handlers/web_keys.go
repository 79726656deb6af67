package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/views"
)

const keysOnPage = 50

func (s *server) listKeys(c echo.Context) error {
	list, err := s.Store.Keys(c.Request().Context(), me(c).Principal, db.Page{Number: pageNumber(c), Size: keysOnPage})
	if err != nil {
		return err
	}
	weeks, err := s.Store.Weeks(c.Request().Context(), me(c).Principal, list.Items)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.Keys(s.page(c, "API Keys"), list, weeks))
}

func (s *server) newKey(c echo.Context) error {
	return s.render(c, http.StatusOK, views.NewKey(s.page(c, "Create an API key"), views.Form{}))
}

// createKey answers with the one page that shows the key.
func (s *server) createKey(c echo.Context) error {
	sent, err := readForm(c, "name", "role", "description")
	if err != nil {
		return s.newKeyAgain(c, sent, err)
	}
	key, secret, err := s.Store.CreateKey(c.Request().Context(), me(c).Principal, db.NewKey{Name: sent["name"], Role: sent["role"], Description: sent["description"]})
	if err != nil {
		return s.newKeyAgain(c, sent, err)
	}
	made := views.Made{Key: key, Secret: secret, Curl: s.curl(key.Role, secret), Env: "INSIGHTO_URL=" + s.BaseURL + "\nINSIGHTO_API_KEY=" + secret + "\n"}
	return s.render(c, http.StatusOK, views.MadeKey(s.page(c, "Your new API key"), made))
}

func (s *server) newKeyAgain(c echo.Context, sent map[string]string, err error) error {
	form, err := again(sent, err)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusUnprocessableEntity, views.NewKey(s.page(c, "Create an API key"), form))
}

// curl gives a call that a role may make, to try the key at once.
func (s *server) curl(role db.Role, secret string) string {
	call := "/api/v1/key?"
	switch {
	case role.Opens(db.ConversationsRead):
		now := s.Now().UTC()
		call = "/api/v1/conversation?date_from=" + now.AddDate(0, -1, 0).Format(time.DateOnly) + "&date_to=" + now.Format(time.DateOnly) + "&size=2&"
	case role.Opens(db.ContactsRead):
		call = "/api/v1/contact?size=2&"
	}
	return "curl '" + s.BaseURL + call + "api_key=" + secret + "'"
}

func (s *server) askRevoke(c echo.Context) error {
	key, err := s.Store.Key(c.Request().Context(), me(c).Principal, pathID(c))
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.RevokeKey(s.page(c, "Revoke "+key.Name), key))
}

func (s *server) askDelete(c echo.Context) error {
	key, err := s.Store.Key(c.Request().Context(), me(c).Principal, pathID(c))
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.DeleteKey(s.page(c, "Delete "+key.Name), key))
}

func (s *server) revokeKey(c echo.Context) error {
	if _, err := s.Store.RevokeKey(c.Request().Context(), me(c).Principal, pathID(c)); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/settings/api-keys")
}

func (s *server) deleteKey(c echo.Context) error {
	if err := s.Store.DeleteKey(c.Request().Context(), me(c).Principal, pathID(c)); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/settings/api-keys")
}

// showKey shows a key and what it did lately.
func (s *server) showKey(c echo.Context) error {
	ctx, p, id := c.Request().Context(), me(c).Principal, pathID(c)
	key, err := s.Store.Key(ctx, p, id)
	if err != nil {
		return err
	}
	did, q := s.keyUsageShown(c)
	if did.Bars, did.Routes, err = s.Store.KeyUsage(ctx, p, id, q); err != nil {
		return err
	}
	if did.Requests, err = s.Store.KeyRequests(ctx, p, id, q.From, logShown); err != nil {
		return err
	}
	did.Addresses = addressesOf(did.Requests)
	return s.render(c, http.StatusOK, views.Key(s.page(c, key.Name), key, did))
}
