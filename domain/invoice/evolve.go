package invoice

import (
	"slices"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/visible"
)

// Evolve takes over what one event says. It cannot fail, and it copies what it changes.
func Evolve(s State, e Event) State {
	s.claim = s.claim.evolve(e)
	switch e := e.(type) {
	case Drafted:
		s.status, s.drafted, s.Invoice, s.Client = StatusDraft, e, e.Invoice, e.Client
		return s.preparedBy(e.By)
	case EntriesAdded:
		s.chunks = append(slices.Clip(s.chunks), e.Entries)
	case LineAdded:
		s.manual = append(slices.Clip(s.manual), manualLine{line: e.Staff.Line, reason: e.Staff.Reason})
		return s.preparedBy(e.By)
	case LineRemoved:
		if i := s.byHand(e.Line); i >= 0 {
			s.manual = slices.Clone(s.manual)
			s.manual[i].removed = true
		}
		return s.preparedBy(e.By)
	case LineReworded:
		s.reworded = s.reworded.With(e.Line, e.Staff.Text)
		return s.preparedBy(e.By)
	case Discarded:
		s.status, s.discarded = StatusDiscarded, e
	case Submitted:
		s.status, s.submitted = StatusPending, e.By
	case Approved:
		s.status = StatusApproved
	case Returned:
		s.status, s.submitted = StatusDraft, domain.PersonID{}
	case Issuing:
		s.status, s.issuing = StatusIssuing, e
	case Issued:
		s.status, s.issued = StatusIssued, e
	case Rendered:
		s.rendered = e
	case CreditReserved:
		s.reserved = append(slices.Clip(s.reserved), e)
	case Credited, PaymentApplied, PaymentReversed, Disputed, DisputeFileAttached, DisputeFileErased, DisputeTaken, DisputeSettled,
		AnswerMissed, DisputeWithdrawn, Reminded, WrittenOff:
		// The claim has taken it over.
	}
	return s
}

// preparedBy remembers who had a part in the draft.
func (s State) preparedBy(person domain.PersonID) State {
	if !slices.Contains(s.prepared, person) {
		s.prepared = append(slices.Clip(s.prepared), person)
	}
	return s
}

// evolve takes over what happens to the claim.
func (c claim) evolve(e Event) claim {
	switch e := e.(type) {
	case Issued:
		c.document = e.Document
	case CreditReserved:
		c.credits = append(slices.Clip(c.credits), credit{note: e.CreditNote, lines: e.Lines, offset: e.Offset, total: e.Total})
	case Credited:
		return c.confirm(e)
	case PaymentApplied:
		return c.pay(e)
	case PaymentReversed:
		return c.reverse(e.Payment, e.Day)
	case Disputed:
		c.disputes = append(slices.Clip(c.disputes), Objection{
			Dispute: e.Dispute, Line: e.Line, Amount: e.Amount, Reason: e.Reason, Status: visible.DisputeOpen, AnswerBy: e.AnswerBy,
			By: e.By, At: e.At, credits: len(c.credits),
		})
	case DisputeFileAttached:
		return c.objected(e.Dispute, func(o *Objection) { o.Files = append(slices.Clip(o.Files), File{Attached: e}) })
	case DisputeFileErased:
		return c.objected(e.Dispute, func(o *Objection) { o.Files = erased(o.Files, e) })
	case DisputeTaken:
		return c.objected(e.Dispute, func(o *Objection) { o.Status, o.TakenBy = visible.DisputeReviewed, e.By })
	case DisputeSettled:
		return c.objected(e.Dispute, func(o *Objection) { o.Status, o.Answer, o.Answered = settled(e.Accepted), e.Answer, e.At })
	case AnswerMissed:
		return c.objected(e.Dispute, func(o *Objection) { o.Missed = true })
	case DisputeWithdrawn:
		return c.objected(e.Dispute, func(o *Objection) { o.Status = visible.DisputeWithdrawn })
	case Reminded:
		c.reminded, c.remindedOn = e.Step, dayIn(c.document.Zone, e.At)
	case WrittenOff:
		c.writtenOff, c.closed = c.writtenOff.Add(e.Amount), dayIn(c.document.Zone, e.At)
	case Drafted, EntriesAdded, LineAdded, LineRemoved, LineReworded, Discarded, Submitted, Approved, Returned, Issuing, Rendered:
		// There is no claim yet, or it has no part in it.
	}
	return c
}

func (c claim) pay(e PaymentApplied) claim {
	i := slices.IndexFunc(c.payments, func(payment Payment) bool { return payment.Payment == e.Payment })
	if i < 0 {
		c.payments = append(slices.Clip(c.payments), Payment{Payment: e.Payment, Amount: e.Amount, Day: e.Day})
		return c
	}
	c.payments = slices.Clone(c.payments)
	c.payments[i].Amount, c.payments[i].Day = c.payments[i].Amount.Add(e.Amount), e.Day
	return c
}

func (c claim) reverse(id domain.PaymentID, day calendar.Date) claim {
	c.payments = slices.Clone(c.payments)
	for i := range c.payments {
		if c.payments[i].Payment == id {
			c.payments[i].Reversed = day
		}
	}
	return c
}

func (c claim) confirm(e Credited) claim {
	c.credits = slices.Clone(c.credits)
	for i := range c.credits {
		if c.credits[i].note == e.CreditNote {
			c.credits[i].number = e.Number
		}
	}
	return c
}

func (c claim) objected(id domain.DisputeID, change func(*Objection)) claim {
	c.disputes = slices.Clone(c.disputes)
	for i := range c.disputes {
		if c.disputes[i].Dispute == id {
			change(&c.disputes[i])
		}
	}
	return c
}

func erased(files []File, e DisputeFileErased) []File {
	files = slices.Clone(files)
	for i := range files {
		if files[i].Attached.Attachment == e.Attachment {
			files[i].Erased = e.At
		}
	}
	return files
}
