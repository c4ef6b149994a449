package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"effigate/infra/postgres"
)

// serveHTTP answers what is for machines of the operator, until ctx ends.
func serveHTTP(ctx context.Context, what string, handler http.Handler, listener net.Listener) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve %s: %w", what, err)
	case <-ctx.Done():
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	err := server.Shutdown(closing)
	if err != nil {
		err = errors.Join(err, server.Close())
	}
	if served := <-ended; err == nil && !errors.Is(served, http.ErrServerClosed) {
		err = served
	}
	return err
}

// adminHandler answers health, metrics and profiles, on an address of their own that is not for the world.
func adminHandler(unready func(context.Context) error, measured ...prometheus.Collector) http.Handler {
	router := chi.NewRouter()
	router.Get("/healthz", func(out http.ResponseWriter, _ *http.Request) { say(out, http.StatusOK, "ok") })
	router.Get("/readyz", func(out http.ResponseWriter, in *http.Request) {
		if err := unready(in.Context()); err != nil {
			say(out, http.StatusServiceUnavailable, err.Error())
			return
		}
		say(out, http.StatusOK, "ready")
	})
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	registry.MustRegister(measured...)
	router.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	router.HandleFunc("/debug/pprof/", pprof.Index)
	router.HandleFunc("/debug/pprof/profile", pprof.Profile)
	router.HandleFunc("/debug/pprof/trace", pprof.Trace)
	router.HandleFunc("/debug/pprof/{name}", pprof.Index)
	return router
}

// say answers one line. Whoever asked may have gone away, which is nobody's fault.
func say(out http.ResponseWriter, status int, line string) {
	out.Header().Set("Content-Type", "text/plain; charset=utf-8")
	out.WriteHeader(status)
	_, _ = io.WriteString(out, line+"\n")
}

// projectionMetrics measures the projections when it is asked.
type projectionMetrics struct {
	world      *world
	projectors projectors
}

var (
	lagEvents = prometheus.NewDesc("effigate_projection_lag_events", "Events recorded and not yet applied, counted up to 100000.", []string{"projection", "generation", "state"}, nil)
	lagAge    = prometheus.NewDesc("effigate_projection_lag_seconds", "Age of the first event not yet applied.", []string{"projection", "generation", "state"}, nil)
	parked    = prometheus.NewDesc("effigate_projection_parked_streams", "Streams put aside because an event could not be applied.", []string{"projection", "generation", "state"}, nil)
	holding   = prometheus.NewDesc("effigate_projector_holds_lease", "1 when the projector of this process works, 0 when it waits for another.", []string{"projection"}, nil)
)

// Describe sends the descriptions.
func (m projectionMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, description := range []*prometheus.Desc{lagEvents, lagAge, parked, holding} {
		out <- description
	}
}

// measureTime bounds one measurement.
const measureTime = 5 * time.Second

// Collect measures.
func (m projectionMetrics) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), measureTime)
	defer cancel()
	statuses, err := m.world.projectionStatuses(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(lagEvents, err)
		return
	}
	for _, s := range statuses {
		labels := []string{s.Name, strconv.Itoa(s.Generation), s.State}
		out <- prometheus.MustNewConstMetric(lagEvents, prometheus.GaugeValue, float64(s.LagEvents), labels...)
		out <- prometheus.MustNewConstMetric(lagAge, prometheus.GaugeValue, s.LagSeconds, labels...)
		out <- prometheus.MustNewConstMetric(parked, prometheus.GaugeValue, float64(s.Parked), labels...)
	}
	out <- gaugeOf("client", m.projectors.client.Status())
	out <- gaugeOf("staff", m.projectors.staff.Status())
}

func gaugeOf(name string, status postgres.ProjectorStatus) prometheus.Metric {
	value := 0.0
	if status.Holding {
		value = 1
	}
	return prometheus.MustNewConstMetric(holding, prometheus.GaugeValue, value, name)
}
