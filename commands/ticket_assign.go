package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// AssignTicket gives a ticket to a person, a team, both or nobody.
type AssignTicket struct {
	Ticket   domain.TicketID
	Assignee domain.PersonID
	Team     string
}

// AssignTicket runs the command.
func (s *Service) AssignTicket(ctx context.Context, r Request, c AssignTicket) (Answer, error) {
	return s.onTicket(ctx, r, access.WorkTickets, c.Ticket, always(ticket.Assign{Assignee: c.Assignee, Team: c.Team, By: r.Actor, At: r.At}))
}
