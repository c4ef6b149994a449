package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/person"
	"effigate/domain/ticket"
)

// WatchTicket makes somebody of the firm be told of a ticket, or with End no longer. Watching gives no right to see
// anything (A6).
type WatchTicket struct {
	Ticket domain.TicketID
	Person domain.PersonID
	End    bool
}

// WatchTicket runs the command.
func (s *Service) WatchTicket(ctx context.Context, r Request, c WatchTicket) (Answer, error) {
	return s.onTicket(ctx, r, access.WatchTickets, c.Ticket, func() (ticket.Command, error) {
		watcher, err := load(ctx, s.log, person.Decider, person.Stream(c.Person), domain.CommandID{})
		if err != nil {
			return nil, err
		}
		if !c.End && (watcher.state.Role.Side() != domain.StaffSide || !reads(watcher.state, ticket.State{}, false)) {
			return nil, wrong("person", "must be an active staff person who may see tickets")
		}
		return ticket.Watch{Person: c.Person, End: c.End, By: r.Actor, At: r.At}, nil
	})
}
