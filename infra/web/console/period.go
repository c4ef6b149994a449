package console

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	books "effigate/domain/period" // period is a word of this package
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

type periodsBody struct {
	Fresh
	Items []rows.Period `json:"items" nullable:"false" doc:"The newest first."`
}

type periodInput struct {
	Reading
	Contract string `path:"contract" doc:"The contract's id, a UUID."`
	Month    string `path:"month" maxLength:"7" example:"2026-03"`
}

// lineValueBody is what a line of a period comes to.
type lineValueBody struct {
	Line    string `json:"line"`
	Time    string `json:"time" doc:"Approved time at its own prices, where it is charged by them."`
	Overage string `json:"overage" doc:"Time beyond bought hours."`
	Charges string `json:"charges" doc:"What is not time."`
	Total   string `json:"total"`
}

// conditionBody is what the time of a line under one condition comes to.
type conditionBody struct {
	Line          string `json:"line"`
	Condition     string `json:"condition"`
	BilledMinutes int    `json:"billed_minutes"`
	DrawnMinutes  int    `json:"drawn_minutes"`
	Amount        string `json:"amount" doc:"At its own prices; 0 where nothing is priced."`
}

type periodBody struct {
	Fresh
	rows.Period
	Pins       []rows.Pin            `json:"pins" nullable:"false" doc:"What it goes by, from which day on."`
	TopUps     []rows.TopUp          `json:"top_ups" nullable:"false" doc:"Hours that a policy bought by itself."`
	Totals     []rows.TimeTotal      `json:"totals" nullable:"false" doc:"Its time records by state."`
	Ledger     []bucket.Statement    `json:"ledger" nullable:"false" doc:"By lot: of an open period as if it were closed now."`
	Values     []lineValueBody       `json:"values" nullable:"false" doc:"By line, before tax, in the contract's currency, to ten digits after the point: nothing is rounded before it is invoiced."`
	Conditions []conditionBody       `json:"conditions" nullable:"false" doc:"The time by line and condition."`
	Charges    []rows.PeriodCharge   `json:"charges" nullable:"false"`
	Deductions []deductionBody       `json:"deductions" nullable:"false" doc:"What it gives back for missed promises, in the order of the breaches."`
	Alerts     []rows.HoursAlert     `json:"alerts" nullable:"false" doc:"Thresholds that were reached in it, the newest first."`
	Requests   []rows.OverageRequest `json:"requests" nullable:"false" doc:"What the client was asked in it, the newest first."`
	Currency   string                `json:"currency"`
	Parked     *rows.Parked          `json:"parked,omitempty" doc:"There when an event of it could not be applied: what is shown ends before it."`
}

func (b periodBody) revision() int64 { return b.Revision }

type chargeBody struct {
	Line        string `json:"line" minLength:"1" maxLength:"64"`
	Text        string `json:"text" minLength:"1" maxLength:"2000" doc:"As the client will read it on the invoice."`
	Amount      string `json:"amount" minLength:"1" maxLength:"40" example:"120.00" doc:"Before tax, in the contract's currency."`
	Day         string `json:"day,omitempty" format:"date" doc:"Absent for today, at most the last day of the period."`
	TaxCategory string `json:"tax_category,omitempty" maxLength:"64"`
}

type askOverageBody struct {
	Line    string `json:"line" minLength:"1" maxLength:"64"`
	Minutes int    `json:"minutes" minimum:"1" maximum:"1000000" doc:"Beyond the hours of the line."`
	Text    string `json:"text" minLength:"1" maxLength:"20000" doc:"What the client is asked, word for word."`
}

// periodEdit is the input of a write to a period.
type periodEdit[B any] struct {
	web.Write
	Contract string `path:"contract" doc:"The contract's id, a UUID."`
	Month    string `path:"month" maxLength:"7" example:"2026-03"`
	Body     B
}

// editingPeriod registers a command on a period.
func editingPeriod[B any](
	c *Console, act, summary string, status int, run func(context.Context, commands.Request, domain.ContractID, calendar.Month, B) (commands.Answer, error),
) {
	operation := post(act+"-period", "/periods/{contract}/{month}/"+act, summary, status)
	web.Register(c.API, access.ManagePeriods, operation, func(ctx context.Context, actor domain.Actor, in *periodEdit[B]) (*written, error) {
		id, err := web.ID(in.Contract)
		if err != nil {
			return nil, err
		}
		path := strings.NewReplacer("{contract}", in.Contract, "{month}", in.Month).Replace(operation.Path)
		request, err := c.request(actor, in.Write, path, in.Body)
		if err != nil {
			return nil, err
		}
		return answer(run(ctx, request, domain.ContractID{UUID: id}, calendar.Month(in.Month), in.Body))
	})
}

func (c *Console) registerPeriods() {
	get(c, "list-periods", "/contracts/{id}/periods", "The billing periods of a contract", access.ReadPeriods, c.listPeriods)
	get(c, "read-period", "/periods/{contract}/{month}", "One billing period with its ledger and what it is worth", access.ReadPeriods, c.readPeriod)
	editingPeriod(c, "open", "Open a period, or let it go by what the contract says now", http.StatusOK,
		func(ctx context.Context, r commands.Request, id domain.ContractID, month calendar.Month, _ *nothing) (commands.Answer, error) {
			return c.commands.OpenPeriod(ctx, r, commands.OpenPeriod{Contract: id, Month: month})
		})
	editingPeriod(c, "close", "Close a period after its last day", http.StatusOK,
		func(ctx context.Context, r commands.Request, id domain.ContractID, month calendar.Month, _ *nothing) (commands.Answer, error) {
			return c.commands.ClosePeriod(ctx, r, commands.ClosePeriod{Contract: id, Month: month})
		})
	editingPeriod(c, "charges", "Charge something that is not time", http.StatusCreated,
		func(ctx context.Context, r commands.Request, id domain.ContractID, month calendar.Month, asked chargeBody) (commands.Answer, error) {
			amount, err := amountOf(asked.Amount)
			if err != nil {
				return commands.Answer{}, wrongField("amount", "must be an amount, such as 1250.00")
			}
			return c.commands.AddCharge(ctx, r, commands.AddCharge{
				Contract: id, Month: month, Line: asked.Line, Text: asked.Text, Amount: amount, Day: calendar.Date(asked.Day), TaxCategory: asked.TaxCategory,
			})
		})
	editing(c, access.ManageContracts, post("ask-overage", "/contracts/{id}/overage", "Ask the client to go beyond the hours of a line", http.StatusCreated),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked askOverageBody) (commands.Answer, error) {
			return c.commands.AskOverage(ctx, r, commands.AskOverage{
				Contract: domain.ContractID{UUID: id}, Line: asked.Line, Minutes: asked.Minutes, Text: asked.Text,
			})
		})
}

func (c *Console) listPeriods(ctx context.Context, tx pgx.Tx, _ reader, in *contractInput) (b periodsBody, err error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return b, err
	}
	if _, err := rows.ContractByID(ctx, tx, id, c.today()); err != nil {
		return b, err
	}
	b.Items, err = rows.PeriodsOf(ctx, tx, id)
	return b, err
}

func (c *Console) readPeriod(ctx context.Context, tx pgx.Tx, r reader, in *periodInput) (b periodBody, err error) {
	id, err := web.ID(in.Contract)
	if err != nil {
		return b, err
	}
	return c.periodInFull(ctx, tx, r, id, in.Month)
}

// periodInFull is a period with its books. The figures come from the rules that close it, so that an open period
// shows what closing it would keep; its lists come from rows.
func (c *Console) periodInFull(ctx context.Context, tx pgx.Tx, r reader, contract uuid.UUID, month string) (b periodBody, err error) {
	if b.Period, err = rows.PeriodByMonth(ctx, tx, contract, month); err != nil {
		return b, err
	}
	state, err := c.previewPeriod(ctx, r, contract, month)
	if err != nil {
		return b, err
	}
	b.Ledger = append([]bucket.Statement{}, state.Ledger().Statements...)
	b.Values, b.Conditions = valuesOf(state), conditionsOf(state)
	b.Pins, b.TopUps = []rows.Pin{}, []rows.TopUp{}
	if err := decoded(b.Period.Pins, &b.Pins); err != nil {
		return b, err
	}
	if err := decoded(b.Period.TopUps, &b.TopUps); err != nil {
		return b, err
	}
	if b.Totals, err = rows.TimeTotals(ctx, tx, contract, month); err != nil {
		return b, err
	}
	if b.Charges, err = rows.Charges(ctx, tx, contract, month); err != nil {
		return b, err
	}
	if b.Deductions, err = deductionsOf(ctx, tx, contract, month, state); err != nil {
		return b, err
	}
	if b.Alerts, err = rows.HoursAlertsIn(ctx, tx, contract, month); err != nil {
		return b, err
	}
	if b.Requests, err = rows.OverageRequestsIn(ctx, tx, contract, month); err != nil {
		return b, err
	}
	if b.Currency, err = rows.CurrencyOf(ctx, tx, contract); err != nil {
		return b, err
	}
	b.Parked, err = parked(ctx, tx, books.Stream(domain.ContractID{UUID: contract}, calendar.Month(month)))
	return b, err
}

func (c *Console) previewPeriod(ctx context.Context, r reader, contract uuid.UUID, month string) (books.State, error) {
	asked := commands.Request{Actor: r.Actor, At: c.now().UTC().Truncate(time.Microsecond)}
	return c.commands.PreviewPeriod(ctx, asked, domain.ContractID{UUID: contract}, calendar.Month(month))
}

func valuesOf(state books.State) []lineValueBody {
	values := []lineValueBody{}
	for _, v := range state.Values() {
		values = append(values, lineValueBody{
			Line: v.Line, Time: v.Time.String(), Overage: v.Overage.String(), Charges: v.Charges.String(),
			Total: decimal.Sum(v.Time, v.Overage, v.Charges).String(),
		})
	}
	return values
}

func conditionsOf(state books.State) []conditionBody {
	conditions := []conditionBody{}
	for _, v := range state.Conditions() {
		conditions = append(conditions, conditionBody{
			Line: v.Line, Condition: string(v.Condition), BilledMinutes: v.BilledMinutes, DrawnMinutes: v.DrawnMinutes, Amount: v.Amount.String(),
		})
	}
	return conditions
}
