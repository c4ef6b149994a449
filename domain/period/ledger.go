package period

import (
	"bytes"
	"cmp"
	"math/big"
	"slices"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/terms"
)

// Ledger is the ledger as it stands: of an open period an estimate while nothing is carried in, and while more time
// may be approved. The minimum for a work item and day counts as if the period were closed now.
func (s State) Ledger() bucket.Ledger {
	if !s.Opened {
		return bucket.Ledger{}
	}
	return s.settle(s.shortfall())
}

// settle works out the ledger with more minutes on some records than they were approved with.
func (s State) settle(more map[domain.TimeID]TimeMinutes) bucket.Ledger {
	in := bucket.Input{
		First: s.Month.First(), Last: s.Month.Last(), CarriedIn: s.carriedIn.Lots, Granted: s.lots,
		Adjustments: s.adjustments, Rollovers: map[string]bucket.Rollover{}, Overage: map[string]int{},
	}
	for id, t := range s.times.All() {
		minutes := t.Approved.DrawnMinutes + more[domain.TimeID{UUID: id}].DrawnMinutes
		if minutes != 0 {
			in.Demands = append(in.Demands, bucket.Demand{ID: id, Line: t.Approved.Staff.Line, Day: t.Record.Day, At: t.Record.From, Minutes: minutes})
		}
	}
	held := s.newest()
	for _, line := range held.Agreed.Lines {
		if line.Type == terms.Retainer {
			in.Rollovers[line.Key] = held.Staff.Terms.ChargeOf(line.Key).Rollover
		}
	}
	for _, o := range s.carriedIn.Staff.Overage {
		in.Overage[o.Line] = o.Minutes
	}
	return bucket.Settle(in)
}

// ticketDay is what the minimum of F24 is for: all that is charged for one work item on one day. Its records may have
// been approved under several pins; then the newest of these says what the minimum is.
type ticketDay struct {
	work Work
	day  calendar.Date
}

// shortfall is what the minimum for a work item and day adds to records. Corrections and late time are charged as they
// are: the minimum was a matter of the day's first bill.
func (s State) shortfall() map[domain.TimeID]TimeMinutes {
	if !slices.ContainsFunc(s.pins, func(p *pinned) bool { return p.Staff.Terms.Rounding.TicketDayMinimumMinutes > 0 }) {
		return nil
	}
	days := map[ticketDay][]entry{}
	for _, t := range s.times.All() {
		charged := t.Status == StatusApproved && t.Record.Billing == Billable && t.Reverses.IsZero() && t.Replaces.IsZero() && !t.Late
		if charged && t.Record.Staff.Work.Kind != NoWork && !s.fixed(t.Approved) {
			day := ticketDay{t.Record.Staff.Work, t.Record.Day}
			days[day] = append(days[day], t)
		}
	}
	added := map[domain.TimeID]TimeMinutes{}
	for _, times := range days {
		s.fill(times, added)
	}
	return added
}

// fixed reports whether a record was approved on a line whose hours are not charged.
func (s State) fixed(t TimeApproved) bool {
	p, _ := s.Pin(t.Staff.Pin)
	for _, line := range p.Agreed.Lines {
		if line.Key == t.Staff.Line {
			return line.Type == terms.Fixed
		}
	}
	return false
}

// fill shares what a work item and day lack to their minimum over its records, as the longest part of each.
func (s State) fill(times []entry, added map[domain.TimeID]TimeMinutes) {
	slices.SortFunc(times, func(a, b entry) int {
		return cmp.Or(a.Record.From.Compare(b.Record.From), bytes.Compare(a.Approved.Time.UUID[:], b.Approved.Time.UUID[:]))
	})
	billed, newest, weights := 0, 0, make([]int64, len(times))
	for i, t := range times {
		billed += t.Approved.BilledMinutes
		newest = max(newest, t.Approved.Staff.Pin)
		weights[i] = int64(t.Approved.BilledMinutes)
	}
	p, _ := s.Pin(newest)
	lacking := p.Staff.Terms.Rounding.TicketDayMinimumMinutes - billed
	if lacking <= 0 {
		return
	}
	for i, more := range hours.Allocate(lacking, weights) {
		if more > 0 {
			t := times[i].Approved
			p, _ := s.Pin(t.Staff.Pin)
			added[t.Time] = TimeMinutes{Time: t.Time, BilledMinutes: more, DrawnMinutes: drawnMore(p, t, more)}
		}
	}
}

// drawnMore is what a record draws beyond what it drew when its longest part gets more billed minutes.
func drawnMore(p TermsPinned, t TimeApproved, more int) int {
	i := slices.IndexFunc(p.Agreed.Lines, func(l terms.Line) bool { return l.Key == t.Staff.Line })
	if i < 0 || !holdsHours(p.Agreed.Lines[i].Type) {
		return 0
	}
	charge, weighted := p.Staff.Terms.ChargeOf(t.Staff.Line), int64(0)
	longest := longestPart(t.Staff.Parts)
	for i, part := range t.Staff.Parts {
		if i == longest {
			part.BilledMinutes += more
		}
		weighted += int64(part.BilledMinutes) * int64(charge.WeightOf(part.Condition))
	}
	return halfUp(weighted) - t.DrawnMinutes
}

// Hours is what a line of bought hours comes to: the lots that work of the period may draw on, and those it drew on.
type Hours struct {
	OfMinutes        int // bought, as far as it has not expired in an earlier period
	UsedMinutes      int // of these, overage included
	RemainingMinutes int // that may still be drawn
	OverageMinutes   int // drawn beyond all lots in this period
}

// Hours is what a line's hours come to on a day; lots that ended before it have nothing left.
func (s State) Hours(line string, today calendar.Date) Hours { return s.hours(s.Ledger(), line, today) }

func (s State) hours(ledger bucket.Ledger, line string, today calendar.Date) Hours {
	today = min(today, s.Month.Last()) // Until it is closed, the period draws on what it had on its last day.
	var h Hours
	for _, st := range ledger.Statements {
		if st.Line != line {
			continue
		}
		before := 0 // drawn in earlier periods
		for _, lot := range s.carriedIn.Lots {
			if lot.ID == st.Lot {
				before = lot.GrantedMinutes - lot.RemainingMinutes
			}
		}
		h.OfMinutes += before + st.CarriedInMinutes + st.GrantedMinutes + st.AdjustedMinutes
		h.UsedMinutes += before + st.DrawnMinutes
		h.RemainingMinutes += st.RemainingMinutes
		if st.Until >= today {
			h.RemainingMinutes += st.ExpiredMinutes // It will, at the end of that day.
		}
	}
	h.OverageMinutes = ledger.Overage[line] - overageOf(s.carriedIn.Staff.Overage, line)
	h.UsedMinutes += h.OverageMinutes
	return h
}

func overageOf(list []LineMinutes, line string) int {
	for _, o := range list {
		if o.Line == line {
			return o.Minutes
		}
	}
	return 0
}

// checkLimits refuses an approval that goes beyond hours or an amount where the policy forbids it. Before is the
// state without it: what was beyond already is not held against it.
func (d *decision) checkLimits(before State) error {
	var ledger *bucket.Ledger
	for _, line := range d.lines() {
		charge := line.charge
		capped := line.Type == terms.TimeAndMaterials && charge.Cap.IsPositive() && charge.CapPolicy == terms.HardCap
		bounded := holdsHours(line.Type) && (charge.Overage == terms.BlockOverage || charge.Overage == terms.AskOverage)
		if !capped && !bounded || !d.touches(before, line.Key) {
			continue
		}
		if !d.carried {
			return domain.Refuse(domain.ErrConflict, "carry_in_unknown", "what %s left over is not known; close it first", d.Month.Previous())
		}
		if capped {
			if spent := d.spent(line.Key, d.shortfall()); spent.Cmp(charge.Cap.Rat()) > 0 && spent.Cmp(before.spent(line.Key, before.shortfall())) > 0 {
				return domain.Refuse(domain.ErrConflict, "cap_reached", "line %q would cost %s, more than its cap of %s", line.Key, toDecimal(spent), charge.Cap)
			}
			continue
		}
		if ledger == nil {
			settled := d.Ledger()
			ledger = &settled
		}
		beyond, allowed := d.hours(*ledger, line.Key, d.Month.Last()).OverageMinutes, d.allowed(charge, line.Key)
		if beyond > allowed && beyond > before.Hours(line.Key, d.Month.Last()).OverageMinutes {
			return domain.Refuse(domain.ErrConflict, "hours_used_up", "line %q would be drawn %d minutes beyond its hours; %d are allowed", line.Key, beyond, allowed)
		}
	}
	return nil
}

// touches reports whether the decision approves time of a line that is charged.
func (d *decision) touches(before State, line string) bool {
	for _, e := range d.events {
		if t, ok := e.(TimeApproved); ok && t.Staff.Line == line {
			record, _ := before.Time(t.Time)
			if record.Record.Billing == Billable {
				return true
			}
		}
	}
	return false
}

// allowed are the minutes beyond a line's hours that may be approved.
func (s State) allowed(charge terms.Charge, line string) int {
	allowed := 0
	for _, r := range s.requests {
		if charge.Overage == terms.AskOverage && r.Line == line && r.answer != nil && r.answer.Allowed {
			allowed += r.Minutes
		}
	}
	return allowed
}

// spent is what the time of a line has cost up to and with this period, with more minutes on some records than they
// were approved with.
func (s State) spent(line string, more map[domain.TimeID]TimeMinutes) *big.Rat {
	total := exact(s.valuesWith(more), line)
	for _, before := range s.carriedIn.Staff.Spent {
		if before.Line == line {
			total.Add(total, before.Amount.Rat())
		}
	}
	return total
}

// watch gives the alerts and top-ups that are due now, once each. It waits until it is known what is carried in. The
// minimum for a work item and day is left out until the period is closed: more time of that day may still fill it.
func (d *decision) watch() {
	if !d.carried {
		return
	}
	ledger := d.settle(nil)
	d.alertAll(ledger, nil)
	if d.today(d.at) > d.Month.Last() {
		return // What is bought now is the next period's; it watches what is carried in.
	}
	for _, line := range d.newest().Agreed.Lines {
		if holdsHours(line.Type) {
			d.topUp(d.newest().Staff.Terms.ChargeOf(line.Key), line.Key, d.hours(ledger, line.Key, d.today(d.at)))
		}
	}
}

// alertAll gives the alerts that are due by a ledger, with more minutes on some records than they were approved with.
func (d *decision) alertAll(ledger bucket.Ledger, more map[domain.TimeID]TimeMinutes) {
	held := d.newest()
	for _, line := range held.Agreed.Lines {
		if charge := held.Staff.Terms.ChargeOf(line.Key); holdsHours(line.Type) {
			hours := d.hours(ledger, line.Key, d.today(d.at))
			d.alert(ThresholdReached{
				Line: line.Key, UsedMinutes: hours.UsedMinutes, OfMinutes: hours.OfMinutes, Shown: held.Agreed.Shows.Alerts,
			})
		} else if line.Type == terms.TimeAndMaterials && charge.Cap.IsPositive() {
			spent := toDecimal(d.spent(line.Key, more))
			d.alert(ThresholdReached{Line: line.Key, Staff: ThresholdReachedStaff{Spent: spent, Cap: charge.Cap}})
		}
	}
}

// alert tells of the highest threshold that a line has reached, unless it was told before. Those below it are
// passed over in silence: one approval is one piece of news.
func (d *decision) alert(e ThresholdReached) {
	used, of := big.NewRat(int64(e.UsedMinutes), 1), big.NewRat(int64(e.OfMinutes), 1)
	if e.Staff.Cap.IsPositive() {
		used, of = e.Staff.Spent.Rat(), e.Staff.Cap.Rat()
	}
	if of.Sign() <= 0 {
		return
	}
	e.Percent = threshold(used, of)
	if e.Percent > d.told(e.Line, of) {
		e.By, e.At = d.by, d.at
		d.add(e)
	}
}

// told is the highest threshold that a line need not be told of again. When there is more than there was, it is
// what the old one comes to of the new.
func (d *decision) told(line string, of *big.Rat) int {
	i := slices.IndexFunc(d.alerts, func(a Armed) bool { return a.Line == line })
	if i < 0 {
		return 0
	}
	told := d.alerts[i]
	then := big.NewRat(int64(told.OfMinutes), 1)
	if told.Cap.IsPositive() {
		then = told.Cap.Rat()
	}
	if of.Cmp(then) <= 0 {
		return told.Percent
	}
	return threshold(new(big.Rat).Mul(then, big.NewRat(int64(told.Percent), 100)), of)
}

// threshold is the highest one of 50, 75, 90 and 100 % that used has reached of a positive whole, 0 for none.
func threshold(used, of *big.Rat) int {
	reached := 0
	for _, percent := range []int64{50, 75, 90, 100} {
		if used.Cmp(new(big.Rat).Mul(of, big.NewRat(percent, 100))) >= 0 {
			reached = int(percent)
		}
	}
	return reached
}

// topUp buys hours when little is left, not again before the ones bought last are pinned.
func (d *decision) topUp(charge terms.Charge, line string, left Hours) {
	if charge.Overage != terms.TopUpOverage || charge.TopUpMinutes <= 0 || left.RemainingMinutes > charge.TopUpAtMinutes {
		return
	}
	n := 1
	for _, due := range d.topUps {
		if due.Line != line {
			continue
		}
		if !slices.ContainsFunc(d.lots, func(l bucket.Lot) bool { return l.ID == due.Bucket.UUID }) {
			return
		}
		n++
	}
	if len(d.topUps) >= MaxTopUps {
		return
	}
	d.add(TopUpDue{
		Line: line, Bucket: TopUp(d.Contract, line, d.Month, n),
		Staff: TopUpDueStaff{Minutes: charge.TopUpMinutes, RemainingMinutes: left.RemainingMinutes}, By: d.by, At: d.at,
	})
}

// armed is what alerts the next period need not give again: what was told of lots that are all carried out, else
// what these have reached.
func (s State) armed(ledger bucket.Ledger) []Armed {
	var armed []Armed
	for _, line := range s.newest().Agreed.Lines {
		i := slices.IndexFunc(s.alerts, func(a Armed) bool { return a.Line == line.Key })
		if !holdsHours(line.Type) {
			if i >= 0 {
				armed = append(armed, s.alerts[i])
			}
			continue
		}
		of, left := 0, 0
		for _, lot := range ledger.CarriedOut {
			if lot.Line == line.Key {
				of += lot.GrantedMinutes
				left += lot.RemainingMinutes
			}
		}
		if of == 0 {
			continue
		}
		a := Armed{Line: line.Key, Percent: threshold(big.NewRat(int64(of-left), 1), big.NewRat(int64(of), 1)), OfMinutes: of}
		if i >= 0 && s.alerts[i].OfMinutes == of {
			a.Percent = max(a.Percent, s.alerts[i].Percent)
		}
		if a.Percent > 0 {
			armed = append(armed, a)
		}
	}
	return armed
}

// spentOut is what the capped lines have cost up to and with this period, those among them that were capped once.
func (s State) spentOut() []Spent {
	var spent []Spent
	for _, line := range s.lines() {
		if line.Type == terms.TimeAndMaterials {
			if amount := toDecimal(s.spent(line.Key, s.shortfall())); !amount.Equal(decimal.Zero) {
				spent = append(spent, Spent{Line: line.Key, Amount: amount})
			}
		}
	}
	return spent
}
