package bill_test

import (
	"math/big"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain/bill"
	"effigate/domain/money"
)

// anyContent draws drafts whose lines come to something above zero.
func anyContent() *rapid.Generator[bill.Content] {
	return rapid.Custom(func(t *rapid.T) bill.Content {
		currency := rapid.SampledFrom([]money.Currency{"EUR", "JPY", "KWD", "CHF"}).Draw(t, "currency")
		var lines []bill.Line
		for range rapid.IntRange(1, 8).Draw(t, "lines") {
			price := decimal.New(rapid.Int64Range(1, 5_000_000).Draw(t, "price"), -3).String()
			line := piece(rapid.SampledFrom([]string{"1", "2", "0.77", "-1"}).Draw(t, "count"), price)
			if rapid.Bool().Draw(t, "time") {
				line = worked(rapid.IntRange(1, 5000).Draw(t, "minutes"), price)
			}
			line.TaxCategory = rapid.SampledFrom([]string{"", "low", "same", "free"}).Draw(t, "category")
			lines = append(lines, line)
		}
		content := draft(currency, rapid.SampledFrom([]string{"20", "9.975", "8.1", "100"}).Draw(t, "percent"), lines...)
		same := content.Rates[0]
		same.Category = "same"
		content.Rates = append(content.Rates, taxed("low", "5.5"), same, bill.TaxRate{Category: "free", Kind: bill.ZeroRate, Name: "Zero"})
		content.Inclusive = rapid.Bool().Draw(t, "inclusive")
		if currency == "CHF" {
			content.RoundTo = number("0.05")
		}
		return content
	}).Filter(func(c bill.Content) bool { return len(c.Check()) == 0 })
}

func document(t *rapid.T, c bill.Content) bill.Document {
	d, err := c.Finish("INV-2026-0001", "2026-03-17")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDocumentsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		content := anyContent().Draw(t, "content")
		d := document(t, content)
		net, amount, base, tax := decimal.Zero, decimal.Zero, decimal.Zero, decimal.Zero
		for _, l := range d.Lines {
			net, amount = net.Add(l.Net), amount.Add(l.Amount)
			if l.Net.Abs().GreaterThan(l.Amount.Abs()) || !d.Inclusive && !l.Net.Equal(l.Amount) {
				t.Fatalf("a line of %s has net %s", l.Amount, l.Net)
			}
		}
		for _, one := range d.Taxes {
			base, tax = base.Add(one.Base), tax.Add(one.Amount)
		}
		if !net.Equal(d.Net) || !base.Equal(d.Net) || !tax.Equal(d.Tax) || !d.Net.Add(d.Tax).Equal(d.Total) || d.Inclusive && !amount.Equal(d.Total) {
			t.Fatalf("lines have %s, taxes %s and %s; the document %s, %s, %s", net, base, tax, d.Net, d.Tax, d.Total)
		}
		if !d.Total.Add(d.Rounding).Equal(d.Payable) || d.Rounding.Abs().GreaterThan(number("0.025")) || d.Currency == "CHF" && !d.Payable.Mod(number("0.05")).IsZero() {
			t.Fatalf("%s and %s make %s", d.Total, d.Rounding, d.Payable)
		}
		if again := document(t, content); again.SHA256() != d.SHA256() {
			t.Fatal("the same draft makes another document")
		}
		if read, err := bill.Parse(d.Canonical()); err != nil || cmp.Diff(d, read) != "" {
			t.Fatalf("read again: %v", err)
		}
		slices.Reverse(content.Lines)
		if other := document(t, content); cmp.Diff(d.Taxes, other.Taxes) != "" || !other.Payable.Equal(d.Payable) {
			t.Fatalf("another order of lines makes %s, not %s", other.Payable, d.Payable)
		}
	})
}

// The taxes are those that a slow calculation with fractions finds.
func TestTaxesAreThoseOfTheOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		content := anyContent().Draw(t, "content")
		sums := map[string]*big.Rat{}
		for _, l := range content.Lines {
			for _, rate := range content.Rates {
				if rate.Category == l.TaxCategory {
					key := string(rate.Kind) + rate.Percent.String()
					if sums[key] == nil {
						sums[key] = new(big.Rat)
					}
					sums[key].Add(sums[key], oracleAmount(l, content.Currency))
				}
			}
		}
		d := document(t, content)
		for _, tax := range d.Taxes {
			sum, percent := sums[string(tax.Kind)+tax.Percent.String()], tax.Percent.Rat()
			part := new(big.Rat).Quo(percent, big.NewRat(100, 1))
			if content.Inclusive {
				part.Quo(percent, new(big.Rat).Add(percent, big.NewRat(100, 1)))
			}
			want := round(new(big.Rat).Mul(sum, part), content.Currency)
			base := sum
			if content.Inclusive {
				base = new(big.Rat).Sub(sum, want)
			}
			if tax.Amount.Rat().Cmp(want) != 0 || tax.Base.Rat().Cmp(base) != 0 {
				t.Fatalf("%s %% of %s is %s, want %s of %s", tax.Percent, tax.Base, tax.Amount, want, base)
			}
		}
		if len(d.Taxes) != len(sums) {
			t.Fatalf("%d taxes, want %d", len(d.Taxes), len(sums))
		}
	})
}

func oracleAmount(l bill.Line, currency money.Currency) *big.Rat {
	quantity := l.Count.Rat()
	if l.Unit == bill.Hour {
		quantity = big.NewRat(int64(l.Minutes), 60)
	}
	return round(new(big.Rat).Mul(quantity, l.UnitPrice.Rat()), currency)
}

// round rounds half away from zero, by whole numbers of twice the unit.
func round(value *big.Rat, currency money.Currency) *big.Rat {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(currency.Exponent())), nil)
	scaled := new(big.Rat).Mul(new(big.Rat).Abs(value), new(big.Rat).SetInt(scale))
	twice := new(big.Int).Mul(scaled.Num(), big.NewInt(2))
	units := twice.Add(twice, scaled.Denom()).Div(twice, new(big.Int).Mul(scaled.Denom(), big.NewInt(2)))
	rounded := new(big.Rat).SetFrac(units, scale)
	if value.Sign() < 0 {
		rounded.Neg(rounded)
	}
	return rounded
}

// Credits are drawn until nothing is left, some of which are refused. Those that are not never go beyond a line or the
// invoice, and in the end they are the invoice.
func TestCreditsInAnyPortionsAreTheInvoice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := document(t, anyContent().Draw(t, "content"))
		var before []bill.CreditedLine
		var notes []bill.Document
		for range rapid.IntRange(0, 12).Draw(t, "credits") {
			now := somePortion(t, d, before)
			credited, err := d.Credit(before, now)
			if err != nil {
				continue
			}
			notes = append(notes, checkedNote(t, d, before, credited))
			before = append(before, credited...)
		}
		if rest := d.Remaining(before); len(rest) > 0 {
			now := make([]bill.Credit, 0, len(rest))
			for _, line := range rest {
				now = append(now, line.Credit)
			}
			credited, err := d.Credit(before, now)
			if diff := cmp.Diff(rest, credited); err != nil || diff != "" {
				t.Fatalf("what is left cannot be credited: %v (-want +got):\n%s", err, diff)
			}
			notes = append(notes, checkedNote(t, d, before, credited))
			before = append(before, credited...)
		}
		payable, tax := decimal.Zero, decimal.Zero
		for _, note := range notes {
			payable, tax = payable.Add(note.Payable), tax.Add(note.Tax)
		}
		if len(d.Remaining(before)) != 0 || !d.Payable.IsZero() && (!payable.Equal(d.Payable) || !tax.Equal(d.Tax)) {
			t.Fatalf("%s with tax %s are credited of %s with %s", payable, tax, d.Payable, d.Tax)
		}
	})
}

func somePortion(t *rapid.T, d bill.Document, before []bill.CreditedLine) []bill.Credit {
	var now []bill.Credit
	for _, line := range d.Remaining(before) {
		if rapid.Bool().Draw(t, "credited") {
			share := decimal.New(rapid.Int64Range(1, 100).Draw(t, "percent"), -2)
			now = append(now, bill.Credit{Line: line.Line, Net: line.Net.Mul(share).Round(d.Currency.Exponent())})
		}
	}
	return now
}

func checkedNote(t *rapid.T, d bill.Document, before, credited []bill.CreditedLine) bill.Document {
	note := d.CreditNoteOf(before, credited, "CN-2026-0001", "2026-04-01", "Agreed")
	net, tax := decimal.Zero, decimal.Zero
	for _, l := range note.Lines {
		net = net.Add(l.Net)
		if !bill.AmountOf(l, d.Currency).Equal(l.Amount) {
			t.Fatalf("%s × %s is credited as %s", l.Quantity, l.UnitPrice, l.Amount)
		}
	}
	for _, credit := range credited {
		tax = tax.Add(credit.Tax)
	}
	if !net.Equal(note.Net) || !tax.Equal(note.Tax) || note.Payable.IsNegative() || note.Payable.GreaterThan(d.Payable) {
		t.Fatalf("a credit of %s and %s is printed as %s and %s, %s of %s", net, tax, note.Net, note.Tax, note.Payable, d.Payable)
	}
	return note
}

func TestSharesAreTheLine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		currency := rapid.SampledFrom([]money.Currency{"EUR", "JPY", "KWD"}).Draw(t, "currency")
		amount := decimal.New(rapid.Int64Range(-1_000_000, 1_000_000).Draw(t, "units"), -currency.Exponent())
		weights := rapid.SliceOfN(rapid.Map(rapid.Int64Range(0, 10_000), func(n int64) decimal.Decimal { return decimal.New(n, -2) }), 1, 40).Draw(t, "weights")
		sum := decimal.Zero
		for _, share := range bill.Share(amount, currency, weights) {
			if share.Sign()*amount.Sign() < 0 || !share.Equal(share.Round(currency.Exponent())) {
				t.Fatalf("a share of %s is %s", amount, share)
			}
			sum = sum.Add(share)
		}
		if !sum.Equal(amount) {
			t.Fatalf("shares of %s add up to %s", amount, sum)
		}
	})
}
