package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/views"
)

const deliveriesOnPage = 25

func (s *server) showWebhook(c echo.Context) error {
	ctx, p := c.Request().Context(), me(c).Principal
	w, err := s.Store.Webhook(ctx, p, pathID(c))
	if err != nil {
		return err
	}
	h := views.Hook{Webhook: w, State: db.DeliveryState(c.QueryParam("state")), Done: c.QueryParam("done")}
	h.Replayed, _ = strconv.ParseInt(c.QueryParam("replayed"), 10, 32)
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

// done goes back to the webhook's page, which says what was done.
func done(c echo.Context, what string) error {
	return c.Redirect(http.StatusSeeOther, "/settings/webhooks/"+pathID(c)+"?done="+what)
}

func (s *server) testWebhook(c echo.Context) error {
	if _, err := s.Store.TestWebhook(c.Request().Context(), me(c).Principal, pathID(c)); err != nil {
		return err
	}
	return done(c, "test")
}

func (s *server) enableWebhook(c echo.Context) error  { return s.switchWebhook(c, true, "enabled") }
func (s *server) disableWebhook(c echo.Context) error { return s.switchWebhook(c, false, "disabled") }

func (s *server) switchWebhook(c echo.Context, on bool, what string) error {
	if _, err := s.Store.UpdateWebhook(c.Request().Context(), me(c).Principal, pathID(c), db.WebhookChange{Enabled: &on}, s.CheckEndpoint); err != nil {
		return err
	}
	return done(c, what)
}

// replayDelivery sends one again, with the id it had.
func (s *server) replayDelivery(c echo.Context) error {
	event := c.Param("event")
	if !db.IsID(event) {
		event = ""
	}
	if err := s.Store.Replay(c.Request().Context(), me(c).Principal, pathID(c), event); err != nil {
		return err
	}
	return done(c, "replayed&replayed=1")
}

// replayFailed sends all again that failed within a span; nonsense is the shortest one.
func (s *server) replayFailed(c echo.Context) error {
	sent, err := readForm(c, "since")
	if err != nil {
		return err
	}
	span := views.Spans[0]
	for _, known := range views.Spans {
		if known.ID == sent["since"] {
			span = known
		}
	}
	n, err := s.Store.ReplayFailed(c.Request().Context(), me(c).Principal, pathID(c), s.Now().Add(-span.Long))
	if err != nil {
		return err
	}
	return done(c, "replayed&replayed="+strconv.FormatInt(n, 10))
}
