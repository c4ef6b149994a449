package messaging

import (
	"context"
	"fmt"

	"effigate/domain"
	"effigate/domain/invoice"
	"effigate/domain/ticket"
)

// Keeper keeps the bytes of attachments where the facts up to now say: what a client may no longer see leaves the store
// that its portal reads, and what was erased leaves both.
type Keeper interface {
	// Settle does so for the files of a ticket.
	Settle(context.Context, domain.TicketID) error
	// SettleObjections does so for the files beside the objections to an invoice.
	SettleObjections(context.Context, domain.InvoiceID) error
}

// Files has the files settled after each fact that changes who sees them.
func Files(keeper Keeper) Manager {
	return Manager{
		Lane: "files",
		Kinds: []string{
			ticket.AttachmentPublished{}.Kind(), ticket.AttachmentWithdrawn{}.Kind(), ticket.AttachmentErased{}.Kind(),
			ticket.ClientChanged{}.Kind(), ticket.Withdrawn{}.Kind(), invoice.DisputeFileErased{}.Kind(),
		},
		React: func(ctx context.Context, fact domain.Recorded) error {
			if id, err := invoice.IDOf(fact.Stream); err == nil {
				return keeper.SettleObjections(ctx, id)
			}
			id, err := ticket.IDOf(fact.Stream)
			if err != nil {
				return fmt.Errorf("settle the files of %s: %w", fact.Stream, err)
			}
			return keeper.Settle(ctx, id)
		},
	}
}
