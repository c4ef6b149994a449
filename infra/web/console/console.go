// Package console is the HTTP API of the staff side, /api/staff/v1: everything about clients, contracts
// and tickets in full, and the commands on them.
//
// It may import commands, readmodels/staff, infra/web, infra/auth and the domain. Commands decide who may
// change what; what a role may read is decided here, by the same product rule F54. Whoever is not staff
// finds nothing.
//
// Surprise: positions are plain here, "<commit>/<prepare>", while the portal seals them.
package console

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/infra/auth"
	"effigate/infra/web"
)

// base is where the API begins.
const base = "/api/staff/v1"

// Reads is the staff read model.
type Reads interface {
	// Read runs read on the live generation, in a read-only transaction. Before that it waits until the
	// generation has passed the position, two seconds at most, and reports whether it has not; it does not
	// wait for the zero position. It wraps domain.ErrUnavailable while the read model cannot be reached.
	Read(ctx context.Context, after domain.Position, read func(pgx.Tx) error) (stale bool, err error)
	// Changed gives a channel that is closed when the read model may have changed.
	Changed() <-chan struct{}
}

// Names knows the names of client users, which the client database keeps.
type Names interface {
	// Names gives the names of those of the people that it knows.
	Names(ctx context.Context, people []uuid.UUID) (map[uuid.UUID]string, error)
}

// Options of a console; all but Version and Logger must be given.
type Options struct {
	Commands *commands.Service
	Reads    Reads
	// Names may fail: answers then give client users by their ids alone, and the log says why.
	Names Names
	// Projections tells how the read models are doing.
	Projections func(context.Context) ([]Projection, error)
	Verifier    auth.Verifier
	Now         func() time.Time // the clock that commands are stamped by
	Version     string
	Logger      *slog.Logger // slog.Default() when nil
}

// Console is the staff API. Serve and Handler come from web.API.
type Console struct {
	*web.API
	commands    *commands.Service
	reads       Reads
	names       Names
	projections func(context.Context) ([]Projection, error)
	now         func() time.Time
	logger      *slog.Logger
}

// New makes the console.
func New(o Options) *Console {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	c := &Console{
		API: web.New(web.Options{
			Title: "Effigate staff API", Version: o.Version, Side: domain.StaffSide, Verifier: o.Verifier, Logger: o.Logger,
		}),
		commands: o.Commands, reads: o.Reads, names: o.Names, projections: o.Projections, now: o.Now, logger: o.Logger,
	}
	c.registerClients()
	c.registerContracts()
	c.registerTickets()
	c.registerEdits()
	c.registerPublication()
	c.registerProjections()
	c.Events("/events", feed{c.reads})
	return c
}

// Ready says whether the console can answer: nil, or why not.
func (c *Console) Ready(ctx context.Context) error {
	_, err := c.reads.Read(ctx, domain.Position{}, func(pgx.Tx) error { return nil })
	return err
}
