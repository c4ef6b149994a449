package commands

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/contract"
	"effigate/domain/ticket"
	"effigate/domain/visible"
)

// onTicket runs one command on a ticket: permission, the command's own checks, the decision, and after it the number
// that it made due. Whether a client user sees the ticket at all, the aggregate decides.
func (s *Service) onTicket(ctx context.Context, r Request, needed access.Permission, id domain.TicketID, build func() (ticket.Command, error)) (Answer, error) {
	return s.onTicketIf(ctx, r, needed, id, func() (ticket.Command, func(ticket.State) error, error) {
		command, err := build()
		return command, nil, err
	})
}

// onTicketIf is onTicket for a command that the ticket's state may forbid; nil forbids nothing.
func (s *Service) onTicketIf(ctx context.Context, r Request, needed access.Permission, id domain.TicketID, build func() (ticket.Command, func(ticket.State) error, error)) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		scope, err := s.may(ctx, r.Actor, needed)
		if err != nil {
			return Answer{}, err
		}
		command, unless, err := build()
		if err != nil {
			return Answer{}, err
		}
		allowed, err := s.about(ctx, r.Actor, scope, id, command)
		if err != nil {
			return Answer{}, err
		}
		decider := guarded(ticket.Decider, allowed)
		if unless != nil {
			decider = guarded(decider, unless)
		}
		position, err := onStream(ctx, s, decider, r.on(ticket.Stream(id)), command)
		if err != nil || !numbers(command) {
			return Answer{ID: id.UUID, Position: position}, err
		}
		return s.numbered(ctx, r, id, position)
	})
}

// numbers reports whether a command may make a number due.
func numbers(c ticket.Command) bool {
	switch c.(type) {
	case ticket.Publish, ticket.ChangeClient:
		return true
	default:
		return false
	}
}

// numbered completes an answer: the ticket gets its number if one is due.
func (s *Service) numbered(ctx context.Context, r Request, id domain.TicketID, position domain.Position) (Answer, error) {
	completed, err := s.NumberTickets(ctx, r, id)
	if err != nil {
		return Answer{}, err
	}
	return Answer{ID: id.UUID, Position: later(position, completed)}, nil
}

// always is the build function of a command that needs nothing from elsewhere.
func always(c ticket.Command) func() (ticket.Command, error) {
	return func() (ticket.Command, error) { return c, nil }
}

// newComment is the id of the comment or note that a request writes.
func newComment(r Request) domain.CommentID {
	return domain.CommentID{UUID: domain.Derive(r.Command().UUID, "comment")}
}

// ticketState looks a ticket up.
func (s *Service) ticketState(ctx context.Context, id domain.TicketID) (ticket.State, error) {
	t, err := load(ctx, s.log, ticket.Decider, ticket.Stream(id), domain.CommandID{})
	if err == nil && !t.state.Exists() {
		err = domain.Refuse(domain.ErrNotFound, "no_such_ticket", "no such ticket")
	}
	return t.state, err
}

// covered checks that a contract of the ticket's client covers a job type (F10), and gives the ticket.
func (s *Service) covered(ctx context.Context, id domain.TicketID, under domain.ContractID, jobType string, at time.Time) (ticket.State, error) {
	t, err := s.ticketState(ctx, id)
	if err != nil {
		return t, err
	}
	return t, s.covers(ctx, t.Client, under, jobType, at)
}

func (s *Service) covers(ctx context.Context, client domain.ClientID, under domain.ContractID, jobType string, at time.Time) error {
	c, err := load(ctx, s.log, contract.Decider, contract.Stream(under), domain.CommandID{})
	if err != nil {
		return err
	}
	if !c.state.Covers(client, jobType, at) {
		return domain.Refuse(domain.ErrConflict, "out_of_scope", "contract %s does not cover %q for this client now; choose one of its job types or another contract", under, jobType)
	}
	return nil
}

// ticketEvents gives the history of a ticket, in order.
func (s *Service) ticketEvents(ctx context.Context, id domain.TicketID) ([]ticket.Event, error) {
	var events []ticket.Event
	for recorded, err := range s.log.Read(ctx, ticket.Stream(id), domain.NoStream) {
		if err != nil {
			return nil, fmt.Errorf("read ticket %s: %w", id, err)
		}
		event, ok := recorded.Event.(ticket.Event)
		if !ok {
			return nil, fmt.Errorf("read ticket %s: revision %d is no ticket event", id, recorded.Revision)
		}
		events = append(events, event)
	}
	return events, nil
}

func later(a, b domain.Position) domain.Position {
	if a.Compare(b) < 0 {
		return b
	}
	return a
}

func ordered(changes map[visible.Key]visible.Change) []visible.Change {
	return slices.SortedFunc(maps.Values(changes), func(a, b visible.Change) int { return a.Key().Compare(b.Key()) })
}
