// Package auth says who acts: what a verified login is, how it is judged against the table of access, and
// the opaque tokens that a client carries back to us.
//
// It imports domain and domain/access only. Credentials are kept and checked by infra/accounts.
package auth

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
)

// ErrUnauthenticated says that a token proves nobody. It never says why: a caller who guesses learns
// nothing from the answer.
var ErrUnauthenticated = errors.New("not authenticated")

// ErrStepUp says that the person must prove itself anew before this.
var ErrStepUp = errors.New("a fresh proof of identity is needed")

// StepUpFor is how long a proof of identity counts as fresh.
const StepUpFor = 10 * time.Minute

// Login is what a credential proves: who acts, in which role now, and how surely.
type Login struct {
	Actor  domain.Actor
	Grants []access.Grant // of a client employee
	// Session is the login session, or uuid.Nil for an API key; Key the other way round.
	Session uuid.UUID
	Key     uuid.UUID
	// Scopes are what an API key may do; nil for a session, which may do what the person may.
	Scopes []access.Permission
	// ProvedAt is when the person last gave a password or second factor in this session; zero for a key.
	ProvedAt time.Time
	// SecondFactor says that the session was begun with one, or with a passkey.
	SecondFactor bool
}

// Verifier tells whom a token proves. Both methods wrap ErrUnauthenticated for every token that proves
// nobody, whatever is wrong with it, and domain.ErrUnavailable when they cannot tell.
type Verifier interface {
	// Session verifies the token of a login session, as its cookie holds it.
	Session(ctx context.Context, token string) (Login, error)
	// Key verifies an API key.
	Key(ctx context.Context, token string) (Login, error)
}

// May refuses a login what its role, grants, scopes or lack of a fresh proof do not allow. To a client user
// what it may never do does not exist (domain.ErrNotFound); staff are told (domain.ErrForbidden). It wraps
// ErrStepUp when proving oneself anew would help.
func (l Login) May(p access.Permission, now time.Time) error {
	rule, known := access.Of(p)
	scope := rule.Roles[l.Actor.Role]
	if scope == access.Granted && !slices.Contains(l.Grants, rule.Grant) {
		scope = access.Nothing
	}
	switch {
	case known && scope != access.Nothing && l.Actor.Role.Side() == l.Actor.Side:
	case l.Actor.Side == domain.StaffSide:
		return domain.Refuse(domain.ErrForbidden, "role_may_not", "%s", access.Lacks(l.Actor, p))
	default:
		return domain.Refuse(domain.ErrNotFound, "not_found", "there is nothing here")
	}
	switch byKey := l.Session == uuid.Nil; {
	case byKey && rule.StepUp:
		return domain.Refuse(domain.ErrForbidden, "key_may_not", "no API key may do this: the permission %q takes a person who has just proved its identity", p)
	case byKey && l.Scopes != nil && !slices.Contains(l.Scopes, p):
		return domain.Refuse(domain.ErrForbidden, "key_may_not", "this API key lacks the scope %q", p)
	case rule.StepUp && now.Sub(l.ProvedAt) > StepUpFor:
		return ErrStepUp
	}
	return nil
}
