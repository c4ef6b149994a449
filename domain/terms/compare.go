package terms

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain/bucket"
	"effigate/domain/hours"
	"effigate/domain/money"
)

// Difference is one place where two versions differ.
type Difference struct {
	Field  string // stable name, "lines.support.minutes"
	Label  string // in words: "Hours of Support"
	Before string // in words; empty when there was none
	After  string
	// Staff says that clients never see it.
	Staff bool
}

// Compare lists what changed between two versions, in the order of the terms; empty when nothing did. What is
// gone stands where it stood. Lines, charges, milestones and penalties are known by their keys: their order alone
// is no difference, and a default is the same as its value written out. Rate cards, SLA policies and calendars
// are told as "<id>, version 3".
func Compare(before, after Terms) []Difference {
	old, now := sheetOf(before), sheetOf(after)
	gone := map[string][]Difference{} // behind the entry that stays; "" = at the front
	stays := ""
	for _, e := range old.entries {
		if _, ok := now.values[e.Field]; ok {
			stays = e.Field
			continue
		}
		gone[stays] = append(gone[stays], Difference{Field: e.Field, Label: e.Label, Before: e.After, Staff: e.Staff})
	}
	differences := gone[""]
	for _, e := range now.entries {
		if e.Before = old.values[e.Field]; e.Before != e.After {
			differences = append(differences, e)
		}
		differences = append(differences, gone[e.Field]...)
	}
	return differences
}

// sheet is terms written out: an entry for each thing that they say.
type sheet struct {
	entries  []Difference // without Before
	values   map[string]string
	currency money.Currency
	isStaff  bool
}

func sheetOf(t Terms) *sheet {
	s := &sheet{values: map[string]string{}, currency: t.Agreed.Currency}
	s.agreed(t.Agreed)
	s.isStaff = true
	s.staff(t.Staff)
	for _, l := range t.Agreed.Lines {
		s.charge(l, t.Staff.ChargeOf(l.Key))
	}
	for _, p := range t.Staff.Penalties {
		s.say("penalties."+p.Key, "Penalty "+p.Name, s.penalty(p))
	}
	s.say("purchase_order_limit", "Limit of the purchase order", s.amount(t.Staff.PurchaseOrderLimit))
	s.say("two_approvers_above", "Two people approve amendments above", s.amount(t.Staff.TwoApproversAbove))
	s.say("two_waivers_above", "Two people waive deductions above", s.amount(t.Staff.TwoWaiversAbove))
	return s
}

// say adds an entry unless there is nothing to say.
func (s *sheet) say(field, label, value string) {
	if value != "" {
		s.values[field] = value
		s.entries = append(s.entries, Difference{Field: field, Label: label, After: value, Staff: s.isStaff})
	}
}

func (s *sheet) agreed(a Agreed) {
	s.say("type", "Type of contract", words(a.Type()))
	s.say("starts", "First day", string(a.Starts))
	s.say("ends", "Last day", string(a.Ends))
	s.say("notice_days", "Notice before the end", count(a.NoticeDays, "day"))
	s.say("renew_months", "Renews itself by", count(a.RenewMonths, "month"))
	s.say("currency", "Currency", string(a.Currency))
	s.say("payment", "Payment", a.Payment.text())
	s.say("purchase_order", "Purchase order", a.PurchaseOrder)
	s.say("shows.unapproved", "The client sees hours that nobody approved yet", yes(a.Shows.Unapproved))
	s.say("shows.no_charge", "The client sees work without charge", yes(a.Shows.NoCharge))
	s.say("shows.alerts", "The client is told when hours are used up", yes(a.Shows.Alerts))
	for _, l := range a.Lines {
		field := "lines." + l.Key
		s.say(field+".name", "Line "+l.Key, l.Name)
		s.say(field+".type", "Type of "+l.Name, words(l.Type))
		s.say(field+".minutes", "Hours of "+l.Name, duration(l.Minutes))
		for _, j := range l.JobTypes {
			s.say(field+".job_types."+j.Key, "Job type "+j.Key+" of "+l.Name, list(j.Name, duration(j.Minutes)))
		}
		for _, m := range l.Milestones {
			s.say(field+".milestones."+m.Key, "Milestone "+m.Key+" of "+l.Name, list(m.Name, behind("due ", string(m.Due))))
		}
	}
}

func (s *sheet) staff(t Staff) {
	s.say("support_level", "Support level", string(t.SupportLevel))
	s.say("calendar", "Calendar", t.Calendar.text())
	s.say("rate_card", "Rate card", t.RateCard.text())
	s.say("sla_policy", "SLA policy", t.SLAPolicy.text())
	s.say("tax_profile", "Tax profile", t.TaxProfile)
	for i, w := range t.Conditions {
		number := strconv.Itoa(i + 1)
		s.say("conditions."+number, "Rate condition "+number, window(w))
	}
	if len(t.Conditions) > 1 {
		s.say("overlap", "Where rate conditions overlap", overlapWords[t.Overlap])
	}
	s.say("rounding", "Rounding", rounding(t.Rounding))
	s.say("rounding.minimum_minutes", "Least of a record", duration(t.Rounding.MinimumMinutes))
	s.say("rounding.ticket_day_minimum_minutes", "Least of a ticket on a day", duration(t.Rounding.TicketDayMinimumMinutes))
	s.say("limits.longest_minutes", "Longest record", duration(t.Limits.Longest()))
	s.say("limits.backdating_days", "Work is logged within", count(t.Limits.Backdating(), "day"))
	s.say("limits.grace_days", "A period takes its own time for", count(t.Limits.Grace(), "day"))
}

func (s *sheet) charge(l Line, c Charge) {
	field, of := "charges."+l.Key, " of "+l.Name
	if l.Type.HasHours() {
		s.say(field+".mode", "Hours"+of+" are", cmp.Or(words(c.Mode), "prepaid"))
		s.say(field+".overage", "Beyond the hours"+of, overageWords[c.Overage])
	}
	s.say(field+".overage_price", "Price of an hour beyond those"+of, s.amount(c.OveragePrice))
	s.say(field+".top_up_minutes", "Top-up"+of, duration(c.TopUpMinutes))
	if c.Overage == TopUpOverage {
		s.say(field+".top_up_at_minutes", "Top-up"+of+" as soon as no more is left than", cmp.Or(duration(c.TopUpAtMinutes), "nothing"))
	}
	s.say(field+".lives_months", "Life of the hours"+of, count(c.LivesMonths, "month"))
	s.say(field+".rollover", "Rollover"+of, rollover(c.Rollover))
	for _, w := range c.Weights {
		s.say(field+".weights."+string(w.Condition), "Weight of "+words(w.Condition)+" hours"+of, strconv.Itoa(w.Percent)+" %")
	}
	s.say(field+".fee", "Fee"+of, s.amount(c.Fee))
	s.say(field+".cap", "Cap"+of, s.amount(c.Cap))
	if !c.Cap.IsZero() {
		s.say(field+".cap_policy", "At the cap"+of, map[CapPolicy]string{NotifyCap: "it is reported", HardCap: "nothing more is approved"}[c.CapPolicy])
	}
	for _, a := range c.Amounts {
		// A milestone may be worth nothing.
		s.say(field+".amounts."+a.Milestone, "Amount of milestone "+a.Milestone+of, cmp.Or(s.amount(a.Amount), "nothing"))
	}
}

var overlapWords = map[Overlap]string{
	ByPriority: "the higher priority holds",
	Highest:    "the higher price holds",
}

var overageWords = map[OveragePolicy]string{
	BlockOverage: "nothing is approved",
	AllowOverage: "work goes on",
	AskOverage:   "the client is asked",
	TopUpOverage: "hours are bought",
}

func (s *sheet) penalty(p Penalty) string {
	var gives string
	switch p.Kind {
	case FixedPerBreach:
		gives = s.amount(p.Amount) + " per breach"
	case PercentOfTicket:
		gives = p.Percent.String() + " % of the ticket"
	case PercentOfFee:
		gives = p.Percent.String() + " % of the fee"
	case TieredByOverrun:
		var tiers []string
		for _, tier := range p.Tiers {
			tiers = append(tiers, s.amount(tier.Amount)+" above "+cmp.Or(duration(tier.AboveMinutes), "0 min"))
		}
		gives = strings.Join(tiers, ", ")
	}
	var ticket, period string
	if !p.CapPerTicket.IsZero() {
		ticket = "at most " + s.amount(p.CapPerTicket) + " per ticket"
	}
	if !p.CapPeriodPercent.IsZero() {
		period = "at most " + p.CapPeriodPercent.String() + " % of a period"
	}
	var excludes []string
	for _, e := range slices.Sorted(slices.Values(p.Excludes)) {
		excludes = append(excludes, words(e))
	}
	return list(p.Trigger+" missed", gives, ticket, period, behind("not for ", strings.Join(excludes, " or ")))
}

// amount writes a sum of money; nothing for zero.
func (s *sheet) amount(value decimal.Decimal) string {
	if value.IsZero() {
		return ""
	}
	amount, err := money.New(value, s.currency)
	if err != nil {
		return value.String() // Terms without a currency are compared as well.
	}
	return amount.Text()
}

func (p Payment) text() string {
	switch p.Rule {
	case OnReceipt:
		return "on receipt"
	case Net:
		return "within " + count(p.Days, "day")
	case EndOfMonth:
		return list("end of month", behind("and ", count(p.Days, "day")))
	}
	return string(p.Rule)
}

func (r Ref) text() string {
	if r.ID == uuid.Nil {
		return ""
	}
	if r.Version == 0 {
		return list(r.ID.String(), "newest version")
	}
	return list(r.ID.String(), "version "+strconv.Itoa(r.Version))
}

func window(w hours.Window) string {
	days := "every day"
	if len(w.Weekdays) > 0 {
		names := make([]string, len(w.Weekdays))
		for i, d := range w.Weekdays {
			names[i] = string(d)
		}
		days = strings.Join(names, " ")
	}
	if w.Holidays {
		days = "holidays"
	}
	var priority string
	if w.Priority != 0 {
		priority = "priority " + strconv.Itoa(w.Priority)
	}
	return list(words(w.Condition), days, string(w.From)+"–"+string(w.Until),
		behind("from ", string(w.ValidFrom)), behind("until ", string(w.ValidUntil)), priority)
}

func rounding(r hours.Rounding) string {
	step := duration(max(r.StepMinutes, 1))
	if r.Mode == hours.Exact {
		return "up to the minute"
	}
	return string(r.Mode) + " to " + step
}

func rollover(r bucket.Rollover) string {
	periods := "for " + count(max(r.Periods, 1), "period")
	switch r.Kind {
	case bucket.RollNothing:
		return ""
	case bucket.RollMinutes:
		return list("at most "+duration(r.CapMinutes), periods)
	case bucket.RollPercent:
		return list("at most "+strconv.Itoa(r.CapPercent)+" % of what the period granted", periods)
	case bucket.RollPeriods:
		return list("everything", periods)
	}
	return string(r.Kind)
}

// words writes a stored name as people read it.
func words[T ~string](name T) string { return strings.ReplaceAll(string(name), "_", " ") }

// duration writes minutes as "100 h", "1 h 30 min" or "45 min"; nothing for zero.
func duration(minutes int) string {
	var parts []string
	if minutes >= 60 {
		parts = append(parts, strconv.Itoa(minutes/60)+" h")
	}
	if minutes%60 != 0 {
		parts = append(parts, strconv.Itoa(minutes%60)+" min")
	}
	return strings.Join(parts, " ")
}

// count writes a number of things; nothing for zero.
func count(number int, thing string) string {
	switch number {
	case 0:
		return ""
	case 1:
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", number, thing)
}

// behind puts words before a text unless that is empty.
func behind(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

// list joins what is not empty.
func list(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ", ")
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
