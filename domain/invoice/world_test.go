package invoice_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/invoice"
	"effigate/domain/spec"
	"effigate/domain/terms"
)

var (
	given     = spec.Decider(invoice.Decider).Given
	disclosed = spec.Discloser(invoice.Disclose).Given
)

var (
	nexus   = domain.ClientID{UUID: id("nexus")}
	orion   = domain.ClientID{UUID: id("orion")}
	con18   = domain.ContractID{UUID: id("CON-2024-018")}
	inv41   = domain.InvoiceID{UUID: id("INV-2026-0041")}
	at      = time.Date(2026, time.March, 31, 9, 0, 0, 0, time.UTC) // 20:00 in Sydney
	day     = calendar.Date("2026-03-31")
	regular = id("regular hours")
	late    = id("after hours")
	missed  = id("deduction")
	byHand  = id("discount")
	series  = "invoice-main-2026"
	digest  = "9f86d0819f86d0819f86d0819f86d0819f86d0819f86d0819f86d0819f86d081"

	anna = staff("anna", domain.AccountManager)
	ben  = staff("ben", domain.Finance)
	olga = staff("olga", domain.Owner)
	emma = user("emma", nexus)
	oma  = user("oma", orion)
)

func id(name string) uuid.UUID { return domain.Derive(uuid.NameSpaceURL, "invoice test", name) }

func staff(name string, role domain.Role) domain.Actor {
	return domain.Actor{Person: domain.PersonID{UUID: id(name)}, Side: domain.StaffSide, Role: role}
}

func user(name string, of domain.ClientID) domain.Actor {
	return domain.Actor{Person: domain.PersonID{UUID: id(name)}, Side: domain.ClientSide, Role: domain.ClientAdmin, Client: of}
}

func by(actor domain.Actor) invoice.Signed { return invoice.Signed{By: actor, At: at} }

func system() invoice.Signed { return by(domain.System()) }

func amount(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func note(name string) domain.CreditNoteID { return domain.CreditNoteID{UUID: id("note " + name)} }

func payment(name string) domain.PaymentID { return domain.PaymentID{UUID: id("payment " + name)} }

func objection(name string) domain.DisputeID { return domain.DisputeID{UUID: id("dispute " + name)} }

// content is the worked example: 3,420.00 + 540.00 − 200.00 = 3,760.00, tax 376.00, total 4,136.00.
func content() bill.Content {
	line := func(id uuid.UUID, kind bill.LineKind, text string, minutes int, count, price, comesTo string) bill.Line {
		unit := bill.Hour
		if minutes == 0 {
			unit = bill.Piece
		}
		l := bill.Line{
			ID: id, Kind: kind, Section: "Support", Text: text, Minutes: minutes, Count: amount(count), Unit: unit, UnitPrice: amount(price),
			Net: amount(comesTo), Amount: amount(comesTo), TaxCategory: "standard",
		}
		if kind == bill.Time {
			l.Entries = 1
		}
		l.Quantity = bill.Printed(l)
		return l
	}
	return bill.Content{
		Contract: "CON-2024-018", Month: "2026-03", Currency: "AUD", Zone: "Australia/Sydney",
		Issuer:  bill.Party{Name: "Effigate Pty Ltd", Country: "AU", TaxID: "51824753556"},
		Client:  bill.Party{Name: "Nexus Corp", Country: "AU"},
		Payment: terms.Payment{Rule: terms.Net, Days: 14},
		Rates:   []bill.TaxRate{{Category: "standard", Kind: bill.StandardRate, Percent: amount("10"), Name: "GST 10 %"}},
		TaxDay:  "2026-03-31", DefaultCategory: "standard",
		Lines: []bill.Line{
			line(regular, bill.Time, "Hours, regular", 1710, "0", "120", "3420"),
			line(late, bill.Time, "Hours, after hours", 180, "0", "180", "540"),
			line(missed, bill.Deduction, "SLA deduction, ticket TKT-0041", 0, "-1", "200", "-200"),
		},
		EntriesSHA256: bill.Digest(entries()),
	}
}

// entries explain the two lines of time.
func entries() []bill.Entry {
	entry := func(name string, line uuid.UUID, minutes int, price, comesTo string) bill.Entry {
		return bill.Entry{
			ID: id(name), Line: line, Day: "2026-03-02", Text: "Work on " + name, Minutes: minutes, Seconds: int64(minutes) * 60,
			UnitPrice: amount(price), Amount: amount(comesTo), Version: 1, Clause: "Support",
			Staff: bill.EntryStaff{
				Time: domain.TimeID{UUID: id("INTERNAL time " + name)}, Person: anna.Person, Card: "INTERNAL card", CardLayer: "INTERNAL layer",
				Row: "INTERNAL row", Why: []string{"INTERNAL why"}, Part: 7_700_077, Pin: 7_700_077, CardVer: 7_700_077,
				OfMonth: "1977-07", DrawnMinutes: 7_700_077, OverageMinutes: 7_700_077,
			},
		}
	}
	return []bill.Entry{entry("one", regular, 1710, "120", "3420"), entry("two", late, 180, "180", "540")}
}

// drafting is the draft with a change.
func drafting(change func(*invoice.DraftedStaff)) invoice.Draft {
	said := invoice.DraftedStaff{
		Issuer: "main", TwoPeople: true, Content: content(), Chunks: 2, Prefix: "INV", BeyondOrder: "INTERNAL order",
	}
	if change != nil {
		change(&said)
	}
	return invoice.Draft{Signed: by(anna), Invoice: inv41, Client: nexus, Contract: con18, Month: "2026-03", Staff: said}
}

// after is what happened, and more.
func after(past []invoice.Event, more ...invoice.Event) []invoice.Event {
	return append(append([]invoice.Event{}, past...), more...)
}

// happened decides commands one after the other, each of which must act.
func happened(t *testing.T, past []invoice.Event, commands ...invoice.Command) []invoice.Event {
	t.Helper()
	s := fold(past...)
	for _, command := range commands {
		events, err := invoice.Decide(s, command)
		if err != nil || len(events) == 0 {
			t.Fatalf("%T: %d events, %v", command, len(events), err)
		}
		past, s = after(past, events...), invoice.Decider.Fold(s, events...)
	}
	return past
}

func fold(events ...invoice.Event) invoice.State {
	return invoice.Decider.Fold(invoice.State{}, events...)
}

// The histories that tests begin with.
var (
	first     = drafting(nil)
	drafted   = invoice.Drafted{Invoice: inv41, Client: nexus, Contract: con18, Month: "2026-03", Staff: first.Staff, By: anna.Person, At: at}
	chunk1    = invoice.EntriesAdded{Chunk: 1, Entries: entries()[:1], By: anna.Person, At: at}
	chunk2    = invoice.EntriesAdded{Chunk: 2, Entries: entries()[1:], By: anna.Person, At: at}
	submitted = invoice.Submitted{By: ben.Person, At: at}
	approved  = invoice.Approved{By: olga.Person, At: at}
	issuing   = invoice.Issuing{Date: day, By: ben.Person, At: at}

	inDraft   = []invoice.Event{drafted, chunk1, chunk2}
	pending   = after(inDraft, submitted)
	passed    = after(pending, approved)
	frozen    = after(passed, issuing)
	discarded = after(inDraft, invoice.Discarded{Staff: invoice.ReasonStaff{Reason: "again"}, By: anna.Person, At: at})
	standing  = after(frozen, issuedAs(frozen, 41))

	issued = issuedAs(frozen, 41)

	complete = invoice.Complete{Signed: system(), Number: 41, Date: day, Series: series}
	discount = invoice.AddLine{Signed: by(anna), Reason: "agreed", Line: bill.Line{
		ID: byHand, Text: "Discount", Count: amount("-1"), UnitPrice: amount("60"),
	}}
)

// issuedAs makes the document of a frozen draft with its arithmetic alone.
func issuedAs(events []invoice.Event, number int) invoice.Issued {
	document, err := fold(events...).Draft().Finish(bill.Number("INV", 2026, number), day)
	if err != nil {
		panic(err)
	}
	return invoice.Issued{
		Number: number, Document: document, SHA256: document.SHA256(), Staff: invoice.IssuedStaff{Series: series}, By: ben.Person, At: at,
	}
}

// paidBy is a payment of an amount on an issued invoice.
func paidBy(name, comesTo string) invoice.ApplyPayment {
	return invoice.ApplyPayment{Signed: by(ben), Payment: payment(name), Amount: amount(comesTo), Day: "2026-04-05"}
}

// crediting reserves lines for a note; all that is left when none are named.
func crediting(name string, lines ...bill.Credit) invoice.ReserveCredit {
	return invoice.ReserveCredit{
		Signed: by(ben), CreditNote: note(name), Lines: lines,
		Staff: invoice.CreditReservedStaff{Reason: "Charged twice", Code: "mistake", Date: day, Note: "INTERNAL note"},
	}
}

func confirming(name string) invoice.ConfirmCredit {
	return invoice.ConfirmCredit{Signed: system(), CreditNote: note(name), Number: "CN-2026-" + name}
}

func credit(line uuid.UUID, net string) bill.Credit { return bill.Credit{Line: line, Net: amount(net)} }

func disputing(name string, line uuid.UUID, comesTo string) invoice.Dispute {
	return invoice.Dispute{Signed: by(emma), Dispute: objection(name), Line: line, Amount: amount(comesTo), Reason: "We did not order this."}
}

func reminding(step int, on calendar.Date) invoice.Remind {
	return invoice.Remind{Signed: system(), Step: step, Text: "Please pay.", Day: on}
}

// wantAmounts compares what is left to be paid with what was paid, credited and disputed.
func wantAmounts(t *testing.T, events []invoice.Event, outstanding, paid, credited, disputed string) {
	t.Helper()
	s := fold(events...)
	for name, pair := range map[string][2]string{
		"outstanding": {outstanding, s.Outstanding().String()}, "paid": {paid, s.Paid().String()},
		"credited": {credited, s.Credited().String()}, "disputed": {disputed, s.Disputed().String()},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %s, want %s", name, pair[1], pair[0])
		}
	}
}
