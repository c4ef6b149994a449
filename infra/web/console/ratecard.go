package console

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/money"
	"effigate/domain/rate"
	"effigate/domain/ratecard"
	"effigate/domain/terms"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

type rateCardsBody struct {
	Fresh
	Items []rows.RateCard `json:"items" nullable:"false" doc:"By name, without a price."`
	Next  string          `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

type rateCardBody struct {
	Fresh
	rows.RateCard
	Versioned[rows.RateVersion]
}

func (b rateCardBody) revision() int64 { return b.Revision }

type costsBody struct {
	Fresh
	Card string `json:"card" format:"uuid"`
	Versioned[rows.CostVersion]
}

type publishRatesBody struct {
	Layer  string    `json:"layer" enum:"firm,client,contract" doc:"Whose prices they are. A client's win over those of its contracts, these over the firm's."`
	Client uuid.UUID `json:"client,omitzero" format:"uuid" doc:"For the layer client."`
	Prices
	Currency string `json:"currency" maxLength:"3" example:"AUD" doc:"ISO 4217."`
}

// Prices are those parts of a version that may change. It is exported because it is embedded in a body.
type Prices struct {
	Name       string     `json:"name" minLength:"1" maxLength:"200"`
	DayMinutes int        `json:"day_minutes,omitzero" minimum:"0" maximum:"1440" doc:"How long a day of the unit day is; absent for 480."`
	From       string     `json:"from" format:"date" doc:"The first day of the version, not before that of an earlier one."`
	Rows       []rate.Row `json:"rows" minItems:"1" maxItems:"1000" nullable:"false"`
	Reason     string     `json:"reason,omitempty" maxLength:"2000"`
}

type nextRatesBody struct {
	Base int `json:"base" minimum:"1" doc:"The version that was read, so that a newer one is not undone."`
	Prices
}

type publishCostsBody struct {
	From string      `json:"from" format:"date" doc:"The first day of the version, not before that of an earlier one."`
	Rows []rows.Cost `json:"rows" minItems:"1" maxItems:"500" nullable:"false"`
}

type resolveInput struct {
	Reading
	PriceQuestion
}

// PriceQuestion asks what work under a contract costs. It is exported because it is embedded in an input.
type PriceQuestion struct {
	Contract     uuid.UUID `query:"contract" format:"uuid" required:"true"`
	JobType      string    `query:"job_type" maxLength:"64"`
	SupportLevel string    `query:"support_level" enum:"standard,priority,24x7" doc:"Absent for the contract's."`
	Condition    string    `query:"condition" enum:"regular,after_hours,weekend,holiday,emergency" default:"regular"`
	Day          string    `query:"day" format:"date" doc:"Absent for today."`
}

// Price is the row that wins, and why. It is exported because it is a part of a body.
type Price struct {
	Found        bool      `json:"found"`
	Layer        string    `json:"layer"`
	Card         string    `json:"card" doc:"Its name."`
	Version      int       `json:"version"`
	Row          *rate.Row `json:"row,omitempty"`
	Currency     string    `json:"currency"`
	Why          []string  `json:"why" nullable:"false" doc:"Which rows were looked at, and why this one won or none did."`
	SupportLevel string    `json:"support_level"`
	Day          string    `json:"day"`
}

type priceBody struct {
	Fresh
	Price
}

func (c *Console) registerRates() {
	get(c, "list-rate-cards", "/rate-cards", "The rate cards, without prices", access.SummariseRates, c.listRateCards)
	get(c, "read-rate-card", "/rate-cards/{id}", "One rate card in any version; the access log notes it", access.ReadRates, c.readRateCard)
	get(c, "read-costs", "/rate-cards/{id}/costs", "What hours cost the firm; the access log notes it", access.ReadCosts, c.readCosts)
	get(c, "resolve-price", "/rate-cards/resolve", "The price of work under a contract, and why", access.ReadRates,
		func(ctx context.Context, tx pgx.Tx, _ reader, in *resolveInput) (b priceBody, err error) {
			b.Price, err = c.resolve(ctx, tx, in.PriceQuestion)
			return b, err
		})
	creating(c, access.ManageRates, "publish-rate-card", "/rate-cards", "Publish the first version of a rate card",
		func(ctx context.Context, r commands.Request, asked publishRatesBody) (commands.Answer, error) {
			publish := asked.publish()
			publish.Layer, publish.Client = rate.Layer(asked.Layer), domain.ClientID{UUID: asked.Client}
			publish.Currency = money.Currency(asked.Currency)
			return c.commands.PublishRates(ctx, r, publish)
		})
	editing(c, access.ManageRates, post("publish-rates", "/rate-cards/{id}/versions", "Publish the next version of a rate card", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked nextRatesBody) (commands.Answer, error) {
			publish := asked.publish()
			publish.Base = asked.Base
			return c.publishNext(ctx, r, id, publish)
		})
	editing(c, access.ManageCosts, post("publish-costs", "/rate-cards/{id}/costs", "Set what hours cost the firm", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked publishCostsBody) (commands.Answer, error) {
			return c.commands.PublishCosts(ctx, r, asked.publish(id))
		})
	editing(c, access.ManageRates, post("supersede-rate-card", "/rate-cards/{id}/supersede", "Take a rate card out of the choice", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked reasonBody) (commands.Answer, error) {
			return c.commands.SupersedeRates(ctx, r, commands.SupersedeRates{Card: domain.RateCardID{UUID: id}, Reason: asked.Reason})
		})
}

func (p Prices) publish() commands.PublishRates {
	return commands.PublishRates{Name: p.Name, DayMinutes: p.DayMinutes, From: calendar.Date(p.From), Rows: p.Rows, Reason: p.Reason}
}

func (b publishCostsBody) publish(card uuid.UUID) commands.PublishCosts {
	publish := commands.PublishCosts{Card: domain.RateCardID{UUID: card}, From: calendar.Date(b.From)}
	for _, row := range b.Rows {
		publish.Rows = append(publish.Rows, ratecard.Cost(row))
	}
	return publish
}

// publishNext publishes for the layer, client and currency that the card has: these never change.
func (c *Console) publishNext(ctx context.Context, r commands.Request, id uuid.UUID, publish commands.PublishRates) (commands.Answer, error) {
	_, err := c.read(ctx, web.LoginOf(ctx), access.ManageRates, domain.Position{}, func(tx pgx.Tx, _ reader) error {
		card, err := rows.RateCardByID(ctx, tx, id)
		publish.Card, publish.Layer, publish.Currency = domain.RateCardID{UUID: id}, rate.Layer(card.Layer), money.Currency(card.Currency)
		if card.Client != nil {
			publish.Client.UUID = *card.Client
		}
		return err
	})
	if err != nil {
		return commands.Answer{}, err
	}
	return c.commands.PublishRates(ctx, r, publish)
}

func (c *Console) listRateCards(ctx context.Context, tx pgx.Tx, _ reader, in *listPublishedInput) (b rateCardsBody, err error) {
	after, err := in.afterCursor()
	if err != nil {
		return b, err
	}
	items, next, err := rows.RateCards(ctx, tx, after, in.Limit)
	b.Items, b.Next = items, idOf(next)
	return b, err
}

func (c *Console) readRateCard(ctx context.Context, tx pgx.Tx, _ reader, in *publishedInput) (b rateCardBody, err error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return b, err
	}
	if b.RateCard, err = rows.RateCardByID(ctx, tx, id); err != nil {
		return b, err
	}
	b.Versioned, err = readVersions(ctx, c, tx, id, in.Version, func(v rows.RateVersion) int { return v.Number }, rateFacts, rows.RateVersionNumbered, rows.RateVersions)
	if err == nil {
		c.peeked(ctx, "rate card", id)
	}
	return b, err
}

func (c *Console) readCosts(ctx context.Context, tx pgx.Tx, _ reader, in *publishedInput) (b costsBody, err error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return b, err
	}
	card, err := rows.RateCardByID(ctx, tx, id)
	if err != nil {
		return b, err
	}
	if b.Card = id.String(); card.CostsVersion == 0 {
		b.Changes, b.Versions, b.People, b.Shown.Rows = []VersionChange{}, []rows.VersionLine{}, map[string]string{}, []rows.Cost{}
		return b, nil
	}
	b.Versioned, err = readVersions(ctx, c, tx, id, in.Version, func(v rows.CostVersion) int { return v.Number }, costFacts, rows.CostVersionNumbered, rows.CostVersions)
	if err == nil {
		c.peeked(ctx, "costs of rate card", id)
	}
	return b, err
}

// resolve finds the price as the period of the day would, which pins the same cards.
func (c *Console) resolve(ctx context.Context, tx pgx.Tx, asked PriceQuestion) (p Price, err error) {
	day := calendar.Date(or(asked.Day, string(c.today())))
	if !day.Valid() {
		return p, wrongField("day", "must be a day, such as 2026-03-31")
	}
	contract, err := rows.ContractByID(ctx, tx, asked.Contract, day)
	if err != nil {
		return p, err
	}
	version, err := rows.VersionByNumber(ctx, tx, asked.Contract, contract.Version)
	if err != nil {
		return p, err
	}
	staff := version.Terms.Staff
	cards, err := rows.CardsOn(ctx, tx, day, choicesOf(contract.Client, staff.RateCard)...)
	if err != nil {
		return p, err
	}
	currency := version.Terms.Agreed.Currency
	level := or(asked.SupportLevel, string(staff.SupportLevel))
	found := rate.Resolve(cards, rate.Question{
		JobType: asked.JobType, SupportLevel: level, Condition: hours.Condition(or(asked.Condition, string(hours.Regular))), Day: day, Currency: currency,
	})
	p = Price{
		Found: found.Found, Layer: string(found.Layer), Card: found.Card, Version: found.Version, Currency: string(currency),
		Why: append([]string{}, found.Why...), SupportLevel: level, Day: string(day),
	}
	if found.Found {
		p.Row = &found.Row
	}
	c.peeked(ctx, "price under contract", asked.Contract)
	return p, nil
}

// choicesOf are the cards that price work for a client under a contract, the winning layer first.
func choicesOf(client uuid.UUID, chosen terms.Ref) []rows.CardChoice {
	choices := []rows.CardChoice{{Layer: rate.ClientOverride, Card: ratecard.ForClient(domain.ClientID{UUID: client}).UUID}}
	if chosen.ID != uuid.Nil {
		choices = append(choices, rows.CardChoice{Layer: rate.ContractVersion, Card: chosen.ID, Version: chosen.Version})
	}
	return append(choices, rows.CardChoice{Layer: rate.FirmDefault, Card: ratecard.FirmDefault().UUID})
}

// rateFacts are the prices of a version in words.
func rateFacts(v rows.RateVersion) []fact {
	facts := []fact{{"Name", v.Name}, {"Length of a day", hoursText(int64(dayMinutes(v.DayMinutes)))}}
	for _, row := range v.Rows {
		facts = append(facts, fact{"Row " + row.Key, rateText(row)})
	}
	return facts
}

// rateText is a row in words: "api, 24x7, after hours: 180.00 per hour".
func rateText(row rate.Row) string {
	named := slices.DeleteFunc([]string{row.JobType, row.SupportLevel, strings.ReplaceAll(string(row.Condition), "_", " ")}, func(word string) bool { return word == "" })
	if len(named) == 0 {
		named = []string{"any work"}
	}
	text := list(named) + ": " + rowPrice(row)
	if row.MinimumMinutes > 0 {
		text += ", at least " + hoursText(int64(row.MinimumMinutes))
	}
	if row.MaximumMinutes > 0 {
		text += ", at most " + hoursText(int64(row.MaximumMinutes))
	}
	if row.TaxCategory != "" {
		text += ", tax " + row.TaxCategory
	}
	if row.ValidFrom != "" {
		text += ", from " + string(row.ValidFrom)
	}
	if row.ValidUntil != "" {
		text += ", until " + string(row.ValidUntil)
	}
	return text
}

// rowPrice is a price with two decimals at least, and its unit.
func rowPrice(row rate.Row) string {
	text := row.Price.StringFixed(max(2, -row.Price.Exponent()))
	if row.Unit == rate.Fixed {
		return text + " once"
	}
	return text + " per " + string(row.Unit)
}

func costFacts(v rows.CostVersion) []fact {
	facts := []fact{}
	for _, row := range v.Rows {
		facts = append(facts, fact{"Hour of " + or(row.JobType, "any other work"), row.Hour.StringFixed(max(2, -row.Hour.Exponent()))})
	}
	return facts
}

// dayMinutes is how long a day of a card is.
func dayMinutes(set int) int {
	if set == 0 {
		return 480
	}
	return set
}
