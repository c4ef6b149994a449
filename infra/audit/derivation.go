package audit

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/invoice"
	"effigate/domain/money"
)

// Derivation is how an issued invoice came to every number that it prints.
type Derivation struct {
	Document bill.Document `json:"document"`
	SHA256   string        `json:"sha256"` // of the document
	Lines    []Line        `json:"lines"`
	// Sums are the sums of the document as a person would write them down: "3,420.00 + 540.00 − 200.00 = 3,760.00".
	Sums        []string        `json:"sums"`
	Payments    []Payment       `json:"payments,omitzero"`
	Credited    decimal.Decimal `json:"credited,omitzero"`
	WrittenOff  decimal.Decimal `json:"written_off,omitzero"`
	Outstanding decimal.Decimal `json:"outstanding"`
	Events      int             `json:"events"` // from how many it was computed again
	// Differences say in what the invoice is not what comes out again, or does not add up; none is what should be.
	Differences []string `json:"differences"`

	names map[uuid.UUID]string
}

// Line is a line with the entries that make it.
type Line struct {
	Sum     string       `json:"sum"` // "28.50 h × 120.00 = 3,420.00"
	Line    bill.Line    `json:"line"`
	Entries []bill.Entry `json:"entries"`
}

// Payment is what a payment brought, or a credit that the client had.
type Payment struct {
	Payment  domain.PaymentID `json:"payment"`
	Amount   decimal.Decimal  `json:"amount"`
	Day      calendar.Date    `json:"day"`
	Reversed calendar.Date    `json:"reversed,omitzero"`
}

// Derive explains an issued invoice: as it was computed again from that many events, and as its claim stands. Names are
// those of the people who worked, by id; who has none is told by id.
func Derive(again commands.Recomputed, state invoice.State, events int, names map[uuid.UUID]string) Derivation {
	document := again.Issued.Document
	d := Derivation{
		Document: document, SHA256: again.Issued.SHA256, Events: events, Outstanding: state.Outstanding(), Credited: state.Credited(),
		WrittenOff: state.WrittenOff(), Differences: append([]string{}, again.Differences...), names: names,
	}
	d.Differences = append(d.Differences, Wrong(document, state.Entries())...)
	f := figures{document.Currency}
	for _, line := range document.Lines {
		d.Lines = append(d.Lines, Line{Sum: f.line(line), Line: line, Entries: entriesOf(line.ID, state.Entries())})
	}
	d.Sums = f.sums(document)
	for _, paid := range state.Payments() {
		d.Payments = append(d.Payments, Payment(paid))
	}
	return d
}

// People are those whose work the invoice charges.
func People(entries []bill.Entry) []uuid.UUID {
	var people []uuid.UUID
	seen := map[uuid.UUID]bool{uuid.Nil: true}
	for _, entry := range entries {
		if id := entry.Staff.Person.UUID; !seen[id] {
			seen[id], people = true, append(people, id)
		}
	}
	return people
}

// Print writes the derivation for people.
func (d Derivation) Print(out io.Writer) error {
	w := bufio.NewWriter(out)
	doc, f := d.Document, figures{d.Document.Currency}
	tell(w, "%s of %s, due %s, %s\n", doc.Number, doc.Date, orNever(doc.Due), doc.Currency)
	tell(w, "%s for %s, contract %s, %s\n", doc.Issuer.Name, doc.Client.Name, doc.Contract, doc.Month)
	for i, line := range d.Lines {
		tell(w, "\n%d. %s\n   %s\n", i+1, joined(": ", line.Line.Section, line.Line.Text), line.Sum)
		for _, entry := range line.Entries {
			d.tellEntry(w, f, line.Line, entry)
		}
		if n := len(line.Entries); n > 0 {
			tell(w, "   %s: %s\n", counted(n, "entry", "entries"), f.sum(amountsOf(line.Entries)))
		}
	}
	tell(w, "\n")
	for _, sum := range d.Sums {
		tell(w, "%s\n", sum)
	}
	d.tellClaim(w, f)
	tell(w, "\nsha256 %s\n", d.SHA256)
	for _, difference := range d.Differences {
		tell(w, "DIFFERENT: %s\n", difference)
	}
	if len(d.Differences) == 0 {
		tell(w, "recomputed from %s: equal to the cent\n", counted(d.Events, "event", "events"))
	} else {
		tell(w, "recomputed from %s: %s\n", counted(d.Events, "event", "events"), counted(len(d.Differences), "difference", "differences"))
	}
	return w.Flush()
}

// tellEntry writes who did what and when, how it was counted and priced, and what decided that.
func (d Derivation) tellEntry(w io.Writer, f figures, line bill.Line, e bill.Entry) {
	tell(w, "   %s  %s\n", e.Day, joined(", ", e.Text, d.person(e.Staff.Person), e.JobType, string(e.Condition)))
	share := f.amount(e.Amount)
	if e.Minutes != 0 && line.Unit != bill.Piece {
		quantity := line
		quantity.Minutes = e.Minutes
		share = bill.Printed(quantity) + " × " + f.price(e.UnitPrice) + ": " + share
	}
	tell(w, "      %s\n", joined("; ", e.Rule, share))
	s := e.Staff
	card := ""
	if s.Card != "" || s.Row != "" {
		card = joined(", ", named("rate card", s.Card), s.CardLayer, named("version", version(s.CardVer)), named("row", s.Row))
	}
	contract := joined(", ", named("contract version", version(e.Version)), e.Clause)
	drawn := ""
	if s.DrawnMinutes != 0 {
		drawn = fmt.Sprintf("%d min of bought hours", s.DrawnMinutes)
	}
	if s.OverageMinutes != 0 {
		drawn = joined(", ", drawn, fmt.Sprintf("%d min beyond them", s.OverageMinutes))
	}
	tell(w, "      %s\n", joined("; ", contract, card, drawn, named("charged before in", string(s.OfMonth))))
	if len(s.Why) > 0 {
		tell(w, "      why: %s\n", strings.Join(s.Why, " "))
	}
}

// tellClaim writes what became of the claim.
func (d Derivation) tellClaim(w io.Writer, f figures) {
	for _, paid := range d.Payments {
		tell(w, "paid %s on %s", f.amount(paid.Amount), paid.Day)
		if paid.Reversed != "" {
			tell(w, ", taken back on %s", paid.Reversed)
		}
		tell(w, "\n")
	}
	if !d.Credited.IsZero() {
		tell(w, "credited %s\n", f.amount(d.Credited))
	}
	if !d.WrittenOff.IsZero() {
		tell(w, "written off %s\n", f.amount(d.WrittenOff))
	}
	tell(w, "outstanding %s\n", f.amount(d.Outstanding))
}

func (d Derivation) person(id domain.PersonID) string {
	switch name := d.names[id.UUID]; {
	case id.IsZero():
		return ""
	case name != "":
		return name
	}
	return "person " + id.String()
}

// figures writes the numbers of one currency for people.
type figures struct{ currency money.Currency }

// line writes a line's quantity at its price.
func (f figures) line(l bill.Line) string {
	return strings.Replace(bill.Printed(l), "-", "−", 1) + " × " + f.price(l.UnitPrice) + " = " + f.amount(l.Amount)
}

// sums writes how the lines come to what is to be paid.
func (f figures) sums(d bill.Document) []string {
	amounts := make([]decimal.Decimal, 0, len(d.Lines))
	for _, line := range d.Lines {
		if !line.Amount.IsZero() || len(d.Lines) == 1 {
			amounts = append(amounts, line.Amount)
		}
	}
	what := "net"
	if d.Inclusive {
		what = "with tax"
	}
	sums := []string{what + " " + f.sum(amounts)}
	for _, tax := range d.Taxes {
		of := tax.Base
		if d.Inclusive {
			of = of.Add(tax.Amount)
			sums = append(sums, tax.Name+" in "+f.amount(of)+" = "+f.amount(tax.Amount))
			continue
		}
		sums = append(sums, tax.Name+" of "+f.amount(of)+" = "+f.amount(tax.Amount))
	}
	sums = append(sums, "total "+f.amount(d.Total))
	if !d.Rounding.IsZero() {
		sums = append(sums, "rounded "+f.sum([]decimal.Decimal{d.Total, d.Rounding}))
	}
	return sums
}

// sum writes amounts and what they come to; one amount is its own sum.
func (f figures) sum(amounts []decimal.Decimal) string {
	total, text := decimal.Zero, strings.Builder{}
	for i, amount := range amounts {
		total = total.Add(amount)
		switch {
		case i == 0:
			text.WriteString(f.amount(amount))
		case amount.IsNegative():
			text.WriteString(" − " + f.amount(amount.Neg()))
		default:
			text.WriteString(" + " + f.amount(amount))
		}
	}
	if len(amounts) == 1 {
		return text.String()
	}
	return strings.TrimSpace(text.String() + " = " + f.amount(total))
}

func (f figures) amount(value decimal.Decimal) string { return grouped(value, f.currency.Exponent()) }

// price writes a price, which may be finer than its currency.
func (f figures) price(value decimal.Decimal) string {
	return grouped(value, max(f.currency.Exponent(), -value.Exponent()))
}

// grouped writes a number with its thousands apart.
func grouped(value decimal.Decimal, decimals int32) string {
	whole, fraction, broken := strings.Cut(value.Abs().StringFixed(decimals), ".")
	text := strings.Builder{}
	if value.IsNegative() {
		text.WriteString("−")
	}
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			text.WriteByte(',')
		}
		text.WriteRune(digit)
	}
	if broken {
		text.WriteString("." + fraction)
	}
	return text.String()
}

func amountsOf(entries []bill.Entry) []decimal.Decimal {
	amounts := make([]decimal.Decimal, len(entries))
	for i, entry := range entries {
		amounts[i] = entry.Amount
	}
	return amounts
}

// tell writes a line of a report. What fails is told by the writer's Flush.
func tell(w io.Writer, format string, arguments ...any) { _, _ = fmt.Fprintf(w, format, arguments...) }

// joined puts texts together, without those that are empty.
func joined(separator string, texts ...string) string {
	var some []string
	for _, text := range texts {
		if text != "" {
			some = append(some, text)
		}
	}
	return strings.Join(some, separator)
}

func named(name, value string) string {
	if value == "" {
		return ""
	}
	return name + " " + value
}

func version(number int) string {
	if number == 0 {
		return ""
	}
	return strconv.Itoa(number)
}

func orNever(day calendar.Date) string {
	if day == "" {
		return "never"
	}
	return string(day)
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(decimal.NewFromInt(int64(n)), 0) + " " + many
}
