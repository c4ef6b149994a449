package accounts

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/google/uuid"

	"effigate/domain"
)

// candidate is whom an address belongs to, if anybody; nobody is all zero.
type candidate struct {
	Person, Client uuid.UUID
	Password       string
	Allowed        bool
}

// LogIn proves a person by address and password and begins a session. Every failure is ErrWrong after the
// same work, but for ErrBusy. Where passwords are off it is ErrWrong too.
func (s *Service) LogIn(ctx context.Context, email, password string, from Where) (Begun, error) {
	email, _ = normalEmail(email) // what is no address is nobody's
	near := email + " " + network(from.Address)
	found, right, err := s.judge(ctx, email, near, password)
	if err != nil {
		return Begun{}, err
	}
	if !right {
		return Begun{}, ErrWrong
	}
	if err := s.run(ctx, "forget failures", `SELECT accounts.logged_in($1, $2)`, s.box.key(ofNetwork.name, near), s.box.key(ofAddress.name, email)); err != nil {
		return Begun{}, err
	}
	person := domain.PersonID{UUID: found.Person}
	stage, err := s.stageOf(ctx, person)
	if err != nil {
		return Begun{}, err
	}
	return s.begin(ctx, person, "password", false, stage, from)
}

// judge looks an address up, counting the try, and compares the password, whoever it is and whether or not
// it counts. A hash made with other parameters than today's is replaced.
func (s *Service) judge(ctx context.Context, email, near, password string) (candidate, bool, error) {
	// The turn comes first: what is not hashed is not looked up either, and a storm stays out of the database.
	release, err := s.hasher.turn(ctx)
	if err != nil {
		return candidate{}, false, err
	}
	defer release()
	found, err := first[candidate](ctx, s, "look up a login", `SELECT * FROM accounts.login($1, $2, $3, $4, $5, $6)`,
		email, s.box.key(ofNetwork.name, near), s.box.key(ofAddress.name, email), ofNetwork.free, ofAddress.free, s.now())
	if err != nil {
		return candidate{}, false, err
	}
	right, outdated, err := s.hasher.compare(password, found.Password)
	if err != nil || !right || !found.Allowed || found.Person == uuid.Nil {
		return candidate{}, false, err
	}
	if outdated {
		renewed, err := s.hasher.make(password)
		if err != nil {
			return candidate{}, false, err
		}
		err = s.run(ctx, "renew a hash", `SELECT accounts.renew_password($1, $2, $3)`, found.Person, found.Password, renewed)
		if err != nil {
			return candidate{}, false, err
		}
	}
	return found, true, nil
}

type proofRow struct {
	Person   uuid.UUID
	Password string
}

// Prove renews ProvedAt of a full session by password or code; ErrWrong.
func (s *Service) Prove(ctx context.Context, session uuid.UUID, proof string, _ Where) error {
	found, err := first[proofRow](ctx, s, "find a session", `SELECT * FROM accounts.proof_of($1, $2)`, session, s.now())
	if err != nil {
		return err
	}
	person := domain.PersonID{UUID: found.Person}
	right, err := s.proves(ctx, person, found.Password, proof)
	if err != nil {
		return err
	}
	if !right {
		return ErrWrong
	}
	proved, err := value[bool](ctx, s, "renew a proof", `SELECT accounts.prove($1, $2)`, session, s.now())
	if err == nil && !proved {
		err = ErrWrong
	}
	return err
}

// proves tells whether a text is a code of the person or its password. What is too short for a password is a
// code, and what has the length of a recovery code may be either.
func (s *Service) proves(ctx context.Context, person domain.PersonID, stored, proof string) (bool, error) {
	allowed, err := s.attempt(ctx, ofProof, person.String())
	if err != nil || !allowed {
		return false, err
	}
	right, short := false, utf8.RuneCountInString(normalPassword(proof)) < minPassword
	if short || len(tidy(proof)) == recoveryLength {
		right, err = s.checkCode(ctx, person, proof)
	}
	if err == nil && !right && !short {
		right, err = s.isPassword(ctx, stored, proof)
	}
	if err != nil || !right {
		return false, err
	}
	return true, s.succeeded(ctx, ofProof, person.String())
}

// isPassword compares a password in a turn of its own.
func (s *Service) isPassword(ctx context.Context, stored, password string) (bool, error) {
	release, err := s.hasher.turn(ctx)
	if err != nil {
		return false, err
	}
	defer release()
	right, _, err := s.hasher.compare(password, stored)
	return right, err
}

// ChangePassword sets another password and ends all other sessions; domain.ErrInvalid names what is wrong
// with it, domain.ErrConflict "passwords_off" where there is single sign-on alone.
func (s *Service) ChangePassword(ctx context.Context, person domain.PersonID, session uuid.UUID, password string) error {
	type holder struct {
		Name, Email  string
		PasswordsOff bool
	}
	held, err := first[holder](ctx, s, "find a person", `SELECT * FROM accounts.password_holder($1)`, person.UUID)
	if errors.Is(err, ErrWrong) {
		return refusal("unknown", person)
	}
	if err != nil {
		return err
	}
	hash, err := s.newPassword(ctx, offerRow{Person: person.UUID, Name: held.Name, Email: held.Email, PasswordsOff: held.PasswordsOff}, password, domain.Check{})
	if err != nil {
		return err
	}
	outcome, err := value[string](ctx, s, "set a password", `SELECT accounts.set_password($1, $2, $3)`, person.UUID, session, hash)
	if err != nil {
		return err
	}
	return refusal(outcome, person)
}
