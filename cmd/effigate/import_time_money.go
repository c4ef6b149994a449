package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/money"
	"effigate/domain/period"
	"effigate/domain/rate"
	"effigate/domain/zone"
	"effigate/infra/timesheets"
)

// moneyReport compares the amounts of a file with what its rows come to by the rate cards here. Rows without an amount
// are not in it; of those with one, Compared + NotComparable are all.
type moneyReport struct {
	Compared      int               `json:"compared"` // Agree + Differ
	Agree         int               `json:"agree"`
	Differ        int               `json:"differ"`
	NotComparable int               `json:"not_comparable"`
	Totals        []moneyTotal      `json:"totals"`      // of what was compared, by currency
	Differences   []moneyDifference `json:"differences"` // and what could not be compared; in the order of the file, at most maxListed
}

// moneyTotal is what the compared rows of one currency sum to.
type moneyTotal struct {
	Currency   money.Currency `json:"currency"`
	File       string         `json:"file"`
	Ours       string         `json:"ours"`
	Difference string         `json:"difference"` // ours less the file's

	file, ours decimal.Decimal
}

// moneyDifference is a row whose amount is another one here, or could not be compared.
type moneyDifference struct {
	Row      int            `json:"row"`               // its line in the file
	File     string         `json:"file"`              // with its currency, if the file names one
	Ours     string         `json:"ours,omitempty"`    // with its currency; empty when nobody can tell
	Currency money.Currency `json:"currency,omitzero"` // of ours: the contract's
	Reason   string         `json:"reason"`            // the rates that make ours, or why there are none
}

// quotingKey names a period that tells what the entries of a month come to.
type quotingKey struct {
	contract domain.ContractID
	month    calendar.Month
}

// compareMoney compares an entry's amount with what the rate card makes of it.
func (t *timeImport) compareMoney(ctx context.Context, e timesheets.Entry, person domain.PersonID, place place) error {
	if e.Amount == "" {
		return nil
	}
	entry := t.entry(e, person, place)
	if e.Billable { // What the other system has billed is not billed again; its price is compared all the same.
		entry.Billing, entry.Reason = period.Billable, ""
	}
	d := moneyDifference{Row: e.Line, File: e.Amount}
	theirs, wrong := amountOf(e.Amount)
	if wrong == "" && e.From.IsZero() && t.condition == "" && e.Billable {
		wrong = "a duration without a time of day has no rate until --condition says one"
	}
	if wrong != "" {
		t.report.Money.notComparable(d, wrong)
		return nil
	}
	ours, reason, err := t.worth(ctx, e.ID(t.format, place.contract), place.contract, entry)
	refusal, refused := errors.AsType[*domain.Refusal](err)
	switch {
	case refused && !errors.Is(err, domain.ErrUnavailable):
		t.report.Money.notComparable(d, sentence(refusal))
	case err != nil:
		return fmt.Errorf("price under contract %s: %w", place.contract, err)
	default:
		t.report.Money.compare(d, theirs, ours, reason)
	}
	return nil
}

// worth is what an entry comes to by the rate cards of its contract, and by which rates.
func (t *timeImport) worth(ctx context.Context, id domain.TimeID, of domain.ContractID, e period.Entry) (ours money.Amount, reason string, err error) {
	state, day, err := t.quotingPeriod(ctx, of, e)
	if err != nil {
		return ours, "", err
	}
	quote, err := state.Quote(id, e)
	if err != nil {
		return ours, "", err
	}
	pin, _ := state.PinOf(day)
	ours, err = money.New(decimal.Sum(decimal.Zero, quote.Worth()...), pin.Agreed.Currency)
	return ours.Round(), rates(quote, e.Billing), err
}

// quotingPeriod gives the period that tells what an entry comes to, and the entry's day in the contract's zone.
func (t *timeImport) quotingPeriod(ctx context.Context, of domain.ContractID, e period.Entry) (period.State, calendar.Date, error) {
	day := e.Day
	if !e.From.IsZero() {
		terms, err := t.contract(ctx, of)
		if err != nil {
			return period.State{}, "", err
		}
		where, err := zone.Load(terms.Zone)
		if err != nil {
			return period.State{}, "", err
		}
		day = calendar.DateOf(e.From, where)
	}
	key := quotingKey{of, day.Month()}
	if state, known := t.quoting[key]; known {
		return state, day, nil
	}
	state, err := t.service.PreviewTerms(ctx, commands.Request{Actor: domain.System(), At: t.at}, of, day)
	if err != nil {
		return period.State{}, "", err
	}
	t.quoting[key] = state
	return state, day, nil
}

// maxAmount is the longest text that is read as an amount.
const maxAmount = money.MaxWhole + money.MaxDecimals

// amountOf reads an amount as files have them, "120.5 EUR", or says what is wrong with it.
func amountOf(text string) (amount money.Amount, wrong string) {
	number, code, _ := strings.Cut(text, " ")
	if len(number) > maxAmount || strings.ContainsAny(number, "eE") {
		return amount, "the file's amount is not a number"
	}
	value, err := decimal.NewFromString(number)
	if err != nil {
		return amount, "the file's amount is not a number"
	}
	if code == "" {
		return amount, "the file names no currency"
	}
	if amount, err = money.New(value, money.Currency(code)); err != nil {
		return amount, "the file's currency is none in use"
	}
	return amount, ""
}

// rates says by which rates an entry comes to what it does.
func rates(quote period.TimeApproved, billing period.Billing) string {
	if billing != period.Billable {
		return "not billable"
	}
	parts := make([]string, len(quote.Staff.Parts))
	for i, part := range quote.Staff.Parts {
		parts[i] = fmt.Sprintf("%d min %s: ", part.BilledMinutes, part.Condition)
		switch price := part.Price; {
		case price.Row == "":
			parts[i] += "no rate"
		case price.Unit == rate.Fixed:
			parts[i] += fmt.Sprintf("%s whatever the length (%s, version %d, row %s)", price.Amount, price.Card, price.Version, price.Row)
		default:
			parts[i] += fmt.Sprintf("%s per %s (%s, version %d, row %s)", price.Amount, price.Unit, price.Card, price.Version, price.Row)
		}
	}
	return strings.Join(parts, "; ")
}

func (r *moneyReport) notComparable(d moneyDifference, reason string) {
	d.Reason = reason
	r.NotComparable++
	r.list(d)
}

// compare accounts for a row with both amounts.
func (r *moneyReport) compare(d moneyDifference, theirs, ours money.Amount, rates string) {
	d.Ours, d.Currency = ours.Text(), ours.Currency()
	if theirs.Currency() != ours.Currency() {
		r.notComparable(d, "the contract has another currency; "+rates)
		return
	}
	r.Compared++
	i, known := slices.BinarySearchFunc(r.Totals, ours.Currency(), func(t moneyTotal, c money.Currency) int { return cmp.Compare(t.Currency, c) })
	if !known {
		r.Totals = slices.Insert(r.Totals, i, moneyTotal{Currency: ours.Currency()})
	}
	r.Totals[i].file, r.Totals[i].ours = r.Totals[i].file.Add(theirs.Value()), r.Totals[i].ours.Add(ours.Value())
	if theirs.Equal(ours) {
		r.Agree++
		return
	}
	r.Differ++
	d.Reason = rates
	r.list(d)
}

func (r *moneyReport) list(d moneyDifference) {
	if len(r.Differences) < maxListed {
		r.Differences = append(r.Differences, d)
	}
}

// finish writes the totals, and makes empty lists of none.
func (r *moneyReport) finish() {
	r.Differences, r.Totals = append([]moneyDifference{}, r.Differences...), append([]moneyTotal{}, r.Totals...)
	for i, t := range r.Totals {
		digits := t.Currency.Exponent()
		r.Totals[i].File, r.Totals[i].Ours = t.file.StringFixed(digits), t.ours.StringFixed(digits)
		r.Totals[i].Difference = t.ours.Sub(t.file).StringFixed(digits)
	}
}

// lines are the report for people; none when the file has no amounts.
func (r *moneyReport) lines() []string {
	if r.Compared+r.NotComparable == 0 {
		return nil
	}
	lines := []string{fmt.Sprintf("money: %d rows compared: %d agree, %d differ; %d cannot be compared", r.Compared, r.Agree, r.Differ, r.NotComparable)}
	for _, t := range r.Totals {
		lines = append(lines, fmt.Sprintf("money: %s in the file %s, by the rate cards %s: a difference of %s", t.Currency, t.File, t.Ours, t.Difference))
	}
	for _, d := range r.Differences[:min(len(r.Differences), maxPrinted)] {
		lines = append(lines, fmt.Sprintf("money: line %d: file %s, here %s: %s", d.Row, d.File, cmp.Or(d.Ours, "unknown"), d.Reason))
	}
	if more := r.Differ + r.NotComparable - maxPrinted; more > 0 {
		lines = append(lines, fmt.Sprintf("money: and %d more; --json lists them", more))
	}
	return lines
}
