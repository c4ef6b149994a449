package accounts

import (
	"context"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
)

// The purposes of links, as they are stored.
const (
	forInvitation = "invitation"
	forReset      = "reset"
)

type offerRow struct {
	Person, Client uuid.UUID
	Name, Email    string
	ExpiresAt      time.Time
	PasswordsOff   bool
}

// offer shows what a link offers.
func (s *Service) offer(ctx context.Context, token, purpose string) (offerRow, error) {
	hash, ok := tokenHash(token)
	if !ok {
		return offerRow{}, ErrWrong
	}
	return first[offerRow](ctx, s, "look at a link", `SELECT * FROM accounts.offer($1, $2, $3)`, hash, purpose, s.now())
}

func (r offerRow) offer() Offer {
	return Offer{
		Person: domain.PersonID{UUID: r.Person}, Client: domain.ClientID{UUID: r.Client},
		Name: r.Name, Email: r.Email, Minimum: minPassword, Expires: r.ExpiresAt.UTC(),
	}
}

// Invitation shows what a token offers without using it up; ErrWrong for any token that offers nothing.
func (s *Service) Invitation(ctx context.Context, token string) (Offer, error) {
	offered, err := s.offer(ctx, token, forInvitation)
	if err != nil {
		return Offer{}, err
	}
	return offered.offer(), nil
}

// Accept sets name and password, uses the invitation up, and begins a session. domain.ErrInvalid names
// what is wrong with them; domain.ErrConflict "passwords_off" sends to single sign-on, where the person is
// known by its address. The session's stage says what comes next.
func (s *Service) Accept(ctx context.Context, token, name, password string, from Where) (Begun, error) {
	offered, err := s.offer(ctx, token, forInvitation)
	if err != nil {
		return Begun{}, err
	}
	var check domain.Check
	check.Line("name", name)
	offered.Name = name
	hash, err := s.newPassword(ctx, offered, password, check)
	if err != nil {
		return Begun{}, err
	}
	person := domain.PersonID{UUID: offered.Person}
	accepted, err := value[bool](ctx, s, "accept an invitation", `SELECT accounts.accept($1, $2, $3, $4)`, hashOf(token), name, hash, s.now())
	if err != nil {
		return Begun{}, err
	}
	if !accepted {
		return Begun{}, ErrWrong
	}
	stage, err := s.stageOf(ctx, person)
	if err != nil {
		return Begun{}, err
	}
	return s.begin(ctx, person, "password", false, stage, from)
}

// newPassword checks a password that is to be set by a link, and hashes it.
func (s *Service) newPassword(ctx context.Context, offered offerRow, password string, check domain.Check) (string, error) {
	if offered.PasswordsOff {
		return "", refusal("passwords_off", domain.PersonID{UUID: offered.Person})
	}
	checkPassword(&check, password, offered.Name, offered.Email)
	if err := check.Err(); err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, password)
}

// RequestReset sends a reset link (30 min) to an address, if it is somebody's. Nothing tells whether it is,
// or that it was asked for more than three times within an hour.
func (s *Service) RequestReset(ctx context.Context, email string, _ Where) error {
	email, ok := normalEmail(email)
	if !ok {
		return nil // Nobody's, as anybody can see.
	}
	allowed, err := s.attempt(ctx, ofResets, email)
	if err != nil || !allowed {
		return err
	}
	return s.run(ctx, "ask for a reset", `SELECT accounts.request_reset($1, $2)`, email, s.now())
}

// OfferReset makes a reset link for a person on behalf of whoever manages people. Owner only.
// domain.ErrConflict "no_login" for whoever never logged in: that needs an invitation.
func (s *Service) OfferReset(ctx context.Context, person domain.PersonID) (Link, error) {
	return s.linkOrMail(MailReset, person, func(hash []byte, expires time.Time) (issued, error) {
		return first[issued](ctx, s, "offer a reset", `SELECT * FROM accounts.offer_reset($1, $2, $3, $4)`, person.UUID, hash, expires, s.now())
	})
}

// ResetOffer shows what a reset token offers without using it up; ErrWrong.
func (s *Service) ResetOffer(ctx context.Context, token string) (Offer, error) {
	offered, err := s.offer(ctx, token, forReset)
	if err != nil {
		return Offer{}, err
	}
	return offered.offer(), nil
}

// Reset sets the password, uses the token up and ends all sessions and API keys of the person, and all its
// other links. Second factors stay.
func (s *Service) Reset(ctx context.Context, token, password string, _ Where) error {
	offered, err := s.offer(ctx, token, forReset)
	if err != nil {
		return err
	}
	hash, err := s.newPassword(ctx, offered, password, domain.Check{})
	if err != nil {
		return err
	}
	done, err := value[bool](ctx, s, "reset a password", `SELECT accounts.reset($1, $2, $3)`, hashOf(token), hash, s.now())
	if err != nil {
		return err
	}
	if !done {
		return ErrWrong
	}
	// Whoever reads the mail of the address is no longer one of those who guess at it.
	return s.succeeded(ctx, ofAddress, offered.Email)
}

// ChangeEmail sends a link to the old and the new address; the address changes when both were followed. An
// earlier change that was begun is dropped. Without mail it is domain.ErrConflict "no_mail", and "too_many_mails" the sixth time within an hour. Whether somebody
// else has the new address shows only to whoever has followed both links.
func (s *Service) ChangeEmail(ctx context.Context, person domain.PersonID, email string) error {
	normal, ok := normalEmail(email)
	var check domain.Check
	check.That(ok, "email", "must be an e-mail address")
	if err := check.Err(); err != nil {
		return err
	}
	client, err := value[*uuid.UUID](ctx, s, "find a person", `SELECT accounts.client_of($1)`, person.UUID)
	if err != nil {
		return err
	}
	if client == nil {
		return refusal("unknown", person)
	}
	if err := s.allowed(ctx, domain.ClientID{UUID: *client}, normal); err != nil {
		return err
	}
	if err := s.mayMail(ctx, ofChanges, person.String()); err != nil {
		return err
	}
	now := s.now()
	outcome, err := value[string](ctx, s, "change an address", `SELECT accounts.change_email($1, $2, $3, $4)`, person.UUID, normal, now.Add(emailChangeLife), now)
	if err != nil {
		return err
	}
	return refusal(outcome, person)
}

// ConfirmEmail follows one of the two links; changed says that it was the second. ErrWrong for any other
// token; domain.ErrConflict "email_taken" when somebody else has the address, or its domain, by now.
func (s *Service) ConfirmEmail(ctx context.Context, token string) (changed bool, err error) {
	hash, ok := tokenHash(token)
	if !ok {
		return false, ErrWrong
	}
	outcome, err := value[string](ctx, s, "confirm an address", `SELECT accounts.confirm_email($1, $2)`, hash, s.now())
	switch {
	case err != nil:
		return false, err
	case outcome == "wrong":
		return false, ErrWrong
	case outcome == "waiting":
		return false, nil
	default:
		return outcome == "ok", refusal(outcome, domain.PersonID{})
	}
}
