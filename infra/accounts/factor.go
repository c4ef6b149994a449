package accounts

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
)

// Factors is what a person can prove itself with beside the password.
type Factors struct {
	TOTP     bool
	Recovery int // codes left
	Passkeys []Passkey
}

// Factors gives them; none for somebody unknown.
func (s *Service) Factors(ctx context.Context, person domain.PersonID) (Factors, error) {
	type row struct {
		TOTP     bool
		Recovery int
	}
	found, err := first[row](ctx, s, "count factors", `SELECT totp, recovery FROM accounts.factors($1)`, person.UUID)
	if err != nil {
		return Factors{}, err
	}
	held, err := s.passkeys(ctx, person)
	f := Factors{TOTP: found.TOTP, Recovery: found.Recovery}
	for _, p := range held {
		f.Passkeys = append(f.Passkeys, p.Passkey)
	}
	return f, err
}

// PassFactor takes a TOTP or recovery code in a session of StageFactor. The token changes.
func (s *Service) PassFactor(ctx context.Context, token, code string, _ Where) (Begun, error) {
	session, err := s.Session(ctx, token)
	if err != nil {
		return Begun{}, err
	}
	if session.Stage != StageFactor {
		return Begun{}, ErrWrong
	}
	if may, err := s.attemptOf(ctx, ofFactor, session.Person); err != nil || !may {
		return Begun{}, wrongUnless(err)
	}
	if right, err := s.checkCode(ctx, session.Person, code); err != nil || !right {
		return Begun{}, wrongUnless(err)
	}
	if err := s.succeeded(ctx, ofFactor, session.Person.String()); err != nil {
		return Begun{}, err
	}
	return s.rotate(ctx, token)
}

// wrongUnless is ErrWrong unless something else kept us from telling.
func wrongUnless(err error) error {
	if err == nil {
		return ErrWrong
	}
	return err
}

// checkCode takes a TOTP or recovery code of the person and uses it up. Its caller counts the tries.
func (s *Service) checkCode(ctx context.Context, person domain.PersonID, code string) (bool, error) {
	code = tidy(code)
	if len(code) == codeLength {
		return s.useTOTP(ctx, person, code)
	}
	return value[bool](ctx, s, "use a recovery code", `SELECT accounts.use_recovery_code($1, $2)`, person.UUID, recoveryHash(code))
}

const (
	recoveryCodes  = 10
	recoveryLength = 20 // characters of 5 bits: 100 bits, beyond guessing, so a plain hash protects them
	recoveryGroup  = 5
)

// RenewRecovery replaces the recovery codes; domain.ErrConflict without a TOTP secret, which they stand in for.
func (s *Service) RenewRecovery(ctx context.Context, person domain.PersonID) ([]string, error) {
	codes, hashes := newRecovery()
	ok, err := value[bool](ctx, s, "renew recovery codes", `SELECT accounts.renew_recovery_codes($1, $2)`, person.UUID, hashes)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, domain.Refuse(domain.ErrConflict, "no_totp", "person %s has no authenticator that recovery codes could stand in for", person)
	}
	return codes, nil
}

// newRecovery makes the codes as they are shown, in groups, and as they are stored.
func newRecovery() (codes []string, hashes [][]byte) {
	for range recoveryCodes {
		code := rand.Text()[:recoveryLength]
		hashes = append(hashes, recoveryHash(code))
		var groups []string
		for ; code != ""; code = code[recoveryGroup:] {
			groups = append(groups, code[:recoveryGroup])
		}
		codes = append(codes, strings.Join(groups, "-"))
	}
	return codes, hashes
}

// recoveryHash forgives what a hand that copies from paper takes for another: the alphabet has no 0, 1 and 8.
func recoveryHash(code string) []byte {
	code = strings.NewReplacer("0", "O", "1", "I", "8", "B").Replace(strings.ToUpper(code))
	return hashOf(code)
}

// maxState is the length of the longest state that is looked at, in bytes.
const maxState = 2048

// carried is what a browser carries from the first half of a ceremony to the second, sealed.
type carried struct {
	Until   time.Time       `json:"u"`
	Content json.RawMessage `json:"c"`
}

// carry seals what the second half of a ceremony needs. Only resume of the same purpose and person opens it.
func (s *Service) carry(purpose string, person uuid.UUID, life time.Duration, content any) (string, error) {
	inner, err := json.Marshal(content)
	if err != nil {
		return "", fmt.Errorf("carry %s: %w", purpose, err)
	}
	outer, err := json.Marshal(carried{Until: s.now().Add(life), Content: inner})
	if err != nil {
		return "", fmt.Errorf("carry %s: %w", purpose, err)
	}
	state := s.box.seal(purpose, person, outer)
	if len(state) > maxState {
		return "", fmt.Errorf("carry %s: %d bytes are too many for a browser", purpose, len(state))
	}
	return state, nil
}

// resume opens what was carried, and tells until when it may be; ErrWrong for anything else.
func (s *Service) resume(purpose string, person uuid.UUID, state string, content any) (until time.Time, err error) {
	if len(state) > maxState {
		return time.Time{}, ErrWrong
	}
	outer, err := s.box.open(purpose, person, state)
	if err != nil {
		return time.Time{}, ErrWrong
	}
	var c carried
	if err := json.Unmarshal(outer, &c); err != nil {
		return time.Time{}, ErrWrong
	}
	if err := json.Unmarshal(c.Content, content); err != nil || !s.now().Before(c.Until) {
		return time.Time{}, ErrWrong
	}
	return c.Until, nil
}

// conclude lets a ceremony have its effect once: ErrWrong the second time, however often its state comes back.
func (s *Service) conclude(ctx context.Context, challenge string, until time.Time) error {
	once, err := value[bool](ctx, s, "conclude a ceremony", `SELECT accounts.conclude_ceremony($1, $2, $3)`, hashOf(challenge), until, s.now())
	if err != nil || !once {
		return wrongUnless(err)
	}
	return nil
}

func unknownPerson(person domain.PersonID) error {
	return domain.Refuse(domain.ErrNotFound, "not_found", "person %s has no account here, or a closed one", person)
}
