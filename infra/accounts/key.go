package accounts

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
)

// An API key reads "effigate_", a token, and the CRC-32 of that token: who mistypes or cuts one off costs no
// query, and a scanner for leaked secrets can tell a key by its form.
const (
	keyPrefix   = "effigate_"
	keyChecksum = 6 // characters
	keyHint     = len(keyPrefix) + 6
	maxKeys     = 20
	maxKeyLife  = 366 * 24 * time.Hour
)

// keyText makes the text of an API key of a token.
func keyText(token string) string {
	return keyPrefix + token + checksum(token)
}

// keyToken gives the token in the text of an API key, and whether it can be one.
func keyToken(text string) (string, bool) {
	rest, ok := strings.CutPrefix(text, keyPrefix)
	if !ok || len(rest) <= keyChecksum {
		return "", false
	}
	token, sum := rest[:len(rest)-keyChecksum], rest[len(rest)-keyChecksum:]
	return token, sum == checksum(token)
}

func checksum(token string) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(token))))
}

type keyRow struct {
	ID, Person, Client   uuid.UUID
	Name, Hint           string
	Scopes               []string
	CreatedAt, ExpiresAt time.Time
	LastUsedAt           *time.Time
}

const keyColumns = `id, person, client, name, hint, scopes, created_at, expires_at, last_used_at`

func (r keyRow) key() Key {
	k := Key{
		ID: r.ID, Person: domain.PersonID{UUID: r.Person}, Client: domain.ClientID{UUID: r.Client}, Name: r.Name, Hint: r.Hint,
		CreatedAt: r.CreatedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(), LastUsedAt: instant(r.LastUsedAt),
	}
	if r.Scopes != nil {
		k.Scopes = make([]access.Permission, 0, len(r.Scopes))
	}
	for _, scope := range r.Scopes {
		k.Scopes = append(k.Scopes, access.Permission(scope))
	}
	return k
}

// CreateKey makes an API key of k's person in k's organisation, with its name, scopes and expiry; its text is
// shown once. At most 20 a person (domain.ErrConflict "many_keys"), at most a year (domain.ErrInvalid).
func (s *Service) CreateKey(ctx context.Context, k Key) (Key, string, error) {
	now := s.now()
	if err := checkKey(k, now); err != nil {
		return Key{}, "", err
	}
	var scopes []string
	if k.Scopes != nil {
		scopes = []string{}
	}
	for _, scope := range k.Scopes {
		scopes = append(scopes, string(scope))
	}
	slices.Sort(scopes)
	token, hash := newToken()
	text := keyText(token)
	type created struct {
		Outcome string
		ID      *uuid.UUID
	}
	made, err := first[created](ctx, s, "make an API key", `SELECT * FROM accounts.create_key($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		k.Person.UUID, k.Client.UUID, hash, k.Name, text[:keyHint], scopes, k.ExpiresAt, maxKeys, now)
	if err != nil {
		return Key{}, "", err
	}
	if err := refusal(made.Outcome, k.Person); err != nil {
		return Key{}, "", err
	}
	k.ID, k.Hint, k.CreatedAt, k.LastUsedAt = *made.ID, text[:keyHint], now, time.Time{}
	return k, text, nil
}

func checkKey(k Key, now time.Time) error {
	var check domain.Check
	check.Line("name", k.Name)
	check.That(k.ExpiresAt.After(now) && !k.ExpiresAt.After(now.Add(maxKeyLife)), "expires_at", "must be within 366 days from now")
	check.That(k.Scopes == nil || len(k.Scopes) > 0, "scopes", "must name something, or be left out for everything")
	seen := map[access.Permission]bool{}
	for _, scope := range k.Scopes {
		_, ok := access.Of(scope)
		check.That(ok && !seen[scope], "scopes", "must be different permissions")
		seen[scope] = true
	}
	return check.Err()
}

// Key gives the live key of a text; ErrWrong.
func (s *Service) Key(ctx context.Context, text string) (Key, error) {
	token, ok := keyToken(text)
	if !ok {
		return Key{}, ErrWrong
	}
	hash, ok := tokenHash(token)
	if !ok {
		return Key{}, ErrWrong
	}
	row, err := first[keyRow](ctx, s, "find an API key", `SELECT `+keyColumns+` FROM accounts.key($1, $2)`, hash, s.now())
	if err != nil {
		return Key{}, err
	}
	return row.key(), nil
}

// Keys lists a person's live keys, newest first.
func (s *Service) Keys(ctx context.Context, person domain.PersonID) ([]Key, error) {
	rows, err := query[keyRow](ctx, s, "list API keys", `SELECT `+keyColumns+` FROM accounts.keys_of($1, $2)`, person.UUID, s.now())
	if err != nil {
		return nil, err
	}
	keys := make([]Key, 0, len(rows))
	for _, row := range rows {
		keys = append(keys, row.key())
	}
	return keys, nil
}

// RevokeKey ends a key of the person. Ending what is not there is no error.
func (s *Service) RevokeKey(ctx context.Context, person domain.PersonID, key uuid.UUID) error {
	return s.run(ctx, "revoke an API key", `SELECT accounts.revoke_key($1, $2)`, person.UUID, key)
}
