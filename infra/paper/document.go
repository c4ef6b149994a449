package paper

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"effigate/domain/bill"
)

// PDF prints a document and, as its appendix, the entries that explain its lines, in the order given. The bytes are the
// same each time. It fails where the document has no date or is beyond the bounds of package bill.
func PDF(doc bill.Document, entries []bill.Entry) ([]byte, error) {
	if err := bounded(doc, entries); err != nil {
		return nil, err
	}
	name, seal := doc.Number, doc.SHA256()
	if name == "" {
		name, seal = "Draft", "" // Nothing is sealed yet.
	}
	c, err := newCanvas(name, doc.Issuer.Name, doc.Date)
	if err != nil {
		return nil, err
	}
	s := sheet{canvas: c, doc: doc}
	s.parties()
	s.banner()
	s.lines()
	s.totals()
	s.notes()
	s.appendix(entries)
	return c.finish(name, seal)
}

// sheet is a document on its canvas.
type sheet struct {
	*canvas
	doc bill.Document
}

// amount writes an amount of the document's currency, without naming it.
func (s sheet) amount(value decimal.Decimal) string {
	return figure(value, s.doc.Currency.Exponent())
}

func (s sheet) credits() bool { return s.doc.Kind == bill.CreditNote }

// parties writes who bills whom, and the facts of the document beside that.
func (s sheet) parties() {
	const beside, width = 116.0, right - 116.0
	name := "Invoice"
	switch {
	case s.credits():
		name = "Credit note"
	case s.doc.Number == "":
		name = "Draft invoice"
	}
	y := s.block(beside, s.y, width, "R", title, name)
	y = s.block(beside, y, width, "R", heading, s.doc.Number)
	s.y = max(y, s.party(s.y, heading, s.doc.Issuer)) + 7

	y = s.y
	for _, fact := range s.facts() {
		if fact[1] == "" {
			continue
		}
		next := s.block(beside, y, 26, "L", label, fact[0])
		y = max(next, s.block(beside+28, y, width-28, "L", plain, fact[1])) + 0.6
	}
	below := s.block(left, s.y, 88, "L", label, "Billed to")
	s.y = max(y, s.party(below, plain.strong(), s.doc.Client)) + 6
}

// party writes a party's name and address and gives where they end.
func (s sheet) party(y float64, name style, party bill.Party) float64 {
	y = s.block(left, y, 88, "L", name, party.Name)
	for _, line := range addressOf(party) {
		y = s.block(left, y, 88, "L", label, line)
	}
	return y
}

// addressOf is what stands below a party's name.
func addressOf(p bill.Party) []string {
	place := joined(", ", joined(" ", p.PostalCode, p.City), p.Region)
	switch p.Country {
	case "AU", "CA", "GB", "IE", "IN", "NZ", "US": // The code of the place comes last.
		place = joined(" ", p.City, p.Region, p.PostalCode)
	}
	lines := append(slices.Clone(p.Address), joined(", ", place, p.Country), named("Tax ID", p.TaxID),
		named("Company no.", p.CompanyID), p.Email)
	return slices.DeleteFunc(lines, func(line string) bool { return line == "" })
}

// facts are the names and values that stand beside the client.
func (s sheet) facts() [][2]string {
	doc := s.doc
	facts := [][2]string{
		{"Date", written(doc.Date)},
		{"Due", written(doc.Due)},
		{"Contract", doc.Contract},
		{"Period", ""},
		{"Purchase order", doc.PurchaseOrder},
		{"Invoice", joined(" of ", doc.Invoice, written(doc.InvoiceDate))},
	}
	if doc.Month.Valid() {
		facts[3][1] = span(doc.Month.First(), doc.Month.Last())
	}
	return facts
}

// banner writes what the reader looks for first.
func (s sheet) banner() {
	what, amount := "Amount due", s.doc.Payable
	switch {
	case s.credits():
		what = "Amount credited"
	case amount.IsNegative():
		what, amount = "In your favour", amount.Neg()
	case amount.IsZero():
		what = "Nothing to pay"
	case s.doc.Due != "":
		what += " by " + written(s.doc.Due)
	}
	const height = 11.0
	s.shade(left, s.y, right-left, height)
	big := style{size: 13, bold: true, ink: accent}
	inset := (height - big.height()) / 2
	s.line(left+3, s.y+(height-heading.height())/2, 100, "L", heading, what)
	s.line(left, s.y+inset, right-left-3, "R", big, string(s.doc.Currency)+" "+s.amount(amount))
	s.y += height + 6
	if s.doc.Reason != "" {
		s.paragraph(plain, "Reason: "+s.doc.Reason)
		s.y += 4
	}
}

// lines writes the charges, under the names of the contract's lines.
func (s sheet) lines() {
	net := "Net"
	if s.doc.Inclusive {
		net = "With tax"
	}
	t := table{canvas: s.canvas, x: left, head: label, columns: []column{
		{"Description", 82, "L"}, {"Quantity", 26, "R"}, {"Unit price", 24, "R"}, {"Tax", 16, "R"}, {net, 26, "R"},
	}}
	t.begin()
	section := ""
	for _, line := range s.doc.Lines {
		if line.Section != section && line.Section != "" {
			t.row(plain.strong(), 10, line.Section)
		}
		section = line.Section
		t.row(plain, 5, line.Text, signed(line.Quantity), price(line.UnitPrice, s.doc.Currency), taxOf(line), s.amount(line.Amount))
		if line.From != "" {
			t.y-- // The days belong to what is above them.
			t.row(small, 0, span(line.From, line.Until))
		}
	}
	t.end()
}

// signed writes a printed quantity with a true minus sign.
func signed(quantity string) string { return strings.Replace(quantity, "-", "−", 1) }

// taxOf is how a line is taxed, in the space of its column.
func taxOf(line bill.Line) string {
	switch line.TaxKind {
	case bill.Exempt:
		return "exempt"
	case bill.ReverseCharge:
		return "reverse"
	case bill.OutsideScope:
		return "none"
	case bill.StandardRate, bill.ZeroRate:
		return line.TaxPercent.String() + " %"
	}
	return ""
}

// totals writes the taxes of each rate with what they are reckoned on, and what it all comes to.
func (s sheet) totals() {
	doc := s.doc
	t := table{canvas: s.canvas, x: right - 108, head: label, columns: []column{
		{"Tax", 52, "L"}, {"On", 28, "R"}, {"Amount", 28, "R"},
	}}
	t.need(float64(len(doc.Taxes)+4)*6 + 6)
	t.y += 2
	t.row(plain, 0, "Net", "", s.amount(doc.Net))
	t.begin()
	for _, tax := range doc.Taxes {
		t.row(plain, 0, tax.Name, s.amount(tax.Base), s.amount(tax.Amount))
	}
	t.end()
	t.row(plain, 0, "Total", "", s.amount(doc.Total))
	if !doc.Rounding.IsZero() {
		t.row(plain, 0, "Rounding", "", s.amount(doc.Rounding))
	}
	pay := "To pay, "
	if s.credits() {
		pay = "Credited, "
	}
	t.row(heading, 0, pay+string(doc.Currency), "", s.amount(doc.Payable))
	t.y += 4
}

// notes writes why something is not taxed, how to pay, and what the issuer has to say.
func (s sheet) notes() {
	for _, tax := range s.doc.Taxes {
		if tax.Reason != "" {
			s.paragraph(plain, joined(": ", tax.Name, tax.Reason))
		}
	}
	s.payment()
	for _, wording := range s.doc.Wording {
		s.y += 2
		s.paragraph(label, wording)
	}
}

// payment writes the terms of an invoice, and the account.
func (s sheet) payment() {
	if s.credits() {
		return
	}
	doc, lines := s.doc, []string{}
	if doc.Terms != "" {
		lines = append(lines, doc.Terms)
	}
	if doc.Account.Number != "" && doc.Payable.IsPositive() {
		lines = append(lines, "Pay to "+joined(", ", doc.Account.Holder, doc.Account.Bank, named("account", doc.Account.Number),
			named("BIC", doc.Account.BIC), named("reference", doc.Number)))
	}
	if len(lines) == 0 {
		return
	}
	s.need(30)
	s.y += 2
	s.paragraph(heading, "Payment")
	for _, line := range lines {
		s.paragraph(plain, line)
	}
}

// appendix writes how each line came about, on pages of its own.
func (s sheet) appendix(entries []bill.Entry) {
	if len(entries) == 0 {
		return
	}
	s.turn()
	s.paragraph(heading, "How each charge came about")
	s.paragraph(label, fmt.Sprintf("Days are those of %s, amounts are in %s. Worked is the time as it was recorded, counted what it came to "+
		"by the rule beside it.", s.doc.Zone, s.doc.Currency))
	under := byLine(entries)
	for _, line := range s.doc.Lines {
		if of := under[line.ID]; len(of) > 0 {
			s.explain(line, of)
		}
	}
}

// explain writes the entries of a line and what they add up to.
func (s sheet) explain(line bill.Line, entries []bill.Entry) {
	s.y += 5
	s.need(28)
	s.paragraph(plain.strong(), joined(" · ", line.Section, line.Text))
	s.paragraph(small, fmt.Sprintf("%s at %s: %s", signed(line.Quantity), price(line.UnitPrice, s.doc.Currency), s.amount(line.Amount)))
	s.y++
	t := table{canvas: s.canvas, x: left, head: small, columns: []column{
		{"Day", 26, "L"}, {"Work", 56, "L"}, {"Worked", 18, "R"}, {"Counted", 16, "R"}, {"Rule", 36, "L"}, {"Amount", 22, "R"},
	}}
	t.begin()
	sum := decimal.Zero
	for _, entry := range entries {
		sum = sum.Add(entry.Amount)
		worked, counted := "", ""
		if entry.Seconds != 0 || entry.Minutes != 0 {
			worked, counted = stopwatch(entry.Seconds), clock(int64(entry.Minutes))
		}
		t.row(dense, 0, written(entry.Day), joined(" · ", entry.Text, entry.JobType), worked, counted,
			ruleOf(entry), s.amount(entry.Amount))
	}
	t.end()
	t.row(dense.strong(), 0, "Together", "", "", "", "", s.amount(sum))
}

// ruleOf names what turned work into an amount.
func ruleOf(entry bill.Entry) string {
	return joined("; ", entry.Rule, joined(", ", entry.Clause, named("terms version", unlessZero(entry.Version))))
}
