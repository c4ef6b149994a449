package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/invoice"
	"effigate/domain/period"
)

// DraftInvoice drafts the invoice of a contract's month.
type DraftInvoice struct {
	Contract domain.ContractID
	Month    calendar.Month
	// BeyondOrder is why it may go beyond the limit of the client's purchase order.
	BeyondOrder string
}

// DraftInvoice reserves what the month charges, and makes a draft of it. Nothing is ever reserved for two drafts. The
// answer's ID is the invoice's.
func (s *Service) DraftInvoice(ctx context.Context, r Request, c DraftInvoice) (Answer, error) {
	id := domain.InvoiceID{UUID: domain.Derive(r.Command().UUID, "invoice")}
	return s.act(ctx, r, func() (Answer, error) {
		basis, err := s.billingOf(ctx, r, access.DraftInvoices, c)
		if err != nil {
			return Answer{}, err
		}
		following := r.then("draft invoice", id.String())
		if reserved, ok := basis.now.Reservation(); ok && reserved.Invoice != id {
			// Its draft may have been refused, as by rates of tax that changed meanwhile: without it nobody could give the
			// month free again.
			if _, err := s.CompleteReservation(ctx, following, c.Contract, c.Month); err != nil {
				return Answer{}, err
			}
		}
		position, err := s.reserve(ctx, r, c, basis, id)
		if err != nil {
			return Answer{}, err
		}
		drafted, err := s.CompleteReservation(ctx, following, c.Contract, c.Month)
		return Answer{ID: id.UUID, Position: later(position, drafted.Position)}, err
	})
}

// reserve sets the month apart, if it can be drafted as it stands at that very moment, with what the contract says by
// then: a month that is reserved for a draft that is refused would be frozen.
func (s *Service) reserve(ctx context.Context, r Request, c DraftInvoice, b *basis, id domain.InvoiceID) (domain.Position, error) {
	var now period.State
	seen := func(p period.State) error {
		now = p
		return nil
	}
	return onStream(ctx, s, informed(seen), r.on(period.Stream(b.of.id, b.month)), asking(func() (period.Command, error) {
		said, err := s.upToDate(ctx, r, b, now)
		if err != nil {
			return nil, err
		}
		if err := b.refused(r, id, c.BeyondOrder); err != nil {
			return nil, err
		}
		_, charged := b.content(id)
		taken := charged.Taken
		return period.Reserve{
			Invoice: id, Entries: taken[b.month], Earlier: before(taken, b.month), BeyondOrder: c.BeyondOrder, Says: said, By: r.Actor, At: r.At,
		}, nil
	}))
}

// InvoicePreview is what a draft would be, and what keeps it from being made.
type InvoicePreview struct {
	Contract  domain.ContractID
	Reference string
	Client    domain.ClientID
	Month     calendar.Month
	Document  bill.Document // without a number; zero when it cannot be made at all
	Entries   []bill.Entry
	// Exceptions are what a person should know first (F37).
	Exceptions []Exception
}

// Blocked reports whether no draft can be made.
func (p InvoicePreview) Blocked() bool {
	return slices.ContainsFunc(p.Exceptions, func(e Exception) bool { return e.Blocks })
}

// Exception is why a contract's month cannot be drafted, or what a person should know before it is.
type Exception struct {
	Code   string // such as "time_pending", "purchase_order_limit", "issuer_missing"
	Text   string
	Blocks bool
}

// PreviewInvoice works out what DraftInvoice would draft now, and writes nothing.
func (s *Service) PreviewInvoice(ctx context.Context, r Request, c DraftInvoice) (InvoicePreview, error) {
	basis, err := s.billingOf(ctx, r, access.DraftInvoices, c)
	if err != nil {
		return InvoicePreview{}, err
	}
	if _, err := s.upToDate(ctx, r, basis, basis.now); err != nil {
		return InvoicePreview{}, err
	}
	var id domain.InvoiceID // What is only looked at has none.
	p := InvoicePreview{
		Contract: c.Contract, Reference: basis.of.contract.Reference, Client: basis.of.contract.Client, Month: c.Month,
		Exceptions: basis.exceptions(domain.InvoiceID{}, c.BeyondOrder),
	}
	if !basis.described {
		return p, nil
	}
	content, charged := basis.content(id)
	p.Entries = charged.Entries
	if len(charged.Lines) == 0 {
		return p, nil
	}
	err = basis.undraftable(period.Reserved{Invoice: domain.InvoiceID{UUID: domain.Derive(c.Contract.UUID, "preview")}, By: r.Actor.Person, At: r.At})
	if err == nil {
		p.Document, err = content.Finish("", basis.of.day(r.At))
	}
	if err != nil {
		p.Exceptions = append(p.Exceptions, exceptionOf(err))
		return p, nil
	}
	left, err := s.unreportable(ctx, basis, content.Currency)
	p.Exceptions = append(p.Exceptions, left...)
	return p, err
}

// CompleteReservation drafts the invoice that a month was reserved for, should the command that reserved it have died
// before. It may run any number of times, and finds nothing to do in all other cases. The system does it.
func (s *Service) CompleteReservation(ctx context.Context, r Request, id domain.ContractID, month calendar.Month) (Answer, error) {
	if err := systemOnly(r.Actor); err != nil {
		return Answer{}, err
	}
	present, err := load(ctx, s.log, period.Decider, period.Stream(id, month), domain.CommandID{})
	if err != nil {
		return Answer{}, err
	}
	reserved, ok := present.state.Reservation()
	if !ok || reserved.Staff.Later {
		return Answer{}, nil
	}
	answer := Answer{ID: reserved.Invoice.UUID}
	known, read, err := s.readInvoice(ctx, reserved.Invoice)
	if err != nil || known.Complete() {
		return answer, err
	}
	if !known.Exists() { // Else what is missing of it is what it began with, whatever was said or came free since.
		if err := s.reserveEarlier(ctx, r, id, reserved); err != nil {
			return answer, err
		}
		if read, err = s.log.Head(ctx); err != nil {
			return answer, fmt.Errorf("read where the log ends: %w", err)
		}
	}
	b, err := s.reservedBasis(ctx, id, month, reserved.Invoice, read)
	if err != nil {
		return answer, err
	}
	answer.Position, err = s.draft(ctx, r, b, reserved)
	return answer, err
}

// reserveEarlier sets apart what the draft takes of months before. What another draft took meanwhile waits for the
// next invoice: the draft follows from what was reserved.
func (s *Service) reserveEarlier(ctx context.Context, r Request, id domain.ContractID, reserved period.Reserved) error {
	by := domain.Actor{Side: domain.StaffSide, Person: reserved.By}
	for _, earlier := range reserved.Staff.Earlier {
		on := r.then("reserve", reserved.Invoice.String()+" "+string(earlier.Month))
		_, err := s.onPeriod(ctx, on, id, earlier.Month, func(_ *agreement, said period.Says) period.Command {
			return period.Reserve{Invoice: reserved.Invoice, Later: true, Entries: earlier.Entries, Says: said, By: by, At: reserved.At}
		})
		if err != nil && !errors.Is(err, domain.ErrConflict) {
			return err
		}
	}
	return nil
}

// draft writes the draft with its entries.
func (s *Service) draft(ctx context.Context, r Request, b *basis, reserved period.Reserved) (domain.Position, error) {
	id := reserved.Invoice
	draft, chunks := b.drafting(reserved)
	on := r.then("write draft", id.String()).on(invoice.Stream(id))
	position, err := onStream(ctx, s, invoice.Decider, on, invoice.Command(draft))
	if err != nil {
		return position, err
	}
	for i, chunk := range chunks {
		on := r.then("write entries", id.String()+" "+strconv.Itoa(i+1)).on(invoice.Stream(id))
		added, err := onStream(ctx, s, invoice.Decider, on, chunk)
		if err != nil {
			return position, err
		}
		position = later(position, added)
	}
	return position, nil
}
