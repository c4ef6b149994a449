package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/infra/messaging"
	"effigate/infra/postgres"
	staffrows "effigate/readmodels/staff"
)

// staffDesk tells people of staff what they need to know: whom, the read model says; that they were told, the tables
// that stay.
type staffDesk struct {
	reads *postgres.Reads
	desk  *postgres.Desk
	now   func() time.Time // the clock that mail is sent by
}

// Recipients waits for the read model, which may still be behind the fact.
func (d staffDesk) Recipients(
	ctx context.Context, after domain.Position, of domain.TicketID, recipients []string, persons []uuid.UUID,
) ([]domain.PersonID, error) {
	return d.people(ctx, after, func(tx pgx.Tx) ([]uuid.UUID, error) {
		return staffrows.Recipients(ctx, tx, of.UUID, recipients, persons)
	})
}

// Answerable waits as Recipients does.
func (d staffDesk) Answerable(ctx context.Context, after domain.Position, of domain.InvoiceID, recipient string) ([]domain.PersonID, error) {
	return d.people(ctx, after, func(tx pgx.Tx) ([]uuid.UUID, error) {
		return staffrows.Answerable(ctx, tx, of.UUID, recipient)
	})
}

func (d staffDesk) people(ctx context.Context, after domain.Position, whom func(pgx.Tx) ([]uuid.UUID, error)) ([]domain.PersonID, error) {
	var found []uuid.UUID
	stale, err := d.reads.Read(ctx, after, func(tx pgx.Tx) (err error) {
		found, err = whom(tx)
		return err
	})
	if err == nil && stale {
		err = fmt.Errorf("%w: the staff read model has not reached what people are to be told", domain.ErrUnavailable)
	}
	people := make([]domain.PersonID, len(found))
	for i, id := range found {
		people[i] = domain.PersonID{UUID: id}
	}
	return people, err
}

func (d staffDesk) Tell(ctx context.Context, n messaging.Notice) error {
	kind, item := staffrows.NoticeMentioned, n.Item.UUID
	switch {
	case !n.Invoice.IsZero():
		kind, item = staffrows.NoticeAnswerMissed, n.Dispute.UUID
	case n.Level > 0:
		kind = staffrows.NoticeEscalated
	}
	return d.desk.Tell(ctx, postgres.Notice{
		ID: n.ID, Person: n.Person.UUID, Ticket: n.Ticket.UUID, Invoice: n.Invoice.UUID, Kind: kind, Goal: string(n.Goal), Level: n.Level,
		Item: item, By: n.By.UUID, At: n.At, Mail: n.Mail,
	}, d.now())
}
