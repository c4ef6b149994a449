package messaging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/contract"
	"effigate/domain/period"
	"effigate/domain/timer"
)

// Billing completes what commands on contracts, time and periods began. What a contract says anew is pinned by its
// open periods, bought hours and released milestones are charged, a stopped timer is logged, a closed period is
// carried into the next, hours that are due are bought, and a record that was corrected or moved arrives where it
// belongs. In most cases it finds nothing to do, because the command itself went on.
//
// What is refused for good is logged and passed over: the command gave the refusal to its caller, and one contract
// must not hold up the others.
func Billing(service *commands.Service, now func() time.Time, logger *slog.Logger) Manager {
	b := billing{service: service, now: now, logger: logger}
	return Manager{
		Lane: "billing",
		Kinds: []string{
			contract.AmendmentAccepted{}.Kind(), contract.BucketGranted{}.Kind(), contract.BucketAdjusted{}.Kind(),
			contract.MilestoneReleased{}.Kind(), timer.Stopped{}.Kind(), period.Closed{}.Kind(), period.TopUpDue{}.Kind(),
			period.TimeCorrected{}.Kind(), period.TimeMoved{}.Kind(),
		},
		React: b.react,
	}
}

type billing struct {
	service *commands.Service
	now     func() time.Time
	logger  *slog.Logger
}

func (b billing) react(ctx context.Context, fact domain.Recorded) error {
	r := commands.Request{
		Actor: domain.System(), Route: "complete billing", Key: fact.ID.String(), At: b.now(),
		Causation: fact.ID, Correlation: fact.Command.UUID,
	}
	return passOver(ctx, b.logger, fact, b.complete(ctx, r, fact))
}

// passOver logs what was refused for good, and gives every other error back: what failed comes again.
func passOver(ctx context.Context, logger *slog.Logger, fact domain.Recorded, err error) error {
	if refusal, ok := errors.AsType[*domain.Refusal](err); ok && commands.Final(err) {
		logger.ErrorContext(ctx, "what follows from a fact was refused", slog.String("stream", fact.Stream),
			slog.Int64("revision", fact.Revision), slog.String("kind", fact.Raw.Kind), slog.String("code", refusal.Code))
		return nil
	}
	return err
}

// complete sends the command that follows from a fact.
func (b billing) complete(ctx context.Context, r commands.Request, fact domain.Recorded) error {
	switch event := fact.Event.(type) {
	case contract.Event:
		id, err := idOf(fact.Stream, "contract-")
		if err != nil {
			return err
		}
		return b.ofContract(ctx, r, domain.ContractID{UUID: id}, event)
	case period.Event:
		id, month, ok := period.StreamOf(fact.Stream)
		if !ok {
			return fmt.Errorf("%q is not the name of a period's stream", fact.Stream)
		}
		switch event := event.(type) {
		case period.Closed:
			_, err := b.service.CarryIn(ctx, r, id, month)
			return err
		case period.TopUpDue:
			_, err := b.service.TopUp(ctx, r, id, event)
			return err
		case period.TimeCorrected:
			_, err := b.service.CompleteCorrection(ctx, r, id, month, event.Time)
			return err
		case period.TimeMoved:
			_, err := b.service.ReceiveTime(ctx, r, id, month, event.Time)
			return err
		default:
			return nil
		}
	case timer.Stopped:
		id, err := idOf(fact.Stream, "timer-")
		if err != nil {
			return err
		}
		_, err = b.service.LogTimer(ctx, r, domain.PersonID{UUID: id})
		return err
	}
	return nil
}

func (b billing) ofContract(ctx context.Context, r commands.Request, id domain.ContractID, event contract.Event) error {
	switch event := event.(type) {
	case contract.BucketGranted:
		_, err := b.service.CompleteGrant(ctx, r, id, event.Bucket)
		return err
	case contract.MilestoneReleased:
		_, err := b.service.ChargeMilestone(ctx, r, id, event.Line, event.Milestone)
		return err
	default:
		_, err := b.service.PinTerms(ctx, r, id)
		return err
	}
}
