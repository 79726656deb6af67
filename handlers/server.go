package handlers

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/limit"
	"github.com/insighto/insighto/handlers/usage"
)

// Config is the world a server lives in. All of it is required but TrustedProxies, Usage, Metrics, Limits, without which
// keys may do as much as they like, and CheckEndpoint, without which there are no new webhooks.
type Config struct {
	Store          *db.Store
	Usage          *usage.Recorder // nil counts nothing
	Limits         *limit.Limiter
	Metrics        *Metrics
	Log            *slog.Logger
	BaseURL        string           // what people type, e.g. https://insighto.example.com
	TrustedProxies []netip.Prefix   // whose X-Forwarded-For is believed
	CheckEndpoint  db.EndpointCheck // says where webhooks may go
	Now            func() time.Time
}

type server struct {
	Config
	base         *url.URL
	sessions     *sessionStore
	wrong        *wrongKeys
	asked        *atomic.Int64 // when the last request came, in ns since 1970; see giveWay
	minutePolicy []string
	openAPI      func() ([]byte, error) // the document that describes the API
}

// New gives the handler that serves everything.
func New(config Config) (http.Handler, error) {
	base, err := url.Parse(config.BaseURL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.Path != "" && base.Path != "/" {
		return nil, errors.New("the base URL must look like https://insighto.example.com")
	}
	if config.CheckEndpoint == nil {
		config.CheckEndpoint = nowhere
	}
	base.Path = ""
	config.BaseURL = base.String()
	s := &server{
		Config:       config,
		base:         base,
		sessions:     &sessionStore{store: config.Store, secure: base.Scheme == "https"},
		wrong:        newWrongKeys(config.Now),
		asked:        &atomic.Int64{},
		minutePolicy: minutePolicy(config.Limits),
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = s.addressReader()
	s.sessions.addressOf = e.IPExtractor
	e.HTTPErrorHandler = s.fail
	e.Pre(s.everyRequest)
	s.routes(e)
	if s.Metrics != nil {
		s.Metrics.know(e)
	}
	return e, nil
}

// addressReader believes X-Forwarded-For only from trusted proxies; otherwise the address is the connection's.
func (s *server) addressReader() echo.IPExtractor {
	if len(s.TrustedProxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, prefix := range s.TrustedProxies {
		trust = append(trust, echo.TrustIPRange(ipNet(prefix)))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}

// nowhere lets webhooks go nowhere.
func nowhere(context.Context, string) (string, *db.Error) {
	return "", db.InvalidInput("endpoint", "This server sends no webhooks.")
}
