package commands

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/numbering"
	"effigate/domain/ticket"
)

// NumberTickets gives tickets the numbers they are owed: the first one of their client's internal series,
// or at first publication that of the visible one (X11). Tickets that are owed none stay as they are. It
// gives the position of the last number recorded, zero when there was none.
//
// It completes what a raise, an import or a publication began (see allocate), so it may run any number of
// times, from the command itself and from the process manager.
func (s *Service) NumberTickets(ctx context.Context, r Request, ids ...domain.TicketID) (domain.Position, error) {
	owed := map[string][]uuid.UUID{}
	wanted := map[string]domain.Visibility{}
	for _, id := range ids {
		t, err := load(ctx, s.log, ticket.Decider, ticket.Stream(id), domain.CommandID{})
		if err != nil {
			return domain.Position{}, err
		}
		if visibility, wants := t.state.Wants(); wants {
			series := numbering.TicketSeries(t.state.Client, visibility)
			owed[series] = append(owed[series], id.UUID)
			wanted[series] = visibility
		}
	}
	var last domain.Position
	for series, subjects := range owed {
		for len(subjects) > 0 {
			n := min(len(subjects), numbering.MaxSubjects)
			position, err := s.numberIn(ctx, r, series, wanted[series], subjects[:n])
			if err != nil {
				return last, err
			}
			last, subjects = later(last, position), subjects[n:]
		}
	}
	return last, nil
}

// numberIn allocates in one series and records each number on its ticket.
func (s *Service) numberIn(ctx context.Context, r Request, series string, visibility domain.Visibility, subjects []uuid.UUID) (domain.Position, error) {
	numbers, err := s.allocate(ctx, r, series, subjects)
	if err != nil {
		return domain.Position{}, fmt.Errorf("number %d tickets: %w", len(subjects), err)
	}
	var last domain.Position
	for _, subject := range subjects {
		id := domain.TicketID{UUID: subject}
		on := r.then("number", series+" "+id.String()).on(ticket.Stream(id))
		position, err := onStream(ctx, s, ticket.Decider, on, ticket.Command(ticket.Number{
			Series: visibility, Number: numbers[subject], At: r.At,
		}))
		if err != nil {
			return last, err
		}
		last = later(last, position)
	}
	return last, nil
}
