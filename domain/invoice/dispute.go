package invoice

import (
	"slices"
	"time"

	"effigate/domain"
	"effigate/domain/visible"
)

// dispute is the client's alone: staff who find a mistake credit it.
func (s State) dispute(c Dispute) ([]Event, error) {
	if c.By.Side != domain.ClientSide {
		return nil, domain.Refuse(domain.ErrForbidden, "clients_dispute", "only a client disputes its invoice; credit it instead")
	}
	line, known := s.claim.line(c.Line)
	if !known {
		return nil, errNoSuchLine
	}
	was, repeated := s.claim.objection(c.Dispute)
	before := s.claim.credits
	if repeated {
		before = before[:was.credits]
	}
	left, amount := leftOf(line, before), c.Amount
	if amount.IsZero() {
		amount = left
	}
	var check domain.Check
	if !amount.IsZero() {
		s.checkAmount(&check, amount)
	}
	check.That(!c.Dispute.IsZero(), "dispute", "must be given")
	checkReason(&check, "reason", c.Reason, 1)
	if err := check.Err(); err != nil {
		return nil, err
	}
	if repeated {
		if was.Line == c.Line && was.Amount.Equal(amount) && was.Reason == c.Reason {
			return nil, nil
		}
		return nil, domain.Refuse(domain.ErrConflict, "dispute_exists", "dispute %s exists with another content", c.Dispute)
	}
	switch {
	case s.Voided() != "":
		return nil, domain.Refuse(domain.ErrConflict, "invoice_voided", "the invoice was taken back by %s", s.Voided())
	case line.Net.IsPositive() && left.IsZero():
		return nil, domain.Refuse(domain.ErrConflict, "line_credited", "all of the line is credited already")
	case amount.GreaterThan(left):
		return nil, domain.Refuse(domain.ErrConflict, "more_than_line", "%s of the line are not credited; dispute at most that", left)
	case slices.ContainsFunc(s.claim.disputes, func(o Objection) bool { return o.Line == c.Line && o.open() }):
		return nil, domain.Refuse(domain.ErrConflict, "line_disputed", "the line is disputed already; withdraw that dispute first")
	case len(s.claim.disputes) >= MaxDisputes:
		return nil, domain.Refuse(domain.ErrConflict, "too_many_disputes", "an invoice takes at most %d disputes", MaxDisputes)
	}
	disputed := Disputed{Dispute: c.Dispute, Line: c.Line, Amount: amount, Reason: c.Reason, By: c.By.Person, At: c.At}
	if c.AnswerDays > 0 {
		disputed.AnswerBy = s.today(c.At).AddBusinessDays(min(c.AnswerDays, maxAnswerDays))
	}
	return []Event{disputed}, nil
}

// maxAnswerDays bounds the counting of days; an issuer promises no more than 60.
const maxAnswerDays = 366

// attachToDispute is the client's alone, while it can still bear on the answer. The bytes are stored before.
func (s State) attachToDispute(c AttachToDispute) ([]Event, error) {
	if c.By.Side != domain.ClientSide {
		return nil, domain.Refuse(domain.ErrForbidden, "clients_dispute", "only the client attaches files to its dispute")
	}
	was, known := s.claim.objection(c.Dispute)
	if !known {
		return nil, errNoSuchDispute
	}
	if slices.ContainsFunc(was.Files, func(f File) bool { return f.Attached.Attachment == c.Attachment }) {
		return nil, nil // The id derives from the command: it has acted.
	}
	var check domain.Check
	check.That(!c.Attachment.IsZero(), "id", "must be given")
	check.File(c.Name, c.Type, c.Size, c.SHA256)
	if err := check.Err(); err != nil {
		return nil, err
	}
	if !was.open() {
		return nil, was.over()
	}
	if len(was.Files) >= MaxFiles {
		return nil, domain.Refuse(domain.ErrConflict, "too_many_files", "the dispute has %d files already", MaxFiles)
	}
	return []Event{DisputeFileAttached{
		Dispute: c.Dispute, Attachment: c.Attachment, Name: c.Name, Type: c.Type, Size: c.Size, SHA256: c.SHA256, By: c.By.Person, At: c.At,
	}}, nil
}

// eraseDisputeFile ends a file for everybody, and of an objection that is settled too.
func (s State) eraseDisputeFile(c EraseDisputeFile) ([]Event, error) {
	was, known := s.claim.objection(c.Dispute)
	if !known {
		return nil, errNoSuchDispute
	}
	at := slices.IndexFunc(was.Files, func(f File) bool { return f.Attached.Attachment == c.Attachment })
	if at < 0 {
		return nil, domain.Refuse(domain.ErrNotFound, "no_such_attachment", "no such file beside this dispute")
	}
	var check domain.Check
	checkReason(&check, "reason", c.Reason, 1)
	if err := check.Err(); err != nil || !was.Files[at].Erased.IsZero() {
		return nil, err
	}
	return []Event{DisputeFileErased{
		Dispute: c.Dispute, Attachment: c.Attachment, Staff: ReasonStaff{Reason: c.Reason}, By: c.By.Person, At: c.At,
	}}, nil
}

func (s State) withdrawDispute(c WithdrawDispute) ([]Event, error) {
	if c.By.Side != domain.ClientSide {
		return nil, domain.Refuse(domain.ErrForbidden, "clients_dispute", "only the client withdraws its dispute; settle it instead")
	}
	was, known := s.claim.objection(c.Dispute)
	switch {
	case !known:
		return nil, errNoSuchDispute
	case was.Status == visible.DisputeWithdrawn:
		return nil, nil
	case !was.open():
		return nil, was.over()
	}
	return []Event{DisputeWithdrawn{Dispute: c.Dispute, By: c.By.Person, At: c.At}}, nil
}

var errNoSuchDispute = domain.Refuse(domain.ErrNotFound, "no_such_dispute", "the invoice has no such dispute")

// over refuses what only an open dispute allows.
func (o Objection) over() error {
	return domain.Refuse(domain.ErrConflict, "dispute_over", "the dispute is %s", o.Status)
}

func (s State) takeDispute(c TakeDispute) ([]Event, error) {
	was, known := s.claim.objection(c.Dispute)
	switch {
	case !known:
		return nil, errNoSuchDispute
	case !was.open():
		return nil, was.over()
	case was.Status == visible.DisputeReviewed && was.TakenBy == c.By.Person:
		return nil, nil
	}
	return []Event{DisputeTaken{Dispute: c.Dispute, By: c.By.Person, At: c.At}}, nil
}

func (s State) settleDispute(c SettleDispute) ([]Event, error) {
	was, known := s.claim.objection(c.Dispute)
	switch {
	case !known:
		return nil, errNoSuchDispute
	case was.Status == settled(c.Accepted) && was.Answer == c.Answer:
		return nil, nil
	case !was.open():
		return nil, was.over()
	}
	var check domain.Check
	checkReason(&check, "answer", c.Answer, 1)
	if err := check.Err(); err != nil {
		return nil, err
	}
	return []Event{DisputeSettled{Dispute: c.Dispute, Accepted: c.Accepted, Answer: c.Answer, By: c.By.Person, At: c.At}}, nil
}

// noteMissedAnswers says so once of each objection, however long nobody was there to say it.
func (s State) noteMissedAnswers(c NoteMissedAnswers) (missed []Event, err error) {
	for _, o := range s.Unanswered(c.At) {
		missed = append(missed, AnswerMissed{Dispute: o.Dispute, AnswerBy: o.AnswerBy, By: c.By.Person, At: c.At})
	}
	return missed, nil
}

// Unanswered lists the open objections whose day to be answered by is over at an instant in the issuer's zone, and of
// which nobody has said so.
func (s State) Unanswered(at time.Time) (late []Objection) {
	for _, o := range s.claim.disputes {
		if o.open() && !o.Missed && o.AnswerBy != "" && s.today(at) > o.AnswerBy {
			late = append(late, o)
		}
	}
	return late
}

// settled is the state of an answered dispute.
func settled(accepted bool) string {
	if accepted {
		return visible.DisputeAccepted
	}
	return visible.DisputeRejected
}
