package bill_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
)

// lago is an invoice whose lines' own taxes add up to a cent more than the invoice has.
func lago() bill.Content {
	return draft("EUR", "20", piece("1", "68.33"), piece("1", "68.33"), piece("1", "57.50"), piece("1", "85.00"))
}

func whole(l bill.Line) bill.Credit { return bill.Credit{Line: l.ID, Net: l.Net} }

func credit(t *testing.T, d bill.Document, before []bill.CreditedLine, now ...bill.Credit) []bill.CreditedLine {
	t.Helper()
	credited, err := d.Credit(before, now)
	if err != nil {
		t.Fatal(err)
	}
	return credited
}

// Naively four credit notes, one for each line, come to 335.00 (A56).
func TestCreditsOfEachLineAddUpToTheInvoice(t *testing.T) {
	t.Parallel()
	d := finish(t, lago())
	var before []bill.CreditedLine
	var got []string
	sum := decimal.Zero
	for _, line := range d.Lines {
		now := credit(t, d, before, whole(line))
		note := d.CreditNoteOf(before, now, "CN-2026-0001", "2026-04-01", "Cancelled")
		got = append(got, note.Payable.StringFixed(2))
		sum, before = sum.Add(note.Payable), append(before, now...)
	}
	if diff := cmp.Diff([]string{"82.00", "81.99", "69.00", "102.00"}, got); diff != "" || !sum.Equal(number("334.99")) {
		t.Errorf("credit notes come to %s (-want +got):\n%s", sum, diff)
	}
	if left := d.Remaining(before); len(left) != 0 {
		t.Errorf("%v can still be credited", left)
	}
}

func TestACreditNoteSaysWhatItCredits(t *testing.T) {
	t.Parallel()
	d := finish(t, nexus())
	now := credit(t, d, nil, bill.Credit{Line: d.Lines[1].ID, Net: number("40")}, whole(d.Lines[2]), bill.Credit{Line: d.Lines[0].ID, Net: number("3420")})
	note := d.CreditNoteOf(nil, now, "CN-2026-0007", "2026-04-01", "Billed by mistake")
	type printed struct{ Text, Quantity, Price, Amount string }
	var got []printed
	for _, l := range note.Lines {
		got = append(got, printed{l.Text, l.Quantity, l.UnitPrice.String(), l.Amount.String()})
		if amount := bill.AmountOf(l, note.Currency); !amount.Equal(l.Amount) || l.Quantity != bill.Printed(l) {
			t.Errorf("%s × %s is printed as %s", l.Quantity, l.UnitPrice, l.Amount)
		}
	}
	want := []printed{
		{"Hours, regular", "28.50 h", "120", "3420"},
		{"Hours, after-hours", "1", "40", "40"},
		{"SLA deduction, ticket TKT-0041", "-1", "200", "-200"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if got, want := sums(note), [3]string{"3260.00", "326.00", "3586.00"}; got != want {
		t.Errorf("net, tax and total are %v, want %v", got, want)
	}
	if note.Kind != bill.CreditNote || note.Invoice != d.Number || note.InvoiceDate != d.Date || note.Reason != "Billed by mistake" || note.Number != "CN-2026-0007" || note.Due != "" {
		t.Errorf("the note is %+v", note)
	}
	if diff := cmp.Diff([]bill.Tax{{Kind: "S", Percent: number("10"), Name: "GST 10 %", Base: number("3260"), Amount: number("326")}}, note.Taxes); diff != "" {
		t.Errorf("taxes (-want +got):\n%s", diff)
	}
	read, err := bill.Parse(note.Canonical())
	if diff := cmp.Diff(note, read); err != nil || diff != "" {
		t.Errorf("read again: %v (-want +got):\n%s", err, diff)
	}
}

// What was rounded to coins is credited with the last line.
func TestTheLastCreditTakesTheRounding(t *testing.T) {
	t.Parallel()
	content := draft("CHF", "8.1", piece("1", "92.48"), piece("1", "50"))
	content.RoundTo = number("0.05")
	d := finish(t, content)
	first := credit(t, d, nil, whole(d.Lines[1]))
	last := credit(t, d, first, whole(d.Lines[0]))
	notes := []bill.Document{d.CreditNoteOf(nil, first, "", "", "Part"), d.CreditNoteOf(first, last, "", "", "Rest")}
	down := content
	down.Lines = []bill.Line{priced(0, "CHF", piece("1", "92.52")), priced(1, "CHF", piece("1", "0.01"))} // 100.02, of which 100.00 are paid
	if rounded := finish(t, down); !rounded.Payable.Equal(number("100")) {
		t.Errorf("%s is rounded to %s", rounded.Total, rounded.Payable)
	} else if _, err := rounded.Credit(nil, []bill.Credit{whole(rounded.Lines[0])}); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("more than what is paid is credited before the last credit: %v", err)
	}
	if !notes[0].Rounding.IsZero() || !notes[1].Rounding.Equal(d.Rounding) || !notes[0].Payable.Add(notes[1].Payable).Equal(d.Payable) {
		t.Errorf("%s and %s are credited of %s", notes[0].Payable, notes[1].Payable, d.Payable)
	}
}

// Where prices are with tax, the price is what is credited, though its net is too small to be seen.
func TestPricesWithTaxAreCreditedAsTheyWere(t *testing.T) {
	t.Parallel()
	content := draft("EUR", "100", piece("1", "0.01"), piece("1", "0.02"), piece("1", "11.00"))
	content.Inclusive = true
	d := finish(t, content)
	note := d.CreditNoteOf(nil, d.Remaining(nil), "", "", "All")
	for i, line := range note.Lines {
		if !line.Amount.Equal(d.Lines[i].Amount) {
			t.Errorf("%s of %s are credited", line.Amount, d.Lines[i].Amount)
		}
	}
	if len(note.Lines) != 3 || !note.Payable.Equal(d.Payable) {
		t.Errorf("%d lines come to %s, want %s", len(note.Lines), note.Payable, d.Payable)
	}
}

// What came to nothing could not be credited: every line of it was free. It is now, once and as a whole (F44).
func TestWhatCameToNothingIsCreditedAsAWhole(t *testing.T) {
	t.Parallel()
	d := finish(t, draft("AUD", "10", priced(1, "AUD", worked(60, "0")), priced(2, "AUD", worked(90, "0"))))
	rest := d.Remaining(nil)
	if len(rest) != 2 {
		t.Fatalf("%d lines are left to be credited, want both", len(rest))
	}
	if _, err := d.Credit(nil, []bill.Credit{rest[0].Credit}); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("half of it: %v, want ErrConflict", err)
	}
	credited := credit(t, d, nil, rest[0].Credit, rest[1].Credit)
	note := d.CreditNoteOf(nil, credited, "CN-2026-0001", "2026-04-01", "Agreed")
	if len(note.Lines) != 2 || note.Lines[1].Quantity != "1.50 h" || len(note.Taxes) != 1 || !note.Payable.IsZero() {
		t.Errorf("the note says %+v", note)
	}
	if left := d.Remaining(credited); len(left) != 0 {
		t.Errorf("%d lines are left after that", len(left))
	}
	if _, err := d.Credit(credited, []bill.Credit{rest[0].Credit, rest[1].Credit}); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("again: %v, want ErrConflict", err)
	}
}

func TestCreditRefusals(t *testing.T) {
	t.Parallel()
	content := nexus()
	content.Lines = append(content.Lines, priced(3, "AUD", worked(60, "0")))
	d := finish(t, content)
	regular, deduction := d.Lines[0], d.Lines[2]
	some := func(net string) bill.Credit { return bill.Credit{Line: regular.ID, Net: number(net)} }
	most := credit(t, d, nil, some("3420"))
	for name, test := range map[string]struct {
		before []bill.CreditedLine
		now    []bill.Credit
		kind   error
		code   string
	}{
		"nothing":                      {nil, nil, domain.ErrInvalid, "invalid_fields"},
		"an unknown line":              {nil, []bill.Credit{{Line: lineID(99), Net: number("1")}}, domain.ErrInvalid, "invalid_fields"},
		"one line twice":               {nil, []bill.Credit{some("1"), some("1")}, domain.ErrInvalid, "invalid_fields"},
		"a part of a cent":             {nil, []bill.Credit{some("0.001")}, domain.ErrInvalid, "invalid_fields"},
		"more than the line":           {nil, []bill.Credit{some("3420.01")}, domain.ErrConflict, "credit_exceeds_line"},
		"more than is left":            {credit(t, d, nil, some("3000")), []bill.Credit{some("420.01")}, domain.ErrConflict, "credit_exceeds_line"},
		"what is credited already":     {most, []bill.Credit{some("1")}, domain.ErrConflict, "credit_exceeds_line"},
		"the other way round":          {nil, []bill.Credit{some("-1")}, domain.ErrConflict, "credit_exceeds_line"},
		"nothing of a line":            {nil, []bill.Credit{some("0")}, domain.ErrConflict, "credit_exceeds_line"},
		"what was free":                {nil, []bill.Credit{whole(d.Lines[3])}, domain.ErrConflict, "credit_exceeds_line"},
		"a deduction alone":            {nil, []bill.Credit{whole(deduction)}, domain.ErrConflict, "credit_negative"},
		"all charges, deductions kept": {most, []bill.Credit{whole(d.Lines[1])}, domain.ErrConflict, "credit_exceeds_invoice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := d.Credit(test.before, test.now)
			refusal, ok := errors.AsType[*domain.Refusal](err)
			if !ok || !errors.Is(err, test.kind) || refusal.Code != test.code {
				t.Errorf("answers %v, want %s", err, test.code)
			}
		})
	}
}
