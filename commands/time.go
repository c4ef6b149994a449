package commands

import (
	"context"
	"time"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/period"
)

// imported is the kind of source of records that an import brought in. Whoever may import looks after them.
const imported = "import"

// ownTime refuses to touch what another person logged. Imported records may be completed by whoever may import.
func ownTime(actor domain.Actor, times []domain.TimeID) func(period.State) error {
	imports := access.ScopeOf(actor.Role, access.ImportTime) == access.All
	return func(p period.State) error {
		for _, id := range times {
			t, known := p.Time(id)
			own := t.Record.Staff.Person == actor.Person || imports && t.Source.Kind == imported
			if known && !own && actor.Side != domain.SystemSide {
				return domain.Refuse(domain.ErrForbidden, "not_yours", "time record %s is another person's", id)
			}
		}
		return nil
	}
}

// onTime runs a command of people on their own records, which asks for nothing that the contract says. It answers
// with the contract.
func (s *Service) onTime(ctx context.Context, r Request, contract domain.ContractID, month calendar.Month, times []domain.TimeID, command period.Command) (Answer, error) {
	return s.onMonth(ctx, r, access.LogTime, contract, month, func(of *agreement) (domain.Position, error) {
		decider := guarded(period.Decider, ownTime(r.Actor, times))
		return onStream(ctx, s, decider, r.on(period.Stream(of.id, month)), command)
	})
}

// dayOf is the day that an entry is of. What lies ahead has no period yet.
func (of *agreement) dayOf(e period.Entry, at time.Time) (calendar.Date, error) {
	day := e.Day
	if !e.From.IsZero() {
		day = of.day(e.From)
	}
	if !day.Valid() || day > of.day(at) {
		return "", wrong("day", "must be a day that is not in the future, such as 2026-03-31")
	}
	return day, nil
}
