package rate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"effigate/domain/calendar"
	"effigate/domain/money"
)

// Resolve finds the row for a question. The layers are tried from the winning one, whatever the order of the
// cards; within a card a row that names more wins: job type before support level before condition, then the later
// ValidFrom, then the key. A card of another currency is passed over.
func Resolve(cards []Card, q Question) Answer {
	var why []string
	for _, card := range slices.SortedFunc(slices.Values(cards), byLayer) {
		if card.Currency != q.Currency {
			why = append(why, fmt.Sprintf("%s is passed over, since its prices are in %s, not %s.", card.title(), orNone(card.Currency), orNone(q.Currency)))
			continue
		}
		named := named(card.Rows, q)
		valid := slices.DeleteFunc(slices.Clone(named), func(r Row) bool { return !r.valid(q.Day) })
		if len(valid) == 0 {
			why = append(why, card.whyNot(q, named))
			continue
		}
		return Answer{
			Found: true, Layer: card.Layer, Card: card.Name, Version: card.Version, Row: valid[0],
			DayMinutes: cmp.Or(card.DayMinutes, DefaultDayMinutes), Why: append(why, card.whyWon(valid)...),
		}
	}
	return Answer{Why: append(why, "No card has a price for "+q.text()+".")}
}

var layers = []Layer{ClientOverride, ContractVersion, FirmDefault}

// byLayer puts the winning card first; of one layer the newer one.
func byLayer(a, b Card) int {
	return cmp.Or(cmp.Compare(slices.Index(layers, a.Layer), slices.Index(layers, b.Layer)), cmp.Compare(b.Version, a.Version), cmp.Compare(a.Name, b.Name))
}

// named gives the rows that are for the question, on its day or another, the one that wins first.
func named(rows []Row, q Question) []Row {
	fit := slices.DeleteFunc(slices.Clone(rows), func(r Row) bool {
		return r.JobType != "" && r.JobType != q.JobType || r.SupportLevel != "" && r.SupportLevel != q.SupportLevel ||
			r.Condition != "" && r.Condition != q.Condition
	})
	slices.SortFunc(fit, func(a, b Row) int {
		return cmp.Or(-cmp.Compare(a.rank(), b.rank()), -cmp.Compare(a.ValidFrom, b.ValidFrom), cmp.Compare(a.Key, b.Key))
	})
	return fit
}

func (r Row) valid(day calendar.Date) bool {
	return r.ValidFrom <= day && (r.ValidUntil == "" || day <= r.ValidUntil)
}

// rank is higher for a row that wins: the job type weighs more than the other two together.
func (r Row) rank() int {
	rank := 0
	for _, named := range []bool{r.JobType != "", r.SupportLevel != "", r.Condition != ""} {
		rank *= 2
		if named {
			rank++
		}
	}
	return rank
}

// whyWon tells why the first of the rows that fit won.
func (c Card) whyWon(fitting []Row) []string {
	won := fitting[0]
	why := []string{fmt.Sprintf("%s: row %q applies, %s, for %s.", c.title(), won.Key, c.price(won), won.text())}
	if len(fitting) == 1 {
		return append(why, "No other row of the card fits.")
	}
	next := fitting[1]
	reason := "it comes first by its key"
	switch {
	case won.JobType != "" && next.JobType == "":
		reason = "it names the job type"
	case won.SupportLevel != "" && next.SupportLevel == "":
		reason = "it names the support level"
	case won.Condition != "" && next.Condition == "":
		reason = "it names the condition"
	case won.ValidFrom != next.ValidFrom:
		reason = "it is valid from a later day"
	}
	return append(why, fmt.Sprintf("Of %d rows that fit, it goes before %q because %s.", len(fitting), next.Key, reason))
}

// whyNot tells why no row of the card fits; named are those that would on another day.
func (c Card) whyNot(q Question, named []Row) string {
	if len(named) == 0 {
		return fmt.Sprintf("%s has no row for %s.", c.title(), q.text())
	}
	return fmt.Sprintf("%s has no row for %s: %q is valid %s.", c.title(), q.text(), named[0].Key, named[0].span())
}

func (c Card) title() string {
	owner := map[Layer]string{ClientOverride: "The client's", ContractVersion: "The contract's", FirmDefault: "The firm's"}[c.Layer]
	return fmt.Sprintf("%s card %q (version %d)", owner, c.Name, c.Version)
}

// price writes a row's price with its unit and bounds.
func (c Card) price(r Row) string {
	text := r.Price.String() + " " + string(c.Currency)
	if amount, err := money.New(r.Price, c.Currency); err == nil {
		text = amount.Text()
	}
	if r.Unit == Fixed {
		return text + " whatever the time"
	}
	text += " per " + string(r.Unit)
	if r.MinimumMinutes > 0 {
		text += fmt.Sprintf(", at least %d min", r.MinimumMinutes)
	}
	if r.MaximumMinutes > 0 {
		text += fmt.Sprintf(", at most %d min", r.MaximumMinutes)
	}
	return text
}

func (r Row) text() string {
	var names []string
	for _, part := range [][2]string{{"job type ", r.JobType}, {"support level ", r.SupportLevel}, {"condition ", strings.ReplaceAll(string(r.Condition), "_", " ")}} {
		if part[1] != "" {
			names = append(names, part[0]+part[1])
		}
	}
	return cmp.Or(strings.Join(names, ", "), "any work")
}

func (q Question) text() string {
	return Row{JobType: q.JobType, SupportLevel: q.SupportLevel, Condition: q.Condition}.text() + " on " + string(q.Day)
}

func (r Row) span() string {
	switch {
	case r.ValidUntil == "":
		return "from " + string(r.ValidFrom)
	case r.ValidFrom == "":
		return "until " + string(r.ValidUntil)
	}
	return "from " + string(r.ValidFrom) + " until " + string(r.ValidUntil)
}

func orNone(currency money.Currency) string { return cmp.Or(string(currency), "none") }
