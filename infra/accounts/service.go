package accounts

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"effigate/domain"
)

// Service is the accounts of one side. It may be used from many goroutines.
type Service struct {
	options Options
	box     *box
	hasher  *hasher
	// relying makes and checks passkeys; nil where there can be none.
	relying   *webauthn.WebAuthn
	providers *providers
}

// New makes the service. It refuses options that miss something.
func New(o Options) (*Service, error) {
	switch {
	case o.Pool == nil || o.Now == nil || o.Base == nil:
		return nil, errors.New("accounts need a pool, a clock and a base URL")
	case o.Side != domain.ClientSide && o.Side != domain.StaffSide:
		return nil, fmt.Errorf("there are no accounts of the side %q", o.Side)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Retention == 0 {
		o.Retention = defaultRetention
	}
	sealing, err := newBox(o.Key)
	if err != nil {
		return nil, err
	}
	hashing, err := newHasher()
	if err != nil {
		return nil, err
	}
	relying, err := newRelyingParty(o.Base)
	if err != nil {
		return nil, err
	}
	return &Service{options: o, box: sealing, hasher: hashing, relying: relying, providers: newProviders(o.LoopbackProviders)}, nil
}

// now is the time as the database stores it, so that what is stored and what is told are the same instant.
func (s *Service) now() time.Time { return s.options.Now().UTC().Truncate(time.Microsecond) }

// newToken makes a secret that is shown once, and the hash of it that is stored. It cannot be guessed, so a
// plain hash protects it.
func newToken() (token string, hash []byte) {
	secret := make([]byte, tokenBytes)
	_, _ = rand.Read(secret) // never fails
	token = base64.RawURLEncoding.EncodeToString(secret)
	return token, hashOf(token)
}

const tokenBytes = 32

func hashOf(token string) []byte {
	hash := sha256.Sum256([]byte(token))
	return hash[:]
}

// tokenHash gives what is stored of a token, and whether the text can be a token at all.
func tokenHash(token string) ([]byte, bool) {
	if len(token) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return nil, false
	}
	if _, err := base64.RawURLEncoding.Strict().DecodeString(token); err != nil {
		return nil, false
	}
	return hashOf(token), true
}

// query runs a function that gives any number of rows, as structs whose fields have the names of columns.
func query[T any](ctx context.Context, s *Service, doing, statement string, arguments ...any) ([]T, error) {
	rows, err := s.options.Pool.Query(ctx, statement, arguments...)
	if err != nil {
		return nil, failure(doing, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	if err != nil {
		return nil, failure(doing, err)
	}
	return found, nil
}

// first is query for what has one row, or none: that is ErrWrong.
func first[T any](ctx context.Context, s *Service, doing, statement string, arguments ...any) (T, error) {
	found, err := query[T](ctx, s, doing, statement, arguments...)
	if err != nil {
		return *new(T), err
	}
	if len(found) == 0 {
		return *new(T), ErrWrong
	}
	return found[0], nil
}

// value runs a function that gives one value.
func value[T any](ctx context.Context, s *Service, doing, statement string, arguments ...any) (T, error) {
	var found T
	if err := s.options.Pool.QueryRow(ctx, statement, arguments...).Scan(&found); err != nil {
		return found, failure(doing, err)
	}
	return found, nil
}

// run runs a function that gives nothing.
func (s *Service) run(ctx context.Context, doing, statement string, arguments ...any) error {
	if _, err := s.options.Pool.Exec(ctx, statement, arguments...); err != nil {
		return failure(doing, err)
	}
	return nil
}

// failure says what could not be done, as domain.ErrUnavailable when the same call may succeed later.
func failure(doing string, err error) error {
	var network net.Error
	refused, ok := errors.AsType[*pgconn.PgError](err)
	// Going down, connection lost, out of resources, deadlock.
	gone := ok && slices.ContainsFunc([]string{"57P", "08", "53", "40"}, func(class string) bool { return strings.HasPrefix(refused.Code, class) })
	if gone || errors.As(err, &network) || pgconn.SafeToRetry(err) {
		return fmt.Errorf("%s: %w: %w", doing, domain.ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
