package audit_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain/bill"
	"effigate/infra/audit"
)

func called(_ context.Context, people []uuid.UUID) (map[uuid.UUID]string, error) {
	names := map[uuid.UUID]string{}
	for _, person := range people {
		names[person] = "Olivia Owner"
	}
	return names, nil
}

// TestAnInvoiceExplainsItself prints how 3,890.00 of 4,136.00 came to be paid.
func TestAnInvoiceExplainsItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	derivation, err := audit.Invoice(t.Context(), w.log, w.answers, w.invoice, called)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := derivation.Print(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"INV-2026-0038 of 2026-03-16, due 2026-04-15, AUD\n",
		"33.00 h × 120.00 = 3,960.00\n",
		"Export of large files, Olivia Owner, API", "11.00 h × 120.00: 1,320.00",
		"3 entries: 1,320.00 + 1,320.00 + 1,320.00 = 3,960.00\n",
		"contract version 1", "rate card",
		"Loyalty discount\n   1 × −200.00 = −200.00\n",
		"net 3,960.00 − 200.00 = 3,760.00\n", "GST 10 % of 3,760.00 = 376.00\n", "total 4,136.00\n",
		"paid 3,890.00 on 2026-03-05\n", "outstanding 246.00\n", " events: equal to the cent\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(text.String())
	}
}

// TestWrongSumsAreFound changes one number after the other of a document that adds up.
func TestWrongSumsAreFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	state := w.state(t, w.invoice)
	if wrong := audit.Wrong(state.Document(), state.Entries()); len(wrong) > 0 {
		t.Fatalf("what was issued does not add up: %v", wrong)
	}
	cent := decimal.New(1, -2)
	for name, change := range map[string]func(*bill.Document, []bill.Entry){
		"an amount":    func(d *bill.Document, _ []bill.Entry) { d.Lines[0].Amount = d.Lines[0].Amount.Add(cent) },
		"a net":        func(d *bill.Document, _ []bill.Entry) { d.Lines[0].Net = d.Lines[0].Net.Add(cent) },
		"a quantity":   func(d *bill.Document, _ []bill.Entry) { d.Lines[0].Minutes++ },
		"its print":    func(d *bill.Document, _ []bill.Entry) { d.Lines[0].Quantity = "1.00 h" },
		"a price":      func(d *bill.Document, _ []bill.Entry) { d.Lines[0].UnitPrice = d.Lines[0].UnitPrice.Add(cent) },
		"a count":      func(d *bill.Document, _ []bill.Entry) { d.Lines[0].Entries++ },
		"a day":        func(d *bill.Document, _ []bill.Entry) { d.Lines[0].Unit = bill.Day },
		"a line's tax": func(d *bill.Document, _ []bill.Entry) { d.Lines[0].TaxKind = bill.ZeroRate },
		"a base":       func(d *bill.Document, _ []bill.Entry) { d.Taxes[0].Base = d.Taxes[0].Base.Add(cent) },
		"a tax":        func(d *bill.Document, _ []bill.Entry) { d.Taxes[0].Amount = d.Taxes[0].Amount.Add(cent) },
		"a percentage": func(d *bill.Document, _ []bill.Entry) { d.Taxes[0].Percent = d.Taxes[0].Percent.Add(cent) },
		"the net":      func(d *bill.Document, _ []bill.Entry) { d.Net = d.Net.Add(cent) },
		"the tax":      func(d *bill.Document, _ []bill.Entry) { d.Tax = d.Tax.Add(cent) },
		"the total":    func(d *bill.Document, _ []bill.Entry) { d.Total = d.Total.Add(cent) },
		"the payable":  func(d *bill.Document, _ []bill.Entry) { d.Payable = d.Payable.Add(cent) },
		"a share":      func(_ *bill.Document, e []bill.Entry) { e[1].Amount = e[1].Amount.Add(cent) },
		"a text":       func(_ *bill.Document, e []bill.Entry) { e[1].Text += "!" },
	} {
		document, err := bill.Parse(state.Document().Canonical())
		if err != nil {
			t.Fatal(err)
		}
		entries := state.Entries()
		change(&document, entries)
		if wrong := audit.Wrong(document, entries); len(wrong) == 0 {
			t.Errorf("%s was changed, and nothing is wrong", name)
		}
	}
}
