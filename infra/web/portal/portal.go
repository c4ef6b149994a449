// Package portal is the client API: what a client user reads and writes over HTTP.
//
// It faces the internet. It may import readmodels/client, domain, domain/visible, the value types,
// infra/web and infra/auth, and no aggregate and nothing of staff: the use cases reach it as the small
// Commands interface in plain types. The client organisation always comes from the login, never from a
// request.
//
// Surprises: log positions, stream ids and cursors are sealed tokens, because a number in them would count
// what other clients do; ETags are hashes of what the reader sees.
package portal

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/readmodels/client"
)

// base is where the API begins.
const base = "/api/client/v1"

// Reads is the client read model.
type Reads interface {
	// Read runs read on the live generation, in a read-only transaction that sees one client's rows. Before
	// that it waits until the generation has passed the position, two seconds at most, and reports whether
	// it has not; it does not wait for the zero position. It wraps domain.ErrUnavailable while the read
	// model cannot be reached.
	Read(ctx context.Context, client domain.ClientID, after domain.Position, read func(pgx.Tx) error) (stale bool, err error)
	// Changed gives a channel that is closed when the read model may have changed.
	Changed() <-chan struct{}
}

// Request is what every command carries beside what it asks for.
type Request struct {
	Actor domain.Actor
	Route string // method and path: with the key it names the command
	Key   string // the Idempotency-Key
	// Body is what was asked in one canonical form, so that the same request has the same bytes.
	Body        []byte
	At          time.Time // UTC
	Traceparent string
}

// RaiseTicket asks for a new ticket in a category of the client. Contract and JobType are zero when the
// client has no such category.
type RaiseTicket struct {
	Category    uuid.UUID
	Contract    uuid.UUID
	JobType     string
	Title       string
	Description string
	Priority    string
}

// Answer is what a command led to.
type Answer struct {
	ID uuid.UUID
	// Position is where in the log the effect is complete.
	Position domain.Position
}

// Commands are the use cases of a client user. A refusal is a *domain.Refusal; a repeat of the same request
// gets the same answer.
type Commands interface {
	RaiseTicket(ctx context.Context, r Request, t RaiseTicket) (Answer, error)
	CommentOnTicket(ctx context.Context, r Request, ticket uuid.UUID, text string) (Answer, error)
	ReopenTicket(ctx context.Context, r Request, ticket uuid.UUID, text string) (Answer, error)
}

// Options of a portal; all but Version and Logger must be given.
type Options struct {
	Reads    Reads
	Commands Commands
	Verifier auth.Verifier
	Sealer   *auth.Sealer
	Now      func() time.Time // the clock that commands are stamped by
	Version  string
	Logger   *slog.Logger // slog.Default() when nil
}

// Portal is the client API. Serve and Handler come from web.API.
type Portal struct {
	*web.API
	reads    Reads
	commands Commands
	sealer   *auth.Sealer
	now      func() time.Time
}

// New makes the portal.
func New(o Options) *Portal {
	p := &Portal{
		API: web.New(web.Options{
			Title: "Effigate client API", Version: o.Version, Side: domain.ClientSide, Verifier: o.Verifier, Logger: o.Logger,
		}),
		reads: o.Reads, commands: o.Commands, sealer: o.Sealer, now: o.Now,
	}
	p.registerReads()
	p.registerTickets()
	p.Events("/events", feed{p})
	return p
}

// Ready says whether the portal can answer: nil, or why not.
func (p *Portal) Ready(ctx context.Context) error {
	_, err := p.reads.Read(ctx, domain.ClientID{}, domain.Position{}, func(tx pgx.Tx) error {
		_, err := client.LastChange(ctx, tx, client.Viewer{})
		return err
	})
	return err
}
