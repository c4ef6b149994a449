package invoice_test

import (
	"strings"
	"testing"
	"time"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/invoice"
	"effigate/domain/spec"
	"effigate/domain/visible"
)

// claim is what is left of the invoice when it was just issued, with a change.
func claim(change func(*visible.Claim)) visible.Claim {
	r := visible.Claim{
		Client: nexus.UUID, ID: inv41.UUID, Paid: "0", Credited: "0", WrittenOff: "0", Left: "4136", Disputed: "0",
	}
	if change != nil {
		change(&r)
	}
	return r
}

func shownDocument() visible.Invoice {
	return visible.Invoice{
		Client: nexus.UUID, ID: inv41.UUID, Number: "INV-2026-0041", Contract: con18.UUID, Month: "2026-03", Date: "2026-03-31", Due: "2026-04-14",
		Zone: "Australia/Sydney", Currency: "AUD", Net: "3760", Tax: "376", Payable: "4136", Document: string(issued.Document.Canonical()),
		SHA256: issued.SHA256, Entries: 2,
	}
}

func shownEntry(position int, name, minutes, seconds, price, comesTo string) visible.InvoiceEntry {
	line := regular
	if position == 2 {
		line = late
	}
	return visible.InvoiceEntry{
		Client: nexus.UUID, ID: id(name), Invoice: inv41.UUID, Line: line, Position: position,
		Entry: `{"id":"` + id(name).String() + `","line":"` + line.String() + `","day":"2026-03-02","text":"Work on ` + name + `","seconds":` + seconds +
			`,"minutes":` + minutes + `,"unit_price":"` + price + `","amount":"` + comesTo + `","version":1,"clause":"Support"}`,
	}
}

// document is what is shown for ever, and more.
func document(more ...visible.Record) []visible.Record {
	return append([]visible.Record{
		shownDocument(), shownEntry(1, "one", "1710", "102600", "120", "3420"), shownEntry(2, "two", "180", "10800", "180", "540"),
	}, more...)
}

func receipt(name, comesTo, reversed string) visible.Receipt {
	return visible.Receipt{
		Client: nexus.UUID, ID: domain.Derive(inv41.UUID, "receipt", payment(name).String()), Invoice: inv41.UUID, Payment: payment(name).UUID, Amount: comesTo,
		Day: "2026-04-05", Reversed: reversed,
	}
}

func TestDisclose(t *testing.T) {
	t.Parallel()
	dispute := func(change func(*visible.Dispute)) visible.Dispute {
		r := visible.Dispute{
			Client: nexus.UUID, ID: objection("a").UUID, Invoice: inv41.UUID, Line: late, Amount: "540", Reason: "We did not order this.",
			State: visible.DisputeOpen, By: emma.Person.UUID, At: at,
		}
		change(&r)
		return r
	}
	paid := func(r *visible.Claim) { r.Paid, r.Left, r.LastPaid = "1000", "3136", "2026-04-05" }
	take := invoice.TakeDispute{Signed: by(anna), Dispute: objection("a")}
	for name, test := range map[string]struct {
		given []invoice.Event
		shows []visible.Record
	}{
		"a draft shows nothing":             {happened(t, inDraft, discount), nil},
		"nor does one that waits":           {pending, nil},
		"nor one that was discarded":        {discarded, nil},
		"nor one that waits for its number": {frozen, nil},
		"issued":                            {standing, document(claim(nil))},
		"printed": {
			happened(t, standing, invoice.Render{Signed: system(), Print: printed}),
			document(claim(nil), visible.Print{Client: nexus.UUID, ID: inv41.UUID, Layout: 1, SHA256: digest, Size: 2048, XMLSHA256: printed.XMLSHA256, CSVSHA256: printed.CSVSHA256}),
		},
		"partly paid":  {happened(t, standing, paidBy("a", "1000")), document(claim(paid), receipt("a", "1000", ""))},
		"in two parts": {happened(t, standing, paidBy("a", "600"), paidBy("a", "1000")), document(claim(paid), receipt("a", "1000", ""))},
		"a payment taken back": {
			happened(t, standing, paidBy("a", "1000"), invoice.ReversePayment{Signed: by(ben), Payment: payment("a"), Day: "2026-04-20"}),
			document(claim(nil), receipt("a", "1000", "2026-04-20")),
		},
		"a credit that has no number yet": {happened(t, standing, crediting("1")), document(claim(nil))},
		"credited in part": {
			happened(t, standing, crediting("1", credit(late, "540")), confirming("1")),
			document(claim(func(r *visible.Claim) { r.Credited, r.Left = "594", "3542" })),
		},
		"credited in full": {
			happened(t, standing, crediting("1"), confirming("1")),
			document(claim(func(r *visible.Claim) { r.Credited, r.Left, r.Voided = "4136", "0", "CN-2026-1" })),
		},
		"disputed": {
			happened(t, standing, disputing("a", late, "0")),
			document(claim(func(r *visible.Claim) { r.Disputed = "594" }), dispute(func(*visible.Dispute) {})),
		},
		"under review, by nobody in particular": {
			happened(t, standing, disputing("a", late, "0"), take),
			document(claim(func(r *visible.Claim) { r.Disputed = "594" }), dispute(func(r *visible.Dispute) { r.State = visible.DisputeReviewed })),
		},
		"answered": {
			happened(t, standing, disputing("a", late, "0"), invoice.SettleDispute{Signed: by(ben), Dispute: objection("a"), Answer: "You ordered it."}),
			document(claim(nil), dispute(func(r *visible.Dispute) {
				r.State, r.Answer, r.Answered = visible.DisputeRejected, "You ordered it.", at
			})),
		},
		"reminded": {
			happened(t, standing, reminding(1, "2026-04-15")),
			document(claim(nil), visible.Reminder{
				Client: nexus.UUID, ID: domain.Derive(inv41.UUID, "reminder", "1"), Invoice: inv41.UUID, Step: 1, Text: "Please pay.", At: at,
			}),
		},
		"written off, and nobody says why": {
			happened(t, standing, invoice.WriteOff{Signed: invoice.Signed{By: olga, At: at.Add(4 * time.Hour)}, Reason: "insolvent"}),
			document(claim(func(r *visible.Claim) { r.WrittenOff, r.Left, r.Closed = "4136", "0", "2026-04-01" })), // in Sydney
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			disclosed(test.given...).Shows(t, test.shows...)
		})
	}
}

// The document and its entries are put once: whatever follows changes other records.
func TestDocumentIsPutOnce(t *testing.T) {
	t.Parallel()
	past := happened(t, standing, paidBy("a", "1000"), disputing("a", late, "0"), crediting("1", credit(regular, "10")), confirming("1"))
	var d invoice.Disclosure
	documents, entries := 0, 0
	for _, event := range after(past, issuedAs(frozen, 42)) { // No decider issues twice; if one did, the first would stand.
		var changes []visible.Change
		d, changes = invoice.Disclose(d, event)
		for _, change := range changes {
			switch change.Key().Kind {
			case visible.KindInvoice:
				documents++
			case visible.KindInvoiceEntry:
				entries++
			default:
			}
		}
	}
	if documents != 1 || entries != 2 {
		t.Errorf("the document was put %d times, entries %d times; want 1 and 2", documents, entries)
	}
}

// Nothing below Staff of the samples, whose every field is set, comes near a client's record, nor any of the staff.
func TestSamplesShowNothingInternal(t *testing.T) {
	t.Parallel()
	var history []invoice.Event
	for _, sample := range invoice.All() {
		if _, gone := sample.(invoice.Discarded); !gone {
			history = append(history, sample.(invoice.Event))
		}
	}
	spec.DisclosureInvariants(t, invoice.Disclose, history)
	said := told(history)
	staff := bill.SampleEntry().Staff
	for _, secret := range []string{
		staff.Time.String(), staff.Person.String(), staff.Charge.String(), staff.Deduction.String(), staff.Card, staff.CardLayer, staff.Row,
		staff.Why[0], "agreed by phone", "agreed discount", "one ticket is missing", "see the call of Monday", "insolvent", "drawn_minutes", "invoice-main-2026",
	} {
		if strings.Contains(said, secret) {
			t.Errorf("the client is told %q", secret)
		}
	}
	for _, shown := range []string{bill.SampleEntry().Text, bill.SampleEntry().Rule, "INV-2026-0041", "You are right.", "Please pay."} {
		if !strings.Contains(said, shown) {
			t.Errorf("the client is not told %q", shown)
		}
	}
}
