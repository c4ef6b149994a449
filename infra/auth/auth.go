// Package auth tells who acts: it turns the token of a request into a domain.Actor, and seals the
// opaque tokens that a client carries back to us.
//
// It imports the domain only. What an actor may do is decided by the commands and read models.
package auth

import (
	"context"
	"errors"

	"effigate/domain"
)

// ErrUnauthenticated says that a token proves nobody. It never says why: a caller who guesses learns
// nothing from the answer.
var ErrUnauthenticated = errors.New("not authenticated")

// Verifier tells whom a token proves.
type Verifier interface {
	// Verify gives the actor. It wraps ErrUnauthenticated for every token that proves nobody, whatever is
	// wrong with it, and domain.ErrUnavailable when it cannot tell.
	Verify(ctx context.Context, token string) (domain.Actor, error)
}

// Nobody is the verifier that accepts no token.
type Nobody struct{}

// Verify refuses.
func (Nobody) Verify(context.Context, string) (domain.Actor, error) {
	return domain.Actor{}, ErrUnauthenticated
}
