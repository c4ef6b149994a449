// Package console is the staff side, as pages and as the HTTP API /api/staff/v1: everything about clients,
// contracts, tickets and people in full, and the commands on them.
//
// It may import commands, readmodels/staff, infra/web with its pages, infra/accounts, infra/auth, infra/files,
// infra/blob and the domain. Who may do what is the table of domain/access: a route names its permission, a command asks for
// it again with the events, a read with the rows it reads. Whoever is not staff finds nothing.
//
// Surprises: positions are plain here, "<commit>/<prepare>", while the portal seals them. Users of clients
// and staff are two subjects with routes of their own, so that no id of one side is found on the other.
package console

import (
	"context"
	"log/slog"
	"net/netip"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/blob"
	"effigate/infra/files"
	"effigate/infra/web"
	"effigate/infra/web/page"
	"effigate/infra/webhook"
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

// Options of a console; all but Signin, PaymentSecret, Version, Logger and the last three must be given.
type Options struct {
	Commands *commands.Service
	Reads    Reads
	Files    *files.Files // the bytes of attachments
	Desk     Desk         // what is each staff person's own
	// Webhooks are those of staff; without it there are no pages of them.
	Webhooks *webhook.Service
	// Staff are the accounts of effigate_staff, Clients those of effigate_client. Clients may fail: answers
	// then give client users by their ids alone, and the log says why.
	Staff, Clients Accounts
	// Documents are the printed forms of issued documents, under the ids of visible.PrintID. Preview prints a draft as it
	// would be issued.
	Documents *blob.Reader
	Preview   func(bill.Document, []bill.Entry) ([]byte, error)
	// Lacking tells which letters of a document the PDF cannot show, and where: "山田 in the client's name".
	Lacking func(bill.Document, []bill.Entry) ([]string, error)
	// PrintReceipt writes the receipt of a payment as PDF.
	PrintReceipt func(Receipt) ([]byte, error)
	// Recompute computes an issued invoice again from the events of its time, and tells how in words; domain.ErrNotFound
	// for one that is not issued.
	Recompute func(context.Context, domain.InvoiceID) (string, error)
	// PaymentSecret signs what a payment gateway tells; see webhook.ParseSecret. Without it nobody listens to one.
	PaymentSecret []byte
	// WhatIf replays tickets under other rules. It ends with its context.
	WhatIf func(context.Context, WhatIf) (Rehearsed, error)
	// Projections tells how the read models are doing.
	Projections func(context.Context) ([]Projection, error)
	Verifier    auth.Verifier
	// Signin are the accounts that staff log in by, which Staff shows. Without it there are no pages of logging
	// in and of the own account.
	Signin *accounts.Service
	// Base is the public URL of the console, Portal that of the portal: links to take up an invitation begin
	// with them.
	Base, Portal *url.URL
	// Secret keys the hashes of what was asked about people, which stay in history. It must not change.
	Secret  []byte
	Now     func() time.Time // the clock that commands are stamped by
	Version string
	Logger  *slog.Logger // slog.Default() when nil

	// The rest is passed on to web.Options.
	TrustedProxies []netip.Prefix
	PostsPerMinute int
	Clock          func() time.Time // the clock that proofs of identity age by
}

// Console is the staff side. Serve, Handler and Routes come from web.API.
type Console struct {
	*web.API
	options  Options
	commands *commands.Service
	reads    Reads
	staff    Accounts
	clients  Accounts
	now      func() time.Time
	logger   *slog.Logger

	rehearsing chan struct{} // holds one while a what-if runs
}

// New makes the console.
func New(o Options) *Console {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if len(o.Secret) == 0 {
		panic("console: Options.Secret must be given: without it what was asked about people could be guessed")
	}
	if o.Clock == nil {
		o.Clock = time.Now //nolint:forbidigo // the edge reads the clock
	}
	c := &Console{options: o, commands: o.Commands, reads: o.Reads, staff: o.Staff, clients: o.Clients, now: o.Now, logger: o.Logger, rehearsing: make(chan struct{}, 1)}
	c.API = web.New(web.Options{
		Title: "Effigate staff API", Version: o.Version, Side: domain.StaffSide, Verifier: o.Verifier, Logger: o.Logger,
		Cookie: "effigate_console", Base: o.Base, ErrorPage: page.Failure(true), Denied: c.denied,
		TrustedProxies: o.TrustedProxies, PostsPerMinute: o.PostsPerMinute, Now: o.Clock,
	})
	c.registerClients()
	c.registerContracts()
	c.registerRates()
	c.registerPolicies()
	c.registerCalendars()
	c.registerTime()
	c.registerTimer()
	c.registerPeriods()
	c.registerDeductions()
	c.registerForecasts()
	c.registerInvoices()
	c.registerPayments()
	c.registerDisputes()
	c.registerIssuers()
	c.registerExchange()
	c.registerTickets()
	c.registerEdits()
	c.registerLife()
	c.registerQueue()
	c.registerClock()
	c.registerSLA()
	c.registerWhatIf()
	c.registerViews()
	c.registerNotices()
	c.registerPublication()
	c.registerAttachments()
	c.registerProjections()
	c.registerPeople()
	c.registerRules()
	c.registerRoster()
	c.registerAccessLog()
	c.registerMail()
	c.Events("/events", feed{c.reads})
	c.addPages()
	c.addAttachmentPages()
	if len(o.PaymentSecret) > 0 {
		c.mountPaymentHook()
	}
	if o.Webhooks != nil {
		c.mountWebhooks(o.Webhooks)
	}
	if o.Signin != nil {
		c.mountSignin(o.Signin)
	}
	return c
}

// Ready says whether the console can answer: nil, or why not.
func (c *Console) Ready(ctx context.Context) error {
	_, err := c.reads.Read(ctx, domain.Position{}, func(pgx.Tx) error { return nil })
	return err
}
