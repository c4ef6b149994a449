package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
)

// The bounds of what a Gate remembers. It spares two queries per request of somebody who clicks fast; what
// must end at once ends by Forget, and every read looks at the person's standing itself.
const (
	rememberFor   = time.Second
	maxRemembered = 10_000 // tokens
)

// Proved is what a live credential proves by itself, before anybody asked for the person's role.
type Proved struct {
	Person domain.PersonID
	Client domain.ClientID // zero for staff
	// The rest is as in Login.
	Session      uuid.UUID
	Key          uuid.UUID
	Scopes       []access.Permission
	ProvedAt     time.Time
	SecondFactor bool
}

// Credentials keeps login sessions and API keys. Both methods wrap ErrUnauthenticated for a token that is
// not alive, or whose session is not complete yet, and domain.ErrUnavailable when they cannot tell. A context
// that IsUnattended proves, and is no use of the session.
type Credentials interface {
	Session(ctx context.Context, token string) (Proved, error)
	Key(ctx context.Context, token string) (Proved, error)
}

// Standing gives the role and grants that a person has now. It wraps domain.ErrNotFound for whoever has
// none: unknown, invited only, deactivated, or of an organisation that is gone.
type Standing func(ctx context.Context, client domain.ClientID, person domain.PersonID) (domain.Role, []access.Grant, error)

// Gate is the Verifier of a side: it joins what a credential proves with the person's standing. It may be
// used from many goroutines.
type Gate struct {
	credentials Credentials
	standing    Standing
	now         func() time.Time

	mu         sync.Mutex
	remembered map[[sha256.Size]byte]memory
	forgotten  uint64 // calls of Forget
}

// memory is a login that was verified a moment ago. The credentials have not heard of whoever is there when
// nobody was, so such a memory is none to an attended request.
type memory struct {
	login      Login
	at         time.Time
	unattended bool
}

// NewVerifier makes a Gate. The clock is the one that sessions are kept by.
func NewVerifier(credentials Credentials, standing Standing, now func() time.Time) *Gate {
	return &Gate{credentials: credentials, standing: standing, now: now, remembered: map[[sha256.Size]byte]memory{}}
}

// Session verifies the token of a login session. It may answer from what it knew up to a second ago.
func (g *Gate) Session(ctx context.Context, token string) (Login, error) {
	return g.verify(ctx, "session", token, g.credentials.Session)
}

// Key verifies an API key. It may answer from what it knew up to a second ago.
func (g *Gate) Key(ctx context.Context, token string) (Login, error) {
	return g.verify(ctx, "key", token, g.credentials.Key)
}

// Forget drops what is remembered of a person: a session or key of theirs has ended or was proved anew, or
// their rights have changed. What was under way is not remembered either.
func (g *Gate) Forget(person domain.PersonID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forgotten++
	for key, known := range g.remembered {
		if known.login.Actor.Person == person {
			delete(g.remembered, key)
		}
	}
}

func (g *Gate) verify(ctx context.Context, kind, token string, prove func(context.Context, string) (Proved, error)) (Login, error) {
	if token == "" || len(token) > maxToken {
		return Login{}, ErrUnauthenticated
	}
	key := sha256.Sum256([]byte(kind + " " + token))
	login, known, forgotten := g.recall(ctx, key)
	if known {
		return login, nil
	}
	proved, err := prove(ctx, token)
	if err != nil {
		return Login{}, err
	}
	if login, err = g.join(ctx, proved); err != nil {
		return Login{}, err
	}
	g.remember(ctx, key, login, forgotten)
	return login, nil
}

// join adds a person's standing to what a credential proves.
func (g *Gate) join(ctx context.Context, proved Proved) (Login, error) {
	role, grants, err := g.standing(ctx, proved.Client, proved.Person)
	if errors.Is(err, domain.ErrNotFound) {
		return Login{}, fmt.Errorf("%w: person %s has no standing", ErrUnauthenticated, proved.Person)
	}
	if err != nil {
		return Login{}, fmt.Errorf("standing of %s: %w", proved.Person, err)
	}
	return Login{
		Actor:  domain.Actor{Person: proved.Person, Side: role.Side(), Role: role, Client: proved.Client},
		Grants: grants, Session: proved.Session, Key: proved.Key, Scopes: proved.Scopes,
		ProvedAt: proved.ProvedAt, SecondFactor: proved.SecondFactor,
	}, nil
}

// recall gives what is remembered under a key, and how often Forget was called so far.
func (g *Gate) recall(ctx context.Context, key [sha256.Size]byte) (login Login, known bool, forgotten uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	found, ok := g.remembered[key]
	age := g.now().Sub(found.at)
	good := age >= 0 && age < rememberFor && (!found.unattended || IsUnattended(ctx))
	return found.login, ok && good, g.forgotten
}

// remember keeps a login, unless something was forgotten while it was verified: it may have been this.
func (g *Gate) remember(ctx context.Context, key [sha256.Size]byte, login Login, forgotten uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.forgotten != forgotten {
		return
	}
	if len(g.remembered) >= maxRemembered {
		clear(g.remembered) // The price is one verification each, as after a second anyway.
	}
	g.remembered[key] = memory{login: login, at: g.now(), unattended: IsUnattended(ctx)}
}
