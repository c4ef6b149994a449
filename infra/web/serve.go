package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// drainTimeout is how long requests that have begun may take to end when the server stops.
const drainTimeout = 20 * time.Second

// Serve answers on the listener until the context ends. Then it takes no more requests, ends the streams,
// lets what has begun finish for at most 20 seconds, and returns. It closes the listener. A second Serve
// after that streams nothing.
func (a *API) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           a.router,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(a.logger.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		a.streams.close()
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	a.streams.close() // First: a drain would wait for them.
	err := server.Shutdown(drain)
	if err != nil {
		err = fmt.Errorf("drain %s: %w", listener.Addr(), errors.Join(err, server.Close()))
	}
	a.denials.open.Wait()
	if ended := <-failed; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}
