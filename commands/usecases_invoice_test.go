package commands_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/client"
	"effigate/domain/creditnote"
	"effigate/domain/invoice"
	"effigate/domain/issuer"
	"effigate/domain/payment"
	"effigate/domain/period"
	"effigate/domain/terms"
)

// What is done to issued invoices, and by whom.
const (
	accountants = "owner finance"
	// drafting, issuing and crediting are what these lead to.
	drafting = "period.reserved.v1 invoice.drafted.v1 invoice.entries_added.v1 "
	issuing  = "invoice.issuing.v1 numbering.opened.v1 numbering.allocated.v1 invoice.issued.v1 period.billed.v1 period.closed.v1 " +
		opening + "period.carried_in.v1 "
	crediting = "invoice.credit_reserved.v1 creditnote.drafted.v1 numbering.opened.v1 numbering.allocated.v1 creditnote.issued.v1 invoice.credited.v1 "
	paying    = "payment.received.v1 payment.allocated.v1 invoice.payment_applied.v1 "
)

// invoiceCases are those about who issues, invoices and credit notes.
var invoiceCases = map[string]useCase{
	"DescribeIssuer": {owners, "issuer.prefix_claimed.v1 issuer.prefix_claimed.v1 issuer.described.v1", ready(func(w *world) command {
		return with(w.service.DescribeIssuer, commands.DescribeIssuer{Content: harbour()})
	})},
	"RecordExchangeRate": {accountants, "exchange.recorded.v1", ready(func(w *world) command {
		return with(w.service.RecordExchangeRate, worth("2026-03-16", "0.6"))
	})},
	"DescribeBilling": {deciders, "client.billing_described.v1", ready(func(w *world) command {
		return with(w.service.DescribeBilling, commands.DescribeBilling{Client: w.nexus, Billing: billing("Nexus Corp")})
	})},
	"DraftInvoice": {deciders, drafting, func(t *testing.T, w *world) command {
		t.Helper()
		return with(w.service.DraftInvoice, commands.DraftInvoice{Contract: w.billable(t), Month: february})
	}},
	"PreviewInvoice": {deciders, "", func(t *testing.T, w *world) command {
		t.Helper()
		on := w.billable(t)
		return func(ctx context.Context, r commands.Request) (commands.Answer, error) {
			_, err := w.service.PreviewInvoice(ctx, r, commands.DraftInvoice{Contract: on, Month: february})
			return commands.Answer{}, err
		}
	}},
	"AdjustInvoice": {deciders, "invoice.line_added.v1", onDraft(func(w *world, id domain.InvoiceID) command {
		return with(w.service.AdjustInvoice, commands.AdjustInvoice{Invoice: id, Add: discount()})
	})},
	"SubmitInvoice": {deciders, "invoice.submitted.v1", onDraft(func(w *world, id domain.InvoiceID) command {
		return with(w.service.SubmitInvoice, commands.OnInvoice{Invoice: id})
	})},
	"DiscardInvoice": {deciders, "invoice.discarded.v1 period.released.v1", onDraft(func(w *world, id domain.InvoiceID) command {
		return with(w.service.DiscardInvoice, commands.OnInvoice{Invoice: id, Reason: "wrong month"})
	})},
	"ApproveInvoice": {accountants, "invoice.approved.v1", func(t *testing.T, w *world) command {
		t.Helper()
		id := w.invoice(t, w.billable(t))
		return with(w.service.ApproveInvoice, commands.OnInvoice{Invoice: id, Shown: w.invoiced(t, id).Digest()})
	}},
	"ReturnInvoice": {accountants, "invoice.returned.v1", func(t *testing.T, w *world) command {
		t.Helper()
		return with(w.service.ReturnInvoice, commands.OnInvoice{Invoice: w.approved(t, w.billable(t)), Reason: "wrong text"})
	}},
	"IssueInvoice": {accountants, issuing, func(t *testing.T, w *world) command {
		t.Helper()
		return with(w.service.IssueInvoice, commands.OnInvoice{Invoice: w.approved(t, w.billable(t))})
	}},
	"CreditInvoice": {accountants, crediting, onIssued(func(w *world, id domain.InvoiceID) command {
		return with(w.service.CreditInvoice, allOf(id))
	})},
	"WriteOffInvoice": {accountants, "invoice.written_off.v1", onIssued(func(w *world, id domain.InvoiceID) command {
		return with(w.service.WriteOffInvoice, commands.OnInvoice{Invoice: id, Reason: "they went out of business"})
	})},
}

// claimCases are those about payments and objections.
var claimCases = map[string]useCase{
	"ReceivePayment": {accountants, paying, onIssued(func(w *world, id domain.InvoiceID) command {
		return with(w.service.ReceivePayment, w.money("100", commands.Allocation{Invoice: id, Amount: decimal.NewFromInt(100)}))
	})},
	"AllocatePayment": {accountants, "payment.allocated.v1 invoice.payment_applied.v1", func(t *testing.T, w *world) command {
		t.Helper()
		id := w.issued(t)
		return with(w.service.AllocatePayment, commands.OnPayment{Payment: w.received(t, w.money("100")), Invoice: id, Amount: decimal.NewFromInt(60)})
	}},
	"RefundPayment": {accountants, "payment.refunded.v1", func(t *testing.T, w *world) command {
		t.Helper()
		return with(w.service.RefundPayment, commands.OnPayment{
			Payment: w.received(t, w.money("100")), Amount: decimal.NewFromInt(60), Day: "2026-03-16", Reason: "paid twice",
		})
	}},
	"ReversePayment": {accountants, "payment.reversed.v1 invoice.payment_reversed.v1", func(t *testing.T, w *world) command {
		t.Helper()
		id := w.received(t, w.money("100", commands.Allocation{Invoice: w.issued(t), Amount: decimal.NewFromInt(100)}))
		return with(w.service.ReversePayment, commands.OnPayment{Payment: id, Day: "2026-03-16", Reason: "bounced"})
	}},
	"DisputeInvoice": {"client_admin", "invoice.disputed.v1", func(t *testing.T, w *world) command {
		t.Helper()
		return with(w.service.DisputeInvoice, w.objection(t, w.issued(t)))
	}},
	"AttachToDispute": {"client_admin", "invoice.dispute_file_attached.v1", func(t *testing.T, w *world) command {
		t.Helper()
		return with(w.service.AttachToDispute, proof(w.disputed(t, w.issued(t))))
	}},
	"EraseDisputeFile": {owners, "invoice.dispute_file_erased.v1", func(t *testing.T, w *world) command {
		t.Helper()
		file := proof(w.disputed(t, w.issued(t)))
		must(t)(w.service.AttachToDispute(t.Context(), w.next(w.admin), file))
		return with(w.service.EraseDisputeFile, commands.EraseDisputeFile{
			Invoice: file.Invoice, Dispute: file.Dispute, Attachment: file.Attachment, Reason: "a passport by mistake",
		})
	}},
	"WithdrawDispute": {"client_admin", "invoice.dispute_withdrawn.v1", func(t *testing.T, w *world) command {
		t.Helper()
		return with(w.service.WithdrawDispute, w.disputed(t, w.issued(t)))
	}},
	"TakeDispute": {deciders, "invoice.dispute_taken.v1", func(t *testing.T, w *world) command {
		t.Helper()
		return with(w.service.TakeDispute, w.disputed(t, w.issued(t)))
	}},
	"SettleDispute": {deciders, "invoice.dispute_settled.v1", func(t *testing.T, w *world) command {
		t.Helper()
		c := w.disputed(t, w.issued(t))
		c.Accepted, c.Text = true, "We were wrong."
		return with(w.service.SettleDispute, c)
	}},
}

// harbour is the firm's legal entity: 10 % GST, and invoices that begin with INV-2026-0038.
func harbour() issuer.Content {
	return issuer.Content{
		Party: bill.Party{Name: "Harbour Works Pty Ltd", City: "Sydney", Country: "AU", TaxID: "51 824 753 556"},
		Zone:  "Australia/Sydney", InvoicePrefix: "INV", CreditPrefix: "CN",
		First:     []issuer.First{{Kind: bill.Invoice, Year: 2026, Number: 38}},
		Rates:     []bill.TaxRate{{Kind: bill.StandardRate, Percent: decimal.NewFromInt(10), Name: "GST 10 %"}},
		Reminders: []issuer.Reminder{{Days: 7, Text: "A week overdue."}, {Days: 14, Text: "Two weeks overdue."}},
	}
}

func billing(name string) client.Billing {
	return client.Billing{Party: bill.Party{Name: name, City: "Melbourne", Country: "AU"}}
}

// discount takes 20 off.
func discount() *commands.ManualLine {
	return &commands.ManualLine{Text: "Loyalty discount", Count: decimal.NewFromInt(1), UnitPrice: decimal.NewFromInt(-20), Reason: "ten years"}
}

// described says who issues and to whom.
func (w *world) described(t *testing.T, who issuer.Content) {
	t.Helper()
	must(t)(w.service.DescribeIssuer(t.Context(), w.next(owner), commands.DescribeIssuer{Content: who}))
	for client, name := range map[domain.ClientID]string{w.nexus: "Nexus Corp", w.orion: "Orion Ltd"} {
		must(t)(w.service.DescribeBilling(t.Context(), w.next(owner), commands.DescribeBilling{Client: client, Billing: billing(name)}))
	}
}

// billable is a contract with two hours in February at 120 that nobody has billed.
func (w *world) billable(t *testing.T) domain.ContractID {
	t.Helper()
	w.described(t, harbour())
	must(t)(w.service.PublishRates(t.Context(), w.next(owner), rates("120")))
	return w.worked(t, payable())
}

// payable are terms that are paid within 30 days.
func payable() terms.Terms {
	said := sinceFebruary()
	said.Agreed.Payment = terms.Payment{Rule: terms.Net, Days: 30}
	return said
}

// worked is a contract of nexus with two approved hours in February.
func (w *world) worked(t *testing.T, said terms.Terms) domain.ContractID {
	t.Helper()
	on := w.signed(t, said)
	w.approvedHours(t, on, inFebruary)
	return on
}

// approvedHours logs two hours from an instant on, and approves them.
func (w *world) approvedHours(t *testing.T, on domain.ContractID, from time.Time) {
	t.Helper()
	c := w.work()
	c.Contract, c.Submit, c.Entry.From, c.Entry.Until = on, true, from, from.Add(2*time.Hour)
	id := domain.TimeID{UUID: must(t)(w.service.LogTime(t.Context(), w.on(other, from.Add(3*time.Hour)), c)).ID}
	must(t)(w.service.ApproveTime(t.Context(), w.on(owner, from.Add(4*time.Hour)), commands.ApproveTime{
		Contract: on, Month: calendar.Month(from.Format("2006-01")), Times: []domain.TimeID{id},
	}))
}

// invoice drafts February.
func (w *world) invoice(t *testing.T, on domain.ContractID) domain.InvoiceID {
	t.Helper()
	return domain.InvoiceID{UUID: must(t)(w.service.DraftInvoice(t.Context(), w.next(owner), commands.DraftInvoice{Contract: on, Month: february})).ID}
}

// approved drafts and approves February.
func (w *world) approved(t *testing.T, on domain.ContractID) domain.InvoiceID {
	t.Helper()
	id := w.invoice(t, on)
	must(t)(w.service.ApproveInvoice(t.Context(), w.next(owner), commands.OnInvoice{Invoice: id, Shown: w.invoiced(t, id).Digest()}))
	return id
}

// issued is the invoice of February over 264.00.
func (w *world) issued(t *testing.T) domain.InvoiceID {
	t.Helper()
	return w.issue(t, w.approved(t, w.billable(t)))
}

func (w *world) issue(t *testing.T, id domain.InvoiceID) domain.InvoiceID {
	t.Helper()
	must(t)(w.service.IssueInvoice(t.Context(), w.next(owner), commands.OnInvoice{Invoice: id}))
	return id
}

// allOf credits all that is left of an invoice.
func allOf(id domain.InvoiceID) commands.CreditInvoice {
	return commands.CreditInvoice{Invoice: id, Code: creditnote.Mistake, Reason: "Billed by mistake."}
}

// money is a payment of nexus.
func (w *world) money(amount string, to ...commands.Allocation) commands.ReceivePayment {
	return commands.ReceivePayment{
		Client: w.nexus, Amount: decimal.RequireFromString(amount), Currency: "AUD", Day: "2026-03-16", Method: "bank transfer", Allocate: to,
	}
}

func (w *world) received(t *testing.T, c commands.ReceivePayment) domain.PaymentID {
	t.Helper()
	return domain.PaymentID{UUID: must(t)(w.service.ReceivePayment(t.Context(), w.next(owner), c)).ID}
}

// objection is to the first line of an invoice.
func (w *world) objection(t *testing.T, id domain.InvoiceID) commands.OnDispute {
	t.Helper()
	return commands.OnDispute{Invoice: id, Line: w.invoiced(t, id).Document().Lines[0].ID, Text: "We ordered one hour."}
}

// proof is a file beside an objection.
func proof(c commands.OnDispute) commands.AttachToDispute {
	return commands.AttachToDispute{
		Invoice: c.Invoice, Dispute: c.Dispute, Attachment: domain.AttachmentID{UUID: id("evidence")}, Name: "order.pdf", Type: "application/pdf",
		Size: 3, SHA256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	}
}

// disputed is an objection that the client's admin has made.
func (w *world) disputed(t *testing.T, id domain.InvoiceID) commands.OnDispute {
	t.Helper()
	c := w.objection(t, id)
	c.Dispute = domain.DisputeID{UUID: must(t)(w.service.DisputeInvoice(t.Context(), w.next(w.admin), c)).ID}
	return c
}

func onDraft(prepare func(*world, domain.InvoiceID) command) func(*testing.T, *world) command {
	return func(t *testing.T, w *world) command {
		t.Helper()
		return prepare(w, w.invoice(t, w.billable(t)))
	}
}

func onIssued(prepare func(*world, domain.InvoiceID) command) func(*testing.T, *world) command {
	return func(t *testing.T, w *world) command {
		t.Helper()
		return prepare(w, w.issued(t))
	}
}

// folded folds one stream.
func folded[S, C any, E domain.Event](t *testing.T, w *world, decider domain.Decider[S, C, E], stream string) (state S) {
	t.Helper()
	for recorded, err := range w.log.Read(t.Context(), stream, domain.NoStream) {
		if err != nil {
			t.Fatal(err)
		}
		state = decider.Evolve(state, recorded.Event.(E))
	}
	return state
}

func (w *world) invoiced(t *testing.T, id domain.InvoiceID) invoice.State {
	t.Helper()
	return folded(t, w, invoice.Decider, invoice.Stream(id))
}

func (w *world) paid(t *testing.T, id domain.PaymentID) payment.State {
	t.Helper()
	return folded(t, w, payment.Decider, payment.Stream(id))
}

// Only the system completes what others began, and there is nothing to complete of what nobody began.
func TestOnlyTheSystemCompletesInvoices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.issued(t)
	on := w.invoiced(t, id).Drafted().Contract
	money := w.received(t, w.money("100"))
	mark := w.mark()
	for name, complete := range map[string]command{
		"a reservation": func(ctx context.Context, r commands.Request) (commands.Answer, error) {
			return w.service.CompleteReservation(ctx, r, on, february)
		},
		"an invoice": func(ctx context.Context, r commands.Request) (commands.Answer, error) {
			return w.service.CompleteInvoice(ctx, r, id)
		},
		"an invoice of nobody": func(ctx context.Context, r commands.Request) (commands.Answer, error) {
			return w.service.CompleteInvoice(ctx, r, domain.InvoiceID{UUID: r.Command().UUID})
		},
		"a credit": func(ctx context.Context, r commands.Request) (commands.Answer, error) {
			return w.service.CompleteCredit(ctx, r, id, domain.CreditNoteID{UUID: r.Command().UUID})
		},
		"a payment": func(ctx context.Context, r commands.Request) (commands.Answer, error) {
			return w.service.CompletePayment(ctx, r, money)
		},
		"a reminder": func(ctx context.Context, r commands.Request) (commands.Answer, error) {
			return w.service.RemindInvoice(ctx, r, id)
		},
		"a missed answer": func(ctx context.Context, r commands.Request) (commands.Answer, error) {
			return w.service.NoteMissedAnswers(ctx, r, id)
		},
	} {
		must(t)(complete(t.Context(), request(domain.System(), name)))
		_, err := complete(t.Context(), request(owner, name))
		wantRefused(t, err, domain.ErrForbidden, "system_only")
	}
	wantKinds(t, w.since(mark))
	_, err := w.service.CompletePayment(t.Context(), request(domain.System(), "none"), domain.PaymentID{UUID: id.UUID})
	wantRefused(t, err, domain.ErrNotFound, "no_such_payment")

	render := func(r commands.Request, digest string) error {
		_, err := w.service.RenderDocument(t.Context(), r, invoice.Stream(id), bill.Print{Layout: 1, SHA256: digest, Size: 1000, XMLSHA256: digest, CSVSHA256: digest})
		return err
	}
	wantRefused(t, render(w.next(owner), strings.Repeat("ab", 32)), domain.ErrForbidden, "system_only")
	for range 2 {
		if err := render(w.next(domain.System()), strings.Repeat("ab", 32)); err != nil {
			t.Error(err)
		}
	}
	wantRefused(t, render(w.next(domain.System()), strings.Repeat("cd", 32)), domain.ErrConflict, "rendered")
	wantKinds(t, w.since(mark), "invoice.rendered.v1")
	if _, err := w.service.RenderDocument(t.Context(), w.next(domain.System()), period.Stream(on, february), bill.Print{}); err == nil {
		t.Error("a period was rendered")
	}
}
