package bill

import (
	"slices"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
)

// Credit is what of an invoice's line is credited, or to be credited: before tax.
type Credit struct {
	Line uuid.UUID       `json:"line"`
	Net  decimal.Decimal `json:"net"` // as the line's Net: same sign, no more
}

// CreditedLine is a line's credit with what of the tax goes with it.
type CreditedLine struct {
	Credit

	Tax decimal.Decimal `json:"tax"`
}

// Remaining is what of a document's lines can still be credited after some credits, in the order of the lines. Of a
// document that charges nothing these are all lines until they are credited, at zero: it is taken back as a whole.
func (d Document) Remaining(before []CreditedLine) []CreditedLine {
	book, free := d.book(before), len(before) == 0 && d.free()
	var left []CreditedLine
	for _, line := range d.Lines {
		net := line.Net.Sub(book.lines[line.ID])
		credited := CreditedLine{Credit: Credit{Line: line.ID, Net: net}, Tax: book.take(line, net)}
		if !net.IsZero() || d.Inclusive && !credited.Tax.IsZero() || free {
			left = append(left, credited)
		}
	}
	return left
}

// free reports whether no line of a document charges anything.
func (d Document) free() bool {
	return !slices.ContainsFunc(d.Lines, func(l Line) bool { return !l.Net.IsZero() || !l.Amount.IsZero() })
}

// Credit works out the tax of credits so that all credits of a document, in any portions, add up to it exactly: each
// takes the rounded tax on all that is credited by then, less what went before, and so the last one takes the rest
// (F44). It gives the lines in the document's order. A credit that goes beyond what is left of a line, or that would
// bring all credits beyond the document, is refused with ErrConflict, one that names lines wrongly with ErrInvalid.
func (d Document) Credit(before []CreditedLine, now []Credit) ([]CreditedLine, error) {
	wanted, err := d.wanted(now)
	if err != nil {
		return nil, err
	}
	book := d.book(before)
	already := sumOf(before)
	free := len(before) == 0 && len(wanted) == len(d.Lines) && d.free()
	var credited []CreditedLine
	for _, line := range d.Lines {
		net, named := wanted[line.ID]
		if !named {
			continue
		}
		left := line.Net.Sub(book.lines[line.ID])
		tax := book.take(line, net)
		if net.Sign() != left.Sign() || net.Abs().GreaterThan(left.Abs()) || net.IsZero() && tax.IsZero() && !free {
			return nil, domain.Refuse(domain.ErrConflict, "credit_exceeds_line", "%s of line %q cannot be credited: %s are left; credit some of that, with the same sign", net, line.Text, left)
		}
		credited = append(credited, CreditedLine{Credit: Credit{Line: line.ID, Net: net}, Tax: tax})
	}
	sum := sumOf(credited)
	switch after := append(slices.Clone(before), credited...); {
	case len(d.Remaining(after)) == 0:
	case sum.IsNegative():
		return nil, domain.Refuse(domain.ErrConflict, "credit_negative", "the credit comes to %s: a deduction is credited together with what it was deducted from", sum)
	case already.Add(sum).GreaterThan(decimal.Min(d.Total, d.Payable)):
		return nil, domain.Refuse(domain.ErrConflict, "credit_exceeds_invoice", "credits of %s go beyond the invoice's %s: credit its deductions along with it", already.Add(sum), d.Payable)
	}
	return credited, nil
}

// wanted checks the form of credits, and gives the nets by line.
func (d Document) wanted(now []Credit) (map[uuid.UUID]decimal.Decimal, error) {
	var check domain.Check
	wanted := make(map[uuid.UUID]decimal.Decimal, len(now))
	check.That(len(now) >= 1 && len(now) <= MaxLines, "lines", "must be 1 or more of the invoice's lines")
	for _, credit := range now[:min(len(now), MaxLines)] {
		_, twice := wanted[credit.Line]
		known := slices.ContainsFunc(d.Lines, func(l Line) bool { return l.ID == credit.Line })
		check.That(known && !twice, "lines", "must be lines of the invoice, each once")
		check.That(fits(credit.Net, d.Currency.Exponent()), "lines", "must be credited in the currency's smallest units")
		wanted[credit.Line] = credit.Net
	}
	return wanted, check.Err()
}

func sumOf(credits []CreditedLine) decimal.Decimal {
	sum := decimal.Zero
	for _, credit := range credits {
		sum = sum.Add(credit.Net).Add(credit.Tax)
	}
	return sum
}

// creditBook keeps what is credited of a document: nets by line, and both parts by pool. A pool is what one tax is
// rounded over: all lines of a kind and percentage, or where prices are with tax the line, whose amount with tax is
// then what is credited.
type creditBook struct {
	document Document
	lines    map[uuid.UUID]decimal.Decimal
	net, tax map[creditPool]decimal.Decimal
}

type creditPool struct {
	line    uuid.UUID
	kind    TaxKind
	percent string
}

func (d Document) book(before []CreditedLine) creditBook {
	book := creditBook{
		document: d, lines: map[uuid.UUID]decimal.Decimal{},
		net: map[creditPool]decimal.Decimal{}, tax: map[creditPool]decimal.Decimal{},
	}
	lines := make(map[uuid.UUID]Line, len(d.Lines))
	for _, line := range d.Lines {
		lines[line.ID] = line
	}
	for _, credit := range before {
		book.enter(lines[credit.Line], credit.Net, credit.Tax)
	}
	return book
}

func (b creditBook) pool(l Line) creditPool {
	if b.document.Inclusive {
		return creditPool{line: l.ID}
	}
	return creditPool{kind: l.TaxKind, percent: l.TaxPercent.String()}
}

func (b creditBook) enter(l Line, net, tax decimal.Decimal) {
	pool := b.pool(l)
	b.lines[l.ID] = b.lines[l.ID].Add(net)
	b.net[pool], b.tax[pool] = b.net[pool].Add(net), b.tax[pool].Add(tax)
}

// take enters a credit of a line, and gives the tax that goes with it.
func (b creditBook) take(l Line, net decimal.Decimal) decimal.Decimal {
	pool, exponent := b.pool(l), b.document.Currency.Exponent()
	sum := b.net[pool].Add(net)
	due := sum.Mul(l.TaxPercent).Shift(-2).Round(exponent)
	if b.document.Inclusive {
		due = l.Amount.Sub(l.Net)
		if !l.Net.IsZero() {
			due = due.Mul(sum).DivRound(l.Net, exponent)
		}
	}
	tax := due.Sub(b.tax[pool])
	b.enter(l, net, tax)
	return tax
}

// CreditNoteOf is the document that credits lines of an issued invoice, after the credits before. Amounts are above
// zero, at the invoice's own rates. A line that is credited as a whole keeps its quantity and price, else one piece of
// it is credited. The credit that leaves nothing takes the invoice's rounding with it. Number and date may be empty.
func (d Document) CreditNoteOf(before, lines []CreditedLine, number string, date calendar.Date, reason string) Document {
	note := Document{
		Kind: CreditNote, Number: number, Date: date, Zone: d.Zone, Contract: d.Contract, Month: d.Month,
		PurchaseOrder: d.PurchaseOrder, Currency: d.Currency, Issuer: d.Issuer, Client: d.Client, Inclusive: d.Inclusive,
		Wording: d.Wording, Invoice: d.Number, InvoiceDate: d.Date, Reason: reason, Lines: []Line{}, Taxes: []Tax{},
	}
	credits := make(map[uuid.UUID]CreditedLine, len(lines))
	for _, credit := range lines {
		credits[credit.Line] = credit
	}
	for _, line := range d.Lines {
		if credit, named := credits[line.ID]; named {
			note.Lines = append(note.Lines, d.credited(line, credit))
			note.Taxes = d.creditTax(note.Taxes, line, credit)
		}
	}
	note = note.totalled()
	if len(d.Remaining(append(slices.Clone(before), lines...))) == 0 {
		note.Rounding = d.Rounding
	}
	note.Payable = note.Total.Add(note.Rounding)
	return note
}

// credited is the line of a credit note.
func (d Document) credited(l Line, credit CreditedLine) Line {
	amount := credit.Net
	if d.Inclusive {
		amount = amount.Add(credit.Tax)
	}
	if !amount.Equal(l.Amount) {
		l.Minutes, l.DayMinutes, l.Unit = 0, 0, Piece
		l.Count, l.UnitPrice = decimal.NewFromInt(int64(amount.Sign())), amount.Abs()
		l.Quantity = l.Count.String()
	}
	l.Net, l.Amount, l.Entries = credit.Net, amount, 0
	return l
}

// creditTax adds a credit to the tax of its line's rate.
func (d Document) creditTax(taxes []Tax, l Line, credit CreditedLine) []Tax {
	same := func(t Tax) bool { return t.Kind == l.TaxKind && t.Percent.Equal(l.TaxPercent) }
	at := slices.IndexFunc(taxes, same)
	if at < 0 {
		at = len(taxes)
		tax := d.Taxes[slices.IndexFunc(d.Taxes, same)]
		tax.Base, tax.Amount = decimal.Zero, decimal.Zero
		taxes = append(taxes, tax)
	}
	taxes[at].Base, taxes[at].Amount = taxes[at].Base.Add(credit.Net), taxes[at].Amount.Add(credit.Tax)
	return taxes
}
