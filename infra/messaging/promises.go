package messaging

import (
	"context"
	"log/slog"
	"time"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/contract"
	"effigate/domain/sla"
	"effigate/domain/slapolicy"
	"effigate/domain/ticket"
	"effigate/domain/workcalendar"
)

// Promises carries on what tickets say about their promises. A merged ticket is taken in by the other one, a level of
// the ladder does what it says, and a promise that was missed, or whose breach was excused, proposes what the contract
// gives back for it, once the client sees the ticket.
//
// What is refused for good is logged and passed over: a ticket that was closed meanwhile must not hold up the others.
func Promises(service *commands.Service, now func() time.Time, logger *slog.Logger) Manager {
	p := promises{service: service, now: now, logger: logger}
	return Manager{
		Lane: "promises",
		Kinds: []string{
			ticket.Merged{}.Kind(), ticket.Escalated{}.Kind(), ticket.SLAStateReached{}.Kind(), ticket.TargetConcluded{}.Kind(),
			ticket.BreachExcused{}.Kind(), ticket.Published{}.Kind(),
		},
		React: p.react,
	}
}

type promises struct {
	service *commands.Service
	now     func() time.Time
	logger  *slog.Logger
}

func (p promises) react(ctx context.Context, fact domain.Recorded) error {
	id, err := ticket.IDOf(fact.Stream)
	if err != nil {
		return err
	}
	r := commands.Request{
		Actor: domain.System(), Route: "carry on promises", Key: fact.ID.String(), At: p.now(),
		Causation: fact.ID, Correlation: fact.Command.UUID,
	}
	return passOver(ctx, p.logger, fact, p.follow(ctx, r, id, fact.Event))
}

// follow sends the command that follows from a fact.
func (p promises) follow(ctx context.Context, r commands.Request, id domain.TicketID, event domain.Event) (err error) {
	switch event := event.(type) {
	case ticket.Merged:
		_, err = p.service.CompleteMerge(ctx, r, id)
	case ticket.Escalated:
		_, err = p.service.CarryOutEscalation(ctx, r, id, event.Staff.Level)
	case ticket.SLAStateReached:
		if event.State == sla.Breached {
			_, err = p.service.ProposeDeductions(ctx, r, id)
		}
	case ticket.TargetConcluded:
		if event.State == sla.MetLate || !event.Staff.Breached.IsZero() {
			_, err = p.service.ProposeDeductions(ctx, r, id)
		}
	case ticket.BreachExcused, ticket.Published: // What the client did not see was not given back for.
		_, err = p.service.ProposeDeductions(ctx, r, id)
	}
	return err
}

// Edits tells the worker that pins promises on open tickets of every edit of a policy, a calendar or a contract. It
// calls edited without waiting for what that leads to.
func Edits(edited func()) Manager {
	return Manager{
		Lane: "edits",
		Kinds: []string{
			slapolicy.Published{}.Kind(), slapolicy.Superseded{}.Kind(), workcalendar.Published{}.Kind(),
			workcalendar.HolidayAdded{}.Kind(), contract.AmendmentAccepted{}.Kind(),
		},
		React: func(context.Context, domain.Recorded) error {
			edited()
			return nil
		},
	}
}
