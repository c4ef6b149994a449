package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/invoice"
)

// RemindInvoice takes the step of the issuer's reminder ladder that is due (F43), once. Nothing is due while all that is
// left to be paid is objected to, or once the invoice was credited in full. The system does it.
func (s *Service) RemindInvoice(ctx context.Context, r Request, id domain.InvoiceID) (Answer, error) {
	answer := Answer{ID: id.UUID}
	if err := systemOnly(r.Actor); err != nil {
		return Answer{}, err
	}
	known, err := load(ctx, s.log, invoice.Decider, invoice.Stream(id), domain.CommandID{})
	if err != nil {
		return answer, err
	}
	issued, ok := known.state.Issued()
	if !ok {
		return answer, nil
	}
	who, err := s.issuer(ctx, known.state.Drafted().Staff.Issuer)
	if err != nil {
		return answer, err
	}
	today, err := dayIn(issued.Document.Zone, r.At)
	if err != nil {
		return answer, err
	}
	ladder, step := who.Content().Reminders, known.state.Reminded()
	if step >= len(ladder) || today < issued.Document.Due.Add(max(ladder[step].Days, 1)) {
		return answer, nil
	}
	// An invoice that is overdue late, such as after a reversal, is not dunned on consecutive days.
	if step > 0 && today < known.state.RemindedOn().Add(ladder[step].Days-ladder[step-1].Days) {
		return answer, nil
	}
	if known.state.Voided() != "" || !known.state.Outstanding().GreaterThan(known.state.Disputed()) {
		return answer, nil
	}
	answer.Position, err = onStream(ctx, s, invoice.Decider, r.on(invoice.Stream(id)), invoice.Command(invoice.Remind{
		Signed: invoice.Signed{By: r.Actor, At: r.At}, Step: step + 1, Text: ladder[step].Text, Day: today,
	}))
	return answer, err
}
