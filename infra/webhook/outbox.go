package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
)

const (
	// lease is for how long a delivery that was taken is its taker's: longer than an attempt with all it needs.
	lease = time.Minute
	// rest is how long an endpoint is left alone after each of its attempts in a row without an answer, up to longestRest,
	// so that a few of them cannot keep every sender waiting.
	rest        = 5 * time.Second
	longestRest = time.Minute
	// patience is for how long an endpoint may give no good answer.
	patience = 5 * 24 * time.Hour
	// maxWaiting bounds what waits for one endpoint; more is given up at once, and its log says so.
	maxWaiting = 10_000
	// retention is for how long the log of deliveries is kept.
	retention = 30 * 24 * time.Hour
	// pruneAtOnce bounds one removal.
	pruneAtOnce = 10_000
)

// pauses come after each failed attempt; after the last there is none more.
var pauses = []time.Duration{5 * time.Second, time.Minute, 10 * time.Minute, time.Hour, 5 * time.Hour, 24 * time.Hour}

// News is something to tell about a fact to whoever listens in an organisation.
type News struct {
	// ID follows from the fact and what of it this is, so that news that comes again is told once.
	ID      uuid.UUID
	Client  domain.ClientID // zero: to staff
	Kind    string
	Subject any // ids alone; it becomes JSON, and comes back to the Render
	At      time.Time
	// Position is that of the fact: what is sent is not read before the read model has passed it.
	Position domain.Position
}

// Listening tells whether anybody of the side hears of what happened at the time. Owner only, like all that enqueues
// and sends.
func (s *Service) Listening(ctx context.Context, at time.Time) (bool, error) {
	var listening bool
	err := s.options.Pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM webhooks.endpoints WHERE state = 'active' AND since <= $1)`, at).Scan(&listening)
	if err != nil {
		return false, unavailable("ask for webhooks", err)
	}
	return listening, nil
}

// Enqueue has news told to every active endpoint of its organisation that wants the kind and was there by then. All of
// it is written, or nothing; what is there already stays as it is.
func (s *Service) Enqueue(ctx context.Context, all []News) error {
	err := pgx.BeginFunc(ctx, s.options.Pool, func(tx pgx.Tx) error {
		for _, news := range all {
			if err := s.enqueue(ctx, tx, news); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return unavailable("enqueue webhooks", err)
	}
	s.nudge()
	return nil
}

func (s *Service) enqueue(ctx context.Context, tx pgx.Tx, news News) error {
	subject, err := json.Marshal(news.Subject)
	if err != nil {
		return fmt.Errorf("encode the subject of %s: %w", news.Kind, err)
	}
	rows, err := tx.Query(ctx, `
		SELECT id FROM webhooks.endpoints
		WHERE client = $1 AND state = 'active' AND since <= $2 AND (kinds = '{}' OR $3 = ANY (kinds)) FOR KEY SHARE`,
		news.Client.UUID, news.At, news.Kind)
	if err != nil {
		return err
	}
	endpoints, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return err
	}
	for _, endpoint := range endpoints {
		_, err := tx.Exec(ctx, `
			INSERT INTO webhooks.deliveries (id, endpoint, kind, subject, at, after_commit, after_prepare, created_at, next_at, state, error)
			SELECT $1, $2, $3, $4, $5, $6, $7, $8, $8, CASE WHEN w.many THEN 'dead' ELSE 'waiting' END, CASE WHEN w.many THEN 'too much waits already' ELSE '' END
			FROM (SELECT count(*) >= $9 AS many FROM (
			    SELECT FROM webhooks.deliveries WHERE endpoint = $2 AND state = 'waiting' LIMIT $9) waiting) w
			ON CONFLICT (id) DO NOTHING`,
			domain.Derive(news.ID, "webhook", endpoint.String()), endpoint, news.Kind, subject, news.At,
			int64(news.Position.Commit), int64(news.Position.Prepare), s.now(), maxWaiting) //nolint:gosec // Positions of the store fit.
		if err != nil {
			return err
		}
	}
	return nil
}

// Due is a delivery that was taken to be sent.
type Due struct {
	ID       uuid.UUID
	Client   domain.ClientID // zero: of staff
	Kind     string
	Subject  json.RawMessage
	At       time.Time
	Position domain.Position
	Attempt  int // from 1

	endpoint uuid.UUID
	url      string
	secrets  [][]byte
}

// take claims the delivery that is due for longest among those of endpoints that are not busy; false when none is. A
// taker that dies gives it back after the lease.
func (s *Service) take(ctx context.Context) (Due, bool, error) {
	now := s.now()
	var (
		due             Due
		commit, prepare int64
		secret          string
		old             *string
	)
	err := s.options.Pool.QueryRow(ctx, `
		WITH chosen AS (
		    SELECT e.id AS endpoint, d.id
		    FROM webhooks.endpoints e CROSS JOIN LATERAL (
		        SELECT d.id, d.next_at FROM webhooks.deliveries d
		        WHERE d.endpoint = e.id AND d.state = 'waiting' AND d.next_at <= $1 AND (e.state = 'active' OR d.kind = $3)
		        ORDER BY d.next_at, d.id LIMIT 1) d
		    WHERE e.busy_until <= $1 ORDER BY d.next_at, d.id LIMIT 1 FOR UPDATE OF e SKIP LOCKED),
		busy AS (
		    UPDATE webhooks.endpoints e SET busy_until = $2 FROM chosen WHERE e.id = chosen.endpoint
		    RETURNING e.id, e.client, e.url, e.secret, CASE WHEN e.old_until > $1 THEN e.old_secret END AS old_secret)
		UPDATE webhooks.deliveries d SET attempts = d.attempts + 1, tried_at = $1 FROM chosen, busy
		WHERE d.id = chosen.id AND d.state = 'waiting'
		RETURNING d.id, busy.client, d.kind, d.subject, d.at, d.after_commit, d.after_prepare, d.attempts, busy.id, busy.url, busy.secret, busy.old_secret`,
		now, now.Add(lease), Test).Scan(&due.ID, &due.Client.UUID, &due.Kind, &due.Subject, &due.At, &commit, &prepare, &due.Attempt,
		&due.endpoint, &due.url, &secret, &old)
	if errors.Is(err, pgx.ErrNoRows) {
		return Due{}, false, nil
	}
	if err != nil {
		return Due{}, false, unavailable("take a delivery", err)
	}
	due.Position = domain.Position{Commit: uint64(commit), Prepare: uint64(prepare)} //nolint:gosec // They were stored from such.
	sealed := []string{secret}
	if old != nil {
		sealed = append(sealed, *old)
	}
	for _, text := range sealed {
		plain, err := s.sealer.Open(secretPurpose, due.endpoint, text)
		if err != nil {
			return Due{}, false, fmt.Errorf("open the secret of webhook %s: %w", due.endpoint, err)
		}
		due.secrets = append(due.secrets, plain)
	}
	return due, true, nil
}

// result is what became of an attempt.
type result struct {
	code   int
	answer string
	err    string // empty when it was taken
}

// settle writes down what became of an attempt, and when the next one is.
func (s *Service) settle(ctx context.Context, due Due, r result) error {
	now := s.now()
	state, next := Sent, now
	switch {
	case r.err == "":
	case due.Attempt > len(pauses):
		state = Dead
	default:
		state, next = Waiting, now.Add(jittered(pauses[due.Attempt-1]))
	}
	// An endpoint that is gone, by its own word, is not asked again.
	_, err := s.options.Pool.Exec(ctx, `
		WITH told AS (
		    UPDATE webhooks.deliveries SET state = $2, next_at = $3, tried_at = $4, code = $5, answer = $6, error = $7 WHERE id = $1 AND state = 'waiting')
		UPDATE webhooks.endpoints e SET
		    failing_since = CASE WHEN $7 <> '' THEN coalesce(e.failing_since, $4) END,
		    silences = CASE WHEN $5 = 0 THEN e.silences + 1 ELSE 0 END,
		    busy_until = CASE WHEN $5 = 0 THEN $4 + least(make_interval(secs => $9) * (e.silences + 1), make_interval(secs => $10)) ELSE '-infinity' END,
		    state = CASE WHEN e.state = 'active' AND ($5 = 410 OR $7 <> '' AND e.failing_since <= $11) THEN 'failed' ELSE e.state END
		WHERE e.id = $8`,
		due.ID, state, next, now, r.code, r.answer, r.err, due.endpoint, rest.Seconds(), longestRest.Seconds(), now.Add(-patience))
	if err != nil {
		return unavailable("settle a delivery", err)
	}
	return nil
}

// void ends a delivery that its receiver may not see any more.
func (s *Service) void(ctx context.Context, due Due) error {
	return s.giveBack(ctx, due, Void, s.now())
}

// postpone gives a delivery back untried, to be taken again at the time.
func (s *Service) postpone(ctx context.Context, due Due, until time.Time) error {
	return s.giveBack(ctx, due, Waiting, until)
}

func (s *Service) giveBack(ctx context.Context, due Due, state string, next time.Time) error {
	_, err := s.options.Pool.Exec(ctx, `
		WITH given AS (UPDATE webhooks.deliveries SET state = $2, next_at = $3, attempts = attempts - 1 WHERE id = $1 AND state = 'waiting')
		UPDATE webhooks.endpoints SET busy_until = '-infinity' WHERE id = $4`, due.ID, state, next, due.endpoint)
	if err != nil {
		return unavailable("give a delivery back", err)
	}
	return nil
}

// Prune removes deliveries from the log that are older than 30 days, a bounded number.
func (s *Service) Prune(ctx context.Context) error {
	_, err := s.options.Pool.Exec(ctx, `
		DELETE FROM webhooks.deliveries WHERE id IN (
		    SELECT id FROM webhooks.deliveries WHERE created_at < $1 ORDER BY created_at LIMIT $2)`, s.now().Add(-retention), pruneAtOnce)
	if err != nil {
		return unavailable("prune the log of webhooks", err)
	}
	return nil
}
