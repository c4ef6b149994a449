package messaging

import (
	"context"
	"fmt"

	"effigate/domain"
	"effigate/domain/ticket"
)

// Files keeps the bytes of attachments where the facts say: what a client may no longer see leaves the store that its
// portal reads, and what was erased leaves both. settle does so for all files of a ticket, by its facts up to now.
func Files(settle func(context.Context, domain.TicketID) error) Manager {
	return Manager{
		Lane: "files",
		Kinds: []string{
			ticket.AttachmentPublished{}.Kind(), ticket.AttachmentWithdrawn{}.Kind(), ticket.AttachmentErased{}.Kind(),
			ticket.ClientChanged{}.Kind(), ticket.Withdrawn{}.Kind(),
		},
		React: func(ctx context.Context, fact domain.Recorded) error {
			id, err := ticket.IDOf(fact.Stream)
			if err != nil {
				return fmt.Errorf("settle the files of %s: %w", fact.Stream, err)
			}
			return settle(ctx, id)
		},
	}
}
