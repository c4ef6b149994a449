package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"effigate/domain"
	"effigate/projections"
)

// Reads is the reader's access to one version of a read model. It follows switches: whoever pins gets the
// live generation and keeps it until the release, so no request sees two.
type Reads struct {
	url     string
	version int
	logger  *slog.Logger
	stop    context.CancelFunc
	stopped chan struct{}

	mu      sync.Mutex
	current *Generation
	changed chan struct{}  // closed and replaced when changes were announced
	closing sync.WaitGroup // pools that are being drained
}

// Generation is one generation as a reader sees it. The schema of its tables is the search_path.
type Generation struct {
	*projections.Waiter
	// Number names it.
	Number int
	// Pool holds sessions of the side's reader.
	Pool *pgxpool.Pool

	pins    int  // guarded by Reads.mu
	retired bool // guarded by Reads.mu
}

// poll is how often Reads looks for a switch that no notification told of.
const poll = time.Second

// OpenReads connects as the side's reader. There need not be a live generation yet.
func OpenReads(ctx context.Context, readerURL string, version int, logger *slog.Logger) (*Reads, error) {
	ctxRun, stop := context.WithCancel(context.WithoutCancel(ctx))
	r := &Reads{url: readerURL, version: version, logger: logger, stop: stop, stopped: make(chan struct{}), changed: make(chan struct{})}
	conn, err := r.listen(ctx)
	if err != nil {
		stop()
		return nil, fmt.Errorf("open reads: %w", err)
	}
	go func() {
		defer close(r.stopped)
		r.follow(ctxRun, conn)
	}()
	return r, nil
}

// Close ends the following of switches and waits until every pinned generation is released.
func (r *Reads) Close() {
	r.stop()
	<-r.stopped
	r.adopt(nil)
	r.closing.Wait()
}

// Pin gives the live generation, for one request; call release when done with it. It wraps
// domain.ErrUnavailable as long as no generation of this version is live.
func (r *Reads) Pin(context.Context) (generation *Generation, release func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current == nil {
		return nil, nil, fmt.Errorf("%w: no read model of version %d is ready", domain.ErrUnavailable, r.version)
	}
	pinned := r.current
	pinned.pins++
	return pinned, sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		pinned.pins--
		r.drain(pinned)
	}), nil
}

// Changed gives a channel that is closed when changes were announced, or another generation is read. A
// batch that announces nothing does not close it: on the client's side most facts are internal, and each
// would have every open stream look. It may be closed for nothing.
func (r *Reads) Changed() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changed
}

// announce wakes up whoever waits for a change. The caller holds the lock.
func (r *Reads) announce() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// Read runs queries in one read-only transaction on the live generation. Before that it waits until the
// generation has passed the position, two seconds at most, and reports whether it has not. It wraps
// domain.ErrUnavailable while there is no live generation or its database cannot be reached.
func (r *Reads) Read(ctx context.Context, after domain.Position, queries func(pgx.Tx) error) (stale bool, err error) {
	return r.read(ctx, after, func(g *Generation) error {
		return pgx.BeginTxFunc(ctx, g.Pool, consistent, queries)
	})
}

func (r *Reads) read(ctx context.Context, after domain.Position, in func(*Generation) error) (stale bool, err error) {
	generation, release, err := r.Pin(ctx)
	if err != nil {
		return false, err
	}
	defer release()
	stale = !after.IsZero() && generation.Wait(ctx, after)
	err = in(generation)
	if lost := unreachable(err); lost {
		err = fmt.Errorf("%w: read model: %w", domain.ErrUnavailable, err)
	}
	return stale, err
}

// ClientReads is Reads on the client side: each read sees the rows of one client and no others.
type ClientReads struct{ *Reads }

// Read is Reads.Read for one client.
func (r ClientReads) Read(ctx context.Context, client domain.ClientID, after domain.Position, queries func(pgx.Tx) error) (stale bool, err error) {
	return r.read(ctx, after, func(g *Generation) error { return g.InClient(ctx, client, queries) })
}

// unreachable reports whether the server could not be reached or is going down: the same read may succeed
// later.
func unreachable(err error) bool {
	var network net.Error
	if errors.As(err, &network) || pgconn.SafeToRetry(err) {
		return true
	}
	failure, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (strings.HasPrefix(failure.Code, "57P") || strings.HasPrefix(failure.Code, "08"))
}

// adopt makes a generation the current one and retires the one before.
func (r *Reads) adopt(next *Generation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.current
	r.current = next
	r.announce()
	if old != nil {
		old.retired = true
		r.drain(old)
	}
}

// drain closes a retired generation's pool when its last pin is gone. The caller holds the lock.
func (r *Reads) drain(g *Generation) {
	if g.retired && g.pins == 0 {
		r.closing.Go(g.Pool.Close)
	}
}

// listen opens the session that hears of checkpoints and switches, and looks once.
func (r *Reads) listen(ctx context.Context) (*pgx.Conn, error) {
	conn, err := dial(ctx, r.url)
	if err != nil {
		return nil, err
	}
	if _, err = conn.Exec(ctx, `LISTEN `+checkpointChannel+`; LISTEN `+changeChannel+`; LISTEN `+generationChannel); err == nil {
		err = r.refresh(ctx, conn)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.announce() // What was announced before is not heard.
	return conn, nil
}

// dial opens one session with an empty search_path.
func dial(ctx context.Context, url string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["search_path"] = ""
	config.RuntimeParams["application_name"] = "effigate"
	config.ConnectTimeout = 5 * time.Second
	return pgx.ConnectConfig(ctx, config)
}

// follow keeps the current generation and its position up to date until the context ends.
func (r *Reads) follow(ctx context.Context, conn *pgx.Conn) {
	for ctx.Err() == nil {
		err := r.hear(ctx, conn)
		_ = conn.Close(context.WithoutCancel(ctx)) // It is broken or no longer needed.
		for pause := projectorPause; err != nil && ctx.Err() == nil; pause = min(2*pause, poll) {
			r.logger.WarnContext(ctx, "read model is not followed and is tried again", slog.Any("error", err))
			if err = rest(ctx, pause); err == nil {
				conn, err = r.listen(ctx)
			}
		}
	}
}

// hear handles notifications until the session breaks or the context ends.
func (r *Reads) hear(ctx context.Context, conn *pgx.Conn) error {
	for {
		waiting, cancel := context.WithTimeout(ctx, poll)
		notification, err := conn.WaitForNotification(waiting)
		timedOut := waiting.Err() != nil && ctx.Err() == nil
		cancel()
		switch {
		case err != nil && !timedOut:
			return err
		case err == nil && notification.Channel == checkpointChannel:
			r.advance(notification.Payload)
		case err == nil && notification.Channel == changeChannel:
			r.mu.Lock()
			r.announce()
			r.mu.Unlock()
		default:
			if err := r.refresh(ctx, conn); err != nil {
				return err
			}
		}
	}
}

func (r *Reads) advance(payload string) {
	var generation int
	var at domain.Position
	if _, err := fmt.Sscan(payload, &generation, &at.Commit, &at.Prepare); err != nil {
		return // Not ours; the next look at the table finds what it may have said.
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current != nil && r.current.Number == generation {
		r.current.Advance(at)
	}
}

// refresh adopts the live generation if it is another one than before.
func (r *Reads) refresh(ctx context.Context, conn *pgx.Conn) error {
	var number int
	var at position
	err := conn.QueryRow(ctx, `
		SELECT g.id, c.commit_position, c.prepare_position
		FROM control.generations g JOIN control.checkpoints c ON c.generation = g.id
		WHERE g.version = $1 AND g.state = 'live'`, r.version).Scan(&number, &at.commit, &at.prepare)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for the live generation: %w", err)
	}
	r.mu.Lock()
	current := r.current
	r.mu.Unlock()
	if current == nil || current.Number != number {
		pool, err := connect(ctx, r.url, schemaName(number))
		if err != nil {
			return fmt.Errorf("open generation %d: %w", number, err)
		}
		current = &Generation{Number: number, Pool: pool}
		current.Waiter = projections.NewWaiter(func(ctx context.Context) (domain.Position, error) {
			return readPosition(ctx, pool, number)
		})
		r.adopt(current)
	}
	current.Advance(at.domain())
	return nil
}

// consistent lets the statements of one read see one state, though the projector writes between them.
var consistent = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

// InClient runs a read-only transaction that sees one client's rows and no others.
func (g *Generation) InClient(ctx context.Context, client domain.ClientID, read func(pgx.Tx) error) error {
	// One round trip begins it and names the client; a UUID's text cannot hold anything but itself.
	options := pgx.TxOptions{BeginQuery: `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL effigate.client = '` + client.String() + `'`}
	return pgx.BeginTxFunc(ctx, g.Pool, options, read)
}
