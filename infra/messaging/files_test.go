package messaging_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/invoice"
	"effigate/domain/ticket"
	"effigate/infra/messaging"
)

// keeper notes what is settled, and fails if it is to.
type keeper struct {
	settled []string
	fails   error
}

func (k *keeper) Settle(_ context.Context, id domain.TicketID) error {
	k.settled = append(k.settled, ticket.Stream(id))
	return k.fails
}

func (k *keeper) SettleObjections(_ context.Context, id domain.InvoiceID) error {
	k.settled = append(k.settled, invoice.Stream(id))
	return k.fails
}

// The files of a ticket, or beside the objections to an invoice, are settled after each fact that changes who sees them,
// and a fact that cannot be settled comes again.
func TestFilesAreSettled(t *testing.T) {
	t.Parallel()
	of, with := ticket.Stream(domain.TicketID{UUID: uuid.UUID{1}}), invoice.Stream(domain.InvoiceID{UUID: uuid.UUID{2}})
	kept := &keeper{fails: errors.New("the disk is full")}
	manager := messaging.Files(kept)
	for _, stream := range []string{of, with} {
		if err := manager.React(t.Context(), domain.Recorded{Stream: stream}); !errors.Is(err, kept.fails) {
			t.Errorf("a failure is %v", err)
		}
	}
	kept.fails = nil
	for _, stream := range []string{of, with} {
		if err := manager.React(t.Context(), domain.Recorded{Stream: stream}); err != nil {
			t.Error(err)
		}
	}
	if err := manager.React(t.Context(), domain.Recorded{Stream: "period-x"}); err == nil {
		t.Error("a stream of neither is settled")
	}
	if diff := cmp.Diff([]string{of, with, of, with}, kept.settled); diff != "" {
		t.Errorf("settled (-want +got):\n%s", diff)
	}
	if len(manager.Kinds) != 6 || manager.Lane != "files" {
		t.Errorf("the lane %s hears %v", manager.Lane, manager.Kinds)
	}
}
