package commands

import (
	"context"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/client"
	"effigate/domain/invoice"
)

// AdjustInvoice changes a draft. Exactly one of its parts is given.
type AdjustInvoice struct {
	Invoice domain.InvoiceID
	Add     *ManualLine
	Remove  uuid.UUID // a line that was added by hand
	Reword  *Reworded
}

// ManualLine is a line that a person adds: a discount, a surcharge.
type ManualLine struct {
	Text        string
	Count       decimal.Decimal
	UnitPrice   decimal.Decimal // below zero takes off
	TaxCategory string
	Reason      string // for colleagues
}

// Reworded is another text of a line.
type Reworded struct {
	Line uuid.UUID
	Text string
}

// AdjustInvoice runs the command. The answer's ID is the line's.
func (s *Service) AdjustInvoice(ctx context.Context, r Request, c AdjustInvoice) (Answer, error) {
	line, command := c.command(r)
	answer, err := s.onInvoice(ctx, r, access.DraftInvoices, c.Invoice, func(invoice.State) (invoice.Command, error) {
		if command == nil {
			return nil, wrong("add", "exactly one of add, remove and reword must be given")
		}
		return command, nil
	})
	answer.ID = line
	return answer, err
}

// command is what is asked of the invoice, and the line it is about; none unless exactly one thing is asked.
func (c AdjustInvoice) command(r Request) (line uuid.UUID, asked invoice.Command) {
	by, parts := invoice.Signed{By: r.Actor, At: r.At}, 0
	if c.Add != nil {
		line, parts = domain.Derive(r.Command().UUID, "line"), parts+1
		asked = invoice.AddLine{Signed: by, Reason: c.Add.Reason, Line: bill.Line{
			ID: line, Kind: bill.Manual, Text: c.Add.Text, Count: c.Add.Count, Unit: bill.Piece, UnitPrice: c.Add.UnitPrice, TaxCategory: c.Add.TaxCategory,
		}}
	}
	if c.Remove != uuid.Nil {
		line, parts = c.Remove, parts+1
		asked = invoice.RemoveLine{Signed: by, Line: c.Remove}
	}
	if c.Reword != nil {
		line, parts = c.Reword.Line, parts+1
		asked = invoice.Reword{Signed: by, Line: c.Reword.Line, Text: c.Reword.Text}
	}
	if parts != 1 {
		return line, nil
	}
	return line, asked
}

// OnInvoice names an invoice and what is said about it.
type OnInvoice struct {
	Invoice domain.InvoiceID
	Reason  string        // of discarding, returning and writing off
	Shown   string        // of approving: the digest of what the person saw
	Date    calendar.Date // of issuing; empty = today in the issuer's zone
	// Contract and Month are of discarding what a month is reserved for and no draft was made of: the month.
	Contract domain.ContractID
	Month    calendar.Month
}

// DiscardInvoice gives a draft up, and frees what it had reserved. Where no draft was made of what a month is reserved
// for, because it was refused, the month is named too.
func (s *Service) DiscardInvoice(ctx context.Context, r Request, c OnInvoice) (Answer, error) {
	if !c.Contract.IsZero() {
		return s.discardReservation(ctx, r, c)
	}
	return s.thenComplete(ctx, r, c.Invoice, access.DraftInvoices, func(invoice.State) (invoice.Command, error) {
		return invoice.Discard{Signed: invoice.Signed{By: r.Actor, At: r.At}, Reason: c.Reason}, nil
	})
}

// discardReservation gives up what a month is reserved for, drafted or not.
func (s *Service) discardReservation(ctx context.Context, r Request, c OnInvoice) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		b, err := s.billingOf(ctx, r, access.DraftInvoices, DraftInvoice{Contract: c.Contract, Month: c.Month})
		if err != nil {
			return Answer{}, err
		}
		decider := domain.Decider[invoice.State, invoice.Discard, invoice.Event]{
			Evolve: invoice.Evolve, Decide: func(i invoice.State, discard invoice.Discard) ([]invoice.Event, error) {
				reserved, _ := b.now.Reservation()
				gone, discarded := i.Discarded()
				drafted := i.Drafted()
				switch {
				case !i.Exists() && reserved.Invoice == c.Invoice, discarded && gone.Contract == c.Contract && gone.Month == c.Month:
				case drafted.Contract != c.Contract || drafted.Month != c.Month:
					return nil, noInvoice(c.Invoice)
				}
				return invoice.Decide(i, discard)
			},
		}
		position, err := onStream(ctx, s, decider, r.on(invoice.Stream(c.Invoice)), invoice.Discard{
			Signed: invoice.Signed{By: r.Actor, At: r.At}, Reason: c.Reason, Contract: c.Contract, Month: c.Month,
		})
		if err != nil {
			return Answer{}, err
		}
		completed, err := s.CompleteInvoice(ctx, r.then("complete invoice", c.Invoice.String()), c.Invoice)
		return Answer{ID: c.Invoice.UUID, Position: later(position, completed.Position)}, err
	})
}

func noInvoice(id domain.InvoiceID) error {
	return domain.Refuse(domain.ErrNotFound, "no_such_invoice", "no invoice %s", id)
}

// SubmitInvoice asks for approval.
func (s *Service) SubmitInvoice(ctx context.Context, r Request, c OnInvoice) (Answer, error) {
	return s.onInvoice(ctx, r, access.DraftInvoices, c.Invoice, func(invoice.State) (invoice.Command, error) {
		return invoice.Submit{Signed: invoice.Signed{By: r.Actor, At: r.At}}, nil
	})
}

// ApproveInvoice allows an invoice to be issued, as the person saw it.
func (s *Service) ApproveInvoice(ctx context.Context, r Request, c OnInvoice) (Answer, error) {
	return s.onInvoice(ctx, r, access.ApproveInvoices, c.Invoice, func(invoice.State) (invoice.Command, error) {
		return invoice.Approve{Signed: invoice.Signed{By: r.Actor, At: r.At}, Shown: c.Shown}, nil
	})
}

// ReturnInvoice makes an invoice a draft again.
func (s *Service) ReturnInvoice(ctx context.Context, r Request, c OnInvoice) (Answer, error) {
	return s.onInvoice(ctx, r, access.ApproveInvoices, c.Invoice, func(invoice.State) (invoice.Command, error) {
		return invoice.Return{Signed: invoice.Signed{By: r.Actor, At: r.At}, Reason: c.Reason}, nil
	})
}

// WriteOffInvoice gives up what is outstanding.
func (s *Service) WriteOffInvoice(ctx context.Context, r Request, c OnInvoice) (Answer, error) {
	return s.onInvoice(ctx, r, access.ReceivePayments, c.Invoice, func(invoice.State) (invoice.Command, error) {
		return invoice.WriteOff{Signed: invoice.Signed{By: r.Actor, At: r.At}, Reason: c.Reason}, nil
	})
}

// onInvoice runs what a person asks of one invoice. The answer's ID is the invoice's.
func (s *Service) onInvoice(ctx context.Context, r Request, needed access.Permission, id domain.InvoiceID, ask func(invoice.State) (invoice.Command, error)) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		position, err := s.askInvoice(ctx, r, needed, id, ask)
		return Answer{ID: id.UUID, Position: position}, err
	})
}

// thenComplete runs it, and what follows from it.
func (s *Service) thenComplete(ctx context.Context, r Request, id domain.InvoiceID, needed access.Permission, ask func(invoice.State) (invoice.Command, error)) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		position, err := s.askInvoice(ctx, r, needed, id, ask)
		if err != nil {
			return Answer{}, err
		}
		completed, err := s.CompleteInvoice(ctx, r.then("complete invoice", id.String()), id)
		return Answer{ID: id.UUID, Position: later(position, completed.Position)}, err
	})
}

// askInvoice decides what is asked on the very state that it is allowed for.
func (s *Service) askInvoice(ctx context.Context, r Request, needed access.Permission, id domain.InvoiceID, ask func(invoice.State) (invoice.Command, error)) (domain.Position, error) {
	allowed, err := s.invoiceOf(ctx, r.Actor, needed, id)
	if err != nil {
		return domain.Position{}, err
	}
	decider := domain.Decider[invoice.State, func(invoice.State) (invoice.Command, error), invoice.Event]{
		Evolve: invoice.Evolve, Decide: func(state invoice.State, ask func(invoice.State) (invoice.Command, error)) ([]invoice.Event, error) {
			if err := allowed(state); err != nil {
				return nil, err
			}
			command, err := ask(state)
			if err != nil {
				return nil, err
			}
			return invoice.Decide(state, command)
		},
	}
	return onStream(ctx, s, decider, r.on(invoice.Stream(id)), ask)
}

// invoiceOf refuses an actor whom the invoice is none of the business of, and gives what remains to be asked of its
// state: an invoice never changes its client.
func (s *Service) invoiceOf(ctx context.Context, actor domain.Actor, needed access.Permission, id domain.InvoiceID) (func(invoice.State) error, error) {
	scope, err := s.may(ctx, actor, needed)
	if err != nil {
		return nil, err
	}
	if scope == access.OwnClients {
		known, err := load(ctx, s.log, invoice.Decider, invoice.Stream(id), domain.CommandID{})
		if err != nil {
			return nil, err
		}
		whose, err := load(ctx, s.log, client.Decider, client.Stream(known.state.Client), domain.CommandID{})
		if err != nil {
			return nil, err
		}
		if err := managed(actor, scope)(whose.state); err != nil {
			return nil, err
		}
	}
	return func(i invoice.State) error {
		_, issued := i.Issued()
		switch {
		case actor.Side == domain.ClientSide && (i.Client != actor.Client || !issued):
			return notFound()
		case i.Status() == "":
			return noInvoice(id)
		}
		return nil
	}, nil
}
