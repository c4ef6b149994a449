// Package ratecard is the aggregate of a price table in versions (product rule F26).
//
// It imports the domain, visible and value packages only. All of it is internal for ever (F3).
package ratecard

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/rate"
)

// Bounds of a card.
const (
	MaxVersions = 1000
	MaxRows     = 1000 // of one version
	MaxCosts    = 500  // rows of one version of the costs
)

// Stream is the name of its stream.
func Stream(id domain.RateCardID) string { return "ratecard-" + id.String() }

// Decider is the aggregate.
var Decider = domain.Decider[State, Command, Event]{Decide: Decide, Evolve: Evolve}

// State is what decisions need to know.
type State struct {
	Superseded bool // until a version is published again
	versions   []Version
	costs      CostsPublished // the newest
}

// Version is one version.
type Version struct {
	Number int
	Terms  PublishedStaff
}

// Exists reports whether anything was published.
func (s State) Exists() bool { return len(s.versions) > 0 }

// Newest is the number of the newest version; 0 for none.
func (s State) Newest() int { return len(s.versions) }

// Numbered gives a version by its number.
func (s State) Numbered(number int) (Version, bool) {
	if number < 1 || number > len(s.versions) {
		return Version{}, false
	}
	return s.versions[number-1], true
}

// On gives the version in force on a day: the newest of those that begin on or before it, or the first one on a day
// before all of them; false when there is none.
func (s State) On(day calendar.Date) (Version, bool) {
	number := len(s.versions)
	for number > 1 && s.versions[number-1].Terms.From > day {
		number--
	}
	return s.Numbered(number)
}

// FirmDefault is the card of the layer firm; ForClient gives that of the layer client. Cards of contracts have any
// other id.
func FirmDefault() domain.RateCardID {
	return domain.RateCardID{UUID: uuid.MustParse("fd0c8a3e-5f1b-4a52-9b0e-6c7d2f4e9a10")}
}

// ForClient is the card that overrides all others for a client.
func ForClient(id domain.ClientID) domain.RateCardID {
	return domain.RateCardID{UUID: domain.Derive(id.UUID, "rate card")}
}

// Decide gives the events a command leads to, none when it is in effect already, or a refusal.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Publish:
		return s.publish(c)
	case PublishCosts:
		return s.publishCosts(c)
	case Supersede:
		return s.supersede(c)
	}
	panic(fmt.Sprintf("ratecard: unknown command %T", c))
}

// Evolve takes over what one event says. It cannot fail, and it copies what it changes.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Published:
		s.versions = append(slices.Clip(s.versions), Version{Number: e.Version, Terms: e.Staff})
		s.Superseded = false
	case CostsPublished:
		s.costs = e
	case Superseded:
		s.Superseded = true
	}
	return s
}

func (s State) publish(c Publish) ([]Event, error) {
	if c.Base > 0 && !s.Exists() {
		return nil, missing()
	}
	if err := s.check(c); err != nil {
		return nil, err
	}
	terms := PublishedStaff{
		Name: c.Name, Layer: c.Layer, Client: c.Client, Currency: c.Currency, DayMinutes: c.DayMinutes, From: c.From,
		Rows: c.Rows, Reason: c.Reason,
	}
	newest, exists := s.Numbered(s.Newest())
	switch {
	case exists && !s.Superseded && newest.Terms.same(terms):
		return nil, nil
	case c.Base != s.Newest():
		return nil, domain.Refuse(domain.ErrConflict, "version_changed", "version %d was published meanwhile, and you saw %d; look at it and publish again", s.Newest(), c.Base)
	case s.Newest() >= MaxVersions:
		return nil, domain.Refuse(domain.ErrConflict, "too_many_versions", "the rate card has %d versions, which is the most", s.Newest())
	}
	return []Event{Published{Card: c.Card, Version: s.Newest() + 1, Staff: terms, By: c.By.Person, At: c.At}}, nil
}

// same reports whether two versions say the same, whatever the reason for them was.
func (p PublishedStaff) same(other PublishedStaff) bool {
	return p.Name == other.Name && p.Layer == other.Layer && p.Client == other.Client && p.Currency == other.Currency &&
		p.DayMinutes == other.DayMinutes && p.From == other.From &&
		slices.EqualFunc(p.Rows, other.Rows, func(a, b rate.Row) bool {
			price := a.Price.Equal(b.Price) // One price may have several representations.
			a.Price = b.Price
			return price && a == b
		})
}

func (s State) check(c Publish) error {
	check := domain.Signed(c.By, c.At)
	checkLayer(&check, c)
	check.Line("name", c.Name)
	check.That(c.Currency.Valid(), "currency", "must be a code of ISO 4217, such as EUR")
	check.That(c.DayMinutes >= 0 && c.DayMinutes <= 24*60, "day_minutes", "must be 1 to 1440, or 0 for 480")
	check.That(c.From.Valid(), "from", "must be a day, such as 2026-03-31")
	if newest, exists := s.Numbered(s.Newest()); exists {
		check.That(c.Layer == newest.Terms.Layer, "layer", "must stay "+string(newest.Terms.Layer))
		check.That(c.Client == newest.Terms.Client, "client", "must stay as it was")
		check.That(c.Currency == newest.Terms.Currency, "currency", "must stay "+string(newest.Terms.Currency))
		check.That(c.From >= newest.Terms.From, "from", "must not be before "+string(newest.Terms.From)+", from which version "+strconv.Itoa(newest.Number)+" holds")
	}
	check.That(len(c.Rows) >= 1 && len(c.Rows) <= MaxRows, "rows", "must be 1 to "+strconv.Itoa(MaxRows)+", are "+strconv.Itoa(len(c.Rows)))
	for field, wrong := range rate.Check(c.Rows) {
		check.That(false, field, wrong)
	}
	check.Text("reason", c.Reason, 0)
	return check.Err()
}

// checkLayer holds the card's id and its layer together: the firm has one card, and each client one.
func checkLayer(check *domain.Check, c Publish) {
	check.That(!c.Card.IsZero(), "card", "must be given")
	switch c.Layer {
	case rate.FirmDefault:
		check.That(c.Card == FirmDefault(), "card", "must be the firm's own one for the layer firm")
		check.That(c.Client.IsZero(), "client", "must be given for the layer client only")
	case rate.ClientOverride:
		check.That(!c.Client.IsZero(), "client", "must be given for the layer client")
		check.That(c.Card == ForClient(c.Client), "card", "must be the client's own one for the layer client")
	case rate.ContractVersion:
		check.That(c.Card != FirmDefault(), "card", "must not be the firm's own one for the layer contract")
		check.That(c.Client.IsZero(), "client", "must be given for the layer client only")
	default:
		check.That(false, "layer", "must be firm, client or contract")
	}
}

// publishCosts is no matter of whether the card is superseded: what was pinned goes on costing.
func (s State) publishCosts(c PublishCosts) ([]Event, error) {
	if !s.Exists() {
		return nil, missing()
	}
	check := domain.Signed(c.By, c.At)
	check.That(c.From.Valid(), "from", "must be a day, such as 2026-03-31")
	check.That(c.From >= s.costs.Staff.From, "from", "must not be before "+string(s.costs.Staff.From)+", from which version "+strconv.Itoa(s.costs.Version)+" holds")
	if wrong := wrongCosts(c.Rows); wrong != "" {
		check.That(false, "rows", wrong)
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	same := s.costs.Staff.From == c.From && slices.EqualFunc(s.costs.Staff.Rows, c.Rows, func(a, b Cost) bool {
		return a.JobType == b.JobType && a.Hour.Equal(b.Hour)
	})
	if same {
		return nil, nil
	}
	return []Event{CostsPublished{
		Version: s.costs.Version + 1, Staff: CostsPublishedStaff{From: c.From, Rows: c.Rows}, By: c.By.Person, At: c.At,
	}}, nil
}

func wrongCosts(rows []Cost) string {
	if len(rows) == 0 || len(rows) > MaxCosts {
		return "must be 1 to " + strconv.Itoa(MaxCosts) + ", are " + strconv.Itoa(len(rows))
	}
	seen := map[string]bool{}
	for i, row := range rows {
		fault := ""
		switch {
		case !jobTypeForm.MatchString(row.JobType):
			fault = "must have a job type of at most 64 lower-case letters, digits, dots, dashes and underscores, or none"
		case seen[row.JobType]:
			fault = "names the job type of a row before it"
		case row.Hour.IsNegative() || !fits(row.Hour):
			fault = "must cost 0 or more, with at most 9 digits before the point and 6 after it"
		}
		if fault != "" {
			return fmt.Sprintf("are wrong in row %d: it %s", i+1, fault)
		}
		seen[row.JobType] = true
	}
	return ""
}

var jobTypeForm = regexp.MustCompile(`^[a-z0-9._-]{0,64}$`)

// fits bounds the digits of a cost before anything is computed with it.
func fits(amount decimal.Decimal) bool {
	return amount.Exponent() >= -6 && amount.Exponent() <= 9 && amount.NumDigits()+int(amount.Exponent()) <= 9
}

func (s State) supersede(c Supersede) ([]Event, error) {
	check := domain.Signed(c.By, c.At)
	check.Text("reason", c.Reason, 0)
	if !s.Exists() {
		return nil, missing()
	}
	if err := check.Err(); err != nil || s.Superseded {
		return nil, err
	}
	return []Event{Superseded{Staff: SupersededStaff{Reason: c.Reason}, By: c.By.Person, At: c.At}}, nil
}

func missing() error {
	return domain.Refuse(domain.ErrNotFound, "no_such_card", "no such rate card")
}
