package visible_test

import (
	"testing"

	"effigate/domain/visible"
)

// Both audiences read the same of what clients may know, nothing of a draft, and a kinder word for a loss (X3). Days
// are those of the issuer: what is due today is not overdue until its midnight (A62).
func TestLabel(t *testing.T) {
	t.Parallel()
	const before, due, after = "2026-03-30", "2026-03-31", "2026-04-01"
	unpaid := visible.InvoiceFacts{Issued: true, Due: due, Left: "4136"}
	part, paid, free, overpaid, lost, lostPart, bounced, voided, voidedInPart := unpaid, unpaid, unpaid, unpaid, unpaid, unpaid, unpaid, unpaid, unpaid
	part.Left, part.Paid = "4135.99", "0.01"
	paid.Left, paid.Paid = "0", "4136"
	free.Left = ""
	overpaid.Left, overpaid.Paid = "-1", "4137"
	lost.Left, lost.WrittenOff = "0", "4136"
	lostPart.Left, lostPart.Paid, lostPart.WrittenOff = "0", "4000", "136"
	bounced.Left, bounced.WrittenOff = "4000", "136"
	voidedInPart.Voided = "CN-2026-0007" // What was paid before was taken back after.
	voided.Left, voided.Voided = "0", "CN-2026-0007"
	zeros := unpaid
	zeros.Paid, zeros.WrittenOff = "0", "0"
	for name, test := range map[string]struct {
		facts         visible.InvoiceFacts
		today         string
		client, staff string
	}{
		"a draft":                      {visible.InvoiceFacts{}, due, "", "Pending"},
		"a draft that has a due day":   {visible.InvoiceFacts{Due: before, Left: "1"}, due, "", "Pending"},
		"issued":                       {unpaid, before, "Awaiting payment", "Awaiting payment"},
		"issued, nothing as zero":      {zeros, before, "Awaiting payment", "Awaiting payment"},
		"on the due day":               {unpaid, due, "Awaiting payment", "Awaiting payment"},
		"the day after":                {unpaid, after, "Overdue", "Overdue"},
		"partly paid":                  {part, due, "Partly paid", "Partly paid"},
		"partly paid, the day after":   {part, after, "Overdue", "Overdue"},
		"paid":                         {paid, due, "Paid", "Paid"},
		"paid, long after":             {paid, after, "Paid", "Paid"},
		"nothing to pay":               {free, after, "Paid", "Paid"},
		"paid too much":                {overpaid, after, "Paid", "Paid"},
		"written off":                  {lost, after, "Closed", "Written off"},
		"the rest written off":         {lostPart, after, "Closed", "Written off"},
		"written off, then bounced":    {bounced, after, "Overdue", "Overdue"},
		"credited, then bounced":       {voidedInPart, after, "Overdue", "Overdue"},
		"credited, bounced, in time":   {voidedInPart, before, "Awaiting payment", "Awaiting payment"},
		"credited as a whole":          {voided, after, "Voided (credit note CN-2026-0007)", "Voided (credit note CN-2026-0007)"},
		"credited as a whole, in time": {voided, before, "Voided (credit note CN-2026-0007)", "Voided (credit note CN-2026-0007)"},
	} {
		if got := visible.Label(test.facts, visible.ForClient, test.today); got != test.client {
			t.Errorf("%s reads %q for clients, want %q", name, got, test.client)
		}
		if got := visible.Label(test.facts, visible.ForStaff, test.today); got != test.staff {
			t.Errorf("%s reads %q for staff, want %q", name, got, test.staff)
		}
	}
}
