package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// LinkTickets ties two tickets, for staff alone.
type LinkTickets struct {
	Ticket   domain.TicketID
	Other    domain.TicketID
	Relation ticket.Relation
	End      bool // take the link back
}

// LinkTickets runs the command. It needs the same right on both ends (A12), which all who have it have on every
// ticket; so what remains is that there is another end.
func (s *Service) LinkTickets(ctx context.Context, r Request, c LinkTickets) (Answer, error) {
	return s.onTicket(ctx, r, access.WorkTickets, c.Ticket, func() (ticket.Command, error) {
		if c.End {
			return ticket.Unlink{Other: c.Other, Relation: c.Relation, By: r.Actor, At: r.At}, nil
		}
		if _, err := s.ticketState(ctx, c.Ticket); err != nil {
			return nil, err
		}
		other, err := load(ctx, s.log, ticket.Decider, ticket.Stream(c.Other), domain.CommandID{})
		if err != nil {
			return nil, err
		}
		if !other.state.Exists() {
			return nil, wrong("other", "must be a ticket")
		}
		return ticket.Link{Other: c.Other, Relation: c.Relation, By: r.Actor, At: r.At}, nil
	})
}
