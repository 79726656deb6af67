package handlers

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/views"
)

const webhooksOnPage = 50

// managed lets a page through for a manager, and tells everybody else why there is nothing to see. The pages of managers
// are those of webhooks.
func (s *server) managed(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !me(c).Member.Manages() {
			return s.render(c, http.StatusForbidden, views.NoWebhooks(s.page(c, "Webhooks")))
		}
		return next(c)
	}
}

func (s *server) listWebhooks(c echo.Context) error {
	list, err := s.Store.Webhooks(c.Request().Context(), me(c).Principal, db.Page{Number: pageNumber(c), Size: webhooksOnPage})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.Webhooks(s.page(c, "Webhooks"), list))
}

func (s *server) newWebhook(c echo.Context) error {
	form := views.Form{Values: map[string]string{"events": strings.Join(db.Events.IDs(), " ")}}
	return s.render(c, http.StatusOK, views.NewWebhook(s.page(c, "Add a webhook"), form))
}

// sentWebhook is what the form of a webhook sends; events may be chosen several times over.
func sentWebhook(c echo.Context) (sent map[string]string, n db.NewWebhook, err error) {
	values, err := formValues(c)
	if err != nil {
		return nil, n, err
	}
	n.Events = append([]string{}, values["events"]...)
	sent, err = onlyFields(values, "name", "endpoint")
	if sent != nil {
		sent["events"] = strings.Join(n.Events, " ")
	}
	n.Name, n.Endpoint = sent["name"], sent["endpoint"]
	return sent, n, err
}

// createWebhook answers with the page that shows the signing secret.
func (s *server) createWebhook(c echo.Context) error {
	sent, n, err := sentWebhook(c)
	var w db.Webhook
	var secret string
	if err == nil {
		w, secret, err = s.Store.CreateWebhook(c.Request().Context(), me(c).Principal, n, s.CheckEndpoint)
	}
	if err != nil {
		form, err := again(sent, err)
		if err != nil {
			return err
		}
		return s.render(c, http.StatusUnprocessableEntity, views.NewWebhook(s.page(c, "Add a webhook"), form))
	}
	return s.render(c, http.StatusOK, views.ShownSecret(s.page(c, "The signing secret"), views.MadeSecret{Webhook: w, Secret: secret}))
}

func (s *server) editWebhook(c echo.Context) error {
	w, err := s.Store.Webhook(c.Request().Context(), me(c).Principal, pathID(c))
	if err != nil {
		return err
	}
	form := views.Form{Values: map[string]string{"name": w.Name, "endpoint": w.Endpoint, "events": strings.Join(w.Events, " ")}}
	return s.render(c, http.StatusOK, views.EditWebhook(s.page(c, "Edit "+w.Name), w, form))
}

func (s *server) updateWebhook(c echo.Context) error {
	w, err := s.Store.Webhook(c.Request().Context(), me(c).Principal, pathID(c))
	if err != nil {
		return err
	}
	sent, n, err := sentWebhook(c)
	if err == nil {
		_, err = s.Store.UpdateWebhook(c.Request().Context(), me(c).Principal, w.ID, db.WebhookChange{Name: &n.Name, Endpoint: &n.Endpoint, Events: &n.Events}, s.CheckEndpoint)
	}
	if err != nil {
		form, err := again(sent, err)
		if err != nil {
			return err
		}
		return s.render(c, http.StatusUnprocessableEntity, views.EditWebhook(s.page(c, "Edit "+w.Name), w, form))
	}
	return c.Redirect(http.StatusSeeOther, "/settings/webhooks/"+w.ID+"?done=changed")
}

func (s *server) askRotateWebhook(c echo.Context) error {
	w, err := s.Store.Webhook(c.Request().Context(), me(c).Principal, pathID(c))
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.RotateWebhook(s.page(c, "Rotate a secret"), w))
}

func (s *server) rotateWebhook(c echo.Context) error {
	w, secret, err := s.Store.RotateWebhook(c.Request().Context(), me(c).Principal, pathID(c))
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.ShownSecret(s.page(c, "The signing secret"), views.MadeSecret{Webhook: w, Secret: secret, Rotated: true}))
}

func (s *server) askDeleteWebhook(c echo.Context) error {
	w, err := s.Store.Webhook(c.Request().Context(), me(c).Principal, pathID(c))
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.DeleteWebhook(s.page(c, "Delete "+w.Name), w))
}

func (s *server) deleteWebhook(c echo.Context) error {
	if err := s.Store.DeleteWebhook(c.Request().Context(), me(c).Principal, pathID(c)); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/settings/webhooks")
}

func (s *server) showWebhook(c echo.Context) error {
	ctx, p := c.Request().Context(), me(c).Principal
	w, err := s.Store.Webhook(ctx, p, pathID(c))
	if err != nil {
		return err
	}
	h := views.Hook{Webhook: w, State: db.DeliveryState(c.QueryParam("state")), Done: c.QueryParam("done")}
	h.Replayed, _ = strconv.ParseInt(c.QueryParam("replayed"), 10, 32)
	for _, span := range replaySpans {
		h.Spans = append(h.Spans, span.Option)
	}
	page := db.Page{Number: pageNumber(c), Size: deliveriesOnPage}
	if h.Deliveries, err = s.Store.Deliveries(ctx, p, w.ID, h.State, page); db.Invalid.Is(err) { // nonsense asks for all
		h.State = ""
		h.Deliveries, err = s.Store.Deliveries(ctx, p, w.ID, h.State, page)
	}
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.Webhook(s.page(c, w.Name), h))
}

func (s *server) testWebhook(c echo.Context) error {
	if _, err := s.Store.TestWebhook(c.Request().Context(), me(c).Principal, pathID(c)); err != nil {
		return err
	}
	return done(c, "test")
}

func (s *server) enableWebhook(c echo.Context) error { return s.switchWebhook(c, true, "enabled") }

func (s *server) disableWebhook(c echo.Context) error { return s.switchWebhook(c, false, "disabled") }

func (s *server) switchWebhook(c echo.Context, on bool, what string) error {
	if _, err := s.Store.UpdateWebhook(c.Request().Context(), me(c).Principal, pathID(c), db.WebhookChange{Enabled: &on}, s.CheckEndpoint); err != nil {
		return err
	}
	return done(c, what)
}

// done goes back to the webhook's page, which says what was done.
func done(c echo.Context, what string) error {
	return c.Redirect(http.StatusSeeOther, "/settings/webhooks/"+pathID(c)+"?done="+what)
}

const deliveriesOnPage = 25
