package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/mail"
	"effigate/infra/postgres"
	clientrows "effigate/readmodels/client"
	staffrows "effigate/readmodels/staff"
)

// people are the accounts of both sides, as whoever runs the installation reaches them: with the owners'
// connections. The portal has a narrower one; see newPortal.
type people struct {
	bases
	staff, clients *accounts.Service
}

// people opens the accounts of both sides.
func (w *world) people(at bases) (*people, error) {
	staffKey, err := w.secret(staffKeyFile)
	if err != nil {
		return nil, err
	}
	clientKey, err := w.clientKey()
	if err != nil {
		return nil, err
	}
	p := &people{bases: at}
	if p.staff, err = newAccounts(w.settings, domain.StaffSide, w.staff.database.Pool, staffKey, at, w.logger); err != nil {
		return nil, err
	}
	p.clients, err = newAccounts(w.settings, domain.ClientSide, w.client.database.Pool, clientKey, at, w.logger)
	return p, err
}

// newAccounts opens the accounts of a side. Their clock is real time, not the demo's.
func newAccounts(s *settings, side domain.Side, pool *pgxpool.Pool, key string, at bases, logger *slog.Logger) (*accounts.Service, error) {
	sealing, err := derivedKey(key, forAccounts)
	if err != nil {
		return nil, err
	}
	base := at.portal
	if side == domain.StaffSide {
		base = at.console
	}
	return accounts.New(accounts.Options{
		Pool: pool, Side: side, Key: sealing, Base: base, Now: clock, Logger: logger,
		Retention: time.Duration(s.AccessLogDays) * 24 * time.Hour, LoopbackProviders: s.loopbackProviders,
	})
}

// credentials are the sessions and keys of one side's accounts, as a verifier wants them. What is no login
// yet, because a second factor is due, proves nobody.
type credentials struct{ accounts *accounts.Service }

// Session implements auth.Credentials.
func (c credentials) Session(ctx context.Context, token string) (auth.Proved, error) {
	s, err := c.accounts.Session(ctx, token)
	if err != nil {
		return auth.Proved{}, unproved(err)
	}
	if s.Stage != accounts.StageFull {
		return auth.Proved{}, fmt.Errorf("%w: the session is at the stage %s", auth.ErrUnauthenticated, s.Stage)
	}
	return auth.Proved{Person: s.Person, Client: s.Client, Session: s.ID, ProvedAt: s.ProvedAt, SecondFactor: s.SecondFactor}, nil
}

// Key implements auth.Credentials.
func (c credentials) Key(ctx context.Context, token string) (auth.Proved, error) {
	k, err := c.accounts.Key(ctx, token)
	if err != nil {
		return auth.Proved{}, unproved(err)
	}
	return auth.Proved{Person: k.Person, Client: k.Client, Key: k.ID, Scopes: k.Scopes}, nil
}

func unproved(err error) error {
	if errors.Is(err, accounts.ErrWrong) {
		return fmt.Errorf("%w: %w", auth.ErrUnauthenticated, err)
	}
	return err
}

// clientVerifier verifies client users: by their accounts, and by what the clients' read model says of them.
func clientVerifier(a *accounts.Service, reads *postgres.Reads) *auth.Gate {
	rows := postgres.ClientReads{Reads: reads}
	return auth.NewVerifier(credentials{a}, func(ctx context.Context, client domain.ClientID, person domain.PersonID) (role domain.Role, grants []access.Grant, err error) {
		if client.IsZero() {
			return "", nil, domain.Refuse(domain.ErrNotFound, "no_such_person", "person %s is no client user", person)
		}
		_, err = rows.Read(ctx, client, domain.Position{}, func(tx pgx.Tx) error {
			role, grants, err = clientrows.Standing(ctx, tx, client, person)
			return err
		})
		return role, grants, err
	}, clock)
}

// staffVerifier verifies staff in the same way.
func staffVerifier(a *accounts.Service, reads *postgres.Reads) *auth.Gate {
	return auth.NewVerifier(credentials{a}, func(ctx context.Context, client domain.ClientID, person domain.PersonID) (role domain.Role, _ []access.Grant, err error) {
		if !client.IsZero() {
			return "", nil, domain.Refuse(domain.ErrNotFound, "no_such_person", "person %s is no staff", person)
		}
		_, err = reads.Read(ctx, domain.Position{}, func(tx pgx.Tx) error {
			role, err = staffrows.Standing(ctx, tx, person.UUID)
			return err
		})
		return role, nil, err
	}, clock)
}

// of gives the accounts that a person of the organisation belongs to; the zero client is staff's.
func (p *people) of(client domain.ClientID) *accounts.Service {
	if client.IsZero() {
		return p.staff
	}
	return p.clients
}

// end ends everything by which a person could come in. Whichever side it is not of knows nothing of it.
func (p *people) end(ctx context.Context, id domain.PersonID) error {
	return errors.Join(p.staff.Close(ctx, id), p.clients.Close(ctx, id))
}

// erase removes everything personal of a person: of staff that is also the profile that clients see.
func (p *people) erase(ctx context.Context, id domain.PersonID) error {
	return errors.Join(p.staff.Erase(ctx, id), p.clients.Erase(ctx, id))
}

// PutClientPerson names a client user who does not log in.
func (p *people) PutClientPerson(ctx context.Context, id domain.PersonID, client domain.ClientID, name string) error {
	return p.clients.Put(ctx, accounts.Account{Person: id, Client: client, Name: name})
}

// PutStaffPerson names a staff person who does not log in.
func (p *people) PutStaffPerson(ctx context.Context, id domain.PersonID, name string) error {
	return p.staff.Put(ctx, accounts.Account{Person: id, Name: name})
}

// pruneEvery is how often the accounts lose what has expired.
const pruneEvery = 15 * time.Minute

// prune removes from the accounts what has expired, until ctx ends.
func (p *people) prune(ctx context.Context, logger *slog.Logger) error {
	ticker := time.NewTicker(pruneEvery)
	defer ticker.Stop()
	for {
		for _, side := range []*accounts.Service{p.staff, p.clients} {
			if err := side.Prune(ctx); err != nil && ctx.Err() == nil {
				logger.WarnContext(ctx, "expired credentials are removed later", slog.Any("error", err))
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// mail sends what the accounts of both sides have to say.
func (w *world) mail(ctx context.Context, p *people) error {
	options := mail.Options{Now: clock, Logger: w.logger, Sides: []mail.Side{
		{Side: domain.StaffSide, Outbox: p.staff, Base: p.console},
		{Side: domain.ClientSide, Outbox: p.clients, Base: p.portal},
	}}
	if w.settings.SMTPURL != "" {
		server, err := mail.Parse(w.settings.SMTPURL)
		if err != nil {
			return err
		}
		options.Server = server
	}
	return ignoreCanceled(mail.Run(ctx, options))
}
