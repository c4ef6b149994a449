package accounts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"effigate/domain"
	"effigate/infra/outside"
)

const (
	// discoveryLife is how long is believed what a provider told of itself.
	discoveryLife = 10 * time.Minute
	// maxProviders bounds those that are remembered.
	maxProviders = 256
	// maxProviderAnswer is the length of the longest answer of a provider that is read, in bytes.
	maxProviderAnswer = 1 << 20
	// providerTimeout bounds one request to a provider.
	providerTimeout = 10 * time.Second
)

// provider is an OpenID provider as it told of itself.
type provider struct {
	*oidc.Provider
	endpoint oauth2.Endpoint
	wire     *wire
	client   *http.Client
}

type remembered struct {
	provider *provider
	until    time.Time
}

// providers remembers them.
type providers struct {
	mutex    sync.Mutex
	known    map[string]remembered // by issuer
	asking   singleflight.Group
	loopback bool // see Options.LoopbackProviders
	outside  http.RoundTripper
}

func newProviders(loopback bool) *providers {
	transport := outside.NewTransport(providerTimeout, loopback)
	transport.MaxIdleConns, transport.MaxResponseHeaderBytes = maxProviders, maxProviderAnswer
	return &providers{known: map[string]remembered{}, loopback: loopback, outside: transport}
}

// find gives the provider of an issuer, asking it when the answer is not remembered.
func (p *providers) find(ctx context.Context, issuer string, now time.Time) (*provider, error) {
	p.mutex.Lock()
	last, ok := p.known[issuer]
	p.mutex.Unlock()
	if ok && now.Before(last.until) {
		return last.provider, nil
	}
	// Many who log in at once wait for one answer, which must not fail because one of them left.
	asked, err, _ := p.asking.Do(issuer, func() (any, error) { return p.discover(context.WithoutCancel(ctx), issuer) })
	if err != nil {
		return nil, err
	}
	found := asked.(*provider) //nolint:forcetypeassert // the function above gives nothing else
	p.remember(issuer, found, now)
	return found, nil
}

// remember keeps a provider for a while, in place of the one that is known for longest when there are too many.
func (p *providers) remember(issuer string, found *provider, now time.Time) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if _, ok := p.known[issuer]; !ok && len(p.known) >= maxProviders {
		oldest := slices.MinFunc(slices.Collect(maps.Keys(p.known)), func(a, b string) int { return p.known[a].until.Compare(p.known[b].until) })
		delete(p.known, oldest)
	}
	p.known[issuer] = remembered{found, now.Add(discoveryLife)}
}

// discover asks a provider about itself. All it names must be reached as safely as the issuer itself: what it
// tells comes from somebody else, and must not lead us to whatever listens inside.
func (p *providers) discover(ctx context.Context, issuer string) (*provider, error) {
	wire := &wire{next: p.outside}
	client := &http.Client{Transport: wire, Timeout: providerTimeout, CheckRedirect: outside.RefuseRedirect}
	if !isIssuer(issuer, p.loopback) {
		return nil, fmt.Errorf("provider %s: %w: it must be an https URL", issuer, domain.ErrUnavailable)
	}
	local := strings.HasPrefix(issuer, "http:")
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, client), issuer)
	if err != nil {
		return nil, silent(issuer, err)
	}
	var told struct {
		Keys    string   `json:"jwks_uri"`
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := found.Claims(&told); err != nil {
		return nil, silent(issuer, err)
	}
	endpoint := found.Endpoint()
	for _, named := range []string{endpoint.AuthURL, endpoint.TokenURL, told.Keys, cmp.Or(found.UserInfoEndpoint(), issuer)} {
		if !safe(named, local) {
			return nil, fmt.Errorf("provider %s: %w: it names an address that is missing or not safe: %q", issuer, domain.ErrUnavailable, bounded(named, maxReason))
		}
	}
	// The standard's default, where the provider doesn't say.
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if told.Methods != nil && !slices.Contains(told.Methods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &provider{Provider: found, endpoint: endpoint, wire: wire, client: client}, nil
}

// maxReason is the length of the longest error that is told of a provider, in bytes: the libraries' errors
// quote its answers.
const maxReason = 200

// silent says that a provider did not answer as it should.
func silent(issuer string, err error) error {
	return fmt.Errorf("ask provider %s: %w: %s", issuer, domain.ErrUnavailable, bounded(err.Error(), maxReason))
}

// safe tells whether an address is reached by https or, where that is allowed, by http on this very machine.
func safe(address string, local bool) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && u.User == nil && u.Fragment == "" &&
		(u.Scheme == "https" || local && u.Scheme == "http" && outside.IsLoopback(u))
}

// wire bounds what a provider answers, and counts when it did not answer as a provider that works does.
type wire struct {
	next     http.RoundTripper
	failures atomic.Int64
}

// RoundTrip sends a request.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := w.next.RoundTrip(r)
	if err != nil || response.StatusCode >= http.StatusInternalServerError || response.StatusCode == http.StatusTooManyRequests {
		w.failures.Add(1)
	}
	if err == nil {
		response.Body = http.MaxBytesReader(nil, response.Body, maxProviderAnswer)
	}
	return response, err
}

// vouched is what a provider says of a person.
type vouched struct {
	subject, email, name string
	secondFactor         bool
	provedAt             time.Time // when the provider asked the person
}

// claims are those of an ID token or of the user info that we read.
type claims struct {
	Email      string   `json:"email"`
	Verified   verified `json:"email_verified"`
	Name       string   `json:"name"`
	Methods    []string `json:"amr"`
	Authorised string   `json:"azp"`
	AskedAt    float64  `json:"auth_time"` // seconds; zero when the provider doesn't tell
}

// verified is true, or the text "true" that some providers send instead.
type verified bool

// UnmarshalJSON takes anything else for false.
func (v *verified) UnmarshalJSON(text []byte) error {
	*v = string(text) == "true" || string(text) == `"true"`
	return nil
}

// secondFactors are the methods (RFC 8176) that are more than a password.
var secondFactors = []string{"mfa", "otp", "hwk", "sc"}

// askProvider exchanges the code for what the provider vouches for.
func (s *Service) askProvider(ctx context.Context, rules ssoRules, kept ssoState, code string) (vouched, error) {
	ctx, cancel := context.WithTimeout(ctx, ssoPatience)
	defer cancel()
	p, err := s.providers.find(ctx, rules.Issuer, s.now())
	if err != nil {
		return vouched{}, err
	}
	before := p.wire.failures.Load()
	v, err := s.exchange(oidc.ClientContext(ctx, p.client), p, rules, kept, code)
	if err == nil {
		return v, nil
	}
	if p.wire.failures.Load() > before {
		return vouched{}, silent(rules.Issuer, err)
	}
	s.options.Logger.InfoContext(ctx, "single sign-on refused",
		slog.String("issuer", rules.Issuer), slog.String("client", kept.Client.String()), slog.String("reason", bounded(err.Error(), maxReason)))
	return vouched{}, ErrWrong
}

var (
	errNoToken         = errors.New("the provider gave no ID token")
	errNonce           = errors.New("the ID token answers another login")
	errAuthorised      = errors.New("the ID token was made for another application")
	errSubject         = errors.New("the user info is of another person")
	errStale           = errors.New("the provider did not ask the person anew")
	errUnverified      = errors.New("the provider does not vouch for the e-mail address")
	errUnusableSubject = errors.New("the subject is no text of 1 to 255 bytes")
)

func (s *Service) exchange(ctx context.Context, p *provider, rules ssoRules, kept ssoState, code string) (vouched, error) {
	token, err := s.oauth(rules, p).Exchange(ctx, code, oauth2.VerifierOption(kept.Verifier))
	if err != nil {
		return vouched{}, err
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return vouched{}, errNoToken
	}
	proof, err := p.Verifier(&oidc.Config{ClientID: rules.SSOClient, Now: s.options.Now}).Verify(ctx, raw)
	if err != nil {
		return vouched{}, err
	}
	if proof.Nonce != kept.Nonce {
		return vouched{}, errNonce
	}
	var told claims
	if err := proof.Claims(&told); err != nil {
		return vouched{}, err
	}
	if told.Authorised != rules.SSOClient && (told.Authorised != "" || len(proof.Audience) > 1) {
		return vouched{}, errAuthorised
	}
	provedAt, ok := kept.provedAt(told.AskedAt, s.now())
	if !ok {
		return vouched{}, errStale
	}
	methods := told.Methods
	if told.Email == "" {
		if told, err = askMore(ctx, p, token, proof.Subject); err != nil {
			return vouched{}, err
		}
	}
	v, err := told.vouch(proof.Subject, methods)
	v.provedAt = provedAt
	return v, err
}

// maxSkew is how far a provider's clock may be behind ours.
const maxSkew = time.Minute

// provedAt tells when the person was asked, and whether that is lately enough. A provider that doesn't say
// asked long ago: it may know its users for weeks, and that we told it to ask anew travelled through the
// browser, which may have left it out. The standard wants it said whenever an age is asked for.
func (k ssoState) provedAt(seconds float64, now time.Time) (time.Time, bool) {
	asked := time.Unix(int64(min(max(seconds, 0), float64(now.Unix()))), 0).UTC()
	return asked, k.Anew.IsZero() || seconds > 0 && !asked.Before(k.Anew.Add(-maxSkew))
}

// askMore asks for the claims that a thin ID token lacks.
func askMore(ctx context.Context, p *provider, token *oauth2.Token, subject string) (claims, error) {
	info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return claims{}, err
	}
	if info.Subject != subject {
		return claims{}, errSubject
	}
	var told claims
	err = info.Claims(&told)
	return told, err
}

// vouch gives what is believed of the claims.
func (c claims) vouch(subject string, methods []string) (vouched, error) {
	email, ok := normalEmail(c.Email)
	if !bool(c.Verified) || !ok {
		return vouched{}, errUnverified
	}
	if subject == "" || len(subject) > maxIdentity || !utf8.ValidString(subject) || strings.ContainsFunc(subject, unicode.IsControl) {
		return vouched{}, errUnusableSubject
	}
	words := strings.FieldsFunc(c.Name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	name := strings.TrimSpace(bounded(strings.Join(words, " "), domain.MaxLine))
	if name == "" {
		name, _, _ = strings.Cut(email, "@")
	}
	return vouched{
		subject: subject, email: email, name: name,
		secondFactor: slices.ContainsFunc(methods, func(method string) bool { return slices.Contains(secondFactors, method) }),
	}, nil
}

// maxIdentity is the length of the longest subject, in bytes, as the standard has it.
const maxIdentity = 255
