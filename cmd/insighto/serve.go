package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers"
	"github.com/insighto/insighto/handlers/limit"
	"github.com/insighto/insighto/handlers/usage"
	"github.com/insighto/insighto/handlers/webhook"
)

const (
	checkTimeout = 100 * time.Millisecond // how long the start waits for the look at the file
	stopTimeout  = 10 * time.Second       // how long requests in flight have when it stops
	tidyEvery    = time.Hour
	logDaysMax   = 400
	rateMax      = 1_000_000_000 // requests a minute
	metricsMax   = 10            // connections at once
)

type serveCommand struct {
	Listen       string   `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where to listen (default 127.0.0.1:8080)."`
	BaseURL      string   `name:"base-url" placeholder:"URL" help:"The address that people type (default http://localhost and the port)."`
	Demo         bool     `help:"Fill an empty database with a made-up team to look around in; its password is public knowledge."`
	RateLimit    int64    `name:"rate-limit" default:"600" placeholder:"N" help:"How many API requests a minute one key may make; all keys of a person may make three times as many. 0 for any number (default 600)."`
	Metrics      string   `name:"metrics-listen" placeholder:"HOST:PORT" help:"Where to serve /metrics for Prometheus; nobody is asked for a key there (default nowhere)."`
	TrustedProxy []string `name:"trusted-proxy" placeholder:"CIDR" help:"Believe the X-Forwarded-For of proxies at these addresses."`
	LogDays      int      `name:"request-log-days" default:"7" placeholder:"N" help:"How many days single requests stay in the log of requests; 0 keeps none (default 7)."`
	LogRate      int      `name:"request-log-rate" default:"600" placeholder:"N" help:"How many successes of a key the request log keeps in a minute; of more, one in a hundred. Counts have all (default 600)."`
	AllowPrivate []string `name:"webhook-allow-private" placeholder:"CIDR" help:"Let webhooks go to these private networks too, on any port."`
	LogLevel     string   `name:"log-level" default:"info" enum:"debug,info,warn,error" help:"What to log: debug, info, warn or error (default info)."`
}

// Run serves until ctx ends, and then finishes the requests in flight.
func (c *serveCommand) Run(ctx context.Context, w *world) error {
	err := c.serve(ctx, w)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // asked to stop while it was still starting
	}
	var usage usageError
	if err == nil || isTerminal(w.err) || errors.As(err, &usage) {
		return err
	}
	for _, sentence := range sentences(err) {
		logger(w, slog.LevelError).Error(sentence)
	}
	return errSaid
}

func (c *serveCommand) serve(ctx context.Context, w *world) error {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // one of four, as the command line has seen to
	s := &serving{world: w, log: logger(w, level), notices: logger(w, slog.LevelDebug)}
	private, err := c.check(s)
	if err != nil {
		return err
	}
	if s.listener, err = listen("--listen", c.Listen, connectionsMax()); err != nil {
		return err
	}
	defer s.listener.Close()
	if c.Metrics != "" {
		if s.metricsListener, err = listen("--metrics-listen", c.Metrics, metricsMax); err != nil {
			return err
		}
		defer s.metricsListener.Close()
	}
	if s.base = c.BaseURL; s.base == "" {
		s.base = baseOf(s.listener.Addr())
	}
	if s.store, err = w.open(ctx); err != nil {
		return err
	}
	defer s.store.Close()

	s.guard = webhook.NewGuard(private, placeOf(s.base))
	damage := make(chan error, 1)
	go func() { damage <- s.store.Check(ctx) }()
	server, err := s.server(c)
	if err != nil {
		return err
	}
	select {
	case err := <-damage:
		if err != nil {
			return err
		}
	case <-time.After(checkTimeout): // it is a large file; the look at it goes on below
	}
	if err := s.welcome(ctx, c.Demo); err != nil {
		return err
	}
	return s.until(ctx, server, damage)
}

// check refuses flags that make no sense before anything is opened, and gives the networks that webhooks may reach.
func (c *serveCommand) check(s *serving) (private []netip.Prefix, err error) {
	if s.rate = c.RateLimit; s.rate < 0 || s.rate > rateMax {
		return nil, usageError{fmt.Sprintf("--rate-limit: %d is no number from 0 to %d", s.rate, rateMax)}
	}
	if c.LogRate < 0 || c.LogDays < 0 || c.LogDays > logDaysMax {
		return nil, usageError{fmt.Sprintf("--request-log-rate is 0 or more, and --request-log-days 0 to %d", logDaysMax)}
	}
	if err := checkAddress("--listen", c.Listen); err != nil {
		return nil, err
	}
	if c.Metrics != "" {
		if err := checkAddress("--metrics-listen", c.Metrics); err != nil {
			return nil, err
		}
	}
	if err := checkBase(c.BaseURL); err != nil {
		return nil, err
	}
	if s.proxies, err = prefixes("--trusted-proxy", c.TrustedProxy); err != nil {
		return nil, err
	}
	return prefixes("--webhook-allow-private", c.AllowPrivate)
}

func logger(w *world, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if isTerminal(w.err) {
		return slog.New(slog.NewTextHandler(w.err, options))
	}
	return slog.New(slog.NewJSONHandler(w.err, options))
}

// serving is one run of the command.
type serving struct {
	*world
	log      *slog.Logger
	notices  *slog.Logger // for what must be said at any level
	store    *db.Store
	usage    *usage.Recorder
	limits   *limit.Limiter
	rate     int64 // requests a minute
	metrics  *handlers.Metrics
	listener net.Listener
	base     string
	proxies  []netip.Prefix
	guard    *webhook.Guard
	logDays  int

	metricsListener net.Listener // nil without any
}

// tell says a sentence to the person who runs the server: as it is on a terminal, in the log otherwise.
func (s *serving) tell(format string, args ...any) {
	if isTerminal(s.err) {
		s.say(format, args...)
		return
	}
	s.notices.Info(fmt.Sprintf(format, args...))
}

func (s *serving) server(c *serveCommand) (*http.Server, error) {
	s.usage = usage.NewRecorder(s.store, s.log, s.now)
	s.logDays, s.usage.LogRate = c.LogDays, min(c.LogRate, c.LogDays*c.LogRate)
	s.limits = limit.NewLimiter(s.store, s.log, s.rate, s.now)
	if s.metricsListener != nil {
		s.metrics = handlers.NewMetrics(s.store, s.usage)
	}
	handler, err := handlers.New(handlers.Config{
		Store: s.store, Usage: s.usage, Limits: s.limits, Metrics: s.metrics, Log: s.log, BaseURL: s.base, TrustedProxies: s.proxies,
		CheckEndpoint: s.guard.Check, Now: s.now,
	})
	if err != nil {
		return nil, err
	}
	return s.serverOf(handler), nil
}

func (s *serving) serverOf(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          complaints(s.log),
	}
}

// serveMetrics gives what ends it.
func (s *serving) serveMetrics() (end func()) {
	if s.metrics == nil {
		return func() {}
	}
	server := s.serverOf(s.metrics.Handler())
	go func() {
		if err := server.Serve(s.metricsListener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("the metrics are no longer served", "err", err)
		}
	}()
	s.tell("Metrics are at http://%s/metrics", s.metricsListener.Addr())
	return func() { _ = server.Close() }
}

// welcome says where to go first: to the demo, to the set-up, or to the pages.
func (s *serving) welcome(ctx context.Context, demo bool) error {
	taken, err := s.store.HasUsers(ctx)
	if err != nil {
		return err
	}
	if demo {
		return s.welcomeToDemo(ctx, taken)
	}
	if taken {
		return nil
	}
	code, err := s.store.NewSetupCode(ctx)
	if err != nil {
		return err
	}
	s.tell("Open %s/setup and enter this one-time code: %s", s.base, code)
	return nil
}

// until serves till ctx ends or something breaks, and leaves nothing unwritten.
func (s *serving) until(ctx context.Context, server *http.Server, damage <-chan error) error {
	background, end := context.WithCancel(context.WithoutCancel(ctx))
	var tasks sync.WaitGroup
	tasks.Go(func() { s.usage.Run(background) })
	tasks.Go(func() { s.limits.Run(background) })
	tasks.Go(func() { s.tidy(background) })
	tasks.Go(func() { webhook.NewCourier(s.store, webhook.NewSender(s.guard, s.now), s.log).Run(background) })
	defer tasks.Wait()
	defer end()
	defer s.serveMetrics()()

	served := make(chan error, 1)
	go func() { served <- server.Serve(s.listener) }()
	s.tell("Insighto is at %s", s.base)
	for {
		select {
		case err := <-served:
			return err
		case err := <-damage:
			if err != nil && ctx.Err() == nil {
				s.stop(server)
				return err
			}
			damage = nil
		case <-ctx.Done():
			s.tell("Insighto finishes the requests in flight and stops.")
			s.stop(server)
			return nil
		}
	}
}

func (s *serving) stop(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		s.log.Warn("requests still ran after the time they had to finish", "seconds", stopTimeout.Seconds())
		_ = server.Close()
	}
}

// tidy removes what has ended by age, and puts away the usage of past months, at once and then each hour.
func (s *serving) tidy(ctx context.Context) {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		err := errors.Join(s.store.ForgetOldSessions(ctx), s.store.ForgetOldTries(ctx), s.store.ForgetOldAnswers(ctx), s.store.ForgetOldWriters(ctx),
			s.store.ForgetOldRequests(ctx, time.Duration(s.logDays)*24*time.Hour), s.forgetEvents(ctx), s.store.BundleUsage(ctx))
		if err != nil && ctx.Err() == nil {
			s.log.Warn("what is old waits to be removed or put away", "err", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// forgetEvents goes in small batches, so that no request waits long for one.
func (s *serving) forgetEvents(ctx context.Context) error {
	for more := true; more && ctx.Err() == nil; {
		var err error
		if more, err = s.store.ForgetOldEvents(ctx); err != nil {
			return err
		}
	}
	return nil
}
