package handlers

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/views"
)

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
