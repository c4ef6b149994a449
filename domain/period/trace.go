package period

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/rate"
)

// time takes a record's parts: each to the line of its price, and what of it is beyond the bought hours to another one.
func (c *charging) time(id domain.TimeID, t entry) {
	if t.Record.Billing == Included || t.Record.Billing == NonBillable ||
		t.Record.Billing == NoCharge && !c.newest().Agreed.Shows.NoCharge {
		return
	}
	p := portion{charging: c, entry: t, rule: c.rounded(t)}
	for i, part := range stretches(t.Approved, c.shortfall[id], c.beyond[id.UUID]) {
		p.part, p.stretch = i, part
		switch {
		case t.Record.Billing == NoCharge:
			p.add(bill.NoCharge, Price{}, part.BilledMinutes, decimal.Zero)
		case t.Approved.Staff.Charged:
			p.add(bill.Time, part.Price, part.priced-part.pricedBeyond, part.count.Sub(part.countBeyond))
		default: // Time under a fixed line draws nothing, and appears nowhere.
			p.add(bill.Drawn, Price{}, part.DrawnMinutes-part.drawnBeyond, decimal.Zero)
		}
		if price := t.Approved.Staff.OveragePrice; price.IsPositive() || part.Price.Unit == "" {
			p.add(bill.Overage, Price{Amount: price, TaxCategory: part.Price.TaxCategory}, part.drawnBeyond, decimal.Zero)
		} else {
			p.add(bill.Overage, part.Price, part.pricedBeyond, part.countBeyond)
		}
	}
}

// portion is a part of a record on its way into lines.
type portion struct {
	*charging
	stretch

	entry entry
	part  int    // from 0
	rule  string // how the whole record was rounded
}

// add puts minutes or a count at a price into its line. Nothing adds no entry, unless it says what became of time that
// was rounded to nothing.
func (p portion) add(kind bill.LineKind, price Price, minutes int, count decimal.Decimal) {
	vanished := kind == bill.Time && p.BilledMinutes == 0 && price.Unit != rate.Fixed
	if minutes == 0 && count.IsZero() && !vanished {
		return
	}
	of := group{line: p.entry.Approved.Staff.Line, kind: kind, condition: p.Condition, price: price.Amount.String(), tax: price.TaxCategory}
	of.unit, of.dayMinutes = unitOf(price)
	if !p.entry.Reverses.IsZero() {
		of.kind, of.of = bill.Correction, kind
	}
	r := p.row(of, price.Amount)
	explained := p.explained(kind, price)
	explained.Clause = r.line.Section
	if of.unit == bill.Piece {
		explained.weight = count
		r.line.Count = r.line.Count.Add(count)
	} else {
		explained.Minutes, explained.weight = minutes, decimal.NewFromInt(int64(minutes))
		r.line.Minutes += minutes
	}
	r.entries = append(r.entries, explained)
}

// explained is the entry of the portion, with what led to it.
func (p portion) explained(kind bill.LineKind, price Price) explanation {
	t := p.entry
	e := bill.Entry{
		Day: t.Record.Day, Text: t.Record.Description, JobType: cmp.Or(p.jobTypes[t.Record.JobType], t.Record.JobType), Condition: p.Condition,
		Seconds: p.Seconds, Version: t.Approved.Staff.Version,
		Staff: bill.EntryStaff{
			Time: t.Approved.Time, Person: t.Record.Staff.Person, Part: p.part + 1, Pin: t.Approved.Staff.Pin, OfMonth: t.ofMonth,
			Card: p.Price.Card, CardLayer: string(p.Price.Layer), CardVer: p.Price.Version, Row: p.Price.Row, Why: p.Price.Why,
		},
	}
	if !p.From.IsZero() {
		e.Day = calendar.DateOf(p.From, p.zone) // A record may last into the next day.
	}
	if n := t.Approved.Staff.Pin; t.Reverses.IsZero() && n >= 1 && n <= len(p.pins) {
		e.Version = p.pins[n-1].Staff.Version
	}
	if price.Unit == rate.Fixed {
		e.Seconds, e.Minutes = 0, 0
		for _, part := range t.Approved.Staff.Parts {
			if part.Price.Unit == rate.Fixed {
				e.Seconds, e.Minutes = e.Seconds+part.Seconds, e.Minutes+part.BilledMinutes
			}
		}
	}
	e.Staff.DrawnMinutes = p.DrawnMinutes - p.drawnBeyond
	if kind == bill.Overage {
		e.Staff.DrawnMinutes, e.Staff.OverageMinutes = p.drawnBeyond, p.drawnBeyond
	}
	e.Rule = p.reckoned(kind, price)
	return explanation{Entry: e, at: t.Record.From}
}

// reckoned tells how the portion came to its quantity.
func (p portion) reckoned(kind bill.LineKind, price Price) string {
	if !p.entry.Reverses.IsZero() {
		return p.rule
	}
	said, own := []string{p.rule}, p.entry.Approved.Staff.Parts[p.part].BilledMinutes
	if len(p.entry.Approved.Staff.Parts) > 1 {
		said = append(said, lasting(own)+" of it "+spoken(p.Condition))
	}
	if more := p.BilledMinutes - own; more > 0 {
		said = append(said, lasting(more)+" more for the minimum of a day's work on one item")
	}
	switch {
	case price.Unit == rate.Fixed:
		said = append(said, "at one price for the whole record")
	case price.Unit != "" && p.priced > p.BilledMinutes:
		said = append(said, "priced as at least "+lasting(p.priced))
	case price.Unit != "" && p.priced < p.BilledMinutes:
		said = append(said, "priced as at most "+lasting(p.priced))
	}
	if p.DrawnMinutes != 0 && p.DrawnMinutes != p.BilledMinutes && kind != bill.Time {
		said = append(said, "counts for "+lasting(p.DrawnMinutes)+" of the hours")
	}
	if p.drawnBeyond != 0 {
		said = append(said, lasting(p.drawnBeyond)+" beyond the hours")
	}
	return strings.Join(said, "; ")
}

// rounded tells how a record was rounded: "2 h 10 min, rounded up to 15 min: 2.25 h".
func (c *charging) rounded(t entry) string {
	if !t.Reverses.IsZero() {
		return "taken back as it was charged in " + string(t.ofMonth)
	}
	var r hours.Rounding
	if n := t.Approved.Staff.Pin; n >= 1 && n <= len(c.pins) {
		r = c.pins[n-1].Staff.Terms.Rounding
	}
	seconds, billed := t.Record.Seconds, t.Approved.BilledMinutes
	least := r.MinimumMinutes
	r.MinimumMinutes = 0
	said := worked(seconds)
	if int64(r.Billed(seconds))*60 != seconds {
		said += ", rounded " + steps(r)
	}
	if r.Billed(seconds) < least {
		said += ", at least " + lasting(least) + " for a record"
	}
	if int64(billed)*60 != seconds {
		said += ": " + lasting(billed)
	}
	return said
}

// steps says how time is rounded.
func steps(r hours.Rounding) string {
	to := "the minute"
	if r.StepMinutes > 1 {
		to = strconv.Itoa(r.StepMinutes) + " min"
	}
	switch r.Mode {
	case hours.Nearest:
		return "to the nearest " + strings.TrimPrefix(to, "the ")
	case hours.Down:
		return "down to " + to
	case hours.Exact, hours.Up:
	}
	return "up to " + to
}

// worked writes raw time: "2 h 10 min 5 s".
func worked(seconds int64) string {
	var said []string
	for _, of := range []struct {
		n    int64
		unit string
	}{{seconds / 3600, " h"}, {seconds / 60 % 60, " min"}, {seconds % 60, " s"}} {
		if of.n != 0 {
			said = append(said, strconv.FormatInt(of.n, 10)+of.unit)
		}
	}
	return strings.Join(said, " ")
}

// lasting writes minutes as lines do: "2.25 h".
func lasting(minutes int) string { return bill.Printed(bill.Line{Unit: bill.Hour, Minutes: minutes}) }
