package handlers

import (
	"strconv"
	"time"

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

// replaySpans are how far back failed deliveries can be sent again, by what the form sends.
var replaySpans = []struct {
	views.Option
	long time.Duration
}{
	{views.Option{Value: "hour", Label: "the last hour"}, time.Hour},
	{views.Option{Value: "day", Label: "the last 24 hours"}, 24 * time.Hour},
	{views.Option{Value: "week", Label: "the last 7 days"}, 7 * 24 * time.Hour},
	{views.Option{Value: "all", Label: "the last 30 days"}, 30 * 24 * time.Hour},
}

// replayFailed sends all again that failed within a span; nonsense is the shortest one.
func (s *server) replayFailed(c echo.Context) error {
	sent, err := readForm(c, "since")
	if err != nil {
		return err
	}
	long := replaySpans[0].long
	for _, span := range replaySpans {
		if span.Value == sent["since"] {
			long = span.long
		}
	}
	n, err := s.Store.ReplayFailed(c.Request().Context(), me(c).Principal, pathID(c), s.Now().Add(-long))
	if err != nil {
		return err
	}
	return done(c, "replayed&replayed="+strconv.FormatInt(n, 10))
}
