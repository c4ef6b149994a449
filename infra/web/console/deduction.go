package console

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	books "effigate/domain/period" // period is a word of this package
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// deductionBody is money that a period gives back for a missed promise.
type deductionBody struct {
	rows.DeductionLine
	Number string `json:"number" example:"TKT-0041" doc:"Of the ticket, which the client sees."`
}

type deductionsBody struct {
	Fresh
	Items    []deductionBody `json:"items" nullable:"false" doc:"In the order of the breaches."`
	Currency string          `json:"currency"`
}

type confirmBody struct {
	Amount string `json:"amount,omitempty" maxLength:"40" example:"200.00" doc:"The amount that was shown; another one by now is a 409."`
}

type waiveBody struct {
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Why the client gets nothing back. Only staff read it."`
}

// deductionEdit is the input of a decision on a deduction.
type deductionEdit[B any] struct {
	web.Write
	Contract  string `path:"contract" doc:"The contract's id, a UUID."`
	Month     string `path:"month" maxLength:"7" example:"2026-03"`
	Deduction string `path:"deduction" doc:"The deduction's id, a UUID."`
	Body      B
}

// decidingDeduction registers a decision on a deduction.
func decidingDeduction[B any](
	c *Console, act, summary string, run func(context.Context, commands.Request, commands.DecideDeduction, B) (commands.Answer, error),
) {
	operation := post(act+"-deduction", "/periods/{contract}/{month}/deductions/{deduction}/"+act, summary, http.StatusOK)
	web.Register(c.API, access.DecideDeductions, operation, func(ctx context.Context, actor domain.Actor, in *deductionEdit[B]) (*written, error) {
		contract, err := web.ID(in.Contract)
		if err != nil {
			return nil, err
		}
		deduction, err := web.ID(in.Deduction)
		if err != nil {
			return nil, err
		}
		path := strings.NewReplacer("{contract}", in.Contract, "{month}", in.Month, "{deduction}", in.Deduction).Replace(operation.Path)
		request, err := c.request(actor, in.Write, path, in.Body)
		if err != nil {
			return nil, err
		}
		return answer(run(ctx, request, commands.DecideDeduction{
			Contract: domain.ContractID{UUID: contract}, Month: calendar.Month(in.Month), Deduction: domain.DeductionID{UUID: deduction},
		}, in.Body))
	})
}

func (c *Console) registerDeductions() {
	get(c, "list-deductions", "/periods/{contract}/{month}/deductions", "What a period gives back for missed promises", access.ReadPeriods, c.listDeductions)
	decidingDeduction(c, "confirm", "Let the next draft of an invoice take a deduction",
		func(ctx context.Context, r commands.Request, d commands.DecideDeduction, asked *confirmBody) (_ commands.Answer, err error) {
			if asked != nil {
				if d.Shown, err = shownAmount(asked.Amount); err != nil {
					return commands.Answer{}, err
				}
			}
			return c.commands.ConfirmDeduction(ctx, r, d)
		})
	decidingDeduction(c, "waive", "Take a deduction off, or ask a second person to agree to that",
		func(ctx context.Context, r commands.Request, d commands.DecideDeduction, asked waiveBody) (commands.Answer, error) {
			d.Reason = asked.Reason
			return c.commands.WaiveDeduction(ctx, r, d)
		})
}

// shownAmount reads the amount that somebody saw; none when it is left out.
func shownAmount(text string) (decimal.NullDecimal, error) {
	if text == "" {
		return decimal.NullDecimal{}, nil
	}
	amount, err := amountOf(text)
	if err != nil {
		return decimal.NullDecimal{}, wrongField("amount", "must be an amount, such as 200.00")
	}
	return decimal.NewNullDecimal(amount), nil
}

func (c *Console) listDeductions(ctx context.Context, tx pgx.Tx, r reader, in *periodInput) (b deductionsBody, err error) {
	id, err := web.ID(in.Contract)
	if err != nil {
		return b, err
	}
	period, err := c.periodInFull(ctx, tx, r, id, in.Month)
	b.Items, b.Currency = period.Deductions, period.Currency
	return b, err
}

// deductionsOf lists the deductions of a period. What a proposed one comes to changes with the period until somebody
// decides: that is worked out by the rules that confirm it.
func deductionsOf(ctx context.Context, tx pgx.Tx, contract uuid.UUID, month string, state books.State) ([]deductionBody, error) {
	lines, err := rows.DeductionsIn(ctx, tx, contract, month)
	if err != nil {
		return nil, err
	}
	now := map[uuid.UUID]books.Deduction{}
	for _, d := range state.Deductions() {
		now[d.ID.UUID] = d
	}
	items := make([]deductionBody, 0, len(lines))
	for _, line := range lines {
		if d, known := now[line.ID]; known && d.State == books.DeductionOpen && line.Status == rows.DeductionProposed {
			line.Amount, line.Why = d.Amount.String(), d.Why
		}
		items = append(items, deductionBody{DeductionLine: line, Number: line.Number().String()})
	}
	return items, nil
}
