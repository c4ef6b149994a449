package invoice

import (
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/visible"
)

// claim is what is left to be paid of an issued invoice, and why. Decisions and the disclosure fold the same one: the
// first count a credit from its reservation on, the client from the moment its note is issued.
type claim struct {
	document   bill.Document
	payments   []Payment
	credits    []credit
	disputes   []Objection
	reminded   int
	remindedOn calendar.Date // when the newest of them was sent
	writtenOff decimal.Decimal
	closed     calendar.Date // when it was written off
}

// Payment is what the invoice took of a payment.
type Payment struct {
	Payment  domain.PaymentID
	Amount   decimal.Decimal // in all
	Day      calendar.Date   // of the last part
	Reversed calendar.Date   // when it was taken back; empty = it stands
}

// credit is what a credit note takes of the invoice.
type credit struct {
	note   domain.CreditNoteID
	lines  []bill.CreditedLine
	offset decimal.Decimal
	total  decimal.Decimal
	number string // empty until the note is issued
}

// Objection is a client's objection to a line.
type Objection struct {
	Dispute  domain.DisputeID
	Line     uuid.UUID
	Amount   decimal.Decimal // of the line's net
	Reason   string
	Status   string // see visible.DisputeOpen
	By       domain.PersonID
	At       time.Time
	TakenBy  domain.PersonID // who looks into it
	AnswerBy calendar.Date   // the last day on which an answer is in time; empty = none was promised
	Missed   bool            // AnswerBy was over before anybody answered, and that was said
	Files    []File
	Answer   string
	Answered time.Time // zero until it is settled

	credits int // how many there were before it: those lowered what could be objected to
}

// File is what a client put beside its objection. One that was erased has no bytes any more.
type File struct {
	Attached DisputeFileAttached
	Erased   time.Time // zero while it is there
}

// open reports whether nobody has settled it, and it was not withdrawn.
func (o Objection) open() bool {
	return o.Status == visible.DisputeOpen || o.Status == visible.DisputeReviewed
}

// counting says which credits count.
type counting bool

const (
	reservedToo counting = true
	issuedOnly  counting = false
)

// of gives those of some credits that count.
func (c counting) of(credits []credit) []credit {
	if c == reservedToo {
		return credits
	}
	return slices.DeleteFunc(slices.Clone(credits), func(credit credit) bool { return credit.number == "" })
}

// creditedOf is what credits take of a line's net.
func creditedOf(line uuid.UUID, credits []credit) decimal.Decimal {
	var sum decimal.Decimal
	for _, credit := range credits {
		for _, credited := range credit.lines {
			if credited.Line == line {
				sum = sum.Add(credited.Net)
			}
		}
	}
	return sum
}

// leftOf is what of a line's net credits have left to be paid. Nobody owes a line that is below zero.
func leftOf(line bill.Line, credits []credit) decimal.Decimal {
	return decimal.Max(decimal.Zero, line.Net.Sub(creditedOf(line.ID, credits)))
}

func (c claim) paid() decimal.Decimal {
	var sum decimal.Decimal
	for _, payment := range c.payments {
		if payment.Reversed == "" {
			sum = sum.Add(payment.Amount)
		}
	}
	return sum
}

// lastPaid is the day of the newest payment that stands; empty while there is none.
func (c claim) lastPaid() string {
	var last calendar.Date
	for _, payment := range c.payments {
		if payment.Reversed == "" {
			last = max(last, payment.Day)
		}
	}
	return string(last)
}

func (c claim) offset(count counting) decimal.Decimal {
	var sum decimal.Decimal
	for _, credit := range count.of(c.credits) {
		sum = sum.Add(credit.offset)
	}
	return sum
}

func (c claim) credited(count counting) decimal.Decimal {
	var sum decimal.Decimal
	for _, credit := range count.of(c.credits) {
		sum = sum.Add(credit.total)
	}
	return sum
}

func (c claim) creditedNet() decimal.Decimal {
	var sum decimal.Decimal
	for _, credit := range issuedOnly.of(c.credits) {
		for _, line := range credit.lines {
			sum = sum.Add(line.Net)
		}
	}
	return sum
}

func (c claim) outstanding(count counting) decimal.Decimal {
	return c.document.Payable.Sub(c.paid()).Sub(c.offset(count)).Sub(c.writtenOff)
}

func (c claim) remaining(count counting) []bill.CreditedLine {
	var before []bill.CreditedLine
	for _, credit := range count.of(c.credits) {
		before = append(before, credit.lines...)
	}
	return c.document.Remaining(before)
}

// voided is the number of the newest credit note once the notes have taken back every line.
func (c claim) voided() string {
	issued := issuedOnly.of(c.credits)
	if len(issued) == 0 || len(c.remaining(issuedOnly)) > 0 {
		return ""
	}
	return issued[len(issued)-1].number
}

// disputed is what of the outstanding amount the client objects to, with its tax. What was credited since of a line is no
// longer objected to. A line whose objection was rejected may be objected to again, but that holds nothing back: repeating
// it would put off the payment for good.
func (c claim) disputed(count counting) decimal.Decimal {
	var sum decimal.Decimal
	for _, dispute := range c.disputes {
		line, known := c.line(dispute.Line)
		if !known || !dispute.open() || c.rejected(dispute.Line) {
			continue
		}
		since := creditedOf(line.ID, count.of(c.credits[dispute.credits:]))
		amount := decimal.Max(decimal.Zero, decimal.Min(dispute.Amount.Sub(since), leftOf(line, count.of(c.credits))))
		tax := amount.Mul(line.TaxPercent).Div(decimal.NewFromInt(100)).Round(c.document.Currency.Exponent())
		sum = sum.Add(amount).Add(tax)
	}
	return decimal.Max(decimal.Zero, decimal.Min(sum, c.outstanding(count)))
}

// rejected reports whether an objection to a line was turned down.
func (c claim) rejected(line uuid.UUID) bool {
	return slices.ContainsFunc(c.disputes, func(o Objection) bool { return o.Line == line && o.Status == visible.DisputeRejected })
}

func (c claim) line(id uuid.UUID) (bill.Line, bool) {
	i := slices.IndexFunc(c.document.Lines, func(line bill.Line) bool { return line.ID == id })
	if i < 0 {
		return bill.Line{}, false
	}
	return c.document.Lines[i], true
}

func (c claim) payment(id domain.PaymentID) (Payment, bool) {
	i := slices.IndexFunc(c.payments, func(payment Payment) bool { return payment.Payment == id })
	if i < 0 {
		return Payment{}, false
	}
	return c.payments[i], true
}

func (c claim) objection(id domain.DisputeID) (Objection, bool) {
	i := slices.IndexFunc(c.disputes, func(dispute Objection) bool { return dispute.Dispute == id })
	if i < 0 {
		return Objection{}, false
	}
	return c.disputes[i], true
}

// standing refuses what only an issued invoice allows.
func (s State) standing() error {
	if s.status == StatusIssued {
		return nil
	}
	return domain.Refuse(domain.ErrConflict, "not_issued", "the invoice is %s; only an issued one allows it", s.status)
}

// checkAmount checks money above zero in units that the currency has.
func (s State) checkAmount(check *domain.Check, amount decimal.Decimal) {
	check.That(amount.IsPositive(), "amount", "must be above zero")
	check.That(bounded(amount) && amount.Equal(amount.Round(s.Document().Currency.Exponent())), "amount", "must have no more decimals than the currency")
}

// render keeps the first printed forms: a later layout never replaces it (F38).
func (s State) render(c Render) ([]Event, error) {
	if err := s.standing(); err != nil {
		return nil, err
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	switch was := s.rendered; {
	case was.Layout == 0:
		return []Event{Rendered{Print: c.Print, At: c.At}}, nil
	case c.Repeats(was.Print):
		return nil, nil
	default:
		return nil, domain.Refuse(domain.ErrConflict, "rendered", "the invoice has its printed form, layout %d with digest %s; it cannot change", was.Layout, was.SHA256)
	}
}

// applyPayment adds up to Amount in all for one payment, so that a repetition changes nothing.
func (s State) applyPayment(c ApplyPayment) ([]Event, error) {
	if err := s.standing(); err != nil {
		return nil, err
	}
	var check domain.Check
	check.That(!c.Payment.IsZero(), "payment", "must be given")
	s.checkAmount(&check, c.Amount)
	check.That(c.Day.Valid(), "day", "must be a day, such as 2026-03-31")
	if err := check.Err(); err != nil {
		return nil, err
	}
	was, known := s.claim.payment(c.Payment)
	if was.Reversed != "" {
		return nil, domain.Refuse(domain.ErrConflict, "payment_reversed", "the payment was taken back on %s", was.Reversed)
	}
	more, left := c.Amount.Sub(was.Amount), s.Outstanding()
	switch {
	case more.IsZero():
		return nil, nil
	case more.IsNegative():
		return nil, domain.Refuse(domain.ErrConflict, "payment_applied", "%s of the payment are applied already; reverse it to take them back", was.Amount)
	case s.WrittenOff().IsPositive() && more.GreaterThan(left):
		return nil, domain.Refuse(domain.ErrConflict, "written_off", "the rest was written off and %s are outstanding; leave the money as the client's credit, or refund it", left)
	case more.GreaterThan(left):
		return nil, domain.Refuse(domain.ErrConflict, "more_than_outstanding", "%s are outstanding; the rest stays the client's credit", left)
	case !known && len(s.claim.payments) >= MaxPayments:
		return nil, domain.Refuse(domain.ErrConflict, "too_many_payments", "an invoice takes at most %d payments", MaxPayments)
	}
	return []Event{PaymentApplied{Payment: c.Payment, Amount: more, Day: c.Day, By: c.By.Person, At: c.At}}, nil
}

// reversePayment changes nothing where the payment was never applied.
func (s State) reversePayment(c ReversePayment) ([]Event, error) {
	if err := s.standing(); err != nil {
		return nil, err
	}
	was, known := s.claim.payment(c.Payment)
	if !known || was.Reversed != "" {
		return nil, nil
	}
	var check domain.Check
	check.That(c.Day.Valid(), "day", "must be a day, such as 2026-03-31")
	if err := check.Err(); err != nil {
		return nil, err
	}
	return []Event{PaymentReversed{Payment: c.Payment, Amount: was.Amount, Day: c.Day, By: c.By.Person, At: c.At}}, nil
}

// remind takes the steps in order, each once, and only for what is overdue and not disputed. What is left of an invoice
// that was credited in full, after a payment was taken back, has the client's own credit against it.
func (s State) remind(c Remind) ([]Event, error) {
	if err := s.standing(); err != nil {
		return nil, err
	}
	if c.Step >= 1 && c.Step <= s.claim.reminded {
		return nil, nil
	}
	var check domain.Check
	check.That(c.Step == s.claim.reminded+1 && c.Step <= bill.MaxReminders, "step", "must be the next one of the ladder")
	check.Text("text", c.Text, 1)
	check.That(c.Day.Valid(), "day", "must be a day, such as 2026-03-31")
	if err := check.Err(); err != nil {
		return nil, err
	}
	if left := s.Outstanding(); c.Day <= s.Document().Due || !left.GreaterThan(s.Disputed()) || s.Voided() != "" {
		return nil, domain.Refuse(domain.ErrConflict, "not_overdue", "nothing undisputed is overdue on %s", c.Day)
	}
	return []Event{Reminded{Step: c.Step, Text: c.Text, By: c.By.Person, At: c.At}}, nil
}

func (s State) writeOff(c WriteOff) ([]Event, error) {
	if err := s.standing(); err != nil {
		return nil, err
	}
	left := s.Outstanding()
	switch {
	case left.IsPositive():
	case s.WrittenOff().IsPositive():
		return nil, nil
	default:
		return nil, domain.Refuse(domain.ErrConflict, "nothing_outstanding", "nothing is outstanding that could be written off")
	}
	var check domain.Check
	checkReason(&check, "reason", c.Reason, 1)
	if err := check.Err(); err != nil {
		return nil, err
	}
	return []Event{WrittenOff{Amount: left, Staff: ReasonStaff{Reason: c.Reason}, By: c.By.Person, At: c.At}}, nil
}
