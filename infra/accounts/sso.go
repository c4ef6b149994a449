package accounts

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/uuid"
	"golang.org/x/oauth2"

	"effigate/domain"
)

const (
	// ssoLife is how long a person may take at its provider.
	ssoLife = 10 * time.Minute
	// ssoPatience is how long a provider may take to answer all that one login asks of it.
	ssoPatience = 15 * time.Second
	// maxParameter is the length of the longest parameter of a callback that is looked at, in bytes.
	maxParameter = 4 << 10

	purposeLogin = "sso login"
	// purposeSecret binds the sealed secret of a provider, which SetRules stores, to its use.
	purposeSecret = "sso secret"
)

// ssoState is what a browser keeps while its person is at the provider.
type ssoState struct {
	Client   uuid.UUID `json:"c"`
	Issuer   string    `json:"i"` // rules that changed meanwhile must not mix two providers up
	State    string    `json:"s"`
	Nonce    string    `json:"n"`
	Verifier string    `json:"v"`          // of PKCE
	Anew     time.Time `json:"a,omitzero"` // from when on the person must have been asked; zero for any time
}

// ProviderOf tells whether an address belongs to an organisation with single sign-on, by its domain alone.
func (s *Service) ProviderOf(ctx context.Context, email string) (client domain.ClientID, ok bool, err error) {
	email, _ = normalEmail(email) // what is no address has no domain
	type row struct{ Client uuid.UUID }
	found, err := query[row](ctx, s, "find the provider of a domain", `SELECT client FROM accounts.provider_of_domain($1)`, domainOf(email))
	if err != nil || len(found) == 0 {
		return domain.ClientID{}, false, err
	}
	return domain.ClientID{UUID: found[0].Client}, true, nil
}

// BeginSSO gives where to send the browser, and the state that goes into a cookie (sealed, 10 min). The hint
// is the address that was typed, or empty. It is domain.ErrNotFound for an organisation without single
// sign-on, and domain.ErrUnavailable while its provider is not to be reached.
func (s *Service) BeginSSO(ctx context.Context, client domain.ClientID, hint string) (redirect, state string, err error) {
	return s.beginSSO(ctx, client, hint, time.Time{})
}

// ProveSSO is BeginSSO for somebody who is to prove itself anew: the provider must ask, however lately it did.
func (s *Service) ProveSSO(ctx context.Context, client domain.ClientID, hint string) (redirect, state string, err error) {
	return s.beginSSO(ctx, client, hint, s.now())
}

func (s *Service) beginSSO(ctx context.Context, client domain.ClientID, hint string, anew time.Time) (redirect, state string, err error) {
	ctx, cancel := context.WithTimeout(ctx, ssoPatience)
	defer cancel()
	rules, ok, err := s.provider(ctx, client)
	if err != nil {
		return "", "", err
	}
	if !ok {
		return "", "", domain.Refuse(domain.ErrNotFound, "no_sso", "organisation %s has no single sign-on", client)
	}
	found, err := s.providers.find(ctx, rules.Issuer, s.now())
	if err != nil {
		return "", "", err
	}
	kept := ssoState{
		Client: client.UUID, Issuer: rules.Issuer, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Anew: anew,
	}
	state, err = s.carry(purposeLogin, uuid.Nil, ssoLife, kept)
	if err != nil {
		return "", "", err
	}
	parameters := []oauth2.AuthCodeOption{oidc.Nonce(kept.Nonce), oauth2.S256ChallengeOption(kept.Verifier)}
	if hint != "" {
		parameters = append(parameters, oauth2.SetAuthURLParam("login_hint", bounded(hint, maxHint)))
	}
	if !anew.IsZero() {
		parameters = append(parameters, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return s.oauth(rules, found).AuthCodeURL(kept.State, parameters...), state, nil
}

// maxHint is the length of the longest e-mail address.
const maxHint = 254

// oauth is us as a client of a provider.
func (s *Service) oauth(rules ssoRules, p *provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: rules.SSOClient, ClientSecret: rules.SSOSecret, Endpoint: p.endpoint,
		RedirectURL: s.options.Base.JoinPath("login", "sso", "callback").String(),
		Scopes:      []string{oidc.ScopeOpenID, "email", "profile"},
	}
}

// FinishSSO takes the callback's parameters. Who is unknown here and may join gets an account, and
// Begun.Person is its id, the same at every try; newcomer says so, at every login until Joined or TurnAway
// was called: the fact is yet to be recorded. It is domain.ErrUnavailable while the provider is not to be reached (the
// same callback may come again), and ErrWrong otherwise.
func (s *Service) FinishSSO(ctx context.Context, state string, callback url.Values, from Where) (b Begun, newcomer bool, err error) {
	var kept ssoState
	until, err := s.resume(purposeLogin, uuid.Nil, state, &kept)
	if err != nil {
		return Begun{}, false, err
	}
	code, ok := kept.code(callback)
	if !ok {
		return Begun{}, false, ErrWrong
	}
	client := domain.ClientID{UUID: kept.Client}
	rules, ok, err := s.provider(ctx, client)
	if err != nil || !ok || rules.Issuer != kept.Issuer {
		return Begun{}, false, wrongUnless(err)
	}
	vouched, err := s.askProvider(ctx, rules, kept, code)
	if err != nil {
		return Begun{}, false, err
	}
	if !slices.Contains(rules.Domains, domainOf(vouched.email)) {
		s.options.Logger.InfoContext(ctx, "single sign-on vouches for a domain that is not claimed", slog.String("client", client.String()))
		return Begun{}, false, ErrWrong
	}
	if err := s.conclude(ctx, kept.State, until); err != nil {
		return Begun{}, false, err
	}
	return s.admit(ctx, client, rules, vouched, from)
}

// code gives the code of a callback that answers this request, and belongs to this browser.
func (k ssoState) code(callback url.Values) (string, bool) {
	for _, values := range callback {
		if len(values) != 1 || len(values[0]) > maxParameter {
			return "", false
		}
	}
	if subtle.ConstantTimeCompare([]byte(callback.Get("state")), []byte(k.State)) != 1 {
		return "", false
	}
	// A provider that names itself must be the one that was asked (RFC 9207).
	if callback.Has("iss") && callback.Get("iss") != k.Issuer {
		return "", false
	}
	code := callback.Get("code")
	return code, code != "" && !callback.Has("error")
}

// admit begins a session for whom the provider vouches for.
func (s *Service) admit(ctx context.Context, client domain.ClientID, rules ssoRules, v vouched, from Where) (Begun, bool, error) {
	type row struct {
		Person   uuid.UUID
		Newcomer bool
	}
	found, err := first[row](ctx, s, "identify a person", `SELECT person, newcomer FROM accounts.identify($1, $2, $3, $4, $5, $6, $7, $8)`,
		rules.Issuer, v.subject, client.UUID, v.email, s.newcomer(client, rules.Issuer, v.subject).UUID, v.name,
		rules.SSOJoin && !client.IsZero(), s.now())
	if err != nil {
		return Begun{}, false, err
	}
	person := domain.PersonID{UUID: found.Person}
	stage := StageFull
	if !v.secondFactor {
		if stage, err = s.stageOf(ctx, person); err != nil {
			return Begun{}, false, err
		}
	}
	begun, err := s.begin(ctx, person, "sso", v.secondFactor, stage, from)
	if err == nil && stage == StageFull && v.provedAt.Before(begun.ProvedAt) {
		begun.ProvedAt = v.provedAt
		err = s.run(ctx, "note when a login was proved", `SELECT accounts.prove($1, $2)`, begun.ID, v.provedAt)
	}
	if err != nil {
		return Begun{}, false, err
	}
	return begun, found.Newcomer, nil
}

// newcomer is the id of a person who joins an organisation by its first login: the same for ever, so that a
// login that is repeated makes no second person. It is in the events, which outlive the person's erasure, so
// that nobody without our key may tell whose it is by trying subjects.
func (s *Service) newcomer(client domain.ClientID, issuer, subject string) domain.PersonID {
	return domain.PersonID{UUID: domain.Derive(client.UUID, "sso", hex.EncodeToString(s.box.key("newcomer", issuer, subject)))}
}

// TurnAway removes a newcomer whose fact was refused, with its session and all: its address is free again. Who
// is no newcomer any more stays.
func (s *Service) TurnAway(ctx context.Context, person domain.PersonID) error {
	return s.run(ctx, "turn a newcomer away", `SELECT accounts.turn_away($1)`, person.UUID)
}

// Joined says that the fact of a newcomer was recorded.
func (s *Service) Joined(ctx context.Context, person domain.PersonID) error {
	return s.run(ctx, "note that a newcomer is recorded", `SELECT accounts.joined($1)`, person.UUID)
}

// ssoRules are an organisation's, with the secret.
type ssoRules struct {
	Issuer    string
	SSOClient string
	SSOSecret string
	SSOJoin   bool
	Domains   []string
}

// provider gives the rules of single sign-on; not ok without.
func (s *Service) provider(ctx context.Context, client domain.ClientID) (rules ssoRules, ok bool, err error) {
	found, err := query[ssoRules](ctx, s, "read the rules of single sign-on",
		`SELECT issuer, sso_client, sso_secret, sso_join, domains FROM accounts.provider_of($1)`, client.UUID)
	if err != nil || len(found) == 0 {
		return ssoRules{}, false, err
	}
	rules = found[0]
	secret, err := s.box.open(purposeSecret, client.UUID, rules.SSOSecret)
	if err != nil {
		return ssoRules{}, false, fmt.Errorf("open the single sign-on secret of organisation %s: %w", client, err)
	}
	rules.SSOSecret = string(secret)
	return rules, true, nil
}

// domainOf gives the domain of an address in its normal form.
func domainOf(email string) string {
	_, after, _ := strings.Cut(email, "@")
	return after
}
