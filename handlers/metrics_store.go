package handlers

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/usage"
)

// storeFigures asks the store and the recorder of usage for their figures when they are wanted.
type storeFigures struct {
	store    *db.Store
	recorder *usage.Recorder
}

var (
	connections  = prometheus.NewDesc("insighto_db_connections", "Connections to the database.", []string{"pool", "state"}, nil)
	waits        = prometheus.NewDesc("insighto_db_waits_total", "How often somebody waited for a connection.", []string{"pool"}, nil)
	waitSeconds  = prometheus.NewDesc("insighto_db_wait_seconds_total", "How long they waited for one, in all.", []string{"pool"}, nil)
	flushes      = prometheus.NewDesc("insighto_flushes_total", "How often what keys did was written to the database, or was to be.", []string{"result"}, nil)
	flushSeconds = prometheus.NewDesc("insighto_flush_seconds_total", "How long that took, in all.", nil, nil)
	flushPending = prometheus.NewDesc("insighto_flush_pending", "How much of it waits to be written.", nil, nil)
)

// Describe and Collect make it a collector.
func (f storeFigures) Describe(all chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{connections, waits, waitSeconds, flushes, flushSeconds, flushPending} {
		all <- d
	}
}

// Collect gives what is so now.
func (f storeFigures) Collect(all chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		all <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		all <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	for _, p := range f.store.Pools() {
		gauge(connections, float64(p.InUse), p.Name, "in use")
		gauge(connections, float64(p.Idle), p.Name, "idle")
		counter(waits, float64(p.WaitCount), p.Name)
		counter(waitSeconds, p.WaitDuration.Seconds(), p.Name)
	}
	u := f.recorder.Figures()
	counter(flushes, float64(u.Written), "written")
	counter(flushes, float64(u.Failed), "failed")
	counter(flushSeconds, u.Took.Seconds())
	gauge(flushPending, float64(u.Pending))
}
