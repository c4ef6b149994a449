package terms

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/hours"
)

// Bounds of terms. First and last day bound every day that terms name.
const (
	MaxLines      = 20
	MaxJobTypes   = 200 // in all lines
	MaxMilestones = 200 // of a line
	MaxPenalties  = 50
	MaxTiers      = 20
	MaxMonths     = 120 // of a renewal, or of the life of hours
	MaxNoticeDays = 366

	FirstDay calendar.Date = "1970-01-01"
	LastDay  calendar.Date = "2199-12-31"

	maxName          = 200 // characters
	maxDayMinutes    = 24 * 60
	maxPriceDecimals = 6     // of the price of an hour
	maxWeight        = 1_000 // per cent
)

var (
	keyForm    = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	taxForm    = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$`) // as rates have it
	most       = decimal.New(1, 15)
	conditions = []hours.Condition{hours.Regular, hours.AfterHours, hours.Weekend, hours.Holiday, hours.Emergency}
)

// Check lists what is wrong with terms, by field as a form names it ("lines", "ends", "charges", …); empty when
// nothing is. Of several faults of a field the first one is told. It normalises nothing.
func (t Terms) Check() map[string]string {
	c := check{fields: map[string]string{}, decimals: 3} // The most that any currency has.
	if t.Agreed.Currency.Valid() {
		c.decimals = t.Agreed.Currency.Exponent()
	}
	c.agreed(t.Agreed)
	c.staff(t.Staff)
	c.charges(t)
	c.penalties(t.Staff.Penalties)
	return c.fields
}

// check collects what is wrong; decimals is how many the currency has.
type check struct {
	fields   map[string]string
	decimals int32
}

// that notes a wrong field unless ok holds.
func (c check) that(ok bool, field, wrong string, arguments ...any) {
	if _, known := c.fields[field]; !ok && !known {
		c.fields[field] = fmt.Sprintf(wrong, arguments...)
	}
}

func (c check) agreed(a Agreed) {
	c.that(day(a.Starts), "starts", "must be a day, such as 2026-03-31")
	c.that(a.Ends == "" || day(a.Ends) && a.Ends >= a.Starts, "ends", "must be empty, or a day not before the start")
	c.that(within(a.NoticeDays, 0, MaxNoticeDays), "notice_days", "must be 0 to %d", MaxNoticeDays)
	c.that(within(a.RenewMonths, 0, MaxMonths), "renew_months", "must be 0 to %d", MaxMonths)
	c.that(a.RenewMonths == 0 || a.Ends != "", "renew_months", "must be 0 where the contract has no end")
	c.that(a.Currency.Valid(), "currency", "must be a currency's code, such as AUD")
	c.that(a.Payment.valid(), "payment", "must be on receipt without days, net with 1 to 365, or end of month with 0 to 365")
	c.that(a.PurchaseOrder == "" || line(a.PurchaseOrder), "purchase_order", "must be empty, or one line of at most %d characters", maxName)
	c.that(within(len(a.Lines), 1, MaxLines), "lines", "must be 1 to %d", MaxLines)
	c.that(within(len(a.JobTypes()), 0, MaxJobTypes), "lines", "must have at most %d job types in all", MaxJobTypes)
	c.that(distinct(a.Lines, func(l Line) string { return l.Key }), "lines", "must have different keys")
	c.that(distinct(a.JobTypes(), func(j JobType) string { return j.Key }), "lines", "must not name a job type twice")
	for _, l := range a.Lines {
		c.line(l)
	}
}

func (c check) line(l Line) {
	const field = "lines"
	c.that(keyForm.MatchString(l.Key), field, "must have keys of 1 to 64 lower-case letters, digits, dots, dashes and underscores, not %q", l.Key)
	c.that(line(l.Name), field, "must have names of one line with 1 to %d characters: that of %q has not", maxName, l.Key)
	c.that(l.Type.Valid(), field, "must be of type bucket, fixed, time_and_materials or retainer: %q is not", l.Key)
	c.that(len(l.JobTypes) > 0 || l.Type == Fixed, field, "must have a job type: %q has none", l.Key)
	c.that(within(l.Minutes, 0, bucket.MaxMinutes), field, "must have 0 to %d minutes: %q has %d", bucket.MaxMinutes, l.Key, l.Minutes)
	c.that(l.Minutes == 0 || l.Type.HasHours(), field, "must not have minutes unless it is a bucket or a retainer: %q has", l.Key)
	meant := 0
	for _, j := range l.JobTypes[:min(len(l.JobTypes), MaxJobTypes)] {
		c.that(keyForm.MatchString(j.Key), field, "must have job types with keys of 1 to 64 lower-case letters, digits, dots, dashes and underscores, not %q", j.Key)
		c.that(line(j.Name), field, "must have job types with names of one line with 1 to %d characters: that of %q has not", maxName, j.Key)
		c.that(within(j.Minutes, 0, bucket.MaxMinutes), field, "must mean 0 to %d minutes for a job type: %q has %d", bucket.MaxMinutes, j.Key, j.Minutes)
		meant += j.Minutes
	}
	c.that(meant <= l.Minutes, field, "must not mean more minutes for their job types than they have: %q has %d of %d", l.Key, meant, l.Minutes)
	c.that(len(l.Milestones) == 0 || l.Type == Fixed, field, "must not have milestones unless it is fixed: %q has", l.Key)
	c.that(len(l.Milestones) <= MaxMilestones, field, "must have at most %d milestones each", MaxMilestones)
	c.that(distinct(l.Milestones, func(m Milestone) string { return m.Key }), field, "must not name a milestone twice: %q does", l.Key)
	for _, m := range l.Milestones[:min(len(l.Milestones), MaxMilestones)] {
		c.that(keyForm.MatchString(m.Key), field, "must have milestones with keys of 1 to 64 lower-case letters, digits, dots, dashes and underscores, not %q", m.Key)
		c.that(line(m.Name), field, "must have milestones with names of one line with 1 to %d characters: that of %q has not", maxName, m.Key)
		c.that(m.Due == "" || day(m.Due), field, "must have milestones due on no day, or on one such as 2026-03-31: %q is not", m.Key)
	}
}

func (c check) staff(s Staff) {
	c.that(s.SupportLevel.Valid(), "support_level", "must be standard, priority or 24x7")
	for field, ref := range map[string]Ref{"calendar": s.Calendar, "rate_card": s.RateCard, "sla_policy": s.SLAPolicy} {
		c.that(ref.Version >= 0 && (ref.ID != uuid.Nil || ref.Version == 0), field, "must be none, one, or a version of one")
	}
	c.that(s.TaxProfile == "" || taxForm.MatchString(s.TaxProfile), "tax_profile", "must be empty, or 1 to 64 letters, digits, dots, dashes and underscores")
	c.that(len(s.Conditions) <= hours.MaxWindows, "conditions", "must be at most %d", hours.MaxWindows)
	for i, w := range s.Conditions[:min(len(s.Conditions), hours.MaxWindows)] {
		problem := w.Problem()
		c.that(problem == "", "conditions", "must be right: number %d %s", i+1, problem)
	}
	c.that(s.Overlap == ByPriority || s.Overlap == Highest, "overlap", "must be empty, for the priority of the conditions, or highest, for their price")
	problem := s.Rounding.Problem()
	c.that(problem == "", "rounding", "%s", problem)
	l := s.Limits
	c.that(within(l.LongestMinutes, 0, 2*maxDayMinutes), "limits", "must allow records of at most %d minutes", 2*maxDayMinutes)
	c.that(within(l.BackdatingDays, 0, 732), "limits", "must allow work at most 732 days old")
	c.that(within(l.GraceDays, 0, 92), "limits", "must have a grace of at most 92 days")
	c.amount("purchase_order_limit", s.PurchaseOrderLimit, "")
	c.amount("two_approvers_above", s.TwoApproversAbove, "")
	c.amount("two_waivers_above", s.TwoWaiversAbove, "")
}

// amount checks a sum of money: not negative, bounded, and in whole units of the currency. Where a form has the
// field more than once, of says which is meant.
func (c check) amount(field string, value decimal.Decimal, of string) {
	c.that(number(value, c.decimals), field, "must be an amount of at most %d decimals, 0 or more%s", c.decimals, of)
}

// Valid reports whether t is one of the types.
func (t Type) Valid() bool {
	return slices.Contains([]Type{Bucket, Fixed, TimeAndMaterials, Retainer}, t)
}

// HasHours reports whether work under a line of the type draws on hours bought or included.
func (t Type) HasHours() bool { return t == Bucket || t == Retainer }

// Valid reports whether l is one of the levels.
func (l SupportLevel) Valid() bool {
	return slices.Contains([]SupportLevel{Standard, Priority, Always}, l)
}

func (p Payment) valid() bool {
	switch p.Rule {
	case OnReceipt:
		return p.Days == 0
	case Net:
		return within(p.Days, 1, 365)
	case EndOfMonth:
		return within(p.Days, 0, 365)
	}
	return false
}

func within(value, least, most int) bool { return least <= value && value <= most }

func day(d calendar.Date) bool { return d.Valid() && FirstDay <= d && d <= LastDay }

func line(text string) bool {
	return text != "" && utf8.RuneCountInString(text) <= maxName && utf8.ValidString(text) &&
		!strings.ContainsFunc(text, unicode.IsControl) && strings.TrimSpace(text) == text
}

// number reports whether a value has at most that many decimals and is neither negative nor absurd. The exponent
// is looked at first, so that a hostile one costs nothing.
func number(value decimal.Decimal, decimals int32) bool {
	return value.Exponent() >= -12 && value.Exponent() <= 15 && !value.IsNegative() && value.LessThan(most) &&
		value.Equal(value.Truncate(decimals))
}

// distinct reports whether no two of a list have the same key.
func distinct[T any](list []T, key func(T) string) bool {
	known := make(map[string]bool, len(list))
	for _, item := range list {
		known[key(item)] = true
	}
	return len(known) == len(list)
}
