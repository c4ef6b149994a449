package commands

import (
	"context"
	"fmt"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/creditnote"
	"effigate/domain/invoice"
	"effigate/domain/issuer"
	"effigate/domain/payment"
	"effigate/domain/period"
)

// What becomes of the part of a credit that was paid already.
const (
	AccountCredit = "account_credit" // it is the client's, for other invoices
	RefundCredit  = "refund"         // it is paid back
)

// CreditInvoice issues a credit note for lines of an issued invoice: for all that is left of it when none are named.
type CreditInvoice struct {
	Invoice domain.InvoiceID
	Lines   []bill.Credit
	Code    creditnote.Code
	Reason  string // as it is printed
	Note    string // for colleagues
	Effect  string // of what was paid already: AccountCredit, also when empty, or RefundCredit
	// Rebill makes what a fully credited invoice charged billable again (A45).
	Rebill bool
	Date   calendar.Date // empty = today in the issuer's zone
}

// CreditInvoice runs the command. The answer's ID is the credit note's.
func (s *Service) CreditInvoice(ctx context.Context, r Request, c CreditInvoice) (Answer, error) {
	note := domain.CreditNoteID{UUID: domain.Derive(r.Command().UUID, "credit note")}
	return s.act(ctx, r, func() (Answer, error) {
		if c.Effect == "" {
			c.Effect = AccountCredit
		}
		reserved, err := s.askInvoice(ctx, r, access.IssueInvoices, c.Invoice, func(i invoice.State) (invoice.Command, error) {
			day, err := c.Date, error(nil)
			if day == "" {
				day, err = dayIn(i.Draft().Zone, r.At)
			}
			if err != nil {
				return nil, err
			}
			rate, err := s.exchangeOf(ctx, i, day)
			if err != nil {
				return nil, err
			}
			command := invoice.ReserveCredit{
				Signed: invoice.Signed{By: r.Actor, At: r.At}, CreditNote: note, Lines: c.Lines,
				Staff: invoice.CreditReservedStaff{
					Note: c.Note, Reason: c.Reason, Code: string(c.Code), Effect: c.Effect, Date: day, Rebill: c.Rebill,
					Exchange: rate,
				},
			}
			return command, s.creditable(ctx, i, command)
		})
		if err != nil {
			return Answer{}, err
		}
		completed, err := s.CompleteCredit(ctx, r.then("complete credit", note.String()), c.Invoice, note)
		return Answer{ID: note.UUID, Position: later(reserved, completed.Position)}, err
	})
}

// creditable refuses what no credit note could be written of: what is reserved for one is never given free.
func (s *Service) creditable(ctx context.Context, i invoice.State, command invoice.ReserveCredit) error {
	events, err := invoice.Decide(i, command)
	if err != nil {
		return err
	}
	after := invoice.Decider.Fold(i, events...)
	reserved, _, _ := after.Credit(command.CreditNote)
	who, err := s.issuer(ctx, i.Drafted().Staff.Issuer)
	if err != nil {
		return err
	}
	_, err = creditnote.Decide(creditnote.State{}, noteOf(after, reserved, who.Content()))
	return err
}

// noteOf begins the credit note of what an invoice has reserved for it.
func noteOf(i invoice.State, reserved invoice.CreditReserved, who issuer.Content) creditnote.Draft {
	document, _ := i.CreditNote(reserved.CreditNote)
	return creditnote.Draft{
		CreditNote: reserved.CreditNote, Invoice: i.Invoice, Client: i.Client, Date: reserved.Staff.Date,
		Staff: creditnote.DraftedStaff{
			Document: document, Issuer: i.Drafted().Staff.Issuer, Prefix: who.CreditPrefix, First: firsts(who, bill.CreditNote),
			Code: creditnote.Code(reserved.Staff.Code), Exchange: reserved.Staff.Exchange,
		}, By: domain.Actor{Side: domain.StaffSide, Person: reserved.By}, At: reserved.At,
	}
}

// CompleteCredit carries on what a credit began, from wherever it stopped: the credit note with its number, what it
// gives back of what was paid, and what can be billed again. It may run any number of times. The system does it.
func (s *Service) CompleteCredit(ctx context.Context, r Request, id domain.InvoiceID, note domain.CreditNoteID) (Answer, error) {
	answer := Answer{ID: note.UUID}
	if err := systemOnly(r.Actor); err != nil {
		return Answer{}, err
	}
	known, err := load(ctx, s.log, invoice.Decider, invoice.Stream(id), domain.CommandID{})
	if err != nil {
		return answer, err
	}
	reserved, _, ok := known.state.Credit(note)
	if !ok {
		return answer, nil
	}
	number, last, err := s.issueCredit(ctx, r, known.state, reserved)
	if err != nil {
		return answer, err
	}
	on := r.then("confirm credit", note.String()).on(invoice.Stream(id))
	confirmed, err := onStream(ctx, s, invoice.Decider, on, invoice.Command(invoice.ConfirmCredit{
		Signed: invoice.Signed{By: domain.System(), At: reserved.At}, CreditNote: note, Number: number,
	}))
	if err != nil {
		return answer, err
	}
	freed, err := s.rebill(ctx, r, known.state, reserved)
	if err != nil {
		return answer, err
	}
	given, err := s.giveBack(ctx, r, known.state, reserved)
	answer.Position = later(later(last, confirmed), later(given, freed))
	return answer, err
}

// issueCredit writes the credit note with its number.
func (s *Service) issueCredit(ctx context.Context, r Request, i invoice.State, reserved invoice.CreditReserved) (number string, last domain.Position, err error) {
	note := reserved.CreditNote
	who, err := s.issuer(ctx, i.Drafted().Staff.Issuer)
	if err != nil {
		return "", last, err
	}
	draft := noteOf(i, reserved, who.Content())
	on := r.then("write credit note", note.String()).on(creditnote.Stream(note))
	last, err = onStream(ctx, s, creditnote.Decider, on, creditnote.Command(draft))
	if err != nil {
		return "", last, err
	}
	written, err := load(ctx, s.log, creditnote.Decider, creditnote.Stream(note), domain.CommandID{})
	if err != nil {
		return "", last, err
	}
	drafted, _ := written.state.Drafted()
	given, err := s.numberDocument(ctx, r, drafted.Staff.Issuer, bill.CreditNote, note.UUID, drafted.Date, drafted.Staff.First, drafted.At)
	if err != nil {
		return "", last, err
	}
	on = r.then("complete", note.String()).on(creditnote.Stream(note))
	completed, err := onStream(ctx, s, creditnote.Decider, on, creditnote.Command(creditnote.Complete{
		Number: given.number, Date: given.date, Series: given.series, By: draft.By, At: drafted.At,
	}))
	if err != nil {
		return "", last, err
	}
	written, err = load(ctx, s.log, creditnote.Decider, creditnote.Stream(note), domain.CommandID{})
	if err != nil {
		return "", last, err
	}
	done, ok := written.state.Issued()
	if !ok {
		return "", last, fmt.Errorf("credit note %s has number %d and no document", note, given.number)
	}
	return done.Document.Number, later(last, completed), nil
}

// giveBack gives the client what of the credit was paid already, and refunds it in the same step where that was chosen:
// money that was received alone could be set against an invoice meanwhile.
func (s *Service) giveBack(ctx context.Context, r Request, i invoice.State, reserved invoice.CreditReserved) (domain.Position, error) {
	paid := reserved.Total.Sub(reserved.Offset)
	if !paid.IsPositive() {
		return domain.Position{}, nil
	}
	issued, _ := i.Issued()
	id := domain.PaymentID{UUID: domain.Derive(reserved.CreditNote.UUID, "payment")}
	asked := []payment.Command{payment.Receive{
		Payment: id, Client: i.Client, Amount: paid, Currency: issued.Document.Currency, Day: reserved.Staff.Date,
		Staff: payment.ReceivedStaff{Source: payment.ByCredit, CreditNote: reserved.CreditNote}, By: domain.System(), At: reserved.At,
	}}
	if reserved.Staff.Effect == RefundCredit {
		asked = append(asked, payment.Refund{
			Amount: paid, Day: reserved.Staff.Date, Reason: reserved.Staff.Reason, By: domain.System(), At: reserved.At,
		})
	}
	return onStream(ctx, s, receiving, r.then("give back", id.String()).on(payment.Stream(id)), asked)
}

// rebill makes what the invoice charged billable again, where that was chosen.
func (s *Service) rebill(ctx context.Context, r Request, i invoice.State, reserved invoice.CreditReserved) (last domain.Position, err error) {
	if !reserved.Staff.Rebill {
		return last, nil
	}
	drafted := i.Drafted()
	if issued, ok := i.Issued(); ok { // The periods may not know yet that they are billed.
		if _, err := s.book(ctx, r, drafted, issued); err != nil {
			return last, err
		}
	}
	for _, month := range monthsOf(drafted) {
		on := r.then("unbill", reserved.CreditNote.String()+" "+string(month)).on(period.Stream(drafted.Contract, month))
		position, err := onStream(ctx, s, period.Decider, on, period.Command(period.Unbill{
			Invoice: i.Invoice, CreditNote: reserved.CreditNote, By: domain.Actor{Side: domain.StaffSide, Person: reserved.By}, At: reserved.At,
		}))
		if err != nil {
			return last, err
		}
		last = later(last, position)
	}
	return last, nil
}
