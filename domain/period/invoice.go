package period

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/money"
	"effigate/domain/rate"
	"effigate/domain/terms"
	"effigate/domain/zone"
)

// Charged is what a period charges: lines without tax in the order in which they are printed, and the entries that
// explain them, line by line. The amounts of a line's entries add up to the line exactly.
type Charged struct {
	Lines   []bill.Line
	Entries []bill.Entry
	// Taken are the entries of deductions that the lines hold, by the month whose period has them, as Reserve names them.
	Taken map[calendar.Month][]DeductionTakenEntry
}

// Charge is what an invoice charges for the period: what it holds of it when it took it, else the period as it stands,
// as if it were closed now. Ids of lines and entries derive from the invoice. It depends neither on the order in which
// people worked nor on who asks.
//
// Name is what the client calls a ticket, such as "TKT-0041"; empty when it knows none. Earlier are periods of the
// contract before this one whose deductions the invoice takes too: what it has reserved of them and of this period, and
// before it reserved this one what is unbilled, from the oldest on, as far as none of them brings it below zero and
// there is room. The others wait for the next invoice.
func (s State) Charge(invoice domain.InvoiceID, name func(domain.TicketID) string, earlier ...State) Charged {
	if !s.Opened {
		return Charged{}
	}
	c := s.charging(invoice)
	for id, t := range c.times.All() {
		if t.Status == StatusApproved {
			c.time(domain.TimeID{UUID: id}, t)
		}
	}
	for _, charge := range c.charges.All() {
		c.other(charge)
	}
	c.price()
	slices.SortFunc(c.rows, (*row).compare)
	charged := Charged{Taken: c.deduct(name, earlier)}
	for _, row := range c.rows {
		line, entries := c.finish(row)
		charged.Lines, charged.Entries = append(charged.Lines, line), append(charged.Entries, entries...)
	}
	return charged
}

// charging is the making of lines.
type charging struct {
	State

	invoice   domain.InvoiceID
	currency  money.Currency
	zone      *time.Location
	lines     []charged         // of the contract
	jobTypes  map[string]string // names
	shortfall map[domain.TimeID]TimeMinutes
	beyond    map[uuid.UUID]int
	groups    map[group]*row
	rows      []*row
}

// charging adds the fees that closing would.
func (s State) charging(invoice domain.InvoiceID) *charging {
	if !s.Closed && s.frozen() == nil {
		d := s.decide(domain.System(), time.Time{})
		d.addMonthFees()
		s = d.State
	}
	shortfall := s.shortfall()
	c := &charging{
		State: s, invoice: invoice, currency: s.newest().Agreed.Currency, zone: time.UTC, lines: s.lines(), jobTypes: map[string]string{},
		shortfall: shortfall, beyond: beyond(s.settle(shortfall)), groups: map[group]*row{},
	}
	if where, err := zone.Load(s.Zone); err == nil {
		c.zone = where
	}
	for _, line := range slices.Backward(c.lines) {
		for _, jobType := range line.JobTypes {
			c.jobTypes[jobType.Key] = jobType.Name
		}
	}
	return c
}

// group is what the entries of a line have in common.
type group struct {
	line       string // of the contract, by key
	kind       bill.LineKind
	of         bill.LineKind // of a correction: what it takes back
	condition  hours.Condition
	price      string // in its canonical form
	unit       bill.Unit
	dayMinutes int
	tax        string
	item       uuid.UUID // of a charge or deduction, each of which has a line of its own
}

// row is a line in the making.
type row struct {
	group

	place   int // of the contract's line
	line    bill.Line
	order   string // of lines that are otherwise alike
	entries []explanation
}

// explanation is an entry in the making, with what it weighs in its line.
type explanation struct {
	bill.Entry

	at     time.Time // orders those of a day
	weight decimal.Decimal
}

// row gives the line of a group.
func (c *charging) row(of group, price decimal.Decimal) *row {
	if known, ok := c.groups[of]; ok {
		return known
	}
	r := &row{group: of, place: slices.IndexFunc(c.lines, func(l charged) bool { return l.Key == of.line })}
	r.line.Kind, r.line.Unit, r.line.DayMinutes, r.line.Condition = of.kind, of.unit, of.dayMinutes, of.condition
	r.line.UnitPrice, r.line.TaxCategory, r.line.Text = price, of.tax, of.text("bought")
	if r.place >= 0 {
		r.line.Section = c.lines[r.place].Name
		if c.lines[r.place].Type == terms.Retainer {
			r.line.Text = of.text("included")
		}
	}
	c.groups[of], c.rows = r, append(c.rows, r)
	return r
}

// price works out what the rows come to. Those that count nothing are no lines.
func (c *charging) price() {
	c.rows = slices.DeleteFunc(c.rows, func(r *row) bool { return r.line.Minutes == 0 && r.line.Count.IsZero() })
	for _, r := range c.rows {
		r.line.Amount = bill.AmountOf(r.line, c.currency)
	}
}

// other takes a charge that is not time.
func (c *charging) other(e ChargeAdded) {
	kind := map[ChargeKind]bill.LineKind{MilestoneCharge: bill.Milestone, FeeCharge: bill.Fee, OtherCharge: bill.Other}[e.What]
	price := e.Staff.Amount.Abs()
	r := c.row(group{line: e.Line, kind: kind, unit: bill.Piece, price: price.String(), tax: e.Staff.TaxCategory, item: e.Charge.UUID}, price)
	r.line.Text, r.line.Count = e.Text, decimal.NewFromInt(int64(e.Staff.Amount.Sign()))
	r.order = string(e.Day)
	entry := bill.Entry{
		Day: e.Day, Text: e.Text, Version: c.pinOn(e.Day).Staff.Version, Clause: r.line.Section, Staff: bill.EntryStaff{Charge: e.Charge},
	}
	for _, line := range c.lines {
		for _, milestone := range line.Milestones {
			if line.Key == e.Line && milestone.Key == e.Staff.Milestone {
				entry.Clause = milestone.Name
			}
		}
	}
	r.entries = append(r.entries, explanation{Entry: entry})
}

// deduct takes deductions, and gives those that it took.
func (c *charging) deduct(name func(domain.TicketID) string, earlier []State) map[calendar.Month][]DeductionTakenEntry {
	periods := append(slices.SortedFunc(slices.Values(earlier), func(a, b State) int { return cmp.Compare(a.Month, b.Month) }), c.State)
	decided := c.ReservedFor(c.invoice)
	category, left := c.deductible()
	taken := map[calendar.Month][]DeductionTakenEntry{}
	for _, p := range periods {
		entries := p.reservedBy(c.invoice)
		if !decided && !p.ReservedFor(c.invoice) {
			entries = p.Unbilled()
		}
		for _, e := range entries {
			after, full := left.Add(e.Amount), len(c.rows) >= maxCharged
			if !p.ReservedFor(c.invoice) && (full || e.Amount.IsNegative() && after.IsNegative()) {
				continue
			}
			left = after
			taken[p.Month] = append(taken[p.Month], e.taken())
			c.deduction(p, e, name(e.Ticket), category)
		}
		slices.SortFunc(taken[p.Month], DeductionTakenEntry.compare)
	}
	return taken
}

// deductible is the tax category that deductions are of, that with the most money, and what may be deducted of it. What
// other categories fall below zero by counts twice: with its tax, as no rate is above 100 percent. Hence no deduction
// brings an invoice below zero, whatever the rates are.
func (c *charging) deductible() (category string, room decimal.Decimal) {
	sums := map[string]decimal.Decimal{}
	for _, r := range c.rows {
		sums[r.tax] = sums[r.tax].Add(r.line.Amount)
	}
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		if _, chosen := sums[category]; !chosen || sums[name].GreaterThan(sums[category]) {
			category = name
		}
	}
	room = sums[category]
	for name, sum := range sums {
		if name != category && sum.IsNegative() {
			room = room.Add(sum).Add(sum)
		}
	}
	return category, room
}

// maxCharged is how many lines deductions may fill an invoice up to: there is room for those by hand.
const maxCharged = bill.MaxLines - bill.MaxManual

// reservedBy are the entries of deductions that an invoice took of the period.
func (s State) reservedBy(invoice domain.InvoiceID) []DeductionEntry {
	by, ok := s.taking(invoice)
	if !ok {
		return nil
	}
	return slices.DeleteFunc(s.DeductionEntries(), func(e DeductionEntry) bool { return !slices.Contains(by.reserved.Staff.Entries, e.taken()) })
}

// deduction takes an entry of a deduction of some period, in a tax category.
func (c *charging) deduction(p State, e DeductionEntry, ticket, category string) {
	kept, _ := p.deductions.Get(e.Deduction.UUID)
	price, text := e.Amount.Abs(), "SLA deduction"
	of := group{kind: bill.Deduction, unit: bill.Piece, price: price.String(), tax: category, item: domain.Derive(e.Deduction.UUID, string(p.Month))}
	if e.Counter {
		text, of.of = "SLA deduction taken back", bill.Deduction
	}
	if ticket != "" {
		text += ", ticket " + ticket
	}
	r := c.row(of, price)
	r.line.Text, r.line.Count, r.line.Ticket = text, decimal.NewFromInt(int64(e.Amount.Sign())), e.Ticket
	r.line.Amount = bill.AmountOf(r.line, c.currency)
	day := p.today(kept.proposed.Staff.Breached)
	entry := bill.Entry{
		Day: day, Text: text, Version: p.pinOn(day).Staff.Version, Clause: e.Promise,
		Staff: bill.EntryStaff{Deduction: e.Deduction, Why: []string{kept.confirmed.Staff.Why}},
	}
	if p.Month != c.Month {
		entry.Staff.OfMonth = p.Month
	}
	r.entries = append(r.entries, explanation{Entry: entry})
}

// compare orders lines as they are printed, before deductions.
func (r *row) compare(other *row) int {
	return cmp.Or(
		cmp.Compare(r.place, other.place), cmp.Compare(kindRank(r.kind), kindRank(other.kind)),
		cmp.Compare(conditionRank(r.condition), conditionRank(other.condition)), cmp.Compare(r.order, other.order),
		r.line.UnitPrice.Cmp(other.line.UnitPrice), cmp.Compare(kindRank(r.of), kindRank(other.of)), cmp.Compare(r.unit, other.unit),
		cmp.Compare(r.dayMinutes, other.dayMinutes), cmp.Compare(r.tax, other.tax), bytes.Compare(r.item[:], other.item[:]),
	)
}

func kindRank(k bill.LineKind) int {
	return slices.Index([]bill.LineKind{
		bill.Time, bill.Drawn, bill.Overage, bill.Correction, bill.NoCharge, bill.Fee, bill.Milestone, bill.Other,
	}, k)
}

func conditionRank(c hours.Condition) int {
	return slices.Index([]hours.Condition{hours.Regular, hours.AfterHours, hours.Weekend, hours.Holiday, hours.Emergency}, c)
}

// finish makes the line and its entries of a row.
func (c *charging) finish(r *row) (bill.Line, []bill.Entry) {
	line := r.line
	line.ID = domain.Derive(c.invoice.UUID, "line", r.group.line, string(r.kind), string(r.of), string(r.condition), r.price, string(r.unit),
		strconv.Itoa(r.dayMinutes), r.tax, r.item.String())
	line.Quantity, line.Net, line.Entries = bill.Printed(line), line.Amount, len(r.entries)
	slices.SortFunc(r.entries, func(a, b explanation) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), a.at.Compare(b.at), bytes.Compare(a.Staff.Time.UUID[:], b.Staff.Time.UUID[:]),
			cmp.Compare(a.Staff.Part, b.Staff.Part))
	})
	weights := make([]decimal.Decimal, len(r.entries))
	for i, e := range r.entries {
		weights[i] = e.weight
	}
	entries := make([]bill.Entry, len(r.entries))
	for i, amount := range bill.Share(line.Amount, c.currency, weights) {
		e := &entries[i]
		*e = r.entries[i].Entry
		e.ID = domain.Derive(line.ID, "entry", e.Staff.Time.String(), strconv.Itoa(e.Staff.Part))
		e.Line, e.UnitPrice, e.Amount = line.ID, line.UnitPrice, amount
		if i == 0 || e.Day < line.From {
			line.From = e.Day
		}
		line.Until = max(line.Until, e.Day)
	}
	return line, entries
}

// text is what the lines of time read, and how their hours were got. A line that is no time has its own text.
func (g group) text(got string) string {
	kind, noun := g.kind, "hours"
	if g.kind == bill.Correction {
		kind = g.of
	}
	switch g.unit {
	case bill.Piece:
		noun = "work at a fixed price"
	case bill.Day:
		noun = "days"
	case bill.Hour:
	}
	switch kind {
	case bill.Drawn:
		noun = got + " " + noun
	case bill.Overage:
		noun += " beyond those " + got
	case bill.NoCharge:
		noun += " without charge"
	case bill.Time, bill.Correction, bill.Fee, bill.Milestone, bill.Other, bill.Deduction, bill.Manual:
	}
	if g.kind == bill.Correction {
		noun = "correction, " + noun
	}
	return strings.ToUpper(noun[:1]) + noun[1:] + ", " + spoken(g.condition)
}

// spoken is a condition as a client reads it: "after-hours".
func spoken(c hours.Condition) string { return strings.ReplaceAll(string(c), "_", "-") }

// unitOf is what the quantity of a price counts.
func unitOf(p Price) (bill.Unit, int) {
	switch p.Unit {
	case rate.PerDay:
		return bill.Day, p.DayMinutes
	case rate.Fixed:
		return bill.Piece, 0
	case rate.PerHour:
	}
	return bill.Hour, 0
}
