// Package issuer is a legal entity of the firm that issues invoices: who it is, its rates of tax, the prefixes of its
// numbers, its ladder of reminders (product rules F37, F39, F41, F43). Most firms have one.
//
// It imports the domain, visible and value packages only. An issuer shows nothing: what a client learns of it stands on
// its invoices.
package issuer

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/money"
)

// Main is the key of the issuer of contracts whose client names none.
const Main = "main"

// Bounds of an issuer. Those of parties, rates and wording are in package bill.
const (
	MaxFirst        = 200 // series that went on from another system
	MaxRoundTo      = 50
	MaxReminderDays = 365 // after the due date
	MaxAnswerDays   = 60  // business days
	maxNumber       = 1_000_000_000
)

// Stream is the name of an issuer's stream.
func Stream(key string) string { return "issuer-" + key }

// namespace is the parent of the ids of issuers.
var namespace = uuid.MustParse("1c9d52f6-0f3e-4a67-8a55-5b0e7c2d9a31")

// ID is an issuer's id, derived from its key.
func ID(key string) uuid.UUID { return domain.Derive(namespace, key) }

// Decider is the issuer aggregate.
var Decider = domain.Decider[State, Command, Event]{Decide: Decide, Evolve: Evolve}

// State is what decisions need to know of an issuer.
type State struct {
	key     string
	content Content
}

// Exists reports whether the issuer was described.
func (s State) Exists() bool { return s.key != "" }

// Content is how it invoices from now on; zero when nobody said.
func (s State) Content() Content { return s.content }

// RatesOn are the rates in force on a day, one for each category that has one by then, in their order.
func (c Content) RatesOn(day calendar.Date) []bill.TaxRate {
	var rates []bill.TaxRate
	for _, rate := range c.Rates {
		if rate.From > day {
			continue
		}
		at := slices.IndexFunc(rates, func(r bill.TaxRate) bool { return r.Category == rate.Category })
		switch {
		case at < 0:
			rates = append(rates, rate)
		case rate.From > rates[at].From:
			rates[at] = rate
		}
	}
	return rates
}

// Decide gives the events a command leads to, none when it is in effect already, or a refusal.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) { //nolint:gocritic // A switch, so that a second variant fails the lint here.
	case Describe:
		return s.describe(c)
	}
	panic(fmt.Sprintf("issuer: unknown command %T", c))
}

// Evolve takes over what one event says. It cannot fail.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Described:
		s.key, s.content = e.Issuer, e.Staff
	case PrefixClaimed: // Of the stream of all prefixes.
	}
	return s
}

func (s State) describe(c Describe) ([]Event, error) {
	check := domain.Signed(c.By, c.At)
	check.That(c.By.Side != domain.ClientSide, "by", "must not be a person of a client")
	check.That(keyForm.MatchString(c.Issuer), "issuer", "must be 1 to 32 lower-case letters, digits and dashes")
	c.Content.check(&check)
	if err := check.Err(); err != nil {
		return nil, err
	}
	switch {
	case s.Exists() && s.key != c.Issuer:
		return nil, domain.Refuse(domain.ErrConflict, "other_issuer", "the stream is that of issuer %s, not of %s", s.key, c.Issuer)
	case s.Exists() && s.content.equal(c.Content):
		return nil, nil
	}
	return []Event{Described{Issuer: c.Issuer, Staff: c.Content, By: c.By.Person, At: c.At}}, nil
}

// zoneForm is a form only: a decision must give the same answer under every version of the tz database.
var (
	keyForm    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
	prefixForm = regexp.MustCompile(`^[A-Z0-9]([A-Z0-9-]{0,14}[A-Z0-9])?$`)
	zoneForm   = regexp.MustCompile(`^[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){0,2}$`)
)

func (c Content) check(check *domain.Check) {
	c.Party.Check(check, "party")
	c.Account.Check(check, "account")
	check.That(len(c.Zone) <= 64 && zoneForm.MatchString(c.Zone) && c.Zone != "Local", "zone", "must be the IANA name of a time zone, such as Europe/Berlin")
	const prefixRule = "must be 1 to 16 capitals, digits and dashes, with no dash at the ends"
	check.That(prefixForm.MatchString(c.InvoicePrefix), "invoice_prefix", prefixRule)
	check.That(prefixForm.MatchString(c.CreditPrefix), "credit_prefix", prefixRule)
	check.That(c.CreditPrefix != c.InvoicePrefix, "credit_prefix", "must not be that of invoices, or two documents could have one number")
	check.That(len(c.Rates) > 0, "rates", "must be at least one; one of the kind O, E or Z where no tax is charged")
	bill.CheckRates(check, "rates", c.Rates)
	check.That(slices.ContainsFunc(c.Rates, func(r bill.TaxRate) bool { return r.Category == c.DefaultCategory }),
		"default_category", "must be the category of one of the rates")
	bill.CheckWording(check, "wording", c.Wording)
	c.checkFirst(check)
	c.checkRoundTo(check)
	c.checkReminders(check)
	check.That(c.AnswerDays >= 0 && c.AnswerDays <= MaxAnswerDays, "answer_days", "must be 0 to "+strconv.Itoa(MaxAnswerDays)+" business days; 0 promises nothing")
	check.That(c.ReportingCurrency == "" || c.ReportingCurrency.Valid(), "reporting_currency", "must be a currency of ISO 4217, such as AUD")
}

func (c Content) checkFirst(check *domain.Check) {
	check.That(len(c.First) <= MaxFirst, "first", "must be at most "+strconv.Itoa(MaxFirst))
	for i, first := range c.First[:min(len(c.First), MaxFirst)] {
		again := slices.ContainsFunc(c.First[:i], func(f First) bool { return f.Kind == first.Kind && f.Year == first.Year })
		check.That(!again, "first", "must name each kind and year once")
		check.That(first.Kind == bill.Invoice || first.Kind == bill.CreditNote, "first", "must be of the kind invoice or credit_note")
		check.That(first.Year >= 1970 && first.Year <= 9998, "first", "must be of a year from 1970 on")
		check.That(first.Number >= 1 && first.Number <= maxNumber, "first", "must begin at 1 or more, at most "+strconv.Itoa(maxNumber))
	}
}

func (c Content) checkRoundTo(check *domain.Check) {
	check.That(len(c.RoundTo) <= MaxRoundTo, "round_to", "must be at most "+strconv.Itoa(MaxRoundTo))
	seen := make(map[money.Currency]bool, len(c.RoundTo))
	for _, unit := range c.RoundTo {
		check.That(unit.Currency.Valid() && !seen[unit.Currency], "round_to", "must name currencies of ISO 4217, each once")
		check.That(unit.Unit.IsPositive() && bill.IsUnit(unit.Unit, unit.Currency), "round_to", "must be above 0 and a multiple of the currency's smallest unit, such as 0.05, at most 1,000")
		seen[unit.Currency] = true
	}
}

func (c Content) checkReminders(check *domain.Check) {
	check.That(len(c.Reminders) <= bill.MaxReminders, "reminders", "must be at most "+strconv.Itoa(bill.MaxReminders))
	last := 0
	for _, reminder := range c.Reminders[:min(len(c.Reminders), bill.MaxReminders)] {
		check.That(reminder.Days > last && reminder.Days <= MaxReminderDays, "reminders", "must come 1 to 365 days after the due date, each later than the one before")
		check.Text("reminders", reminder.Text, 1)
		last = reminder.Days
	}
}

// equal reports whether two contents say the same; one number may have several representations.
func (c Content) equal(o Content) bool {
	return c.Party.Equal(o.Party) && c.Account == o.Account && c.Zone == o.Zone &&
		c.InvoicePrefix == o.InvoicePrefix && c.CreditPrefix == o.CreditPrefix && slices.Equal(c.First, o.First) &&
		c.TwoPeople == o.TwoPeople && slices.EqualFunc(c.Rates, o.Rates, bill.TaxRate.Equal) &&
		c.DefaultCategory == o.DefaultCategory && slices.EqualFunc(c.RoundTo, o.RoundTo, func(a, b RoundTo) bool {
		return a.Currency == b.Currency && a.Unit.Equal(b.Unit)
	}) && slices.Equal(c.Wording, o.Wording) && slices.Equal(c.Reminders, o.Reminders) && c.AnswerDays == o.AnswerDays && c.BusinessDays == o.BusinessDays &&
		c.ReportingCurrency == o.ReportingCurrency
}
