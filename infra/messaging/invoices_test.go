package messaging_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/client"
	"effigate/domain/creditnote"
	"effigate/domain/invoice"
	"effigate/domain/issuer"
	"effigate/domain/visible"
	"effigate/infra/messaging"
)

// describe says who invoices the client.
func (f *firm) describe(t *testing.T) {
	t.Helper()
	send(t, f, f.service.DescribeIssuer, commands.DescribeIssuer{Content: issuer.Content{
		Party: bill.Party{Name: "Harbour Works", Country: "AU"}, Zone: "Australia/Sydney", InvoicePrefix: "INV", CreditPrefix: "CN",
		Rates: []bill.TaxRate{{Kind: bill.StandardRate, Percent: decimal.NewFromInt(10), Name: "GST 10 %"}},
	}})
	send(t, f, f.service.DescribeBilling, commands.DescribeBilling{Client: f.client, Billing: client.Billing{
		Party: bill.Party{Name: "Wattle Dental", Country: "AU"},
	}})
}

// worked is two approved hours in February.
func (f *firm) worked(t *testing.T) {
	t.Helper()
	thursday := time.Date(2026, time.February, 19, 3, 0, 0, 0, time.UTC)
	id := domain.TimeID{UUID: sendAt(t, f, f.service.LogTime, f.log("web", thursday, 2), thursday)}
	sendAt(t, f, f.service.ApproveTime, commands.ApproveTime{Contract: f.contract, Month: february, Times: []domain.TimeID{id}}, thursday)
}

// told lets a manager react to every fact of its kinds that is in the log.
func (f *firm) told(t *testing.T, m messaging.Manager) {
	t.Helper()
	for _, fact := range f.all(t) {
		if !slices.Contains(m.Kinds, fact.Raw.Kind) {
			continue
		}
		if err := m.React(t.Context(), fact); err != nil {
			t.Errorf("%s: %v", fact.Raw.Kind, err)
		}
	}
}

// drafted is the one invoice there is.
func (f *firm) drafted(t *testing.T) (state invoice.State) {
	t.Helper()
	for _, fact := range f.all(t) {
		if event, ok := fact.Event.(invoice.Event); ok {
			state = invoice.Evolve(state, event)
		}
	}
	return state
}

// Commands died after their first step, one after the other. The lane does what follows, once, however often it is
// told, and passes over what is refused for good.
func TestInvoicesAreCompleted(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.engage(t)
	f.describe(t)
	f.worked(t)
	lane := messaging.Invoices(f.service, func() time.Time { return monday }, f.logger)
	since := len(f.all(t))
	step := func(want map[string]int) {
		t.Helper()
		for range 2 {
			f.told(t, lane)
		}
		if diff := cmp.Diff(want, f.kinds(t, since)); diff != "" {
			t.Errorf("facts (-want +got):\n%s", diff)
		}
		since = len(f.all(t))
	}
	cut(t, f, func(s *commands.Service) func(context.Context, commands.Request, commands.DraftInvoice) (commands.Answer, error) {
		return s.DraftInvoice
	}, commands.DraftInvoice{Contract: f.contract, Month: february})
	step(map[string]int{"period.reserved.v1": 1, "invoice.drafted.v1": 1, "invoice.entries_added.v1": 1})

	id := f.drafted(t).Invoice
	send(t, f, f.service.ApproveInvoice, commands.OnInvoice{Invoice: id, Shown: f.drafted(t).Digest()})
	cut(t, f, func(s *commands.Service) func(context.Context, commands.Request, commands.OnInvoice) (commands.Answer, error) {
		return s.IssueInvoice
	}, commands.OnInvoice{Invoice: id})
	step(map[string]int{
		"invoice.approved.v1": 1, "invoice.issuing.v1": 1, "numbering.opened.v1": 1, "numbering.allocated.v1": 1, "invoice.issued.v1": 1,
		"period.billed.v1": 1, "period.closed.v1": 1, "period.opened.v1": 1, "period.terms_pinned.v1": 1, "period.carried_in.v1": 1,
	})

	whole := f.drafted(t).Outstanding()
	cut(t, f, func(s *commands.Service) func(context.Context, commands.Request, commands.ReceivePayment) (commands.Answer, error) {
		return s.ReceivePayment
	}, commands.ReceivePayment{
		Client: f.client, Amount: whole, Currency: "AUD", Day: "2026-03-02", Allocate: []commands.Allocation{{Invoice: id, Amount: whole}},
	})
	step(map[string]int{"payment.received.v1": 1, "payment.allocated.v1": 1, "invoice.payment_applied.v1": 1})

	cut(t, f, func(s *commands.Service) func(context.Context, commands.Request, commands.CreditInvoice) (commands.Answer, error) {
		return s.CreditInvoice
	}, commands.CreditInvoice{Invoice: id, Code: creditnote.Mistake, Reason: "Billed by mistake.", Rebill: true})
	step(map[string]int{
		"invoice.credit_reserved.v1": 1, "creditnote.drafted.v1": 1, "numbering.opened.v1": 1, "numbering.allocated.v1": 1,
		"creditnote.issued.v1": 1, "invoice.credited.v1": 1, "payment.received.v1": 1, "period.unbilled.v1": 1,
	})
}

// shelf keeps what was printed.
type shelf map[uuid.UUID][]byte

func (s shelf) put(id uuid.UUID, content io.Reader) error {
	printed, err := io.ReadAll(content)
	s[id] = printed
	return err
}

// A document is printed in every form when it is issued, and again to the same bytes; what cannot be kept comes again.
func TestDocumentsArePrinted(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.engage(t)
	f.describe(t)
	f.worked(t)
	send(t, f, f.service.DraftInvoice, commands.DraftInvoice{Contract: f.contract, Month: february})
	id := f.drafted(t).Invoice
	send(t, f, f.service.ApproveInvoice, commands.OnInvoice{Invoice: id, Shown: f.drafted(t).Digest()})
	send(t, f, f.service.IssueInvoice, commands.OnInvoice{Invoice: id})
	note := send(t, f, f.service.CreditInvoice, commands.CreditInvoice{Invoice: id, Code: creditnote.Goodwill, Reason: "For your patience."})

	kept, away := shelf{}, errors.New("no space is left")
	full := true
	keep := func(id uuid.UUID, content io.Reader) error {
		if full {
			return away
		}
		return kept.put(id, content)
	}
	forms := map[visible.Form]messaging.Printing{
		visible.PDF: func(d bill.Document, entries []bill.Entry) ([]byte, error) {
			return []byte(d.Number + " with " + string(rune('0'+len(entries))) + " entries"), nil
		},
		visible.XML: func(d bill.Document, _ []bill.Entry) ([]byte, error) { return []byte("<" + d.Number + ">"), nil },
		visible.CSV: func(d bill.Document, _ []bill.Entry) ([]byte, error) { return []byte(d.Number + ","), nil },
	}
	lane := messaging.Prints(f.service, f.world.client, keep, 3, forms, func() time.Time { return monday }, f.logger).Manager()
	for _, fact := range f.all(t) {
		if fact.Raw.Kind == (invoice.Issued{}).Kind() && !errors.Is(lane.React(t.Context(), fact), away) {
			t.Error("what could not be kept was taken for printed")
		}
	}
	full = false
	since := len(f.all(t))
	for range 2 {
		f.told(t, lane)
	}
	if diff := cmp.Diff(map[string]int{"invoice.rendered.v1": 1, "creditnote.rendered.v1": 1}, f.kinds(t, since)); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	want := shelf{
		visible.PrintID(id.UUID, visible.PDF, 3): []byte("INV-2026-0001 with 1 entries"), visible.PrintID(id.UUID, visible.XML, 3): []byte("<INV-2026-0001>"),
		visible.PrintID(id.UUID, visible.CSV, 3): []byte("INV-2026-0001,"), visible.PrintID(note, visible.CSV, 3): []byte("CN-2026-0001,"),
		visible.PrintID(note, visible.PDF, 3): []byte("CN-2026-0001 with 0 entries"), visible.PrintID(note, visible.XML, 3): []byte("<CN-2026-0001>"),
	}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
	digest := func(document uuid.UUID, form visible.Form) string {
		sum := sha256.Sum256(want[visible.PrintID(document, form, 3)])
		return hex.EncodeToString(sum[:])
	}
	named := func(document uuid.UUID) bill.Print {
		return bill.Print{
			Layout: 3, SHA256: digest(document, visible.PDF), Size: int64(len(want[visible.PrintID(document, visible.PDF, 3)])),
			XMLSHA256: digest(document, visible.XML), CSVSHA256: digest(document, visible.CSV),
		}
	}
	for _, fact := range f.all(t)[since:] {
		switch rendered := fact.Event.(type) {
		case invoice.Rendered:
			if rendered.Print != named(id.UUID) {
				t.Errorf("the invoice is said to be %+v, want %+v", rendered.Print, named(id.UUID))
			}
		case creditnote.Rendered:
			if rendered.Print != named(note) {
				t.Errorf("the credit note is said to be %+v, want %+v", rendered.Print, named(note))
			}
		}
	}
}

// TestWhatCannotBePrintedIsPassedOver issues two documents of which the first cannot be printed or kept, ever. Such a one
// came again and again, and nothing behind it was printed.
func TestWhatCannotBePrintedIsPassedOver(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.engage(t)
	f.describe(t)
	f.worked(t)
	send(t, f, f.service.DraftInvoice, commands.DraftInvoice{Contract: f.contract, Month: february})
	id := f.drafted(t).Invoice
	send(t, f, f.service.ApproveInvoice, commands.OnInvoice{Invoice: id, Shown: f.drafted(t).Digest()})
	send(t, f, f.service.IssueInvoice, commands.OnInvoice{Invoice: id})
	send(t, f, f.service.CreditInvoice, commands.CreditInvoice{Invoice: id, Code: creditnote.Goodwill, Reason: "For your patience."})
	since, broken := len(f.all(t)), 0
	printing := func(of bill.DocumentKind) messaging.Printing {
		return func(d bill.Document, _ []bill.Entry) ([]byte, error) {
			if d.Kind == of {
				broken++
				return nil, errors.New("it is beyond all bounds")
			}
			return []byte(d.Number), nil
		}
	}
	forms := map[visible.Form]messaging.Printing{visible.PDF: printing(bill.Invoice), visible.XML: printing(""), visible.CSV: printing("")}
	kept, tooLarge := shelf{}, true
	keep := func(of uuid.UUID, content io.Reader) error {
		if tooLarge && of == visible.PrintID(id.UUID, visible.PDF, 1) {
			return domain.Refuse(domain.ErrInvalid, "too_large", "it has too many bytes")
		}
		return kept.put(of, content)
	}
	printer := messaging.Prints(f.service, f.world.client, keep, 1, forms, func() time.Time { return monday }, f.logger)
	f.told(t, printer.Manager())
	if diff := cmp.Diff(map[string]int{"creditnote.rendered.v1": 1}, f.kinds(t, since)); diff != "" || broken != 1 {
		t.Errorf("%d prints were tried and failed; facts (-want +got):\n%s", broken, diff)
	}
	forms[visible.PDF] = printing("")
	f.told(t, printer.Manager())
	if diff := cmp.Diff(map[string]int{"creditnote.rendered.v1": 1}, f.kinds(t, since)); diff != "" {
		t.Errorf("facts, when the store refuses (-want +got):\n%s", diff)
	}
	// Nothing could print it afterwards, once its cause was gone.
	for _, again := range []struct {
		want, facts int
		told        map[string]bool
	}{{1, 0, map[string]bool{"INV-2026-0001": false}}, {0, 1, map[string]bool{"INV-2026-0001": true}}, {0, 1, map[string]bool{}}} {
		tooLarge = again.want > 0
		told := map[string]bool{}
		left, err := printer.Missing(t.Context(), f.world.client.Scan(t.Context(), domain.Position{}), func(number string, err error) { told[number] = err == nil })
		if err != nil || left != again.want || f.kinds(t, since)["invoice.rendered.v1"] != again.facts {
			t.Errorf("%d are left and %v, want %d; facts %v", left, err, again.want, f.kinds(t, since))
		}
		if diff := cmp.Diff(again.told, told); diff != "" {
			t.Errorf("tried, and printed or not (-want +got):\n%s", diff)
		}
	}
}
