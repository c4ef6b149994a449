package period

import (
	"bytes"
	"maps"
	"slices"

	"effigate/domain"
)

func (s State) close(c Close) ([]Event, error) {
	if s.Closed {
		return nil, nil
	}
	d, err := s.closable(c)
	if err != nil {
		return nil, err
	}
	if err := d.ready(); err != nil {
		return nil, err
	}
	d.addMonthFees()
	d.alertAll(d.Ledger(), d.shortfall())
	d.add(d.settled())
	return d.events, nil
}

// closable begins the decision that closes the period. One that is billed pins nothing any more: its ledger is the one
// that was billed.
func (s State) closable(c Close) (*decision, error) {
	if _, billed := s.BilledBy(); billed {
		return s.decide(c.By, c.At), nil
	}
	return s.prepare(c.Says, c.By, c.At)
}

// settled is the end of the period. It follows from what was approved, pinned, charged and carried in, in whatever
// order that came.
func (d *decision) settled() Closed {
	ledger := d.Ledger()
	e := Closed{
		Lots: ledger.Statements, CarryOut: ledger.CarriedOut,
		Staff: ClosedStaff{Spent: d.spentOut(), Alerts: d.armed(ledger), Early: d.earlyOut(ledger)},
		By:    d.by, At: d.at,
	}
	drawn := map[string]int{}
	for id, short := range d.shortfall() {
		t, _ := d.times.Get(id.UUID)
		drawn[t.Approved.Staff.Line] += short.DrawnMinutes
		e.Shortfall = append(e.Shortfall, short)
	}
	slices.SortFunc(e.Shortfall, func(a, b TimeMinutes) int { return bytes.Compare(a.Time.UUID[:], b.Time.UUID[:]) })
	e.ShortfallByLine = byLines(drawn)
	overage := map[string]int{}
	for line, total := range ledger.Overage {
		overage[line] = total - overageOf(d.carriedIn.Staff.Overage, line)
	}
	e.Overage, e.Staff.Overage = byLines(overage), byLines(ledger.Overage)
	return e
}

// byLines lists the minutes of lines that have any, by line.
func byLines(minutes map[string]int) []LineMinutes {
	var list []LineMinutes
	for _, line := range slices.Sorted(maps.Keys(minutes)) {
		if minutes[line] != 0 {
			list = append(list, LineMinutes{Line: line, Minutes: minutes[line]})
		}
	}
	return list
}

func (s State) carryIn(c CarryIn) ([]Event, error) {
	if s.carriedIn.From != "" && s.carriedIn.From == c.From {
		return nil, nil
	}
	d, err := s.prepare(c.Says, c.By, c.At)
	if err != nil {
		return nil, err
	}
	if c.From != d.Month.Previous() {
		return nil, domain.Refuse(domain.ErrInvalid, "not_the_month_before", "%s carries in from %s, not from %s", d.Month, d.Month.Previous(), c.From)
	}
	if d.carried {
		return nil, domain.Refuse(domain.ErrConflict, "carried_in", "nothing can be carried in: %s is the contract's first period", d.Month)
	}
	d.add(CarriedIn{
		From: c.From, Lots: c.Closed.CarryOut,
		Staff: CarriedInStaff{Overage: c.Closed.Staff.Overage, Spent: c.Closed.Staff.Spent, Alerts: c.Closed.Staff.Alerts, Early: c.Closed.Staff.Early},
		By:    d.by, At: d.at,
	})
	d.watch()
	return d.events, nil
}

// Counted is what a record counts for in the end: with what the minimum for its work item and day added to it when
// the period was closed. False unless it is approved.
func (s State) Counted(id domain.TimeID) (TimeApproved, bool) {
	t, _ := s.times.Get(id.UUID)
	if t.Status != StatusApproved {
		return TimeApproved{}, false
	}
	counts := t.Approved
	i, short := slices.BinarySearchFunc(s.closing.Shortfall, id, func(m TimeMinutes, id domain.TimeID) int {
		return bytes.Compare(m.Time.UUID[:], id.UUID[:])
	})
	if short {
		more := s.closing.Shortfall[i]
		counts.BilledMinutes += more.BilledMinutes
		counts.DrawnMinutes += more.DrawnMinutes
		counts.Staff.Parts = slices.Clone(counts.Staff.Parts)
		longest := &counts.Staff.Parts[longestPart(counts.Staff.Parts)]
		longest.BilledMinutes += more.BilledMinutes
		longest.DrawnMinutes += more.DrawnMinutes
	}
	return counts, true
}
