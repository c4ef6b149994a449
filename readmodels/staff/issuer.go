package staff

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
)

// Issuer is a row of issuers: a legal entity of the firm that invoices.
type Issuer struct {
	ID          uuid.UUID  `db:"id" json:"-"`
	Key         string     `db:"key" json:"key"`
	Name        string     `db:"name" json:"name"`
	Zone        string     `db:"zone" json:"zone" doc:"IANA name; its days begin and end there."`
	ReportsIn   string     `db:"reports_in" json:"-"` // the description has it
	Decimals    int        `db:"decimals" json:"-"`
	Content     string     `db:"content" json:"-"` // what the newest description says, as JSON
	DescribedBy *uuid.UUID `db:"described_by" json:"described_by,omitempty"`
	DescribedAt time.Time  `db:"described_at" json:"described_at"`
	Revision    int64      `db:"revision" json:"revision"`
}

const issuerColumns = `id, key, name, zone, reports_in, decimals, content, described_by, described_at, revision`

// Issuers gives all issuers by key, at most MaxLimit.
func Issuers(ctx context.Context, db Queryer) ([]Issuer, error) {
	issuers, err := list[Issuer](ctx, db, `SELECT `+issuerColumns+` FROM issuers ORDER BY key LIMIT $1`, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list issuers: %w", err)
	}
	return issuers, nil
}

// IssuerByKey gives one issuer; domain.ErrNotFound when there is none.
func IssuerByKey(ctx context.Context, db Queryer, key string) (Issuer, error) {
	issuer, err := one[Issuer](ctx, db, `SELECT `+issuerColumns+` FROM issuers WHERE key = $1`, key)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Issuer{}, domain.Refuse(domain.ErrNotFound, "no_such_issuer", "no such issuer: %s", key)
	case err != nil:
		return Issuer{}, fmt.Errorf("read issuer %s: %w", key, err)
	}
	return issuer, nil
}

// Billing is a row of billing: how a client is invoiced. The id is the client's.
type Billing struct {
	ID          uuid.UUID  `db:"id" json:"client"`
	Issuer      string     `db:"issuer" json:"issuer" doc:"Key of the issuer; empty for the main one."`
	Content     string     `db:"content" json:"-"` // what the newest description says, as JSON
	DescribedBy *uuid.UUID `db:"described_by" json:"described_by,omitempty"`
	DescribedAt time.Time  `db:"described_at" json:"described_at"`
}

// BillingOf gives how a client is invoiced; domain.ErrNotFound while nobody has said.
func BillingOf(ctx context.Context, db Queryer, client uuid.UUID) (Billing, error) {
	billing, err := one[Billing](ctx, db, `SELECT id, issuer, content, described_by, described_at FROM billing WHERE id = $1`, client)
	return billing, notFound(err, "no_billing", "billing of client", client)
}
