package eventstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"effigate/domain"
)

// The official client v4.2.0 answers an Unavailable by looking for the server anew. That leaks the old
// connection with its goroutines, and when nobody is found the client is dead: who waits for it then waits
// for ever, whatever its context says, and closing it panics in those goroutines. So a client never gets
// that far here. It reports the error to its logger, on the caller's goroutine, just before it gives the
// connection up; our logger panics there, the call recovers, and the client is retired: it takes no new
// calls and is closed when its last one has ended. A new one takes its place. A client's own search for
// the server is limited to the one attempt by which it is made.
//
// The outage test fails when a later version of the client reports in another way.

// givingUp is the format of that report.
const givingUp = "unexpected exception: %v"

// lostError is the panic of the logger, and the error of the call that recovers it.
type lostError struct{ cause error }

func (l lostError) Error() string { return "connection lost: " + l.cause.Error() }
func (l lostError) Unwrap() error { return l.cause }

// report is the official client's logger.
func report(logger *slog.Logger) esdb.LoggingFunc {
	return func(level esdb.LogLevel, format string, arguments ...any) {
		if format == givingUp && len(arguments) == 1 {
			if err, ok := arguments[0].(error); ok && status.Code(err) == codes.Unavailable {
				panic(lostError{cause: err})
			}
		}
		logger.Debug("event store client reports", slog.String("level", level), slog.String("report", fmt.Sprintf(format, arguments...)))
	}
}

// link is one client of the official library with its one connection.
type link struct {
	esdb    *esdb.Client
	users   sync.WaitGroup
	served  atomic.Bool // some call got an answer
	retired sync.Once
}

// call runs f on the link in a goroutine of its own, because a client that has to follow a cluster's
// leader may keep a caller longer than its context allows. The caller holds the link.
func call[T any](ctx context.Context, l *link, f func(*esdb.Client) (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	l.users.Go(func() {
		var o outcome
		o.err = guard(func() (err error) {
			o.value, err = f(l.esdb)
			return err
		})
		done <- o
	})
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// guard runs f and turns a panic of the official client into an error.
func guard(f func() error) (err error) {
	defer func() {
		switch reason := recover().(type) {
		case nil:
		case lostError:
			err = reason
		default: // The client was closed under the call, or the server broke the protocol.
			err = fmt.Errorf("%w: %v", errRetired, reason)
		}
	}()
	return f()
}

// line keeps one link at a time, made when first needed and again after each loss.
type line struct {
	config esdb.Configuration
	hosts  []string // host:port of the server or of the cluster's seeds
	grace  time.Duration
	logger *slog.Logger
	work   sync.WaitGroup // what close waits for

	mu         sync.Mutex
	closed     bool
	current    *link
	connecting chan struct{} // closed when connect ends; nil while nobody connects
	stop       func()        // ends connect
	lastErr    error         // why the last attempt to connect failed

	last  *link   // the latest link; it and retry belong to connect
	retry backoff // between links that serve nobody
}

// take gives the present link, or waits for the next one. The caller gives it back by link.users.Done.
func (l *line) take(ctx context.Context) (*link, error) {
	for {
		l.mu.Lock()
		if l.closed {
			l.mu.Unlock()
			return nil, errClosed
		}
		if l.current != nil {
			defer l.mu.Unlock()
			l.current.users.Add(1)
			return l.current, nil
		}
		if l.connecting == nil {
			l.connecting = make(chan struct{})
			// It goes on for the next caller when this one has given up.
			life, stop := context.WithCancel(context.WithoutCancel(ctx))
			l.stop = stop
			l.work.Go(func() { defer stop(); l.connect(life) })
		}
		connecting := l.connecting
		l.mu.Unlock()
		select {
		case <-connecting:
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: no connection to %v: %w", domain.ErrUnavailable, l.hosts, because(ctx, l.reason()))
		}
	}
}

func (l *line) reason() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lastErr
}

// judge notes how a call on the link went, and retires the link when it is of no more use.
func (l *line) judge(used *link, err error) {
	switch {
	case !transient(err):
		used.served.Store(true)
	case lost(err):
		l.retire(used, err)
	}
}

// retire takes the link out of use and closes it when its last user has gone. Who has not gone after the
// grace time is stuck inside the client, or reads on: the close frees it, with an error.
func (l *line) retire(used *link, reason error) {
	used.retired.Do(func() {
		l.logger.Info("connection to the event store given up", slog.Any("hosts", l.hosts), slog.Any("reason", reason))
		l.mu.Lock()
		if l.current == used {
			l.current = nil
		}
		l.mu.Unlock()
		l.work.Go(func() {
			late := time.AfterFunc(l.grace, func() { _ = used.esdb.Close() })
			used.users.Wait()
			late.Stop()
			_ = used.esdb.Close() // It always gives nil, and may be called twice.
		})
	})
}

// close retires the present link and waits until every link is closed. Nobody may hold one for ever.
func (l *line) close() {
	l.mu.Lock()
	l.closed = true
	used, stop := l.current, l.stop
	l.mu.Unlock()
	if stop != nil {
		stop()
	}
	if used != nil {
		l.retire(used, errClosed)
	}
	l.work.Wait()
}

// connect makes a link, however often it takes, until ctx ends. A link that was lost before it served
// anybody counts as a failed attempt.
func (l *line) connect(ctx context.Context) {
	if l.last == nil || l.last.served.Load() {
		l.retry.reset()
	} else {
		l.retry.pause(ctx)
	}
	var made *link
	for made == nil && ctx.Err() == nil {
		var err error
		if made, err = l.dial(ctx); err != nil {
			l.note(err)
			l.retry.pause(ctx)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = made
	close(l.connecting)
	l.connecting = nil
	switch {
	case made != nil && l.closed:
		_ = made.esdb.Close() // Nobody has used it.
	case made != nil:
		l.current, l.lastErr = made, nil
	}
}

func (l *line) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lastErr == nil {
		l.logger.Warn("event store does not answer", slog.Any("hosts", l.hosts), slog.Any("error", err))
	}
	l.lastErr = err
}

// probeTimeout bounds the wait for a server's TCP port, so that a server behind a silent network is found
// soon after it comes back.
const probeTimeout = time.Second

// dial makes one attempt. It asks for the TCP port first, which is cheap, and makes a client only when
// somebody answers there.
func (l *line) dial(ctx context.Context) (*link, error) {
	if err := l.probe(ctx); err != nil {
		return nil, err
	}
	config := l.config
	client, err := esdb.NewClient(&config)
	if err != nil {
		return nil, err
	}
	// Nobody else knows the client yet, so this call alone finds the server. When it fails, the client has
	// ended by itself and there is nothing to close.
	if _, err := client.GetServerVersion(); err != nil {
		return nil, err
	}
	return &link{esdb: client}, nil
}

func (l *line) probe(ctx context.Context) error {
	dialer := net.Dialer{Timeout: probeTimeout}
	var failed error
	for _, host := range l.hosts {
		connection, err := dialer.DialContext(ctx, "tcp", host)
		if err == nil {
			return connection.Close()
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// backoff spaces repetitions. Its zero value starts with the shortest pause.
type backoff struct{ last time.Duration }

const (
	shortestPause = 10 * time.Millisecond
	longestPause  = 250 * time.Millisecond
)

// pause waits twice as long as the time before, with jitter, and no longer than ctx.
func (b *backoff) pause(ctx context.Context) {
	b.last = min(max(2*b.last, shortestPause), longestPause)
	timer := time.NewTimer(b.last/2 + rand.N(b.last/2))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// reset starts again with the shortest pause, after a success.
func (b *backoff) reset() { b.last = 0 }
