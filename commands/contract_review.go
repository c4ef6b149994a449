package commands

import (
	"context"
	"fmt"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/forecast"
	"effigate/domain/period"
	"effigate/domain/terms"
)

// ReviewContract does what the passing of time makes due for a contract: it renews or expires, the present month's
// period is opened with its pins, and the day's forecasts are made. It is for the system.
type ReviewContract struct{ Contract domain.ContractID }

// ReviewContract runs the command. A contract that is not in force is left as it is.
func (s *Service) ReviewContract(ctx context.Context, r Request, c ReviewContract) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if r.Actor.Side != domain.SystemSide {
			return Answer{}, denied(r.Actor, "system_only", "nobody reviews contracts by a command; the clock does")
		}
		advanced, err := onStream(ctx, s, contract.Decider, r.on(contract.Stream(c.Contract)), contract.Command(contract.Advance{
			By: r.Actor, At: r.At,
		}))
		if err != nil {
			return Answer{}, err
		}
		of, err := s.agreement(ctx, c.Contract)
		if err != nil {
			return Answer{}, err
		}
		answer := Answer{ID: c.Contract.UUID, Position: advanced}
		if !of.runs(of.day(r.At)) {
			return answer, nil
		}
		month := of.day(r.At).Month()
		pinned, err := s.onPeriod(ctx, r, of.id, month, func(_ *agreement, said period.Says) period.Command {
			return period.Pin{Says: said, By: r.Actor, At: r.At}
		})
		if err != nil {
			return Answer{}, err
		}
		made, err := s.forecast(ctx, r, of, month)
		answer.Position = later(later(advanced, pinned), made)
		return answer, err
	})
}

// runs reports whether the contract is in force on a day, suspended or not.
func (a *agreement) runs(day calendar.Date) bool {
	ends := a.contract.Ends()
	return (a.contract.Status == contract.StatusActive || a.contract.Status == contract.StatusSuspended) &&
		a.contract.Starts() <= day && (ends == "" || day <= ends)
}

// burnMonths is how many periods before the present one hold the eight weeks that a forecast looks back on.
const burnMonths = 2

// aheadMonths is how far ahead hours that were granted already count.
const aheadMonths = 24

// forecast makes the day's forecast of every line with hours.
func (s *Service) forecast(ctx context.Context, r Request, of *agreement, month calendar.Month) (domain.Position, error) {
	var lines []period.ForecastLine
	for _, held := range of.contract.Versions(month.Last(), month.Last()) {
		for _, line := range held.Terms.Agreed.Lines {
			if line.Type == terms.Bucket || line.Type == terms.Retainer {
				lines = append(lines, period.ForecastLine{Line: line.Key, Changes: of.coming(line.Key, month)})
			}
		}
	}
	if len(lines) == 0 {
		return domain.Position{}, nil
	}
	before := month
	for range burnMonths {
		before = before.Previous()
		p, err := load(ctx, s.log, period.Decider, period.Stream(of.id, before), domain.CommandID{})
		if err != nil {
			return domain.Position{}, err
		}
		for i := range lines {
			lines[i].Days = append(lines[i].Days, p.state.Burn(lines[i].Line)...)
		}
	}
	today := of.day(r.At)
	on := r.then("forecast", fmt.Sprint(of.id, " ", today)).on(period.Stream(of.id, month))
	return onStream(ctx, s, period.Decider, on, period.Command(period.MakeForecast{Lines: lines, Today: today, By: r.Actor, At: r.At}))
}

// coming are the hours of a line that begin, and of these the ones that end, in the months after one.
func (a *agreement) coming(line string, month calendar.Month) []forecast.Change {
	var changes []forecast.Change
	for range aheadMonths {
		month = month.Next()
		for _, lot := range a.contract.Lots(month) {
			if lot.Line == line {
				changes = append(changes, comingLot(lot)...)
			}
		}
	}
	return changes
}

func comingLot(lot bucket.Lot) []forecast.Change {
	changes := []forecast.Change{{Date: lot.From, Minutes: lot.GrantedMinutes, What: "grant"}}
	if lot.Until != "" {
		changes = append(changes, forecast.Change{Date: lot.Until.Add(1), Minutes: -lot.GrantedMinutes, What: "expiry"})
	}
	return changes
}
