package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/creditnote"
	"effigate/domain/invoice"
)

// teller invoices in a story: beside what the client is billed, everything that it must not notice differs between the
// versions.
type teller struct {
	biller
	s   *stage
	org *organisation
	key string
}

func (s *stage) teller(org *organisation, key string) *teller {
	return &teller{biller: biller{service: s.in.service, log: s.in.store, name: s.name + " " + key + " " + org.id.String(), client: org.id}, s: s, org: org, key: key}
}

// invoices bills February under a contract of its own, and lets everything happen to the invoice that can; how much of
// it is chosen. Before the invoice is issued there are drafts of it that nobody outside hears of.
func (s *stage) invoices(a act, org *organisation, key string) error {
	ctx, t := context.Background(), s.teller(org, key)
	who := issuingFrom("Europe/Berlin")
	who.ReportingCurrency = "AUD"
	if err := t.describe(ctx, who); err != nil {
		return err
	}
	if err := t.convert(ctx); err != nil {
		return err
	}
	on, err := t.agree(ctx, key)
	if err != nil {
		return err
	}
	org.billed = append(org.billed, on)
	if err := t.workUnseen(ctx, on); err != nil {
		return err
	}
	if s.unabridged {
		if err := t.thinkTwice(ctx, on); err != nil {
			return err
		}
	}
	id, err := t.approved(ctx, on, s.now())
	if err == nil {
		_, err = t.service.IssueInvoice(ctx, t.asManager("issue"), commands.OnInvoice{Invoice: id})
	}
	if err != nil {
		return err
	}
	state, err := foldOf(ctx, t.log, invoice.Decider, invoice.Stream(id))
	if err != nil {
		return err
	}
	org.numbers, org.printed = append(org.numbers, state.Document().Number), append(org.printed, invoice.Stream(id))
	steps := []func(context.Context, invoice.State) error{t.isPaid, t.isDisputed, t.isCredited, t.isGivenUp}
	if many := a.Choice % 6; many == 5 {
		steps = []func(context.Context, invoice.State) error{t.isPaid, t.isTakenBack}
	} else {
		steps = steps[:many]
	}
	for _, step := range steps {
		if err := step(ctx, state); err != nil {
			return err
		}
	}
	return nil
}

// asManager is a request by who leads in either version.
func (t *teller) asManager(key string) commands.Request {
	return t.s.request(either(t.s, t.s.manager, t.s.partner).Actor, t.key+" "+key)
}

// convert says what the client's currency is worth in that of the firm's reports.
func (t *teller) convert(ctx context.Context) error {
	r := t.asManager("rate")
	_, err := t.service.RecordExchangeRate(ctx, r, commands.RecordExchangeRate{
		From: "EUR", To: "AUD", Day: calendar.DateOf(r.At, time.UTC), Rate: t.s.price("exchange rate", t.key), Source: t.s.secret("source of a rate", t.key),
	})
	return err
}

// workUnseen logs time whose description the client reads, and of which it reads no more.
func (t *teller) workUnseen(ctx context.Context, on domain.ContractID) error {
	e := t.s.entry(act{}, t.key)
	e.Work.ID = uuid.Nil
	e.Work.Kind = ""
	by := t.s.worker(act{})
	id := domain.TimeID{UUID: t.id("time")}
	_, err := t.service.LogTime(ctx, t.s.request(by.Actor, t.key+" log"), commands.LogTime{Contract: on, Time: id, Entry: e, Submit: true})
	if err == nil {
		_, err = t.service.ApproveTime(ctx, t.s.request(t.s.approver().Actor, t.key+" approve"), commands.ApproveTime{Contract: on, Month: february, Times: []domain.TimeID{id}})
	}
	return err
}

// thinkTwice drafts the invoice, adds to the draft, has it approved and returned, and gives it up.
func (t *teller) thinkTwice(ctx context.Context, on domain.ContractID) error {
	drafted, err := t.service.DraftInvoice(ctx, t.asManager("first draft"), commands.DraftInvoice{Contract: on, Month: february})
	if err != nil {
		return err
	}
	id := domain.InvoiceID{UUID: drafted.ID}
	t.s.hideIDs[id.UUID] = "draft that was given up"
	said := func(why string) commands.OnInvoice {
		return commands.OnInvoice{Invoice: id, Reason: t.s.secret(why, t.key)}
	}
	added, err := t.service.AdjustInvoice(ctx, t.asManager("add"), commands.AdjustInvoice{Invoice: id, Add: &commands.ManualLine{
		Text: t.s.secret("line of a draft", t.key), Count: decimal.NewFromInt(1), UnitPrice: t.s.price("price in a draft", t.key), Reason: t.s.secret("why a line is added", t.key),
	}})
	if err == nil {
		_, err = t.service.AdjustInvoice(ctx, t.asManager("reword"), commands.AdjustInvoice{Invoice: id, Reword: &commands.Reworded{Line: added.ID, Text: t.s.secret("other words of a draft", t.key)}})
	}
	if err == nil {
		_, err = t.service.AdjustInvoice(ctx, t.asManager("remove"), commands.AdjustInvoice{Invoice: id, Remove: added.ID})
	}
	if err == nil {
		_, err = t.service.SubmitInvoice(ctx, t.asManager("submit"), commands.OnInvoice{Invoice: id})
	}
	if err == nil {
		_, err = t.service.ReturnInvoice(ctx, t.asManager("return"), said("why an invoice is returned"))
	}
	if err == nil {
		_, err = t.service.DiscardInvoice(ctx, t.asManager("discard"), said("why a draft is given up"))
	}
	return err
}

// isPaid takes money in two parts, of which one is taken back.
func (t *teller) isPaid(ctx context.Context, i invoice.State) error {
	for part, amount := range []string{"5", "7"} {
		at := monday.Add(time.Hour)
		got, err := t.service.ReceivePayment(ctx, t.request(at, "pay", part), commands.ReceivePayment{
			Client: t.client, Amount: decimal.RequireFromString(amount), Currency: "EUR", Day: "2026-03-02", Method: t.s.secret("how money came", t.key, amount),
			Reference: t.s.secret("reference of a payment", t.key, amount), Allocate: []commands.Allocation{{Invoice: i.Drafted().Invoice, Amount: decimal.RequireFromString(amount)}},
		})
		if err != nil {
			return err
		}
		if part == 0 {
			continue
		}
		_, err = t.service.ReversePayment(ctx, t.request(at, "reverse", part), commands.OnPayment{
			Payment: domain.PaymentID{UUID: got.ID}, Day: "2026-03-02", Reason: t.s.secret("why a payment is reversed", t.key),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// isDisputed lets the client object twice: it takes one objection back, whose file is erased, and the other is answered
// after the day that was promised.
func (t *teller) isDisputed(ctx context.Context, i invoice.State) error {
	line := i.Document().Lines[0]
	for n, amount := range []string{"1", "2"} {
		c := commands.OnDispute{Invoice: i.Drafted().Invoice, Line: line.ID, Amount: decimal.RequireFromString(amount), Text: fmt.Sprint("We object ", n)}
		by := t.s.request(t.org.users[0].Actor, fmt.Sprint(t.key, " object ", n))
		made, err := t.service.DisputeInvoice(ctx, by, c)
		if err != nil {
			return err
		}
		c.Dispute = domain.DisputeID{UUID: made.ID}
		t.s.disputes = append(t.s.disputes, c.Dispute)
		_, err = t.service.AttachToDispute(ctx, t.s.request(t.org.users[0].Actor, fmt.Sprint(t.key, " attach ", n)), commands.AttachToDispute{
			Invoice: c.Invoice, Dispute: c.Dispute, Attachment: evidenceOf(made.ID), Name: "order.txt", Type: "text/plain",
			Size: 1, SHA256: strings.Repeat("ab", 32),
		})
		if err != nil {
			return err
		}
		end := t.isAnsweredLate
		if n == 0 {
			end = t.isWithdrawn
		}
		if err := end(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (t *teller) isWithdrawn(ctx context.Context, c commands.OnDispute) error {
	_, err := t.service.WithdrawDispute(ctx, t.s.request(t.org.users[0].Actor, t.key+" withdraw"), c)
	if err == nil {
		_, err = t.service.EraseDisputeFile(ctx, t.s.request(t.s.manager.Actor, t.key+" erase"), commands.EraseDisputeFile{
			Invoice: c.Invoice, Dispute: c.Dispute, Attachment: evidenceOf(c.Dispute.UUID), Reason: t.s.secret("why evidence is erased", t.key),
		})
	}
	return err
}

func (t *teller) isAnsweredLate(ctx context.Context, c commands.OnDispute) error {
	_, err := t.service.NoteMissedAnswers(ctx, t.request(monday.AddDate(0, 1, 0), "miss an answer"), c.Invoice)
	if err == nil {
		_, err = t.service.TakeDispute(ctx, t.s.request(t.s.manager.Actor, t.key+" take"), c)
	}
	if err == nil {
		c.Text = "We have looked into it."
		_, err = t.service.SettleDispute(ctx, t.s.request(t.s.manager.Actor, t.key+" settle"), c)
	}
	return err
}

// isCredited credits a part of a line.
func (t *teller) isCredited(ctx context.Context, i invoice.State) error {
	return t.credit(ctx, commands.CreditInvoice{
		Invoice: i.Drafted().Invoice, Lines: []bill.Credit{{Line: i.Document().Lines[0].ID, Net: decimal.RequireFromString("1.5")}},
	})
}

// isTakenBack credits all of it, pays back what was paid, and frees the month to be billed again.
func (t *teller) isTakenBack(ctx context.Context, i invoice.State) error {
	whole := commands.CreditInvoice{Invoice: i.Drafted().Invoice, Effect: commands.RefundCredit, Rebill: true}
	for _, line := range i.Document().Lines {
		whole.Lines = append(whole.Lines, bill.Credit{Line: line.ID, Net: line.Net})
	}
	return t.credit(ctx, whole)
}

func (t *teller) credit(ctx context.Context, c commands.CreditInvoice) error {
	c.Code, c.Reason, c.Note = either(t.s, creditnote.Goodwill, creditnote.Mistake), "As we said", t.s.secret("note on a credit", t.key)
	made, err := t.service.CreditInvoice(ctx, t.request(monday.Add(time.Hour), "credit"), c)
	if err == nil {
		t.org.printed = append(t.org.printed, creditnote.Stream(domain.CreditNoteID{UUID: made.ID}))
	}
	return err
}

// isGivenUp reminds of the invoice when it is overdue, and writes off what is left.
func (t *teller) isGivenUp(ctx context.Context, i invoice.State) error {
	_, err := t.service.RemindInvoice(ctx, t.request(monday.AddDate(0, 2, 0), "remind"), i.Drafted().Invoice)
	if err == nil {
		_, err = t.service.WriteOffInvoice(ctx, t.request(monday.AddDate(0, 2, 0), "give up"), commands.OnInvoice{
			Invoice: i.Drafted().Invoice, Reason: t.s.secret("why an invoice is given up", t.key),
		})
	}
	return err
}

// numbered are the paths to every invoice of the story, and to as many credit notes as there could be.
func (s *stage) numbered(path string) (paths []string) {
	for _, number := range append(slices.Concat(s.orgs[0].numbers, s.orgs[1].numbers), "INV-2099-0001") {
		if strings.Contains(path, "/credit-notes/") {
			number = strings.Replace(number, "INV", "CN", 1)
		}
		paths = append(paths, strings.ReplaceAll(path, "{number}", number))
	}
	return paths
}

// untilPrinted waits until what was issued is printed: that is done by the process, after the command.
func (s *stage) untilPrinted(tb failing) {
	tb.Helper()
	for _, stream := range slices.Concat(s.orgs[0].printed, s.orgs[1].printed) {
		for until := time.Now().Add(patience); !s.isPrinted(tb, stream); {
			if time.Now().After(until) {
				tb.Fatalf("%s is never printed", stream)
			}
		}
	}
}

func (s *stage) isPrinted(tb failing, stream string) bool {
	tb.Helper()
	for recorded, err := range s.in.store.Read(context.Background(), stream, domain.NoStream) {
		if err != nil {
			tb.Fatalf("%v", err)
		}
		switch recorded.Event.(type) {
		case invoice.Rendered, creditnote.Rendered:
			return true
		}
	}
	return false
}
