package handlers

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/usage"
)

// Metrics are figures for whoever runs the server. Their labels are methods, routes as templates, classes of status and
// names of our own: nothing that a client writes.
type Metrics struct {
	registry *prometheus.Registry
	inFlight prometheus.Gauge
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	routes   map[routeName]*routeFigures
	unknown  *routeFigures // of what no route takes
}

type routeName struct{ method, path string }

// routeFigures are looked up once for each route, since that costs more than adding to them.
type routeFigures struct {
	seconds prometheus.Observer
	classes [6]prometheus.Counter // by the first digit of the status
}

// NewMetrics gives the metrics of a server on a store, and of what records its usage.
func NewMetrics(store *db.Store, recorder *usage.Recorder) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		routes:   map[routeName]*routeFigures{},
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "insighto_http_requests_in_flight", Help: "Requests that are being answered."}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "insighto_http_requests_total", Help: "Answered requests by route and class of status; the route is empty where none matched."},
			[]string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "insighto_http_request_seconds", Help: "How long answers took, by route.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}}, []string{"method", "route"}),
	}
	m.unknown = m.figures("", "")
	m.registry.MustRegister(m.inFlight, m.requests, m.seconds, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), storeFigures{store, recorder})
	return m
}

// Handler answers GET /metrics. It is for a listener of its own: it asks nobody for a key.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}

func (m *Metrics) figures(method, route string) *routeFigures {
	f := &routeFigures{seconds: m.seconds.WithLabelValues(method, route)}
	for class, name := range []string{"other", "1xx", "2xx", "3xx", "4xx", "5xx"} {
		if class >= 2 {
			f.classes[class] = m.requests.WithLabelValues(method, route, name)
		}
	}
	return f
}

// know makes the figures of all routes. HEAD counts as the GET that it is.
func (m *Metrics) know(e *echo.Echo) {
	for _, r := range e.Routes() {
		if r.Method != http.MethodHead {
			m.routes[routeName{r.Method, r.Path}] = m.figures(r.Method, templateOf(r.Path))
		}
	}
}

// templateOf is a route as it is documented: :id becomes {id}.
func templateOf(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if name, ok := strings.CutPrefix(part, ":"); ok {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}

// answered counts a request that is over, also one whose connection is cut.
func (m *Metrics) answered(c echo.Context, start time.Time) {
	m.inFlight.Dec()
	f := m.of(c)
	f.seconds.Observe(time.Since(start).Seconds())
	if class := c.Response().Status / 100; class >= 2 && class <= 5 {
		f.classes[class].Inc()
	}
}

func (m *Metrics) of(c echo.Context) *routeFigures {
	name := routeName{c.Request().Method, c.Path()}
	if name.method == http.MethodHead {
		name.method = http.MethodGet
	}
	if f := m.routes[name]; f != nil {
		return f
	}
	return m.unknown
}
