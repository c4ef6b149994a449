package invoice

import (
	"slices"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
)

// The effects of a credit on what was paid already: the client keeps it as credit, or is paid back.
const (
	AccountCredit = "account_credit"
	Refund        = "refund"
)

// reserveCredit takes lines out of what can still be credited, at most what is left of each, and never more in all than
// the invoice came to. It lowers what is outstanding first; the rest was paid and is the client's.
func (s State) reserveCredit(c ReserveCredit) ([]Event, error) {
	if err := s.standing(); err != nil {
		return nil, err
	}
	if c.Staff.Effect == "" {
		c.Staff.Effect = AccountCredit
	}
	if err := checkCredit(c); err != nil {
		return nil, err
	}
	if was, _, known := s.Credit(c.CreditNote); known {
		if sameCredit(was.Staff, c.Staff) && (len(c.Lines) == 0 || asked(was.Lines, c.Lines)) {
			return nil, nil
		}
		return nil, domain.Refuse(domain.ErrConflict, "credit_exists", "credit note %s exists with another content", c.CreditNote)
	}
	switch {
	case len(s.Remaining()) == 0:
		return nil, domain.Refuse(domain.ErrConflict, "nothing_left", "all of the invoice is credited already")
	case s.WrittenOff().IsPositive():
		return nil, domain.Refuse(domain.ErrConflict, "written_off", "the rest was written off; refund the payment if money is to go back")
	case len(s.reserved) >= MaxCredits:
		return nil, domain.Refuse(domain.ErrConflict, "too_many_credits", "an invoice takes at most %d credit notes", MaxCredits)
	}
	if err := s.checkCreditDate(c); err != nil {
		return nil, err
	}
	lines, err := s.credit(c.Lines)
	if err != nil {
		return nil, err
	}
	reserved := CreditReserved{CreditNote: c.CreditNote, Lines: lines, Staff: c.Staff, By: c.By.Person, At: c.At}
	after := Evolve(s, reserved)
	note, _ := after.CreditNote(c.CreditNote)
	last := len(after.Remaining()) == 0
	if c.Staff.Rebill && !last {
		return nil, domain.Refuse(domain.ErrConflict, "not_a_full_credit", "only what is credited in full can be billed again")
	}
	if !note.Payable.IsPositive() && !last {
		return nil, domain.Refuse(domain.ErrConflict, "nothing_to_credit", "the lines come to %s; a credit is above zero", note.Payable)
	}
	reserved.Total = note.Payable
	reserved.Offset = decimal.Min(reserved.Total, decimal.Max(decimal.Zero, s.Outstanding()))
	return []Event{reserved}, nil
}

// sameCredit reports whether two credits are one. The rate that was recorded with the first stays, whatever rate the day
// has got since.
func sameCredit(was, asked CreditReservedStaff) bool {
	was.Exchange, asked.Exchange = bill.Exchange{}, bill.Exchange{}
	return was == asked
}

func checkCredit(c ReserveCredit) error {
	var check domain.Check
	check.That(!c.CreditNote.IsZero(), "credit_note", "must be given")
	check.That(len(c.Lines) <= bill.MaxLines, "lines", "must be fewer")
	check.That(!slices.ContainsFunc(c.Lines, func(line bill.Credit) bool { return !bounded(line.Net) }), "lines", "must be amounts of the invoice")
	checkReason(&check, "reason", c.Staff.Reason, 1)
	checkReason(&check, "note", c.Staff.Note, 0)
	check.Line("code", c.Staff.Code)
	check.That(c.Staff.Effect == AccountCredit || c.Staff.Effect == Refund, "effect", "must be account_credit or refund")
	check.That(c.Staff.Date.Valid(), "date", "must be a day, such as 2026-03-31")
	return check.Err()
}

// checkCreditDate keeps credit notes between their invoice and today: the numbers of a series follow its dates, so that a
// date in the future would be that of all notes after it.
func (s State) checkCreditDate(c ReserveCredit) error {
	var check domain.Check
	check.That(c.Staff.Date >= s.Document().Date, "date", "must not lie before that of the invoice, "+string(s.Document().Date))
	check.That(c.Staff.Date <= s.today(c.At), "date", "must not lie in the future of the issuer")
	check.That(s.reportable(c.Staff.Exchange, c.Staff.Date), "exchange", exchangeRule)
	return check.Err()
}

// asked reports whether a credit took just these lines, in whatever order they are named.
func asked(had []bill.CreditedLine, now []bill.Credit) bool {
	return len(had) == len(now) && !slices.ContainsFunc(had, func(line bill.CreditedLine) bool {
		return !slices.ContainsFunc(now, func(c bill.Credit) bool { return c.Line == line.Line && c.Net.Equal(line.Net) })
	})
}

// credit gives the lines with their tax: the named ones, or all that is left.
func (s State) credit(lines []bill.Credit) ([]bill.CreditedLine, error) {
	if len(lines) == 0 {
		for _, line := range s.Remaining() {
			lines = append(lines, line.Credit)
		}
	}
	var before []bill.CreditedLine
	for _, reserved := range s.reserved {
		before = append(before, reserved.Lines...)
	}
	return s.Document().Credit(before, lines)
}

func (s State) confirmCredit(c ConfirmCredit) ([]Event, error) {
	_, number, known := s.Credit(c.CreditNote)
	switch {
	case !known:
		return nil, domain.Refuse(domain.ErrNotFound, "no_such_credit", "the credit note reserved nothing of the invoice")
	case number == c.Number && c.Number != "":
		return nil, nil
	case number != "":
		return nil, domain.Refuse(domain.ErrConflict, "credit_issued", "the credit note is issued as %s", number)
	}
	var check domain.Check
	check.Line("number", c.Number)
	if err := check.Err(); err != nil {
		return nil, err
	}
	return []Event{Credited{CreditNote: c.CreditNote, Number: c.Number, At: c.At}}, nil
}
