package paper_test

import (
	"bytes"
	"strings"
	"testing"

	"effigate/infra/paper"
)

func receipt() paper.Receipt {
	return paper.Receipt{
		Issuer: content().Issuer, Client: content().Client, Currency: "AUD", Amount: number("5000"), Day: "2026-03-05", How: "bank transfer",
		Parts:    []paper.ReceiptPart{{Invoice: "INV-2026-0038", Amount: number("310.55")}, {Invoice: "INV-2026-0041", Amount: number("4136")}},
		Refunded: number("500"), Left: number("53.45"),
	}
}

func TestReceiptSaysWhatCameAndWhereItWent(t *testing.T) {
	t.Parallel()
	reversed := receipt()
	reversed.Reversed, reversed.Left = "2026-03-20", number("0")
	unexplained := paper.Receipt{Client: content().Client, Currency: "JPY", Amount: number("7000"), Day: "2026-03-05", Left: number("7000")}
	for name, test := range map[string]struct {
		of           paper.Receipt
		says, unsaid []string
	}{
		"in force": {receipt(), []string{
			"Harbour Digital Pty Ltd", "Received from", "Nexus Corp", "AUD 5,000.00, received on 5 March 2026", "By bank transfer",
			"Invoice INV-2026-0041", "4,136.00", "Paid back", "500.00", "Your credit, for other invoices", "53.45",
		}, []string{"taken back"}},
		"taken back":      {reversed, []string{"The money was taken back on 20 March 2026.", "Was set against", "INV-2026-0038", "Paid back"}, []string{"Your credit", "Together"}},
		"not yet against": {unexplained, []string{"JPY 7,000, received on", "Your credit, for other invoices"}, []string{"By ", "Invoice"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, err := test.of.PDF()
			if err != nil {
				t.Fatal(err)
			}
			again, err := test.of.PDF()
			if err != nil || !bytes.Equal(first, again) {
				t.Errorf("printed again it has other bytes, %v", err)
			}
			all := pages(t, first, nil)
			if len(all) != 1 {
				t.Fatalf("it has %d pages", len(all))
			}
			says(t, all[0], test.says...)
			for _, unwanted := range test.unsaid {
				if strings.Contains(all[0], unwanted) {
					t.Errorf("it says %q", unwanted)
				}
			}
		})
	}
}

func TestReceiptIsBounded(t *testing.T) {
	t.Parallel()
	of := receipt()
	of.Parts = make([]paper.ReceiptPart, paper.MaxRows+1)
	if _, err := of.PDF(); err == nil {
		t.Error("a receipt beyond its bound was printed")
	}
	of = receipt()
	of.Day = "soon"
	if _, err := of.PDF(); err == nil {
		t.Error("a receipt of no day was printed")
	}
}
