package commands

import (
	"context"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/invoice"
)

// OnDispute names an objection to a line of an invoice, or begins one.
type OnDispute struct {
	Invoice  domain.InvoiceID
	Dispute  domain.DisputeID // none when it begins
	Line     uuid.UUID
	Amount   decimal.Decimal // of the line that is objected to; zero = all of it
	Text     string          // the reason, or the answer
	Accepted bool
}

// DisputeInvoice objects to a line of an issued invoice (F45), and works out by when the issuer answers. A client user does
// it. The answer's ID is the dispute's.
func (s *Service) DisputeInvoice(ctx context.Context, r Request, c OnDispute) (Answer, error) {
	c.Dispute = domain.DisputeID{UUID: domain.Derive(r.Command().UUID, "dispute")}
	answer, err := s.onInvoice(ctx, r, access.DisputeInvoices, c.Invoice, func(state invoice.State) (invoice.Command, error) {
		who, err := s.issuer(ctx, state.Drafted().Staff.Issuer)
		if err != nil {
			return nil, err
		}
		return invoice.Dispute{
			Signed: invoice.Signed{By: r.Actor, At: r.At}, Dispute: c.Dispute, Line: c.Line, Amount: c.Amount, Reason: c.Text,
			AnswerDays: who.Content().AnswerDays,
		}, nil
	})
	if err == nil {
		answer.ID = c.Dispute.UUID
	}
	return answer, err
}

// AttachToDispute puts a file beside an objection whose bytes are stored already.
type AttachToDispute struct {
	Invoice    domain.InvoiceID
	Dispute    domain.DisputeID
	Attachment domain.AttachmentID
	Name       string
	Type       string // media type
	Size       int64  // bytes
	SHA256     string // hex
}

// AttachToDispute runs the command. A client user does it while the objection is open. The answer's ID is the attachment's.
func (s *Service) AttachToDispute(ctx context.Context, r Request, c AttachToDispute) (Answer, error) {
	answer, err := s.onDispute(ctx, r, access.DisputeInvoices, OnDispute{Invoice: c.Invoice, Dispute: c.Dispute}, invoice.AttachToDispute{
		Signed: invoice.Signed{By: r.Actor, At: r.At}, Dispute: c.Dispute, Attachment: c.Attachment, Name: c.Name, Type: c.Type,
		Size: c.Size, SHA256: c.SHA256,
	})
	answer.ID = c.Attachment.UUID
	return answer, err
}

// EraseDisputeFile names a file beside an objection, and why it is erased.
type EraseDisputeFile struct {
	Invoice    domain.InvoiceID
	Dispute    domain.DisputeID
	Attachment domain.AttachmentID
	Reason     string // for colleagues
}

// EraseDisputeFile ends the file for good. The answer's ID is the dispute's.
func (s *Service) EraseDisputeFile(ctx context.Context, r Request, c EraseDisputeFile) (Answer, error) {
	return s.onDispute(ctx, r, access.EraseFiles, OnDispute{Invoice: c.Invoice, Dispute: c.Dispute}, invoice.EraseDisputeFile{
		Signed: invoice.Signed{By: r.Actor, At: r.At}, Dispute: c.Dispute, Attachment: c.Attachment, Reason: c.Reason,
	})
}

// WithdrawDispute ends the client's objection.
func (s *Service) WithdrawDispute(ctx context.Context, r Request, c OnDispute) (Answer, error) {
	return s.onDispute(ctx, r, access.DisputeInvoices, c, invoice.WithdrawDispute{
		Signed: invoice.Signed{By: r.Actor, At: r.At}, Dispute: c.Dispute,
	})
}

// TakeDispute says that the actor looks into it.
func (s *Service) TakeDispute(ctx context.Context, r Request, c OnDispute) (Answer, error) {
	return s.onDispute(ctx, r, access.SettleDisputes, c, invoice.TakeDispute{
		Signed: invoice.Signed{By: r.Actor, At: r.At}, Dispute: c.Dispute,
	})
}

// SettleDispute answers it. An accepted one is followed by a credit note, which is a command of its own.
func (s *Service) SettleDispute(ctx context.Context, r Request, c OnDispute) (Answer, error) {
	return s.onDispute(ctx, r, access.SettleDisputes, c, invoice.SettleDispute{
		Signed: invoice.Signed{By: r.Actor, At: r.At}, Dispute: c.Dispute, Accepted: c.Accepted, Answer: c.Text,
	})
}

// NoteMissedAnswers says of each objection to an invoice whose day to be answered by is over in the issuer's zone that
// nobody answered it (F45), once. The system does it.
func (s *Service) NoteMissedAnswers(ctx context.Context, r Request, id domain.InvoiceID) (Answer, error) {
	answer := Answer{ID: id.UUID}
	if err := systemOnly(r.Actor); err != nil {
		return Answer{}, err
	}
	known, err := load(ctx, s.log, invoice.Decider, invoice.Stream(id), domain.CommandID{})
	if err != nil || len(known.state.Unanswered(r.At)) == 0 {
		return answer, err
	}
	answer.Position, err = onStream(ctx, s, invoice.Decider, r.on(invoice.Stream(id)), invoice.Command(invoice.NoteMissedAnswers{
		Signed: invoice.Signed{By: r.Actor, At: r.At},
	}))
	return answer, err
}

// onDispute runs what somebody asks about an objection. The answer's ID is the dispute's.
func (s *Service) onDispute(ctx context.Context, r Request, needed access.Permission, c OnDispute, command invoice.Command) (Answer, error) {
	answer, err := s.onInvoice(ctx, r, needed, c.Invoice, func(invoice.State) (invoice.Command, error) { return command, nil })
	if err == nil {
		answer.ID = c.Dispute.UUID
	}
	return answer, err
}
