package messaging

import (
	"context"
	"fmt"
	"time"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/ticket"
)

// Numbering completes what a raise, an import or a publication began: the ticket gets the number it is
// owed, should the command itself have died before. In all other cases it finds nothing to do.
func Numbering(service *commands.Service, now func() time.Time) Manager {
	return Manager{
		Lane:  "numbering",
		Kinds: []string{ticket.Raised{}.Kind(), ticket.Published{}.Kind()},
		React: func(ctx context.Context, fact domain.Recorded) error {
			id, err := ticket.IDOf(fact.Stream)
			if err != nil {
				return fmt.Errorf("number the ticket of %s: %w", fact.Stream, err)
			}
			_, err = service.NumberTickets(ctx, commands.Request{
				Actor: domain.System(), Route: "number ticket", Key: fact.ID.String(), At: now(),
				Causation: fact.ID, Correlation: fact.Command.UUID,
			}, id)
			return err
		},
	}
}
