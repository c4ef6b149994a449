package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/infra/postgres"
	staffrows "effigate/readmodels/staff"
)

// clientPost writes to users of clients: whom, the staff read model says; the mail goes with that of their accounts.
type clientPost struct {
	reads  *postgres.Reads
	client *postgres.Database
	now    func() time.Time // the clock that mail is sent by
}

// Payers waits for the read model, which may still be behind the fact.
func (p clientPost) Payers(ctx context.Context, after domain.Position, of domain.InvoiceID) (people []domain.PersonID, err error) {
	var found []uuid.UUID
	stale, err := p.reads.Read(ctx, after, func(tx pgx.Tx) (err error) {
		found, err = staffrows.Payers(ctx, tx, of.UUID)
		return err
	})
	if err == nil && stale {
		err = fmt.Errorf("%w: the staff read model has not reached what people are to be reminded of", domain.ErrUnavailable)
	}
	for _, id := range found {
		people = append(people, domain.PersonID{UUID: id})
	}
	return people, err
}

func (p clientPost) Remind(ctx context.Context, id uuid.UUID, person domain.PersonID) error {
	return postgres.OrderNotice(ctx, p.client, id, person.UUID, p.now())
}
