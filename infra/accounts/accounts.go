// Package accounts keeps who may log in, and proves it: names and addresses, passwords, second factors,
// login sessions, API keys, invitations, the login rules of an organisation, and the log of access. Staff
// have theirs in effigate_staff, client users in effigate_client; one Service serves one of the two.
//
// It imports domain, domain/access and, for what a request says of itself, infra/auth. It knows no event and no read model: a person's role,
// grants and standing are facts, and whoever composes a login asks for them elsewhere.
//
// Surprises: everything personal is in these tables and nowhere else, so that it can be erased. Tokens are
// stored as hashes, secrets that must be read again are sealed under a key outside of the database. In
// effigate_client the role portal_accounts may call the functions of the schema accounts and read no table:
// every statement here is a call of a function. The clock is real time, not the demo's.
package accounts

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"effigate/domain"
	"effigate/domain/access"
)

// The refusals that a caller tells apart. Everything else is a *domain.Refusal or wraps
// domain.ErrUnavailable.
var (
	// ErrWrong says that address, password, code or token do not prove anybody. It never says which, nor
	// whether the address is known, nor that the account is locked.
	ErrWrong = errors.New("that does not prove who you are")
	// ErrBusy says that too many are logging in; it wraps domain.ErrUnavailable. Try again in a moment.
	ErrBusy = fmt.Errorf("%w: too many logins at once", domain.ErrUnavailable)
)

// Stage is how far a login session has come.
type Stage string

// The stages. Only a session in StageFull is a login; the others reach nothing but the page that ends them.
const (
	StageFactor Stage = "factor" // the second factor is due
	StageEnrol  Stage = "enrol"  // the organisation requires a second factor, and there is none yet
	StageFull   Stage = "full"
)

// Where tells where a request came from.
type Where struct {
	Address   string // IP address, without port
	UserAgent string // bounded by the service
}

// Account is what the accounts know of a person.
type Account struct {
	Person       domain.PersonID
	Client       domain.ClientID // zero for staff
	Name         string
	Email        string // empty for an imported person, who cannot log in
	HasPassword  bool
	SecondFactor bool      // a confirmed TOTP secret or a passkey
	InvitedUntil time.Time // until when an invitation can be taken up; zero when there is none
	LastLogin    time.Time // zero for never
	CreatedAt    time.Time
}

// Session is a login session as its person sees it.
type Session struct {
	ID           uuid.UUID
	Person       domain.PersonID
	Client       domain.ClientID
	Stage        Stage
	SecondFactor bool
	Method       string // "password", "passkey" or "sso"
	Where        Where
	CreatedAt    time.Time
	LastSeenAt   time.Time
	ProvedAt     time.Time
	ExpiresAt    time.Time // the absolute limit
}

// Begun is a session with its token, which is shown once: it goes into the cookie.
type Begun struct {
	Session
	Token string
}

// Key is an API key as its person sees it.
type Key struct {
	ID         uuid.UUID
	Person     domain.PersonID
	Client     domain.ClientID
	Name       string
	Hint       string              // its first characters, to recognise it by
	Scopes     []access.Permission // nil: everything the person may
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt time.Time
}

// Link is how an invitation or reset reaches its person.
type Link struct {
	// Mailed says that it goes to the person by e-mail; Token is empty then.
	Mailed bool
	// Token is shown to whoever asked, to hand over: there is no mail.
	Token   string
	Expires time.Time
}

// Offer is what the bearer of an invitation or reset link is shown before taking it up.
type Offer struct {
	Person domain.PersonID
	Client domain.ClientID
	Name   string
	Email  string
	// Minimum is the least length of the password, in characters.
	Minimum int
	Expires time.Time
}

// Rules are how the people of one organisation (the zero client: staff) log in.
type Rules struct {
	Client       domain.ClientID
	SecondFactor bool     // everybody must have one
	Domains      []string // of the addresses that may be invited, lower case; empty for any
	PasswordsOff bool     // single sign-on only; needs SSO
	SSO          *SSO
}

// SSO is an OpenID provider of an organisation.
type SSO struct {
	Issuer   string // https URL (see Options.LoopbackProviders)
	ClientID string
	Secret   string   // given to set it; empty when read
	Domains  []string // claimed: who gives an address of these is sent to the provider
	Join     bool     // who is unknown here becomes a user (a Client Employee) at the first login
}

// Entry is one line of the log of access.
type Entry struct {
	ID      int64
	At      time.Time
	Person  domain.PersonID // zero when nobody was proved
	Client  domain.ClientID // of the person or of what was accessed; zero for staff alone
	Kind    string          // see the Kind constants
	Outcome string          // "ok", "refused"
	Subject string          // what was accessed: an id or a route; never content
	Count   int             // how often within the minute; repeats are counted, not repeated
	Where   Where
}

// The kinds of Entry.
const (
	KindLogin       = "login"
	KindLogout      = "logout"
	KindDenied      = "denied" // a permission was lacking
	KindInvited     = "invited"
	KindReset       = "password_reset"
	KindCredentials = "credentials_changed"
	KindKey         = "api_key_changed"
	KindSession     = "session_ended"
	KindRules       = "login_rules_changed"
	KindWebhook     = "webhook_changed"
	KindErased      = "erased"
	KindExport      = "export"
	KindSensitive   = "sensitive_read" // rate cards, the log of access itself
)

// Options of a Service; all but Logger and Retention must be given.
type Options struct {
	// Pool is of portal_accounts on the client side, of the owner on the staff side and for staff who
	// manage client users.
	Pool *pgxpool.Pool
	Side domain.Side
	// Key seals TOTP secrets and SSO secrets at rest: at least 32 random bytes that outlive the process.
	Key []byte
	// Base is the public URL of the side's pages. Its host is what passkeys are bound to.
	Base   *url.URL
	Now    func() time.Time
	Logger *slog.Logger
	// Retention is for how long the log of access is kept; zero means 400 days.
	Retention time.Duration
	// LoopbackProviders allows OpenID providers on this machine, by http too: for tests and a demo. All others
	// must be on the public internet, by https.
	LoopbackProviders bool
}
