package accounts

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"image/png"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"effigate/domain"
)

const (
	codeLength  = 6
	secretBytes = 20
	codePeriod  = 30 * time.Second
	// codeSkew is how many periods an authenticator's clock may be off, either way.
	codeSkew = 1
	// offerLife is how long an offered secret waits for its first code.
	offerLife = time.Hour
	// imageSide is the width and height of the QR code, in pixels.
	imageSide = 256
	// purposeTOTP binds a sealed secret to its use.
	purposeTOTP = "totp"
)

// TOTPOffer is a secret to put into an authenticator.
type TOTPOffer struct {
	Secret string // base32, for typing
	URL    string // otpauth://
	Image  []byte // PNG of the URL as QR code
}

// OfferTOTP makes a secret that counts once ConfirmTOTP has seen a code of it. It replaces an earlier offer;
// a secret that was confirmed counts on until then. It is domain.ErrNotFound for a closed account.
func (s *Service) OfferTOTP(ctx context.Context, person domain.PersonID) (TOTPOffer, error) {
	random := make([]byte, secretBytes)
	_, _ = rand.Read(random) // It never fails.
	secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random)
	type row struct{ Email string }
	found, err := query[row](ctx, s, "offer a TOTP secret", `SELECT email FROM accounts.offer_totp($1, $2, $3)`,
		person.UUID, s.box.seal(purposeTOTP, person.UUID, []byte(secret)), s.now())
	if err != nil {
		return TOTPOffer{}, err
	}
	if len(found) == 0 {
		return TOTPOffer{}, unknownPerson(person)
	}
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: "Effigate " + s.options.Base.Hostname(), AccountName: found[0].Email, Period: uint(codePeriod.Seconds()), Secret: random,
	})
	if err != nil {
		return TOTPOffer{}, fmt.Errorf("make a TOTP secret: %w", err)
	}
	return show(key)
}

func show(key *otp.Key) (TOTPOffer, error) {
	image, err := key.Image(imageSide, imageSide)
	if err != nil {
		return TOTPOffer{}, fmt.Errorf("draw a QR code: %w", err)
	}
	var drawn bytes.Buffer
	if err := png.Encode(&drawn, image); err != nil {
		return TOTPOffer{}, fmt.Errorf("draw a QR code: %w", err)
	}
	return TOTPOffer{Secret: key.Secret(), URL: key.URL(), Image: drawn.Bytes()}, nil
}

// ConfirmTOTP takes the first code and gives ten recovery codes, shown once. A session of StageEnrol
// becomes full, with another token in Begun; a full one stays and Begun is zero. Another code than the
// offer's is domain.ErrInvalid, for the person is proved already; ErrWrong is a session that may not.
func (s *Service) ConfirmTOTP(ctx context.Context, token, code string, _ Where) (Begun, []string, error) {
	session, err := s.Session(ctx, token)
	if err != nil {
		return Begun{}, nil, err
	}
	if err := s.mayEnrol(ctx, session); err != nil {
		return Begun{}, nil, err
	}
	_, offer, err := s.totpOf(ctx, session.Person)
	if err != nil {
		return Begun{}, nil, err
	}
	step, ok, err := s.match(session.Person, offer, tidy(code))
	if err != nil {
		return Begun{}, nil, err
	}
	codes, hashes := newRecovery()
	if ok {
		ok, err = value[bool](ctx, s, "confirm a TOTP secret", `SELECT accounts.confirm_totp($1, $2, $3, $4)`, session.Person.UUID, offer, step, hashes)
	}
	if err != nil {
		return Begun{}, nil, err
	}
	if !ok {
		return Begun{}, nil, domain.Refuse(domain.ErrInvalid, "wrong_code", "the code is not the one that the authenticator shows now")
	}
	if session.Stage == StageFull {
		return Begun{}, codes, nil
	}
	begun, err := s.rotate(ctx, token)
	return begun, codes, err
}

// mayEnrol refuses a session that has yet to give a factor. One that was begun before there was any may be
// somebody else's, who has nothing but the password.
func (s *Service) mayEnrol(ctx context.Context, session Session) error {
	if session.Stage == StageFull {
		return nil
	}
	due, err := s.stageOf(ctx, session.Person)
	if err != nil || due == StageFactor {
		return wrongUnless(err)
	}
	return nil
}

// RemoveTOTP removes the secret and the recovery codes; domain.ErrConflict while the rules require a second
// factor and no passkey is left.
func (s *Service) RemoveTOTP(ctx context.Context, person domain.PersonID) error {
	removed, err := value[bool](ctx, s, "remove a TOTP secret", `SELECT accounts.remove_totp($1)`, person.UUID)
	return lastFactor(removed, err)
}

// useTOTP takes a code of the confirmed secret and uses it up.
func (s *Service) useTOTP(ctx context.Context, person domain.PersonID, code string) (bool, error) {
	secret, _, err := s.totpOf(ctx, person)
	if err != nil {
		return false, err
	}
	step, ok, err := s.match(person, secret, code)
	if err != nil || !ok {
		return false, err
	}
	return value[bool](ctx, s, "use a TOTP code", `SELECT accounts.use_totp($1, $2, $3)`, person.UUID, secret, step)
}

// totpOf gives the confirmed and the offered secret, sealed; empty for none.
func (s *Service) totpOf(ctx context.Context, person domain.PersonID) (secret, offer string, err error) {
	type row struct{ Secret, Offer string }
	found, err := query[row](ctx, s, "find a TOTP secret", `SELECT secret, offer FROM accounts.totp_of($1, $2)`, person.UUID, s.now().Add(-offerLife))
	if err != nil || len(found) == 0 {
		return "", "", err
	}
	return found[0].Secret, found[0].Offer, nil
}

// match tells which step of a sealed secret a code belongs to, the clock's skew allowed for.
func (s *Service) match(person domain.PersonID, sealed, code string) (step int64, ok bool, err error) {
	if sealed == "" || len(code) != codeLength || strings.ContainsFunc(code, func(r rune) bool { return r < '0' || r > '9' }) {
		return 0, false, nil
	}
	secret, err := s.box.open(purposeTOTP, person.UUID, sealed)
	if err != nil {
		return 0, false, fmt.Errorf("open the TOTP secret of person %s: %w", person, err)
	}
	now := s.options.Now().Unix() / int64(codePeriod.Seconds())
	for step := now - codeSkew; step <= now+codeSkew; step++ {
		ok, err := hotp.ValidateCustom(code, uint64(step), string(secret), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, false, fmt.Errorf("check a TOTP code of person %s: %w", person, err)
		}
		if ok {
			return step, true, nil
		}
	}
	return 0, false, nil
}

// tidy removes what people type between the groups of a code.
func tidy(code string) string { return strings.NewReplacer(" ", "", "-", "").Replace(code) }
