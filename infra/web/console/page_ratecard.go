package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
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
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// rateCardsView lists the rate cards without their prices.
type rateCardsView struct {
	Cards                  []rows.RateCard
	Clients                map[uuid.UUID]string // names
	Earlier, Next          string
	Publish, Read, Explain bool
}

// rateCardView is one version of a rate card.
type rateCardView struct {
	rateCardBody
	Path, Key      string
	Of             string // the client's name
	Publish, Costs bool
}

// costsView is one version of what hours cost, and the form of the next.
type costsView struct {
	costsBody
	Card    rows.RateCard
	Path    string
	Form    typed
	Publish bool
}

// priceView asks for a price, and answers.
type priceView struct {
	Asked     PriceQuestion
	Contracts []page.Option
	Answer    *Price
	Form      typed
}

func (c *Console) addRatePages() {
	showing(c, "/rate-cards", access.SummariseRates, c.viewRateCards, rateCardsPage)
	showing(c, "/rate-cards/resolve", access.ReadRates, c.viewPrice, pricePage)
	addEdition(c, c.rateEdition())
	showing(c, "/rate-cards/{id}", access.ReadRates, c.viewRateCard, rateCardPage)
	showing(c, "/rate-cards/{id}/costs", access.ReadCosts, c.viewCosts, costsPage)
	c.posting("/rate-cards/{id}/costs", access.ManageCosts, c.postCosts, func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
		v, frame, err := look(c, r, login, access.ReadCosts, c.viewCosts)
		if err != nil {
			return err
		}
		v.Form = form
		return page.Render(w, r, status, costsPage(frame, v))
	})
}

func (c *Console) viewRateCards(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v rateCardsView, err error) {
	v.Publish, v.Read, v.Explain = r.may(access.ManageRates), r.may(access.ReadRates), r.may(access.ReadRates)
	after, err := Page{Cursor: request.URL.Query().Get("cursor")}.afterCursor()
	if err != nil {
		return v, err
	}
	var next uuid.UUID
	if v.Cards, next, err = rows.RateCards(ctx, tx, after, rows.MaxLimit); err != nil {
		return v, err
	}
	v.Earlier, v.Next = around("/rate-cards", after, next)
	var ids []uuid.UUID
	for _, card := range v.Cards {
		ids = append(ids, given(card.Client)...)
	}
	clients, err := rows.ClientsNamed(ctx, tx, nil, ids)
	v.Clients = map[uuid.UUID]string{}
	for _, client := range clients {
		v.Clients[client.ID] = client.Name
	}
	return v, err
}

func (c *Console) viewRateCard(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v rateCardView, err error) {
	in, err := publishedAt(request)
	if err != nil {
		return v, err
	}
	if v.rateCardBody, err = c.readRateCard(ctx, tx, r, in); err != nil {
		return v, err
	}
	v.Path, v.Key = "/rate-cards/"+v.ID.String(), blank().Key
	v.Publish, v.Costs = r.may(access.ManageRates), r.may(access.ReadCosts)
	if v.Client != nil {
		client, err := rows.ClientByID(ctx, tx, *v.Client)
		if err != nil {
			return v, err
		}
		v.Of = client.Name
	}
	return v, nil
}

func (c *Console) viewCosts(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v costsView, err error) {
	in, err := publishedAt(request)
	if err != nil {
		return v, err
	}
	if v.costsBody, err = c.readCosts(ctx, tx, r, in); err != nil {
		return v, err
	}
	id := uuid.MustParse(v.costsBody.Card)
	if v.Card, err = rows.RateCardByID(ctx, tx, id); err != nil {
		return v, err
	}
	v.Path, v.Publish, v.Form = "/rate-cards/"+id.String(), r.may(access.ManageCosts), blank()
	var typedRows [][]string
	for _, row := range v.Shown.Rows {
		typedRows = append(typedRows, []string{row.JobType, row.Hour.StringFixed(max(2, -row.Hour.Exponent()))})
	}
	v.Form.Values.Set("rows", writeSheet(costColumns, "job_type hour", typedRows))
	v.Form.Values.Set("from", v.Shown.From)
	return v, nil
}

func (c *Console) postCosts(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return "", err
	}
	costs, err := readCostSheet(form.Get("rows"))
	if err != nil {
		return "", err
	}
	request, err := c.command(r, login, form)
	if err != nil {
		return "", err
	}
	answer, err := c.commands.PublishCosts(r.Context(), request, commands.PublishCosts{
		Card: domain.RateCardID{UUID: id}, From: calendar.Date(form.Get("from")), Rows: costs,
	})
	return then("/rate-cards/"+id.String()+"/costs", "costs", answer), err
}

func (c *Console) viewPrice(ctx context.Context, tx pgx.Tx, _ reader, r *http.Request) (v priceView, err error) {
	asked := r.URL.Query()
	v.Form = typed{Values: asked}
	contracts, _, err := rows.Contracts(ctx, tx, rows.ContractFilter{Limit: rows.MaxLimit}, c.today())
	if err != nil {
		return v, err
	}
	for _, contract := range contracts {
		v.Contracts = append(v.Contracts, page.Option{
			Value: contract.ID.String(), Label: contract.Reference + " of " + contract.ClientName, Selected: contract.ID.String() == asked.Get("contract"),
		})
	}
	v.Asked = PriceQuestion{
		JobType: strings.TrimSpace(asked.Get("job_type")), SupportLevel: asked.Get("support_level"), Condition: asked.Get("condition"), Day: or(asked.Get("day"), string(c.today())),
	}
	if asked.Get("contract") == "" {
		return v, nil
	}
	if v.Asked.Contract, err = web.ID(asked.Get("contract")); err != nil {
		return v, err
	}
	price, err := c.resolve(ctx, tx, v.Asked)
	if wrong, status := mistakes(err); status == http.StatusUnprocessableEntity {
		v.Form.Errors = wrong
		return v, nil
	}
	v.Answer = &price
	return v, err
}

// The columns of the sheets of prices and costs.
var (
	rateColumns = []string{
		"key", "job_type", "support_level", "condition", "price", "unit", "minimum", "maximum", "tax_category", "valid_from", "valid_until",
	}
	costColumns = []string{"job_type", "hour"}
)

// rateEdition publishes rate cards by a form.
func (c *Console) rateEdition() edition[commands.PublishRates] {
	return edition[commands.PublishRates]{
		path: "/rate-cards", noun: "rate card", plural: "Rate cards", needed: access.ManageRates,
		blank: func() url.Values {
			return url.Values{"from": {string(c.today())}, "rows": {"job_type,support_level,condition,price,unit\n"}}
		},
		read: readRates,
		facts: func(p commands.PublishRates) []fact {
			return rateFacts(rows.RateVersion{
				VersionLine: rows.VersionLine{Name: p.Name}, RateContent: rows.RateContent{DayMinutes: p.DayMinutes, Rows: p.Rows},
			})
		},
		newest: c.newestRates,
		publish: func(ctx context.Context, r commands.Request, id uuid.UUID, base int, p commands.PublishRates) (commands.Answer, error) {
			if id == uuid.Nil {
				return c.commands.PublishRates(ctx, r, p)
			}
			p.Base = base
			return c.publishNext(ctx, r, id, p)
		},
		supersede: func(ctx context.Context, r commands.Request, id uuid.UUID, reason string) (commands.Answer, error) {
			return c.commands.SupersedeRates(ctx, r, commands.SupersedeRates{Card: domain.RateCardID{UUID: id}, Reason: reason})
		},
		fields: rateFields,
	}
}

func (c *Console) newestRates(ctx context.Context, tx pgx.Tx, id uuid.UUID) (newestVersion, error) {
	newest, err := rows.RateVersionNumbered(ctx, tx, id, 0)
	if err != nil {
		return newestVersion{}, err
	}
	c.peeked(ctx, "rate card", id)
	values := url.Values{"name": {newest.Name}, "from": {newest.From}, "rows": {rateSheet(newest.Rows)}}
	if newest.DayMinutes > 0 {
		values.Set("day", minutesText(newest.DayMinutes))
	}
	return newestVersion{name: newest.Name, number: newest.Number, values: values, facts: rateFacts(newest)}, nil
}

// readRates reads the form of a version.
func readRates(form typed) (p commands.PublishRates, err error) {
	p = commands.PublishRates{
		Name: form.Get("name"), Layer: rate.Layer(form.Get("layer")), Currency: money.Currency(strings.ToUpper(strings.TrimSpace(form.Get("currency")))),
		From: calendar.Date(form.Get("from")), Reason: form.Get("reason"),
	}
	if client := form.Get("client"); client != "" && p.Layer == rate.ClientOverride {
		if p.Client.UUID, err = uuid.Parse(client); err != nil {
			return p, wrongField("client", "must be chosen")
		}
	}
	day, ok := parseMinutes(form.Get("day"))
	if !ok {
		return p, wrongField("day", "must be a time such as 8h or 7h36m")
	}
	p.DayMinutes = day
	p.Rows, err = readRateSheet(form.Get("rows"))
	return p, err
}

// readRateSheet reads prices. A row without a key gets one from what it names.
func readRateSheet(text string) ([]rate.Row, error) {
	lines, err := parseSheet("rows", text, rateColumns, ratecard.MaxRows)
	if err != nil {
		return nil, err
	}
	prices := make([]rate.Row, len(lines))
	for i, line := range lines {
		prices[i] = rate.Row{
			Key: line.cells["key"], JobType: line.cells["job_type"], SupportLevel: line.word("support_level"), Condition: hours.Condition(line.word("condition")),
			Price: line.amount("price"), Unit: rate.Unit(or(strings.TrimPrefix(line.word("unit"), "per_"), string(rate.PerHour))),
			MinimumMinutes: line.minutes("minimum"), MaximumMinutes: line.minutes("maximum"), TaxCategory: line.cells["tax_category"],
			ValidFrom: calendar.Date(line.cells["valid_from"]), ValidUntil: calendar.Date(line.cells["valid_until"]),
		}
		if prices[i].Key == "" {
			prices[i].Key = rateKey(prices[i])
		}
		if line.fault != "" {
			return nil, line.refused("rows", line.fault)
		}
	}
	return prices, nil
}

// rateKey makes a key out of what a row names: "api-24x7-after_hours".
func rateKey(row rate.Row) string {
	named := slices.DeleteFunc([]string{row.JobType, row.SupportLevel, string(row.Condition), string(row.ValidFrom)}, func(word string) bool { return word == "" })
	return or(strings.Join(named, "-"), "any")
}

// rateSheet writes prices as readRateSheet reads them.
func rateSheet(prices []rate.Row) string {
	all := make([][]string, len(prices))
	for i, row := range prices {
		all[i] = []string{
			row.Key, row.JobType, row.SupportLevel, string(row.Condition), row.Price.StringFixed(max(2, -row.Price.Exponent())), string(row.Unit),
			minutesText(row.MinimumMinutes), minutesText(row.MaximumMinutes), row.TaxCategory, string(row.ValidFrom), string(row.ValidUntil),
		}
	}
	return writeSheet(rateColumns, "key job_type support_level condition price unit", all)
}

// readCostSheet reads what hours cost.
func readCostSheet(text string) ([]ratecard.Cost, error) {
	lines, err := parseSheet("rows", text, costColumns, ratecard.MaxCosts)
	if err != nil {
		return nil, err
	}
	costs := make([]ratecard.Cost, len(lines))
	for i, line := range lines {
		costs[i] = ratecard.Cost{JobType: line.cells["job_type"], Hour: line.amount("hour")}
		if line.fault != "" {
			return nil, line.refused("rows", line.fault)
		}
	}
	return costs, nil
}

// layerText says in words whose prices a card holds.
func layerText(layer, client string) string {
	switch rate.Layer(layer) {
	case rate.FirmDefault:
		return "The firm's, for everybody"
	case rate.ClientOverride:
		return or(client, "A client") + "'s, before all others"
	case rate.ContractVersion:
		return "Of contracts that choose it"
	}
	return layer
}

// pricedText names the job types that a card has prices for.
func pricedText(card rows.RateCard) string {
	words := strings.Fields(card.JobTypes)
	for i, word := range words {
		if word == "*" {
			words[i] = "any job type"
		}
	}
	return list(words)
}

// validText is when the rows of a card hold.
func validText(card rows.RateCard) string {
	switch {
	case card.ValidFrom == "" && card.ValidUntil == "":
		return "Unbounded"
	case card.ValidFrom == "":
		return "Until " + dayText(card.ValidUntil)
	}
	return period(card.ValidFrom, card.ValidUntil)
}

func layerOptions(chosenLayer string) []page.Option {
	return chosen([]page.Option{
		{Value: string(rate.ContractVersion), Label: layerText("contract", "")},
		{Value: string(rate.ClientOverride), Label: "One client's, before all others"},
		{Value: string(rate.FirmDefault), Label: layerText("firm", "")},
	}, chosenLayer)
}

func levelOptions(none, value string) []page.Option {
	return chosen([]page.Option{{Label: none}, {Value: "standard", Label: "Standard"}, {Value: "priority", Label: "Priority"}, {Value: "24x7", Label: "24x7"}}, value)
}

// rateConditions are the conditions to choose from.
func rateConditions(value string) []page.Option {
	var options []page.Option
	for _, condition := range []hours.Condition{hours.Regular, hours.AfterHours, hours.Weekend, hours.Holiday, hours.Emergency} {
		options = append(options, page.Option{Value: string(condition), Label: label(string(condition))})
	}
	return chosen(options, value)
}

// priceTitle is the answer in one line.
func priceTitle(p Price) string {
	if !p.Found {
		return "No price"
	}
	return p.Currency + " " + rowPrice(*p.Row)
}

// priceSource names the row that won.
func priceSource(p Price) string {
	return "Row " + p.Row.Key + " of " + p.Card + ", version " + strconv.Itoa(p.Version)
}

// boundsText is how many minutes a row prices at least and at most.
func boundsText(row rate.Row) string {
	var bounds []string
	if row.MinimumMinutes > 0 {
		bounds = append(bounds, "at least "+hoursText(int64(row.MinimumMinutes)))
	}
	if row.MaximumMinutes > 0 {
		bounds = append(bounds, "at most "+hoursText(int64(row.MaximumMinutes)))
	}
	return orDash(list(bounds))
}

func rowValidText(row rate.Row) string {
	return validText(rows.RateCard{ValidFrom: string(row.ValidFrom), ValidUntil: string(row.ValidUntil)})
}
