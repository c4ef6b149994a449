package audit

import (
	"bufio"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/money"
	"effigate/domain/period"
)

// Period is what a billing period comes to as of a moment, and why.
type Period struct {
	Contract domain.ContractID    `json:"contract"`
	Month    calendar.Month       `json:"month"`
	Zone     string               `json:"zone"`
	Closed   bool                 `json:"closed"`
	Events   int                  `json:"events"`
	Pins     []period.TermsPinned `json:"pins"`
	// CarriedIn is what the period before left over; nil until that is known.
	CarriedIn  *period.CarriedIn     `json:"carried_in,omitzero"`
	Pending    []domain.TimeID       `json:"pending,omitzero"` // records that nobody approved
	Uncharged  []period.TimeApproved `json:"uncharged,omitzero"`
	Deductions []period.Deduction    `json:"deductions,omitzero"`
	Lots       []bucket.Statement    `json:"lots,omitzero"`      // of bought hours, once it is closed
	CarryOut   []bucket.Lot          `json:"carry_out,omitzero"` // once it is closed
	Takings    []Taking              `json:"takings,omitzero"`   // by invoices
	// Lines are what an invoice would charge, or does: time with its entries, fees and charges, and deductions that no
	// other invoice took. Net is their sum, before tax and before what a person adds to a draft.
	Lines    []Line          `json:"lines"`
	Net      decimal.Decimal `json:"net"`
	Currency money.Currency  `json:"currency"`

	names map[uuid.UUID]string
}

// Taking is a step of an invoice that takes the period or a part of it.
type Taking struct {
	What    string           `json:"what"` // "reserved", "released", "billed", "unbilled"
	Invoice domain.InvoiceID `json:"invoice"`
	Number  string           `json:"number,omitzero"`
	Day     calendar.Date    `json:"day"` // UTC
}

// PeriodOf explains a period from its events as of a moment; domain.ErrNotFound when there are none.
func PeriodOf(events []domain.Recorded, names map[uuid.UUID]string) (Period, error) {
	state, err := Fold(slicedLog(events), period.Evolve)
	if err != nil {
		return Period{}, err
	}
	if !state.Opened {
		return Period{}, domain.Refuse(domain.ErrNotFound, "no_such_period", "nothing was done in that month up to that moment")
	}
	p := Period{
		Contract: state.Contract, Month: state.Month, Zone: state.Zone, Closed: state.Closed, Events: len(events),
		Pending: state.Pending(), Deductions: state.Deductions(), names: names,
	}
	for _, recorded := range events {
		p.take(state, recorded.Event)
	}
	if closing, closed := state.Closing(); closed {
		p.Lots, p.CarryOut = closing.Lots, closing.CarryOut
	}
	charged := state.Charge(takerOf(state), func(domain.TicketID) string { return "" })
	p.Currency = p.Pins[len(p.Pins)-1].Agreed.Currency
	f := figures{p.Currency}
	for _, line := range charged.Lines {
		p.Net = p.Net.Add(line.Amount)
		p.Lines = append(p.Lines, Line{Sum: f.line(line), Line: line, Entries: entriesOf(line.ID, charged.Entries)})
	}
	return p, nil
}

// WorkersOf are the people whose records the events hold.
func WorkersOf(events []domain.Recorded) []uuid.UUID {
	var people []uuid.UUID
	seen := map[uuid.UUID]bool{uuid.Nil: true}
	for _, recorded := range events {
		var record period.Record
		switch e := recorded.Event.(type) {
		case period.TimeLogged:
			record = e.Record
		case period.TimeReversed:
			record = e.Record
		default:
			continue
		}
		if id := record.Staff.Person.UUID; !seen[id] {
			seen[id], people = true, append(people, id)
		}
	}
	return people
}

// takerOf is the invoice that has taken the period, or nobody.
func takerOf(state period.State) domain.InvoiceID {
	if reserved, ok := state.Reservation(); ok {
		return reserved.Invoice
	}
	id, _ := state.BilledBy()
	return id
}

func (p *Period) take(state period.State, event domain.Event) {
	switch e := event.(type) {
	case period.TermsPinned:
		p.Pins = append(p.Pins, e)
	case period.CarriedIn:
		p.CarriedIn = &e
	case period.TimeApproved:
		now, ok := state.Time(e.Time)
		holds := ok && now.Status == period.StatusApproved && now.Approved.At.Equal(e.At) // And not approved again.
		if holds && (now.Record.Billing == period.Included || now.Record.Billing == period.NonBillable) {
			p.Uncharged = append(p.Uncharged, now.Approved)
		}
	case period.Reserved:
		p.Takings = append(p.Takings, Taking{What: "reserved", Invoice: e.Invoice, Day: calendar.DateOf(e.At, time.UTC)})
	case period.Released:
		p.Takings = append(p.Takings, Taking{What: "released", Invoice: e.Invoice, Day: calendar.DateOf(e.At, time.UTC)})
	case period.Billed:
		p.Takings = append(p.Takings, Taking{What: "billed", Invoice: e.Invoice, Number: e.Number, Day: calendar.DateOf(e.At, time.UTC)})
	case period.Unbilled:
		p.Takings = append(p.Takings, Taking{What: "unbilled", Invoice: e.Invoice, Day: calendar.DateOf(e.At, time.UTC)})
	}
}

// Print writes the period for people.
func (p *Period) Print(out io.Writer) error {
	w, f := bufio.NewWriter(out), figures{p.Currency}
	status := "open"
	if p.Closed {
		status = "closed"
	}
	tell(w, "%s of contract %s, days of %s, %s, %s\n\n", p.Month, p.Contract, p.Zone, status, counted(p.Events, "event", "events"))
	for _, pin := range p.Pins {
		tell(w, "pin %d from %s: version %d of the contract, %s, %s\n", pin.Pin, pin.From, pin.Staff.Version,
			counted(len(pin.Staff.Cards), "rate card", "rate cards"), counted(len(pin.Granted), "lot granted", "lots granted"))
		tellLots(w, "granted", pin.Granted)
	}
	if p.CarriedIn != nil {
		tell(w, "carried in from %s: %s\n", p.CarriedIn.From, counted(len(p.CarriedIn.Lots), "lot", "lots"))
		tellLots(w, "carried in", p.CarriedIn.Lots)
	}
	explained := Derivation{names: p.names}
	for i, line := range p.Lines {
		tell(w, "\n%d. %s\n   %s\n", i+1, joined(": ", line.Line.Section, line.Line.Text), line.Sum)
		for _, entry := range line.Entries {
			explained.tellEntry(w, f, line.Line, entry)
		}
	}
	p.tellRest(w, f)
	return w.Flush()
}

// tellRest writes what is beside the lines, and what they come to.
func (p *Period) tellRest(w io.Writer, f figures) {
	tell(w, "\n")
	if n := len(p.Uncharged); n > 0 {
		tell(w, "%s charged nowhere: included or not billable\n", counted(n, "approved record is", "approved records are"))
	}
	if n := len(p.Pending); n > 0 {
		tell(w, "%s not approved\n", counted(n, "record is", "records are"))
	}
	for _, d := range p.Deductions {
		tell(w, "deduction for ticket %s, %s: %s, because %s\n", d.Ticket, d.State, f.amount(d.Amount), d.Why)
	}
	for _, lot := range p.Lots {
		tell(w, "hours of %s: carried in %s, granted %s, adjusted %s, drawn %s, expired %s, left %s\n", lot.Line, lasting(lot.CarriedInMinutes),
			lasting(lot.GrantedMinutes), lasting(lot.AdjustedMinutes), lasting(lot.DrawnMinutes), lasting(lot.ExpiredMinutes), lasting(lot.RemainingMinutes))
	}
	tellLots(w, "carried out", p.CarryOut)
	for _, taking := range p.Takings {
		tell(w, "%s on %s: %s\n", taking.What, taking.Day, joined(", ", taking.Number, "invoice "+taking.Invoice.String()))
	}
	amounts := make([]decimal.Decimal, 0, len(p.Lines))
	for _, line := range p.Lines {
		if !line.Line.Amount.IsZero() {
			amounts = append(amounts, line.Line.Amount)
		}
	}
	if len(amounts) == 0 {
		amounts = append(amounts, decimal.Zero)
	}
	tell(w, "before tax %s %s\n", f.sum(amounts), p.Currency)
}

func tellLots(w io.Writer, what string, lots []bucket.Lot) {
	for _, lot := range lots {
		tell(w, "  %s for %s: %s of %s from %s\n", what, lot.Line, lasting(lot.RemainingMinutes), lasting(lot.GrantedMinutes),
			joined(" until ", string(lot.From), string(lot.Until)))
	}
}

// lasting writes minutes as lines do.
func lasting(minutes int) string { return bill.Printed(bill.Line{Unit: bill.Hour, Minutes: minutes}) }
