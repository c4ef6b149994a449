package period

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"effigate/domain"
	"effigate/domain/hours"
	"effigate/domain/rate"
	"effigate/domain/terms"
	"effigate/domain/zone"
)

func (s State) approve(c Approve) ([]Event, error) {
	if s.allApproved(c.Times) {
		return nil, nil
	}
	d, err := s.prepare(c.Says, c.By, c.At)
	if err != nil {
		return nil, err
	}
	before, parts := d.State, 0
	if _, err := d.each(c.Times, func(id domain.TimeID, t entry) error {
		if t.Status == StatusApproved {
			return nil
		}
		if err := mayApprove(c.By, id, t); err != nil {
			return err
		}
		held := d.pinOn(t.Record.Day)
		if err := held.takes(id, t); err != nil {
			return err
		}
		counts, err := held.count(id, t.Record)
		if err != nil {
			return err
		}
		if parts += len(counts.Staff.Parts); parts > MaxParts {
			return domain.Refuse(domain.ErrInvalid, "too_many_parts", "the records fall into more than %d parts; approve fewer at once", MaxParts)
		}
		counts.By, counts.At = d.by, d.at
		d.add(counts)
		return nil
	}); err != nil {
		return nil, err
	}
	if err := d.checkLimits(before); err != nil {
		return nil, err
	}
	d.watch()
	return d.events, nil
}

func (s State) allApproved(ids []domain.TimeID) bool {
	for _, id := range ids {
		if t, _ := s.times.Get(id.UUID); t.Status != StatusApproved {
			return false
		}
	}
	return len(ids) > 0
}

// author is who wrote a record as it was logged: whoever logged it, but for one that was moved here.
func (e TimeLogged) author() domain.PersonID {
	if !e.Staff.Author.IsZero() {
		return e.Staff.Author
	}
	return e.By
}

func mayApprove(by domain.Actor, id domain.TimeID, t entry) error {
	if t.Status != StatusSubmitted {
		return domain.Refuse(domain.ErrConflict, "time_not_submitted", "time record %s is %s; only submitted time is approved", id, t.Status)
	}
	if (by.Person == t.Record.Staff.Person || by.Person == t.Author && by.Side == domain.StaffSide) && by.Role != domain.Owner {
		return domain.Refuse(domain.ErrForbidden, "own_time", "nobody but an owner approves own time, or time that they wrote for somebody (record %s)", id)
	}
	return nil
}

// takes refuses to charge work of days after the contract's end, which may have come earlier than it was to when the
// work was logged. A correction is bound to the day of what it corrects.
func (p *pinned) takes(id domain.TimeID, t entry) error {
	ends, charged := p.Agreed.Ends, t.Record.Billing == Billable || t.Record.Billing == Included
	if charged && ends != "" && t.Record.Day > ends && t.Replaces.IsZero() {
		return domain.Refuse(domain.ErrConflict, "not_in_force", "the contract ended on %s, before the work of %s (record %s); return it, to be discarded or not charged",
			ends, t.Record.Day, id)
	}
	return nil
}

// count works out what a record counts for under a pin: it is split where the condition changes, rounded once, and
// what is billed and drawn is shared over the parts so that they sum to the whole.
func (p *pinned) count(id domain.TimeID, r Record) (TimeApproved, error) {
	line, covered := p.Agreed.LineOf(r.JobType)
	if !covered {
		return TimeApproved{}, domain.Refuse(domain.ErrConflict, "job_type_unknown", "the contract covers no job type %q on %s (record %s)", r.JobType, r.Day, id)
	}
	parts, err := p.split(r)
	if err != nil {
		return TimeApproved{}, domain.Refuse(domain.ErrConflict, "not_split", "time record %s cannot be split: %v", id, err)
	}
	counts := TimeApproved{
		Time: id, BilledMinutes: p.Staff.Terms.Rounding.Billed(r.Seconds),
		Staff: TimeApprovedStaff{Pin: p.Pin, Line: line.Key, Parts: parts, TZData: zone.Version},
	}
	share(counts.BilledMinutes, parts)
	if r.Billing == Billable && holdsHours(line.Type) {
		counts.DrawnMinutes = draw(p.Staff.Terms.ChargeOf(line.Key), parts)
	}
	if r.Billing == Billable && line.Type != terms.Fixed {
		charge := p.Staff.Terms.ChargeOf(line.Key)
		counts.Staff.Charged = line.Type == terms.TimeAndMaterials || line.Type == terms.Bucket && charge.Mode == terms.PostpaidCapped
		counts.Staff.OveragePrice = charge.OveragePrice
		if err := p.price(counts, r); err != nil {
			return TimeApproved{}, err
		}
	}
	return counts, nil
}

// holdsHours reports whether a line of that type has bought hours that work draws on.
func holdsHours(t terms.Type) bool { return t == terms.Bucket || t == terms.Retainer }

// split gives the parts of a record with what was worked in each, those without work left out.
func (p *pinned) split(r Record) ([]Part, error) {
	whole := []hours.Part{{Condition: r.Staff.Condition, Seconds: r.Seconds}}
	if !r.From.IsZero() {
		span := hours.Span{From: r.From, Until: r.Until}
		stretches, err := hours.Split(span, p.windows(r), p.Staff.Calendar, r.Staff.Condition == hours.Emergency)
		if err != nil {
			return nil, err
		}
		whole = hours.WithoutBreak(stretches, r.BreakSeconds)
	}
	var parts []Part
	for _, stretch := range whole {
		if stretch.Seconds > 0 {
			parts = append(parts, Part{Condition: stretch.Condition, From: stretch.Span.From, Until: stretch.Span.Until, Seconds: stretch.Seconds})
		}
	}
	if len(parts) == 0 {
		return nil, errors.New("nothing was worked")
	}
	return parts, nil
}

// windows are the rate conditions of the terms, ranked as the terms say for where they overlap.
func (p *pinned) windows(r Record) []hours.Window {
	windows := p.Staff.Terms.Conditions
	line, covered := p.Agreed.LineOf(r.JobType)
	if p.Staff.Terms.Overlap != terms.Highest || !covered {
		return windows
	}
	charge, price := p.Staff.Terms.ChargeOf(line.Key), map[hours.Condition]*big.Rat{}
	for _, w := range windows {
		price[w.Condition] = hourly(rate.Resolve(p.Staff.Cards, p.question(r, w.Condition)), r.Seconds)
	}
	windows = slices.Clone(windows)
	slices.SortStableFunc(windows, func(a, b hours.Window) int { // The dearest first.
		return cmp.Or(price[b.Condition].Cmp(price[a.Condition]),
			cmp.Compare(charge.WeightOf(b.Condition), charge.WeightOf(a.Condition)), cmp.Compare(b.Priority, a.Priority))
	})
	for i := range windows {
		windows[i].Priority = len(windows) - i
	}
	return windows
}

// hourly is what an hour costs by a row: of a price for a whole record, its share. Without a row it is less than
// nothing.
func hourly(a rate.Answer, seconds int64) *big.Rat {
	price := a.Row.Price.Rat()
	switch {
	case !a.Found:
		return big.NewRat(-1, 1)
	case a.Row.Unit == rate.PerDay:
		return price.Mul(price, big.NewRat(60, int64(a.DayMinutes)))
	case a.Row.Unit == rate.Fixed:
		return price.Mul(price, big.NewRat(3600, max(seconds, 1)))
	}
	return price
}

// question asks for the price of a record under a condition.
func (p *pinned) question(r Record, condition hours.Condition) rate.Question {
	level := cmp.Or(r.Staff.SupportLevel, p.Staff.Terms.SupportLevel)
	return rate.Question{
		JobType: r.JobType, SupportLevel: string(level), Condition: condition, Day: r.Day, Currency: p.Agreed.Currency,
	}
}

// share allocates what is billed over the parts by their raw time.
func share(billedMinutes int, parts []Part) {
	seconds := make([]int64, len(parts))
	for i, part := range parts {
		seconds[i] = part.Seconds
	}
	for i, minutes := range hours.Allocate(billedMinutes, seconds) {
		parts[i].BilledMinutes = minutes
	}
}

// draw gives what the parts draw together, their weighted minutes rounded once, and allocates it over them.
func draw(charge terms.Charge, parts []Part) int {
	weighted, sum := make([]int64, len(parts)), int64(0)
	for i, part := range parts {
		weighted[i] = int64(part.BilledMinutes) * int64(charge.WeightOf(part.Condition))
		sum += weighted[i]
	}
	for i, minutes := range hours.Allocate(halfUp(sum), weighted) {
		parts[i].DrawnMinutes = minutes
	}
	return halfUp(sum)
}

// halfUp turns hundredths of a minute into minutes; an exact half rounds up.
func halfUp(hundredths int64) int { return int((hundredths + 50) / 100) }

// price looks up the rate row of each part that is billed. That none is found is refused where the hours
// themselves are charged by it.
func (p *pinned) price(counts TimeApproved, r Record) error {
	parts := counts.Staff.Parts
	for i := range parts {
		asked := p.question(r, parts[i].Condition)
		answer := rate.Resolve(p.Staff.Cards, asked)
		switch {
		case answer.Found:
			parts[i].Price = priceOf(answer)
		case counts.Staff.Charged:
			return domain.Refuse(domain.ErrConflict, "rate_missing", "no rate for job type %q, support level %q, condition %q on %s (record %s)",
				r.JobType, asked.SupportLevel, asked.Condition, r.Day, counts.Time)
		}
	}
	return nil
}

// The most of an explanation that is kept with a part.
const (
	maxWhy     = 3
	maxWhyText = 160
)

// priceOf keeps the row that won, and the last and so decisive reasons.
func priceOf(a rate.Answer) Price {
	p := Price{
		Layer: a.Layer, Card: a.Card, Version: a.Version, Row: a.Row.Key, Amount: a.Row.Price, Unit: a.Row.Unit,
		MinimumMinutes: a.Row.MinimumMinutes, MaximumMinutes: a.Row.MaximumMinutes, TaxCategory: a.Row.TaxCategory,
	}
	if a.Row.Unit == rate.PerDay {
		p.DayMinutes = a.DayMinutes
	}
	for _, why := range a.Why[max(0, len(a.Why)-maxWhy):] {
		p.Why = append(p.Why, fmt.Sprintf("%.*s", maxWhyText, why))
	}
	return p
}

func (s State) giveBack(c Return) ([]Event, error) {
	var check domain.Check
	check.Text("reason", c.Reason, 1)
	check.That(len([]rune(c.Reason)) <= MaxReason, "reason", "must have at most 500 characters")
	if err := check.Err(); err != nil {
		return nil, err
	}
	d := s.decide(c.By, c.At)
	return d.each(c.Times, func(id domain.TimeID, t entry) error {
		switch {
		case t.Status == StatusReturned:
			return nil
		case d.Closed:
			return errClosed
		case !t.Reverses.IsZero() || t.Status != StatusSubmitted && t.Status != StatusApproved:
			return domain.Refuse(domain.ErrConflict, "time_not_submitted", "time record %s is %s; only submitted or approved time is returned", id, t.Status)
		}
		if err := d.frozen(); err != nil {
			return err
		}
		d.add(TimeReturned{Time: id, Staff: TimeReturnedStaff{Reason: c.Reason}, By: d.by, At: d.at})
		return nil
	})
}

// counts gives a reversal as what it counts for.
func (e TimeReversed) counts() TimeApproved {
	return TimeApproved{
		Time: e.Time, BilledMinutes: e.BilledMinutes, DrawnMinutes: e.DrawnMinutes, Staff: e.Staff, By: e.By, At: e.At,
	}
}
