package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// A merge is a step of two streams, in the shape that series.go describes: the ticket that ends can refuse and names
// the other one, which then takes it in, purely from what the first one says.

// MergeTickets ends one ticket in favour of another.
type MergeTickets struct {
	Ticket    domain.TicketID
	Into      domain.TicketID
	Duplicate bool
	Reason    string
}

// MergeTickets runs both steps; CompleteMerge does the second one again.
func (s *Service) MergeTickets(ctx context.Context, r Request, c MergeTickets) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.WorkTickets); err != nil {
			return Answer{}, err
		}
		of, err := s.ticketState(ctx, c.Ticket)
		if err != nil {
			return Answer{}, err
		}
		// Two tickets that are merged into each other at one moment would both end.
		unlock, err := s.queue.lock(ctx, "merges of "+of.Client.String())
		if err != nil {
			return Answer{}, err
		}
		defer unlock()
		into, err := load(ctx, s.log, ticket.Decider, ticket.Stream(c.Into), domain.CommandID{})
		if err != nil {
			return Answer{}, err
		}
		if !into.state.Exists() {
			return Answer{}, wrong("into", "must be a ticket")
		}
		merged, err := onStream(ctx, s, ticket.Decider, r.on(ticket.Stream(c.Ticket)), ticket.Command(ticket.Merge{
			Into: c.Into, IntoState: into.state, Duplicate: c.Duplicate, Reason: c.Reason, By: r.Actor, At: r.At,
		}))
		if err != nil {
			return Answer{}, err
		}
		taken, err := s.CompleteMerge(ctx, r, c.Ticket)
		return Answer{ID: c.Ticket.UUID, Position: later(merged, taken.Position)}, err
	})
}

// CompleteMerge takes a merged ticket in where it was merged into. It may run any number of times, and finds nothing
// to do for a ticket that was not merged. The answer's ID is that of the ticket that goes on.
func (s *Service) CompleteMerge(ctx context.Context, r Request, id domain.TicketID) (Answer, error) {
	past, err := s.ticketEvents(ctx, id)
	if err != nil {
		return Answer{}, err
	}
	var from ticket.State
	for _, event := range past {
		ended := ticket.Evolve(from, event)
		if merged, ok := event.(ticket.Merged); ok {
			on := r.then("take in", id.String()).on(ticket.Stream(merged.Into))
			position, err := onStream(ctx, s, ticket.Decider, on, ticket.Command(ticket.TakeIn{
				From: id, Bound: from.Visibility == domain.ClientVisible, Clock: ended.Clock,
				By: domain.Actor{Person: merged.By, Side: domain.SystemSide}, At: merged.At,
			}))
			return Answer{ID: merged.Into.UUID, Position: position}, err
		}
		from = ended
	}
	return Answer{ID: id.UUID}, nil
}
