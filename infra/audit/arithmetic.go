package audit

import (
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain/bill"
)

// Wrong lists in what a document and the entries that explain it do not add up, in words; nothing when all of it does:
// entries to lines, lines to the bases of taxes, bases to taxes, and all of them to what is to be paid. It works all of
// it out anew and trusts no number but quantities, prices and percentages. A document has at most bill.MaxLines lines.
func Wrong(d bill.Document, entries []bill.Entry) []string {
	var c checking
	if d.Kind == bill.Invoice {
		c.lines(d, entries)
	}
	c.taxes(d)
	c.totals(d)
	return c.wrong
}

// checking collects what is wrong.
type checking struct{ wrong []string }

func (c *checking) that(ok bool, format string, arguments ...any) {
	if !ok {
		c.wrong = append(c.wrong, fmt.Sprintf(format, arguments...))
	}
}

func (c *checking) equal(got, want decimal.Decimal, what string, arguments ...any) {
	c.that(got.Equal(want), "%s is %s, and comes to %s", fmt.Sprintf(what, arguments...), got, want)
}

// lines compares each line with its quantity at its price, and with its entries.
func (c *checking) lines(d bill.Document, entries []bill.Entry) {
	count, sums := map[uuid.UUID]int{}, map[uuid.UUID]decimal.Decimal{}
	for _, entry := range entries {
		count[entry.Line]++
		sums[entry.Line] = sums[entry.Line].Add(entry.Amount)
	}
	for i, line := range d.Lines {
		if line.Unit == bill.Day && line.DayMinutes < 1 {
			c.that(false, "line %d is counted in days that have no length", i+1)
			continue
		}
		c.equal(line.Amount, bill.AmountOf(line, d.Currency), "line %d", i+1)
		c.that(line.Quantity == bill.Printed(line), "line %d prints the quantity %q, and has %q", i+1, line.Quantity, bill.Printed(line))
		c.that(count[line.ID] == line.Entries, "line %d has %d entries, and says %d", i+1, count[line.ID], line.Entries)
		if line.Entries > 0 {
			c.equal(line.Amount, sums[line.ID], "line %d", i+1)
		}
		delete(count, line.ID)
	}
	c.that(len(count) == 0, "entries explain %d lines that the document does not have", len(count))
	if d.EntriesSHA256 != "" || len(entries) > 0 {
		c.that(bill.Digest(entries) == d.EntriesSHA256, "the entries have the digest %s, and the document says %s", bill.Digest(entries), d.EntriesSHA256)
	}
}

// taxes works the tax of each rate out on the sum of its lines. The tax of one credit note is a share of what all of
// them have taken so far, which it does not tell alone.
func (c *checking) taxes(d bill.Document) {
	exponent, taxed := d.Currency.Exponent(), 0
	for _, tax := range d.Taxes {
		amounts, nets := decimal.Zero, decimal.Zero
		for _, line := range d.Lines {
			if line.TaxKind == tax.Kind && line.TaxPercent.Equal(tax.Percent) {
				amounts, nets, taxed = amounts.Add(line.Amount), nets.Add(line.Net), taxed+1
			}
		}
		c.equal(tax.Base, nets, "the base of %s", tax.Name)
		gross := nets
		if d.Inclusive {
			gross = gross.Add(tax.Amount)
		}
		c.equal(amounts, gross, "the sum of the lines with %s", tax.Name)
		switch {
		case d.Kind != bill.Invoice:
		case d.Inclusive:
			c.equal(tax.Amount, amounts.Mul(tax.Percent).DivRound(hundred.Add(tax.Percent), exponent), "%s", tax.Name)
		default:
			c.equal(tax.Amount, nets.Mul(tax.Percent).Shift(-2).Round(exponent), "%s", tax.Name)
		}
	}
	c.that(taxed == len(d.Lines), "%d of %d lines are taxed at a rate that the document lists once", taxed, len(d.Lines))
}

// hundred is the whole of a percentage.
var hundred = decimal.NewFromInt(100)

func (c *checking) totals(d bill.Document) {
	net, tax := decimal.Zero, decimal.Zero
	for _, of := range d.Taxes {
		net, tax = net.Add(of.Base), tax.Add(of.Amount)
	}
	c.equal(d.Net, net, "the net")
	c.equal(d.Tax, tax, "the tax")
	c.equal(d.Total, net.Add(tax), "the total")
	c.equal(d.Payable, d.Total.Add(d.Rounding), "what is to be paid")
}

// entriesOf are the entries of one line, in order.
func entriesOf(line uuid.UUID, entries []bill.Entry) []bill.Entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e bill.Entry) bool { return e.Line != line })
}
