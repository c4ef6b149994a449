package messaging

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/invoice"
	"effigate/domain/payment"
	"effigate/domain/period"
)

// Invoices completes what commands on invoices, credit notes and payments began: a month that was reserved gets its
// draft, a discarded draft gives it free, a frozen invoice gets number and document and closes the books, a credit its
// note, and a payment reaches its invoices. In most cases it finds nothing to do, because the command itself went on.
func Invoices(service *commands.Service, now func() time.Time, logger *slog.Logger) Manager {
	i := invoices{service: service, now: now, logger: logger}
	return Manager{
		Lane: "invoices",
		Kinds: []string{
			period.Reserved{}.Kind(), invoice.Drafted{}.Kind(), invoice.Discarded{}.Kind(), invoice.Issuing{}.Kind(),
			invoice.Issued{}.Kind(), invoice.CreditReserved{}.Kind(), payment.Received{}.Kind(), payment.Allocated{}.Kind(),
			payment.Reversed{}.Kind(),
		},
		React: i.react,
	}
}

type invoices struct {
	service *commands.Service
	now     func() time.Time
	logger  *slog.Logger
}

func (i invoices) react(ctx context.Context, fact domain.Recorded) error {
	r := commands.Request{
		Actor: domain.System(), Route: "complete invoices", Key: fact.ID.String(), At: i.now(),
		Causation: fact.ID, Correlation: fact.Command.UUID,
	}
	return passOver(ctx, i.logger, fact, i.complete(ctx, r, fact))
}

// complete sends the command that follows from a fact.
func (i invoices) complete(ctx context.Context, r commands.Request, fact domain.Recorded) error {
	switch event := fact.Event.(type) {
	case period.Reserved:
		contract, month, ok := period.StreamOf(fact.Stream)
		if !ok {
			return fmt.Errorf("%q is not the name of a period's stream", fact.Stream)
		}
		_, err := i.service.CompleteReservation(ctx, r, contract, month)
		return err
	case invoice.CreditReserved:
		id, err := invoice.IDOf(fact.Stream)
		if err != nil {
			return err
		}
		_, err = i.service.CompleteCredit(ctx, r, id, event.CreditNote)
		return err
	case invoice.Event:
		id, err := invoice.IDOf(fact.Stream)
		if err != nil {
			return err
		}
		_, err = i.service.CompleteInvoice(ctx, r, id)
		return err
	case payment.Event:
		id, err := payment.IDOf(fact.Stream)
		if err != nil {
			return err
		}
		_, err = i.service.CompletePayment(ctx, r, id)
		return err
	}
	return nil
}
