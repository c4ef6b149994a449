package auth

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"effigate/domain"
)

const (
	// developmentPrefix begins every development token, so that one is recognised where it leaked to.
	developmentPrefix = "effigate_demo_"
	// maxToken is the length of the longest token that is looked at, in bytes.
	maxToken = 1024
	// minKey is the least length of a signing key, in bytes.
	minKey = 32
)

// Development issues and verifies signed tokens that name their actor. There is no account behind a
// token and no way to revoke one but to end the process, so only the demo may use it: a test refuses any
// other file that names NewDevelopment.
type Development struct {
	key []byte
	now func() time.Time
}

// claims is what a token says.
type claims struct {
	Person  domain.PersonID `json:"person"`
	Side    domain.Side     `json:"side"`
	Role    domain.Role     `json:"role"`
	Client  domain.ClientID `json:"client,omitzero"`
	Expires int64           `json:"expires"` // Unix seconds
}

// NewDevelopment takes the signing key, at least 32 random bytes made anew for each process, and the
// clock that decides when a token has expired.
func NewDevelopment(key []byte, now func() time.Time) (*Development, error) {
	if len(key) < minKey {
		return nil, fmt.Errorf("development tokens need a key of at least %d bytes, got %d", minKey, len(key))
	}
	return &Development{key: bytes.Clone(key), now: now}, nil
}

// Issue makes a token that proves the actor until the instant. It refuses an actor that cannot be.
func (d *Development) Issue(actor domain.Actor, until time.Time) (string, error) {
	if !sound(actor) {
		return "", fmt.Errorf("no token for person %s: side, role and client contradict each other", actor.Person)
	}
	payload, err := json.Marshal(claims{
		Person: actor.Person, Side: actor.Side, Role: actor.Role, Client: actor.Client, Expires: until.Unix(),
	})
	if err != nil {
		return "", fmt.Errorf("encode token: %w", err)
	}
	signed := developmentPrefix + base64.RawURLEncoding.EncodeToString(payload)
	return signed + "." + base64.RawURLEncoding.EncodeToString(d.sign(signed)), nil
}

// Verify gives the actor of a token that this key signed and that has not expired. The signature is
// compared in constant time, before anything of the token is interpreted.
func (d *Development) Verify(_ context.Context, token string) (domain.Actor, error) {
	actor, err := d.verify(token)
	if err != nil {
		return domain.Actor{}, fmt.Errorf("%w: %w", ErrUnauthenticated, err)
	}
	return actor, nil
}

func (d *Development) verify(token string) (domain.Actor, error) {
	if len(token) > maxToken {
		return domain.Actor{}, errors.New("token is too long")
	}
	signed, mac, ok := strings.Cut(token, ".")
	payload, prefixed := strings.CutPrefix(signed, developmentPrefix)
	if !ok || !prefixed {
		return domain.Actor{}, errors.New("not a development token")
	}
	given, err := base64.RawURLEncoding.Strict().DecodeString(mac)
	if err != nil || !hmac.Equal(given, d.sign(signed)) {
		return domain.Actor{}, errors.New("signature does not match")
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(payload)
	if err != nil {
		return domain.Actor{}, fmt.Errorf("decode payload: %w", err)
	}
	var c claims
	if err := json.Unmarshal(data, &c); err != nil {
		return domain.Actor{}, fmt.Errorf("decode payload: %w", err)
	}
	if d.now().Unix() >= c.Expires {
		return domain.Actor{}, errors.New("token has expired")
	}
	actor := domain.Actor{Person: c.Person, Side: c.Side, Role: c.Role, Client: c.Client}
	if !sound(actor) {
		return domain.Actor{}, errors.New("side, role and client contradict each other")
	}
	return actor, nil
}

func (d *Development) sign(text string) []byte {
	mac := hmac.New(sha256.New, d.key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// sound reports whether an actor can be: a person whose role is of its side, with an organisation
// exactly when it is a client user.
func sound(a domain.Actor) bool {
	return !a.Person.IsZero() && a.Side != "" && a.Role.Side() == a.Side &&
		a.Client.IsZero() == (a.Side != domain.ClientSide)
}
