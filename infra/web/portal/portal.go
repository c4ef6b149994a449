// Package portal is the client's side: the pages of a client user, and the API for the same things.
//
// It faces the internet. It may import readmodels/client, domain, domain/access, domain/visible, the value
// types, infra/web with its page and signin, infra/accounts, infra/auth, infra/webhook and infra/blob, and no aggregate and nothing of
// staff: the use cases reach it as the small Commands interface in plain types. The client organisation
// always comes from the login, never from a request.
//
// Surprises: log positions, stream ids and cursors are sealed tokens, because a number in them would count
// what other clients do; ETags are hashes of what the reader sees.
package portal

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	"effigate/infra/web/signin"
	"effigate/infra/webhook"
	"effigate/readmodels/client"
)

// base is where the API begins.
const base = "/api/client/v1"

// Cookie is the name of the cookie of a login session.
const Cookie = "effigate_portal"

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

// Options of a portal; all but Version, TrustedProxies, PostsPerMinute, LoginClock and Logger must be given.
type Options struct {
	Reads    Reads
	Commands Commands
	Accounts *accounts.Service // of the client side
	Verifier auth.Verifier
	Sealer   *auth.Sealer
	Files    Files // that were disclosed
	// Documents are the printed forms of invoices and credit notes, under the ids of visible.PrintID.
	Documents Files
	// PrintStatement writes a statement of account as a file.
	PrintStatement func(StatementFile) ([]byte, error)
	// PrintReceipt writes the receipt of a payment as PDF.
	PrintReceipt func(client.PaymentReceipt) ([]byte, error)
	// Webhooks are those of clients, for whom portal_accounts manages them; without it there are no pages of them.
	Webhooks *webhook.Service
	// Base is the public URL of the pages.
	Base *url.URL
	Now  func() time.Time // the clock that commands are stamped by
	// LoginClock is the clock that login sessions are kept by; time.Now when nil.
	LoginClock func() time.Time
	// TrustedProxies and PostsPerMinute are as in web.Options.
	TrustedProxies []netip.Prefix
	PostsPerMinute int
	Version        string
	Logger         *slog.Logger // slog.Default() when nil
}

// Portal is the client's side: pages and API. Serve and Handler come from web.API.
type Portal struct {
	*web.API
	reads        Reads
	commands     Commands
	accounts     *accounts.Service
	sealer       *auth.Sealer
	files        Files
	documents    Files
	statements   func(StatementFile) ([]byte, error)
	printReceipt func(client.PaymentReceipt) ([]byte, error)
	base         *url.URL
	now          func() time.Time
	loginClock   func() time.Time
}

// New makes the portal.
func New(o Options) *Portal {
	if o.LoginClock == nil {
		o.LoginClock = time.Now //nolint:forbidigo // the edge reads the clock
	}
	p := &Portal{
		reads: o.Reads, commands: o.Commands, accounts: o.Accounts, sealer: o.Sealer, files: o.Files,
		documents: o.Documents, statements: o.PrintStatement, printReceipt: o.PrintReceipt, base: o.Base, now: o.Now, loginClock: o.LoginClock,
	}
	p.API = web.New(web.Options{
		Title: "Effigate client API", Version: o.Version, Side: domain.ClientSide, Verifier: o.Verifier, Logger: o.Logger,
		Cookie: Cookie, Base: o.Base, ErrorPage: page.Failure(false), Denied: p.denied,
		TrustedProxies: o.TrustedProxies, PostsPerMinute: o.PostsPerMinute, Now: o.LoginClock,
	})
	p.registerReads()
	p.registerTickets()
	p.registerAttachments()
	p.registerContracts()
	p.registerProposals()
	p.registerOverage()
	p.registerInvoices()
	p.registerDisputes()
	p.registerStatement()
	p.registerReceipts()
	p.registerPeople()
	p.registerAccessLog()
	p.Events("/events", feed{p})
	p.mountPages()
	p.mountAttachments()
	if o.Webhooks != nil {
		p.mountWebhooks(o.Webhooks)
	}
	signin.Mount(p.API, signin.Options{
		Accounts: p.accounts, Side: domain.ClientSide, API: base, Base: o.Base, Frame: p.frame, Organisation: p.organisation,
		Standing: p.standing, Activate: p.activate, Join: p.join, Now: p.loginClock,
	})
	return p
}

// denied adds to the log of access that somebody was refused.
func (p *Portal) denied(ctx context.Context, login auth.Login, permission access.Permission, _ *http.Request) {
	p.record(ctx, login.Actor, accounts.KindDenied, "refused", string(permission))
}

// Ready says whether the portal can answer: nil, or why not.
func (p *Portal) Ready(ctx context.Context) error {
	_, err := p.reads.Read(ctx, domain.ClientID{}, domain.Position{}, func(tx pgx.Tx) error {
		_, err := client.LastChange(ctx, tx, client.Viewer{})
		return err
	})
	return err
}
