// Package webhook tells programs elsewhere what happens: it keeps where they listen, what each is to be told, and
// what became of every telling, by the rules of standard-webhooks. One Service serves one side: clients by
// effigate_client, staff by effigate_staff. What there is to tell, and the bodies, come from others: see
// webhook/clienthook and webhook/staffhook.
//
// It imports domain, infra/auth for the sealing of secrets, and infra/outside.
//
// Surprises: a delivery holds ids and no text. Its body is written when it is sent, from what its receiver may see by
// then; what was withdrawn meanwhile is not sent. Each is delivered at least once, under a webhook-id that follows
// from the fact, and in no particular order. What happened before an endpoint was made, or while it was paused, it
// never hears of. The clock is real time, but for the instants of facts.
package webhook

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"effigate/domain"
	"effigate/infra/auth"
	"effigate/infra/outside"
)

const (
	// MaxEndpoints bounds those of one organisation, or of the staff.
	MaxEndpoints = 10
	// rotation is for how long a secret signs on beside the one that took its place.
	rotation = 24 * time.Hour
	// maxURL is the length of the longest URL, in bytes.
	maxURL = 1000
	// maxTests bounds the tests of one endpoint that wait to be sent.
	maxTests = 10
	// pageLimit bounds a page of the log of deliveries.
	pageLimit = 200

	// Test is the kind of what is sent to try an endpoint.
	Test = "webhook.test"

	secretPrefix  = "whsec_"
	secretBytes   = 32
	secretPurpose = "webhook secret"
)

// State is how an endpoint stands.
type State string

// The states.
const (
	Active State = "active"
	Paused State = "paused" // by whoever manages it
	Failed State = "failed" // it gave no good answer for too long, and hears nothing until it is taken up again
)

// Endpoint is where a program listens.
type Endpoint struct {
	ID           uuid.UUID
	URL          string // https, or http on this machine where Options say so
	Description  string // may be empty
	Kinds        []string
	State        State
	CreatedBy    domain.PersonID
	CreatedAt    time.Time
	FailingSince time.Time // zero while its last answer was good
	OldUntil     time.Time // until when the secret before signs too; zero when there is none
}

// Asked is what somebody wants an endpoint to be.
type Asked struct {
	URL         string
	Description string
	Kinds       []string // among those of Options; empty for all
}

// Delivery is a telling, as its log has it.
type Delivery struct {
	ID        uuid.UUID // the webhook-id
	Kind      string
	At        time.Time // of the fact
	State     string    // see Waiting
	CreatedAt time.Time
	NextAt    time.Time // of the next attempt, while it waits
	Attempts  int
	TriedAt   time.Time // zero before the first attempt
	Code      int       // the status of the last answer; 0 for none
	Answer    string    // its beginning
	Error     string    // of the last attempt; empty when it was good
}

// The states of a delivery.
const (
	Waiting = "waiting"
	Sent    = "sent"
	Dead    = "dead" // every attempt failed
	Void    = "void" // not sent: its receiver may not see any more what it is about
)

// Cursor is a place in the log of deliveries, newest first.
type Cursor struct {
	At time.Time
	ID uuid.UUID
}

// Options of a Service; all but Loopback and Logger must be given.
type Options struct {
	// Pool is of portal_accounts for those who manage endpoints on the portal, and of the owner for the console and for
	// all that enqueues or sends.
	Pool *pgxpool.Pool
	// Key seals the secrets at rest: at least 32 random bytes that outlive the process.
	Key []byte
	// Kinds are those that an endpoint can choose among.
	Kinds []string
	// Loopback allows receivers on this machine, by http too: for tests and a demo.
	Loopback bool
	// Now is real time.
	Now    func() time.Time
	Logger *slog.Logger // slog.Default() when nil
}

// Service keeps the endpoints and deliveries of one side. It may be used from many goroutines.
type Service struct {
	options Options
	sealer  *auth.Sealer
	wake    chan struct{} // holds a token when something may be due
}

// New makes the service. It refuses options that miss something.
func New(o Options) (*Service, error) {
	if o.Pool == nil || o.Now == nil || len(o.Kinds) == 0 {
		return nil, errors.New("webhooks need a pool, a clock and kinds")
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	sealer, err := auth.NewSealer(o.Key)
	if err != nil {
		return nil, fmt.Errorf("webhooks: %w", err)
	}
	return &Service{options: o, sealer: sealer, wake: make(chan struct{}, 1)}, nil
}

// Kinds are those that an endpoint can choose among.
func (s *Service) Kinds() []string { return slices.Clone(s.options.Kinds) }

// now is the time as the database stores it.
func (s *Service) now() time.Time { return s.options.Now().UTC().Truncate(time.Microsecond) }

// check refuses what cannot be an endpoint.
func (s *Service) check(a Asked) error {
	var check domain.Check
	check.That(len(a.URL) <= maxURL && outside.IsURL(a.URL, s.options.Loopback) && !inside(a.URL, s.options.Loopback),
		"url", "must begin with https:// and name a host on the internet")
	if a.Description != "" {
		check.Line("description", a.Description)
	}
	for i, kind := range a.Kinds {
		check.That(slices.Contains(s.options.Kinds, kind) && !slices.Contains(a.Kinds[:i], kind), "kinds", "must be different kinds among those there are")
	}
	return check.Err()
}

// inside tells whether a URL names an address that is never connected to. Where a name leads is seen when it is sent to.
func inside(text string, loopback bool) bool {
	u, err := url.Parse(text)
	if err != nil {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return ip != nil && outside.Reachable(net.JoinHostPort(ip.String(), "443"), loopback) != nil
}

// Add makes an endpoint with the id, which follows from the request: a repeat finds what the first one made, and is
// given the same secret. since is by the clock of the facts: what happened before is not told. At most MaxEndpoints
// (domain.ErrConflict "many_webhooks"). The secret is shown to whoever asked, and never again.
func (s *Service) Add(ctx context.Context, id uuid.UUID, client domain.ClientID, by domain.PersonID, since time.Time, asked Asked) (secret string, err error) {
	if err := s.check(asked); err != nil {
		return "", err
	}
	var outcome string
	var kept *string
	err = s.options.Pool.QueryRow(ctx, `SELECT outcome, kept_secret FROM webhooks.add_endpoint($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		id, client.UUID, asked.URL, asked.Description, listed(asked.Kinds), s.newSecret(id), by.UUID, since, MaxEndpoints, s.now(),
	).Scan(&outcome, &kept)
	switch {
	case err != nil:
		return "", unavailable("add a webhook", err)
	case outcome == "many":
		return "", domain.Refuse(domain.ErrConflict, "many_webhooks", "there are %d webhooks, and no more can be", MaxEndpoints)
	}
	return s.openSecret(id, *kept)
}

// newSecret makes a secret and seals it for its endpoint.
func (s *Service) newSecret(endpoint uuid.UUID) (sealed string) {
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // never fails
	return s.sealer.Seal(secretPurpose, endpoint, secret)
}

// openSecret gives a secret in the form that its receiver knows.
func (s *Service) openSecret(endpoint uuid.UUID, sealed string) (string, error) {
	secret, err := s.sealer.Open(secretPurpose, endpoint, sealed)
	if err != nil {
		return "", fmt.Errorf("open the secret of webhook %s: %w", endpoint, err)
	}
	return secretPrefix + base64.StdEncoding.EncodeToString(secret), nil
}

// Endpoints lists those of an organisation, oldest first; those of the staff for the zero client.
func (s *Service) Endpoints(ctx context.Context, client domain.ClientID) ([]Endpoint, error) {
	type row struct {
		ID                     uuid.UUID
		URL, Description       string
		Kinds                  []string
		State                  State
		CreatedBy              uuid.UUID
		CreatedAt              time.Time
		FailingSince, OldUntil *time.Time
	}
	rows, err := s.options.Pool.Query(ctx, `SELECT * FROM webhooks.endpoints_of($1)`, client.UUID)
	if err != nil {
		return nil, unavailable("list webhooks", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[row])
	if err != nil {
		return nil, unavailable("list webhooks", err)
	}
	endpoints := make([]Endpoint, len(found))
	for i, r := range found {
		endpoints[i] = Endpoint{
			ID: r.ID, URL: r.URL, Description: r.Description, Kinds: r.Kinds, State: r.State, CreatedBy: domain.PersonID{UUID: r.CreatedBy},
			CreatedAt: r.CreatedAt.UTC(), FailingSince: instant(r.FailingSince),
		}
		if until := instant(r.OldUntil); until.After(s.now()) {
			endpoints[i].OldUntil = until
		}
	}
	return endpoints, nil
}

// Endpoint gives one of an organisation; domain.ErrNotFound.
func (s *Service) Endpoint(ctx context.Context, client domain.ClientID, id uuid.UUID) (Endpoint, error) {
	all, err := s.Endpoints(ctx, client)
	if err != nil {
		return Endpoint{}, err
	}
	at := slices.IndexFunc(all, func(e Endpoint) bool { return e.ID == id })
	if at < 0 {
		return Endpoint{}, errNoEndpoint(id)
	}
	return all[at], nil
}

func errNoEndpoint(id uuid.UUID) error {
	return domain.Refuse(domain.ErrNotFound, "no_such_webhook", "no webhook %s here", id)
}

// Change makes an endpoint what is asked; domain.ErrNotFound.
func (s *Service) Change(ctx context.Context, client domain.ClientID, id uuid.UUID, asked Asked) error {
	if err := s.check(asked); err != nil {
		return err
	}
	return s.on(ctx, "change a webhook", id, `SELECT webhooks.change_endpoint($1, $2, $3, $4, $5)`,
		id, client.UUID, asked.URL, asked.Description, listed(asked.Kinds))
}

// Rotate gives an endpoint another secret, which is shown this once; the one before signs beside it for a day. A
// repeat, which the same request tells, is given the same secret. domain.ErrNotFound.
func (s *Service) Rotate(ctx context.Context, client domain.ClientID, id, request uuid.UUID) (secret string, err error) {
	var kept *string
	err = s.options.Pool.QueryRow(ctx, `SELECT webhooks.rotate_secret($1, $2, $3, $4, $5)`,
		id, client.UUID, request, s.newSecret(id), s.now().Add(rotation)).Scan(&kept)
	switch {
	case err != nil:
		return "", unavailable("change the secret of a webhook", err)
	case kept == nil:
		return "", errNoEndpoint(id)
	}
	return s.openSecret(id, *kept)
}

// Pause has an endpoint hear nothing more until it is taken up again.
func (s *Service) Pause(ctx context.Context, client domain.ClientID, id uuid.UUID) error {
	return s.on(ctx, "pause a webhook", id, `SELECT webhooks.pause_endpoint($1, $2, true, $3)`, id, client.UUID, s.now())
}

// Resume takes up an endpoint that was paused or has failed: it is told what happens from the instant on, by the
// clock of the facts, and what waited for it.
func (s *Service) Resume(ctx context.Context, client domain.ClientID, id uuid.UUID, since time.Time) error {
	return s.on(ctx, "resume a webhook", id, `SELECT webhooks.pause_endpoint($1, $2, false, $3)`, id, client.UUID, since)
}

// Remove removes an endpoint with its log; domain.ErrNotFound.
func (s *Service) Remove(ctx context.Context, client domain.ClientID, id uuid.UUID) error {
	return s.on(ctx, "remove a webhook", id, `SELECT webhooks.remove_endpoint($1, $2)`, id, client.UUID)
}

// TestIt has an endpoint sent a test under the delivery's id, which follows from the request. While many tests wait it
// does nothing. domain.ErrNotFound.
func (s *Service) TestIt(ctx context.Context, client domain.ClientID, id, delivery uuid.UUID) error {
	return s.on(ctx, "test a webhook", id, `SELECT webhooks.add_test($1, $2, $3, $4, $5, $6)`, delivery, id, client.UUID, Test, maxTests, s.now())
}

// SendAgain has a delivery sent once more, under its id, whatever became of it; domain.ErrNotFound.
func (s *Service) SendAgain(ctx context.Context, client domain.ClientID, id, delivery uuid.UUID) error {
	return s.on(ctx, "send a delivery again", id, `SELECT webhooks.send_again($1, $2, $3, $4)`, delivery, id, client.UUID, s.now())
}

// Deliveries gives a page of an endpoint's log, newest first, and where the next one begins; nil on the last. An
// endpoint that is not the organisation's has an empty log. limit is 200 at most, which 0 stands for.
func (s *Service) Deliveries(ctx context.Context, client domain.ClientID, id uuid.UUID, after *Cursor, limit int) ([]Delivery, *Cursor, error) {
	if limit <= 0 || limit > pageLimit {
		limit = pageLimit
	}
	before := Cursor{At: s.now().Add(time.Hour), ID: uuid.Max}
	if after != nil {
		before = *after
	}
	type row struct {
		ID                         uuid.UUID
		Kind, State, Answer, Error string
		At, CreatedAt, NextAt      time.Time
		TriedAt                    *time.Time
		Attempts, Code             int
	}
	rows, err := s.options.Pool.Query(ctx, `SELECT * FROM webhooks.deliveries_of($1, $2, $3, $4, $5)`, id, client.UUID, before.At, before.ID, limit+1)
	if err != nil {
		return nil, nil, unavailable("list deliveries", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[row])
	if err != nil {
		return nil, nil, unavailable("list deliveries", err)
	}
	deliveries := make([]Delivery, 0, len(found))
	for _, r := range found {
		deliveries = append(deliveries, Delivery{
			ID: r.ID, Kind: r.Kind, At: r.At.UTC(), State: r.State, CreatedAt: r.CreatedAt.UTC(), NextAt: r.NextAt.UTC(), Attempts: r.Attempts,
			TriedAt: instant(r.TriedAt), Code: r.Code, Answer: r.Answer, Error: r.Error,
		})
	}
	if len(deliveries) <= limit {
		return deliveries, nil, nil
	}
	deliveries = deliveries[:limit]
	last := deliveries[limit-1]
	return deliveries, &Cursor{At: last.CreatedAt, ID: last.ID}, nil
}

// on runs a function that tells whether it found what it is about.
func (s *Service) on(ctx context.Context, doing string, id uuid.UUID, statement string, arguments ...any) error {
	var found bool
	if err := s.options.Pool.QueryRow(ctx, statement, arguments...).Scan(&found); err != nil {
		return unavailable(doing, err)
	}
	if !found {
		return errNoEndpoint(id)
	}
	s.nudge()
	return nil
}

// nudge has the sender of this process look for what is due.
func (s *Service) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// unavailable says what could not be done because of the database.
func unavailable(doing string, err error) error {
	return fmt.Errorf("%s: %w: %w", doing, domain.ErrUnavailable, err)
}

func instant(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return at.UTC()
}

// listed makes an empty list of none.
func listed(all []string) []string { return append([]string{}, all...) }
