package bill

import (
	"fmt"
	"time"

	"effigate/domain/calendar"
	"effigate/domain/terms"
)

// DueOn is when a document of a date is due by the terms of payment: the last day of the issuer's zone on which it is
// not overdue (F43). With businessDays it is moved from a Saturday or Sunday to the Monday after. The date must be
// valid.
func DueOn(p terms.Payment, date calendar.Date, businessDays bool) calendar.Date {
	due := date
	switch p.Rule {
	case terms.OnReceipt:
	case terms.Net:
		due = date.Add(p.Days)
	case terms.EndOfMonth:
		due = date.Month().Last().Add(p.Days)
	}
	if !businessDays {
		return due
	}
	switch due.Weekday() {
	case time.Saturday:
		return due.Add(2)
	case time.Sunday:
		return due.Add(1)
	default:
		return due
	}
}

// paymentText is the terms of payment in words.
func paymentText(p terms.Payment) string {
	days := "days"
	if p.Days == 1 {
		days = "day"
	}
	switch {
	case p.Rule == terms.EndOfMonth && p.Days == 0:
		return "Payable by the end of the month"
	case p.Rule == terms.EndOfMonth:
		return fmt.Sprintf("Payable %d %s after the end of the month", p.Days, days)
	case p.Rule == terms.Net && p.Days > 0:
		return fmt.Sprintf("Payable within %d %s", p.Days, days)
	}
	return "Payable on receipt"
}
