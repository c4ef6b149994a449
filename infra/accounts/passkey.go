package accounts

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"effigate/domain"
)

const (
	// maxPasskeys is how many a person may have.
	maxPasskeys = 10
	// maxAnswer is the length of the longest answer of an authenticator that is looked at, in bytes.
	maxAnswer = 16 << 10
	// passkeyLife is how long a person may take to touch the authenticator.
	passkeyLife = 5 * time.Minute
	handleBytes = 64

	purposeRegister = "passkey registration"
	purposePasskey  = "passkey login"
)

// Passkey is a registered passkey.
type Passkey struct {
	ID                    uuid.UUID
	Name                  string
	CreatedAt, LastUsedAt time.Time
}

// passkey is one with what verifies it.
type passkey struct {
	Passkey
	credential webauthn.Credential
	uses       int64 // as stored; the credential counts on when it is used
}

// newRelyingParty makes what passkeys of the side are bound to: the host of its pages. It is nil for a host
// that is an IP address, for which no browser makes passkeys.
func newRelyingParty(base *url.URL) (*webauthn.WebAuthn, error) {
	if net.ParseIP(base.Hostname()) != nil {
		return nil, nil
	}
	limit := webauthn.TimeoutConfig{Timeout: passkeyLife, TimeoutUVD: passkeyLife}
	relying, err := webauthn.New(&webauthn.Config{
		RPID:          strings.ToLower(base.Hostname()),
		RPDisplayName: "Effigate",
		RPOrigins:     []string{base.Scheme + "://" + base.Host},
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
		AttestationPreference: protocol.PreferNoAttestation,
		Timeouts:              webauthn.TimeoutsConfig{Login: limit, Registration: limit},
	})
	if err != nil {
		return nil, fmt.Errorf("prepare passkeys for %s: %w", base.Host, err)
	}
	return relying, nil
}

var (
	errNoPasskeys   = domain.Refuse(domain.ErrConflict, "no_passkeys", "passkeys need a host name, and these pages are served under an IP address")
	errManyPasskeys = domain.Refuse(domain.ErrConflict, "too_many_passkeys", "a person has at most %d passkeys; remove one first", maxPasskeys)
	errUnusable     = domain.Refuse(domain.ErrInvalid, "unusable_passkey", "the authenticator's answer does not fit, or its passkey is registered already")
)

// holder is a person as authenticators know it.
type holder struct {
	person      domain.PersonID
	client      domain.ClientID // known at logins
	handle      []byte
	name, email string
	passkeys    []passkey
}

func (h holder) WebAuthnID() []byte          { return h.handle }
func (h holder) WebAuthnName() string        { return h.email }
func (h holder) WebAuthnDisplayName() string { return h.name }

func (h holder) WebAuthnCredentials() []webauthn.Credential {
	credentials := make([]webauthn.Credential, len(h.passkeys))
	for i, p := range h.passkeys {
		credentials[i] = p.credential
	}
	return credentials
}

// BeginPasskey gives the options for navigator.credentials.create and the state that finishing needs back,
// a sealed text of at most 2 KiB that lives 5 min.
func (s *Service) BeginPasskey(ctx context.Context, person domain.PersonID) (options []byte, state string, err error) {
	if s.relying == nil {
		return nil, "", errNoPasskeys
	}
	holder, err := s.holder(ctx, person)
	if err != nil {
		return nil, "", err
	}
	if len(holder.passkeys) >= maxPasskeys {
		return nil, "", errManyPasskeys
	}
	creation, session, err := s.relying.BeginRegistration(holder,
		webauthn.WithExclusions(webauthn.Credentials(holder.WebAuthnCredentials()).CredentialDescriptors()),
		webauthn.WithCredentialParameters(webauthn.CredentialParametersRecommendedL3()))
	if err != nil {
		return nil, "", fmt.Errorf("begin a passkey: %w", err)
	}
	if options, err = json.Marshal(creation); err != nil {
		return nil, "", fmt.Errorf("begin a passkey: %w", err)
	}
	state, err = s.carry(purposeRegister, person.UUID, passkeyLife, session)
	return options, state, err
}

// FinishPasskey stores what the browser answered. Its name is a line; an answer that doesn't belong to the
// state is domain.ErrInvalid, and a state that is over ErrWrong.
func (s *Service) FinishPasskey(ctx context.Context, person domain.PersonID, state, name string, answer []byte) error {
	if s.relying == nil {
		return errNoPasskeys
	}
	var check domain.Check
	check.Line("name", name)
	if err := check.Err(); err != nil {
		return err
	}
	var session webauthn.SessionData
	until, err := s.resume(purposeRegister, person.UUID, state, &session)
	if err != nil {
		return err
	}
	holder, err := s.holder(ctx, person)
	if err != nil {
		return err
	}
	if len(answer) > maxAnswer {
		return errUnusable
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return errUnusable
	}
	credential, err := s.relying.CreateCredential(holder, session, parsed)
	if err != nil {
		return errUnusable
	}
	if err := s.conclude(ctx, session.Challenge, until); err != nil {
		return err
	}
	return s.addPasskey(ctx, person, name, credential)
}

// addPasskey keeps what verifies logins, and nothing of what the authenticator tells of itself beyond.
func (s *Service) addPasskey(ctx context.Context, person domain.PersonID, name string, credential *webauthn.Credential) error {
	credential.Attestation = webauthn.CredentialAttestation{}
	outcome, err := value[string](ctx, s, "add a passkey", `SELECT accounts.add_passkey($1, $2, $3, $4, $5, $6, $7)`, person.UUID,
		credential.ID, credential, int64(credential.Authenticator.SignCount), name, s.now(), maxPasskeys)
	switch {
	case err != nil:
		return err
	case outcome == "closed":
		return unknownPerson(person)
	case outcome == "many":
		return errManyPasskeys
	case outcome == "taken":
		return errUnusable
	}
	return nil
}

// RemovePasskey removes one, under the condition of RemoveTOTP.
func (s *Service) RemovePasskey(ctx context.Context, person domain.PersonID, passkey uuid.UUID) error {
	removed, err := value[bool](ctx, s, "remove a passkey", `SELECT accounts.remove_passkey($1, $2)`, person.UUID, passkey)
	return lastFactor(removed, err)
}

// BeginPasskeyLogin gives the options for navigator.credentials.get, for anybody.
func (s *Service) BeginPasskeyLogin(_ context.Context) (options []byte, state string, err error) {
	if s.relying == nil {
		return nil, "", errNoPasskeys
	}
	assertion, session, err := s.relying.BeginDiscoverableLogin()
	if err != nil {
		return nil, "", fmt.Errorf("begin a login by passkey: %w", err)
	}
	if options, err = json.Marshal(assertion); err != nil {
		return nil, "", fmt.Errorf("begin a login by passkey: %w", err)
	}
	state, err = s.carry(purposePasskey, uuid.Nil, passkeyLife, session)
	return options, state, err
}

// FinishPasskeyLogin begins a full session; ErrWrong, also where single sign-on is the only way in and for a
// passkey of which there is a copy.
func (s *Service) FinishPasskeyLogin(ctx context.Context, state string, answer []byte, from Where) (Begun, error) {
	if s.relying == nil {
		return Begun{}, ErrWrong
	}
	var session webauthn.SessionData
	until, err := s.resume(purposePasskey, uuid.Nil, state, &session)
	if err != nil {
		return Begun{}, err
	}
	by, used, err := s.verifyPasskey(ctx, session, answer)
	if err != nil {
		return Begun{}, err
	}
	if err := s.conclude(ctx, session.Challenge, until); err != nil {
		return Begun{}, err
	}
	alone, err := s.usePasskey(ctx, used)
	if err != nil {
		return Begun{}, err
	}
	if !alone {
		s.options.Logger.WarnContext(ctx, "a passkey was copied", slog.String("person", by.person.String()), slog.String("passkey", used.ID.String()))
		s.Record(ctx, Entry{
			At: s.now(), Person: by.person, Client: by.client, Kind: KindLogin, Outcome: "refused", Subject: "passkey_copied", Where: from,
		})
		return Begun{}, ErrWrong
	}
	return s.begin(ctx, by.person, "passkey", true, StageFull, from)
}

// verifyPasskey tells whose answer it is, and with which passkey, as the answer left it.
func (s *Service) verifyPasskey(ctx context.Context, session webauthn.SessionData, answer []byte) (holder, passkey, error) {
	if len(answer) > maxAnswer {
		return holder{}, passkey{}, ErrWrong
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return holder{}, passkey{}, ErrWrong
	}
	var found holder
	var unread error
	_, credential, err := s.relying.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		found, unread = s.holderOf(ctx, handle)
		return found, unread
	}, session, parsed)
	if unread != nil {
		return holder{}, passkey{}, unread
	}
	if err != nil {
		return holder{}, passkey{}, ErrWrong
	}
	i := slices.IndexFunc(found.passkeys, func(p passkey) bool { return bytes.Equal(p.credential.ID, credential.ID) })
	used := found.passkeys[i] // The library found it there.
	used.credential = *credential
	return found, used, nil
}

// usePasskey counts a use. It is false when the passkey was used elsewhere, which only a copy of it can be:
// the authenticator's count must grow, unless it doesn't count at all.
func (s *Service) usePasskey(ctx context.Context, used passkey) (alone bool, err error) {
	if used.credential.Authenticator.CloneWarning {
		return false, nil
	}
	return value[bool](ctx, s, "use a passkey", `SELECT accounts.use_passkey($1, $2, $3, $4, $5)`, used.ID, used.uses,
		int64(used.credential.Authenticator.SignCount), used.credential, s.now())
}

// holder gives a person who may have passkeys; domain.ErrNotFound for a closed account.
func (s *Service) holder(ctx context.Context, person domain.PersonID) (holder, error) {
	candidate := make([]byte, handleBytes)
	_, _ = rand.Read(candidate) // It never fails.
	type row struct {
		Handle      []byte
		Name, Email string
	}
	found, err := query[row](ctx, s, "find a holder of passkeys", `SELECT handle, name, email FROM accounts.passkey_holder($1, $2)`, person.UUID, candidate)
	if err != nil {
		return holder{}, err
	}
	if len(found) == 0 {
		return holder{}, unknownPerson(person)
	}
	held, err := s.passkeys(ctx, person)
	return holder{person: person, handle: found[0].Handle, name: found[0].Name, email: found[0].Email, passkeys: held}, err
}

// holderOf gives who may log in by passkeys with a handle; ErrWrong for nobody.
func (s *Service) holderOf(ctx context.Context, handle []byte) (holder, error) {
	type row struct{ Person, Client uuid.UUID }
	found, err := first[row](ctx, s, "find the holder of a passkey", `SELECT person, client FROM accounts.passkey_person($1)`, handle)
	if err != nil {
		return holder{}, err
	}
	person := domain.PersonID{UUID: found.Person}
	held, err := s.passkeys(ctx, person)
	return holder{person: person, client: domain.ClientID{UUID: found.Client}, handle: handle, passkeys: held}, err
}

// passkeys gives a person's, oldest first.
func (s *Service) passkeys(ctx context.Context, person domain.PersonID) ([]passkey, error) {
	type row struct {
		ID         uuid.UUID
		Record     webauthn.Credential
		Uses       int64
		Name       string
		CreatedAt  time.Time
		LastUsedAt *time.Time
	}
	found, err := query[row](ctx, s, "read passkeys", `SELECT id, record, uses, name, created_at, last_used_at FROM accounts.passkeys_of($1)`, person.UUID)
	held := make([]passkey, len(found))
	for i, r := range found {
		held[i] = passkey{Passkey{ID: r.ID, Name: r.Name, CreatedAt: r.CreatedAt}, r.Record, r.Uses}
		if r.LastUsedAt != nil {
			held[i].LastUsedAt = *r.LastUsedAt
		}
	}
	return held, err
}

// lastFactor says why a factor stays.
func lastFactor(removed bool, err error) error {
	if err == nil && !removed {
		return domain.Refuse(domain.ErrConflict, "last_factor", "the organisation requires a second factor, and this is the last one; add another first")
	}
	return err
}
