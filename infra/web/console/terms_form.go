package console

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/money"
	"effigate/domain/terms"
)

// The form of terms holds what is a list in a text area, one item a line, its parts parted by bars. What fill
// writes into the fields, termsOf reads as the same terms.

// bar parts the parts of a line.
const bar = " | "

// termsReader reads terms out of a form and collects what is wrong, by field.
type termsReader struct {
	form  typed
	check domain.Check
}

// termsOf reads terms out of a form; the error names every field that cannot be read.
func termsOf(form typed) (terms.Terms, error) {
	r := &termsReader{form: form}
	t := terms.Terms{
		Agreed: terms.Agreed{
			Starts: calendar.Date(r.text("starts")), Ends: calendar.Date(r.text("ends")),
			NoticeDays: r.number("notice_days"), RenewMonths: r.number("renew_months"),
			Currency:      money.Currency(strings.ToUpper(r.text("currency"))),
			Payment:       terms.Payment{Rule: terms.PaymentRule(r.text("payment")), Days: r.number("payment_days")},
			PurchaseOrder: r.text("purchase_order"),
			Shows: terms.Shows{
				Unapproved: r.text("shows.unapproved") != "", NoCharge: r.text("shows.no_charge") != "", Alerts: r.text("shows.alerts") != "",
			},
		},
		Staff: terms.Staff{
			SupportLevel: terms.SupportLevel(r.text("support_level")),
			Calendar:     r.ref("calendar"), RateCard: r.ref("rate_card"), SLAPolicy: r.ref("sla_policy"),
			TaxProfile: r.text("tax_profile"), Conditions: lines(r, "conditions", r.window), Overlap: terms.Overlap(r.text("overlap")),
			Rounding: hours.Rounding{
				Mode: hours.Mode(r.text("rounding")), StepMinutes: r.number("rounding_step"), MinimumMinutes: r.number("rounding_minimum"),
				TicketDayMinimumMinutes: r.number("rounding_ticket_day"),
			},
			Limits:             terms.Limits{LongestMinutes: r.duration("limits"), BackdatingDays: r.number("limits_backdating"), GraceDays: r.number("limits_grace")},
			Penalties:          lines(r, "penalties", r.penalty),
			PurchaseOrderLimit: r.amount("purchase_order_limit"), TwoApproversAbove: r.amount("two_approvers_above"),
			TwoWaiversAbove: r.amount("two_waivers_above"),
		},
	}
	for n := 1; n <= lineCount(form.Values); n++ {
		r.line(n, &t)
	}
	return t, r.check.Err()
}

// lineCount is how many lines a form has places for.
func lineCount(form url.Values) int {
	count := 0
	for n := 1; n <= terms.MaxLines; n++ {
		if form.Has(lineField(n, "key")) {
			count = n
		}
	}
	return count
}

// lineField names a field of the line of a number, from 1.
func lineField(n int, name string) string { return "line." + strconv.Itoa(n) + "." + name }

// line adds a line, unless it was left empty.
func (r *termsReader) line(n int, t *terms.Terms) {
	field := func(name string) string { return lineField(n, name) }
	read := func(name string) string { return r.text(field(name)) }
	line := terms.Line{
		Key: read("key"), Name: read("name"), Type: terms.Type(read("type")), Minutes: r.duration(field("hours")),
		JobTypes: lines(r, field("job_types"), r.jobType),
	}
	if line.Key == "" && line.Name == "" && len(line.JobTypes) == 0 {
		return
	}
	if line.JobTypes == nil {
		line.JobTypes = []terms.JobType{} // Stored, none is an empty list, and another one is no change.
	}
	charge := terms.Charge{
		Line: line.Key, Mode: terms.Mode(read("mode")), Overage: terms.OveragePolicy(read("overage")), OveragePrice: r.amount(field("overage_price")),
		TopUpMinutes: r.duration(field("top_up")), TopUpAtMinutes: r.duration(field("top_up_at")), LivesMonths: r.number(field("lives")),
		Rollover: r.rollover(field("rollover")), Weights: lines(r, field("weights"), r.weight), Fee: r.amount(field("fee")), Cap: r.amount(field("cap")),
	}
	if read("cap_hard") != "" {
		charge.CapPolicy = terms.HardCap
	}
	for _, entry := range lines(r, field("schedule"), r.milestone) {
		line.Milestones, charge.Amounts = append(line.Milestones, entry.Milestone), append(charge.Amounts, entry.Amount)
	}
	t.Agreed.Lines = append(t.Agreed.Lines, line)
	if encoded(charge) != encoded(terms.Charge{Line: line.Key}) {
		t.Staff.Charges = append(t.Staff.Charges, charge)
	}
}

// encoded is a value as text, to compare it: a decimal compares by pointer.
func encoded(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // Plain values always encode.
	}
	return string(text)
}

// text is what was typed into a field, without spaces around it.
func (r *termsReader) text(field string) string { return strings.TrimSpace(r.form.Get(field)) }

// number is a whole number; 0 when nothing was typed.
func (r *termsReader) number(field string) int {
	text := r.text(field)
	value, err := strconv.Atoi(text)
	r.check.That(err == nil || text == "", field, "must be a whole number")
	return value
}

// amount is a number of money; zero when nothing was typed.
func (r *termsReader) amount(field string) decimal.Decimal {
	value, err := amountOf(r.text(field))
	r.check.That(err == nil, field, "must be an amount, such as 1250.00")
	return value
}

// amountOf reads an amount as people type it; nothing is zero.
func amountOf(text string) (decimal.Decimal, error) {
	text = strings.ReplaceAll(text, ",", "")
	if text == "" {
		return decimal.Decimal{}, nil
	}
	if len(text) > 40 || strings.ContainsAny(text, "eE") {
		return decimal.Decimal{}, fmt.Errorf("%q is no amount", text)
	}
	return decimal.NewFromString(text)
}

// duration is hours in minutes; 0 when nothing was typed.
func (r *termsReader) duration(field string) int {
	minutes, err := minutesOf(r.text(field))
	r.check.That(err == nil, field, "must be hours, such as 100, 7.5 or 7:30")
	return minutes
}

// minutesOf reads hours as people type them, "100", "7.5", "7:30" or "-2"; nothing is none. They must be whole
// minutes.
func minutesOf(text string) (int, error) {
	text = strings.TrimSuffix(strings.TrimSpace(text), " h")
	if whole, rest, ok := strings.Cut(text, ":"); ok {
		number, err := strconv.Atoi(whole)
		minutes, wrong := strconv.ParseUint(rest, 10, 8)
		if err != nil || wrong != nil || len(rest) != 2 || minutes > 59 || len(whole) > 7 {
			return 0, fmt.Errorf("%q is no number of hours and minutes", text)
		}
		if strings.HasPrefix(whole, "-") {
			return number*60 - int(minutes), nil
		}
		return number*60 + int(minutes), nil
	}
	value, err := amountOf(text)
	if err != nil {
		return 0, err
	}
	minutes := value.Mul(decimal.NewFromInt(60))
	if !minutes.IsInteger() || minutes.Abs().GreaterThan(decimal.NewFromInt(1e9)) {
		return 0, fmt.Errorf("%q is no number of whole minutes", text)
	}
	return int(minutes.IntPart()), nil
}

// typedHours is a number of minutes as minutesOf reads it; empty for none.
func typedHours(minutes int) string {
	switch {
	case minutes == 0:
		return ""
	case minutes%60 == 0:
		return strconv.Itoa(minutes / 60)
	case minutes < 0:
		return "-" + typedHours(-minutes)
	}
	return fmt.Sprintf("%d:%02d", minutes/60, minutes%60)
}

// ref is what was chosen of rate cards, policies or calendars: "<id>" or "<id> 3" for a version.
func (r *termsReader) ref(field string) terms.Ref {
	id, version, pinned := strings.Cut(r.text(field), " ")
	if id == "" {
		return terms.Ref{}
	}
	known, err := uuid.Parse(id)
	number, wrong := strconv.Atoi(version)
	r.check.That(err == nil && (!pinned || wrong == nil && number > 0), field, "must be one of the list")
	return terms.Ref{ID: known, Version: number}
}

func typedRef(ref terms.Ref) string {
	switch {
	case ref.ID == uuid.Nil:
		return ""
	case ref.Version == 0:
		return ref.ID.String()
	}
	return ref.ID.String() + " " + strconv.Itoa(ref.Version)
}

// lines reads a text area, an item a line. What is wrong with one names the line.
func lines[I any](r *termsReader, field string, read func([]string) (I, error)) []I {
	var items []I
	for n, text := range strings.Split(r.form.Get(field), "\n") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		parts := strings.Split(text, "|")
		for i, part := range parts {
			parts[i] = strings.TrimSpace(part)
		}
		item, err := read(parts)
		if err != nil {
			r.check.That(false, field, fmt.Sprintf("cannot be read in line %d: %v", n+1, err))
			continue
		}
		items = append(items, item)
	}
	return items
}

// part is one of the parts of a line; empty when the line ends before it.
func part(parts []string, i int) string {
	if i < len(parts) {
		return parts[i]
	}
	return ""
}

// jobType reads "api | API work | 40".
func (r *termsReader) jobType(parts []string) (terms.JobType, error) {
	minutes, err := minutesOf(part(parts, 2))
	if err != nil || len(parts) > 3 || len(parts) < 2 {
		return terms.JobType{}, fmt.Errorf("write it as key%sname, or key%sname%shours", bar, bar, bar)
	}
	return terms.JobType{Key: parts[0], Name: parts[1], Minutes: minutes}, nil
}

// scheduled is an entry of a schedule with what it is worth.
type scheduled struct {
	terms.Milestone
	terms.Amount
}

// milestone reads "phase-1 | Discovery | 2026-03-31 | 3536.36"; the day may be left out.
func (r *termsReader) milestone(parts []string) (scheduled, error) {
	amount, err := amountOf(part(parts, 3))
	if err != nil || len(parts) != 4 {
		return scheduled{}, fmt.Errorf("write it as key%sname%sday%samount; the day may be empty", bar, bar, bar)
	}
	return scheduled{
		Milestone: terms.Milestone{Key: parts[0], Name: parts[1], Due: calendar.Date(parts[2])},
		Amount:    terms.Amount{Milestone: parts[0], Amount: amount},
	}, nil
}

// weight reads "after_hours | 150".
func (r *termsReader) weight(parts []string) (terms.Weight, error) {
	percent, err := strconv.Atoi(strings.TrimSuffix(part(parts, 1), "%"))
	if err != nil || len(parts) != 2 {
		return terms.Weight{}, fmt.Errorf("write it as condition%spercent", bar)
	}
	return terms.Weight{Condition: hours.Condition(parts[0]), Percent: percent}, nil
}

// rollover reads "10 h", "50 %" or "all", each perhaps with "for 3 periods".
func (r *termsReader) rollover(field string) (rule bucket.Rollover) {
	what, periods, bounded := strings.Cut(strings.TrimSuffix(r.text(field), " periods"), " for ")
	if what == "" {
		return rule
	}
	var err error
	if bounded {
		rule.Periods, err = strconv.Atoi(periods)
	}
	switch number, ok := strings.CutSuffix(what, "%"); {
	case err != nil:
	case what == "all":
		rule.Kind = bucket.RollPeriods
	case ok:
		rule.Kind = bucket.RollPercent
		rule.CapPercent, err = strconv.Atoi(strings.TrimSpace(number))
	default:
		rule.Kind = bucket.RollMinutes
		rule.CapMinutes, err = minutesOf(what)
	}
	r.check.That(err == nil, field, "must be empty, or such as 10 h, 50 % for 2 periods, or all for 3 periods")
	return rule
}

func typedRollover(rule bucket.Rollover) (text string) {
	switch rule.Kind {
	case bucket.RollNothing:
		return ""
	case bucket.RollMinutes:
		text = or(typedHours(rule.CapMinutes), "0") + " h"
	case bucket.RollPercent:
		text = strconv.Itoa(rule.CapPercent) + " %"
	case bucket.RollPeriods:
		text = "all"
	}
	if rule.Periods > 0 {
		text += " for " + strconv.Itoa(rule.Periods) + " periods"
	}
	return text
}

// window reads "after_hours | mon tue wed thu fri | 18:00-09:00 | 10 | 2026-01-01 to 2026-12-31". The days are
// weekdays, "every day" or "holidays"; priority and validity may be left out.
func (r *termsReader) window(parts []string) (hours.Window, error) {
	from, until, span := strings.Cut(strings.ReplaceAll(part(parts, 2), "–", "-"), "-")
	priority, err := 0, error(nil)
	if text := part(parts, 3); text != "" {
		priority, err = strconv.Atoi(text)
	}
	first, last, valid := strings.Cut(part(parts, 4), "to")
	if err != nil || !span || len(parts) < 3 || len(parts) > 5 || part(parts, 4) != "" && !valid {
		return hours.Window{}, fmt.Errorf("write it as condition%sdays%s18:00-24:00, then, if needed, %spriority%sday to day", bar, bar, bar, bar)
	}
	w := hours.Window{
		Condition: hours.Condition(parts[0]), From: calendar.Clock(strings.TrimSpace(from)), Until: calendar.Clock(strings.TrimSpace(until)),
		Priority: priority, ValidFrom: calendar.Date(strings.TrimSpace(first)), ValidUntil: calendar.Date(strings.TrimSpace(last)),
	}
	switch days := parts[1]; days {
	case "holidays":
		w.Holidays = true
	case "every day", "":
	default:
		for day := range strings.FieldsSeq(strings.ReplaceAll(days, ",", " ")) {
			w.Weekdays = append(w.Weekdays, calendar.Weekday(day))
		}
	}
	return w, nil
}

func typedWindow(w hours.Window) string {
	days := "every day"
	if w.Holidays {
		days = "holidays"
	} else if len(w.Weekdays) > 0 {
		words := make([]string, len(w.Weekdays))
		for i, day := range w.Weekdays {
			words[i] = string(day)
		}
		days = strings.Join(words, " ")
	}
	parts := []string{string(w.Condition), days, string(w.From) + "-" + string(w.Until)}
	valid := w.ValidFrom != "" || w.ValidUntil != ""
	if w.Priority != 0 || valid {
		parts = append(parts, strconv.Itoa(w.Priority))
	}
	if valid {
		parts = append(parts, string(w.ValidFrom)+" to "+string(w.ValidUntil))
	}
	return strings.Join(parts, bar)
}

// penalty reads "first-response | First response | response | fixed_per_breach 200 | 500 | 10 | client_wait"; the
// fourth part is the kind with its amount, its percentage, or its tiers as "60:100 120:200"; after it come the
// most per ticket, the most per period in percent, and what does not count.
func (r *termsReader) penalty(parts []string) (terms.Penalty, error) {
	kind, value, _ := strings.Cut(part(parts, 3), " ")
	p := terms.Penalty{Kind: terms.PenaltyKind(kind), Trigger: part(parts, 2), Name: part(parts, 1), Key: parts[0]}
	var errs [3]error
	switch p.Kind {
	case terms.TieredByOverrun:
		p.Tiers, errs[0] = tiersOf(value)
	case terms.FixedPerBreach:
		p.Amount, errs[0] = amountOf(value)
	case terms.PercentOfTicket, terms.PercentOfFee:
		p.Percent, errs[0] = amountOf(strings.TrimSuffix(value, "%"))
	}
	p.CapPerTicket, errs[1] = amountOf(part(parts, 4))
	p.CapPeriodPercent, errs[2] = amountOf(strings.TrimSuffix(part(parts, 5), "%"))
	for excluded := range strings.FieldsSeq(strings.ReplaceAll(part(parts, 6), ",", " ")) {
		p.Excludes = append(p.Excludes, excluded)
	}
	if errs != [3]error{} || len(parts) < 4 || len(parts) > 7 {
		return terms.Penalty{}, fmt.Errorf("write it as key%sname%sresponse or resolution%skind and amount, then, if needed, the most per ticket, the most per period in percent, and what does not count",
			bar, bar, bar)
	}
	return p, nil
}

// tiersOf reads "60:100 120:200": minutes of overrun and the amount from there on.
func tiersOf(text string) ([]terms.Tier, error) {
	var tiers []terms.Tier
	for pair := range strings.FieldsSeq(text) {
		minutes, amount, _ := strings.Cut(pair, ":")
		above, err := strconv.Atoi(minutes)
		if err != nil {
			return nil, err
		}
		worth, err := amountOf(amount)
		if err != nil {
			return nil, err
		}
		tiers = append(tiers, terms.Tier{AboveMinutes: above, Amount: worth})
	}
	return tiers, nil
}

func typedPenalty(p terms.Penalty) string {
	kind := string(p.Kind)
	switch p.Kind {
	case terms.TieredByOverrun:
		tiers := make([]string, len(p.Tiers))
		for i, tier := range p.Tiers {
			tiers[i] = fmt.Sprintf(" %d:%s", tier.AboveMinutes, tier.Amount)
		}
		kind += strings.Join(tiers, "")
	case terms.FixedPerBreach:
		kind += " " + p.Amount.String()
	case terms.PercentOfTicket, terms.PercentOfFee:
		kind += " " + p.Percent.String()
	}
	parts := []string{p.Key, p.Name, p.Trigger, kind, typedAmount(p.CapPerTicket), typedAmount(p.CapPeriodPercent), strings.Join(p.Excludes, " ")}
	for len(parts) > 4 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return strings.Join(parts, bar)
}

// typedAmount is an amount as a field holds it; empty for zero.
func typedAmount(value decimal.Decimal) string {
	if value.IsZero() {
		return ""
	}
	return value.String()
}

// fill writes terms into the fields of a form.
func fill(form url.Values, t terms.Terms) {
	set := func(field, value string) { form.Set(field, value) }
	number := func(field string, value int) { set(field, typedNumber(value)) }
	tick := func(field string, on bool) { set(field, map[bool]string{true: "on"}[on]) }
	a, s := t.Agreed, t.Staff
	set("starts", string(a.Starts))
	set("ends", string(a.Ends))
	number("notice_days", a.NoticeDays)
	number("renew_months", a.RenewMonths)
	set("currency", string(a.Currency))
	set("payment", string(a.Payment.Rule))
	number("payment_days", a.Payment.Days)
	set("purchase_order", a.PurchaseOrder)
	tick("shows.unapproved", a.Shows.Unapproved)
	tick("shows.no_charge", a.Shows.NoCharge)
	tick("shows.alerts", a.Shows.Alerts)
	set("support_level", string(s.SupportLevel))
	set("calendar", typedRef(s.Calendar))
	set("rate_card", typedRef(s.RateCard))
	set("sla_policy", typedRef(s.SLAPolicy))
	set("tax_profile", s.TaxProfile)
	set("conditions", typedLines(s.Conditions, typedWindow))
	set("overlap", string(s.Overlap))
	set("rounding", string(s.Rounding.Mode))
	number("rounding_step", s.Rounding.StepMinutes)
	number("rounding_minimum", s.Rounding.MinimumMinutes)
	number("rounding_ticket_day", s.Rounding.TicketDayMinimumMinutes)
	set("limits", typedHours(s.Limits.LongestMinutes))
	number("limits_backdating", s.Limits.BackdatingDays)
	number("limits_grace", s.Limits.GraceDays)
	set("penalties", typedLines(s.Penalties, typedPenalty))
	set("purchase_order_limit", typedAmount(s.PurchaseOrderLimit))
	set("two_approvers_above", typedAmount(s.TwoApproversAbove))
	set("two_waivers_above", typedAmount(s.TwoWaiversAbove))
	for i, line := range a.Lines {
		fillLine(form, i+1, line, s.ChargeOf(line.Key))
	}
}

func fillLine(form url.Values, n int, line terms.Line, charge terms.Charge) {
	set := func(name, value string) { form.Set(lineField(n, name), value) }
	set("key", line.Key)
	set("name", line.Name)
	set("type", string(line.Type))
	set("hours", typedHours(line.Minutes))
	set("job_types", typedLines(line.JobTypes, func(j terms.JobType) string {
		return strings.TrimSuffix(j.Key+bar+j.Name+bar+typedHours(j.Minutes), bar)
	}))
	set("schedule", typedLines(line.Milestones, func(m terms.Milestone) string {
		worth := ""
		if i := slices.IndexFunc(charge.Amounts, func(a terms.Amount) bool { return a.Milestone == m.Key }); i >= 0 {
			worth = charge.Amounts[i].Amount.String()
		}
		return strings.Join([]string{m.Key, m.Name, string(m.Due), worth}, bar)
	}))
	set("mode", string(charge.Mode))
	set("overage", string(charge.Overage))
	set("overage_price", typedAmount(charge.OveragePrice))
	set("top_up", typedHours(charge.TopUpMinutes))
	set("top_up_at", typedHours(charge.TopUpAtMinutes))
	set("lives", typedNumber(charge.LivesMonths))
	set("rollover", typedRollover(charge.Rollover))
	set("weights", typedLines(charge.Weights, func(w terms.Weight) string { return string(w.Condition) + bar + strconv.Itoa(w.Percent) }))
	set("fee", typedAmount(charge.Fee))
	set("cap", typedAmount(charge.Cap))
	set("cap_hard", map[bool]string{true: "on"}[charge.CapPolicy == terms.HardCap])
}

// typedNumber is a number as a field holds it; empty for zero.
func typedNumber(value int) string {
	if value == 0 {
		return ""
	}
	return strconv.Itoa(value)
}

func typedLines[I any](items []I, write func(I) string) string {
	all := make([]string, len(items))
	for i, item := range items {
		all[i] = write(item)
	}
	return strings.Join(all, "\n")
}
