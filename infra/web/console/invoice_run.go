package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// runAtOnce bounds how many contracts one step of a run previews and drafts.
const runAtOnce = 25

type runInvoicesBody struct {
	Month   string `json:"month" minLength:"7" maxLength:"7" example:"2026-03"`
	Preview bool   `json:"preview,omitempty" doc:"Nothing is drafted."`
	Cursor  string `json:"cursor,omitempty" maxLength:"36" doc:"The next of the step before."`
}

// runLineBody is a contract whose month nobody has invoiced.
type runLineBody struct {
	rows.DueMonth
	Preview *invoicePreviewBody `json:"preview,omitempty" doc:"What its draft would be, before it was made."`
	Draft   *uuid.UUID          `json:"draft,omitempty" doc:"The invoice that was drafted now."`
	Refused string              `json:"refused,omitempty" doc:"Why it was not drafted after all."`
}

// ready reports whether it can be drafted without a look at it. A rate for reports may come until it is issued, and
// letters that the PDF lacks are told of before it is.
func (b runLineBody) ready() bool {
	return b.Drafted == nil && b.Preview != nil && b.Preview.Document != nil &&
		!slices.ContainsFunc(b.Preview.Exceptions, func(e exceptionBody) bool {
			return e.Code != commands.ExchangeRateMissing && e.Code != lettersMissing
		})
}

type runBody struct {
	Month    string        `json:"month"`
	Items    []runLineBody `json:"items" nullable:"false" doc:"By client and reference, at most 25."`
	Next     string        `json:"next,omitempty" doc:"The cursor of the next step; absent on the last."`
	Position string        `json:"position,omitempty" doc:"Where in the log the drafts are complete."`
}

func (c *Console) registerRun() {
	operation := post("run-invoices", "/invoices/run", "Draft what is due for billing in a month, as far as nothing speaks against it", http.StatusOK)
	web.Register(c.API, access.DraftInvoices, operation, func(ctx context.Context, actor domain.Actor, in *struct {
		web.Write
		Body runInvoicesBody
	},
	) (*struct{ Body runBody }, error) {
		body, err := c.run(ctx, in.Write, actor, in.Body)
		if err != nil {
			return nil, err
		}
		return &struct{ Body runBody }{body}, nil
	})
}

// run previews one step of what is due in a month, and drafts it unless a preview is wanted. Each draft is a write of its
// own, named by the step's key and the contract: a step that broke off is sent again. No month is drafted twice,
// whatever the keys are.
func (c *Console) run(ctx context.Context, write web.Write, actor domain.Actor, asked runInvoicesBody) (b runBody, err error) {
	month := calendar.Month(asked.Month)
	if !month.Valid() {
		return b, wrongField("month", "must be a month, such as 2026-03")
	}
	after, err := optionalID(asked.Cursor, "cursor")
	if err != nil {
		return b, err
	}
	_, err = c.read(ctx, web.LoginOf(ctx), access.DraftInvoices, domain.Position{}, func(tx pgx.Tx, _ reader) error {
		b, err = c.due(ctx, tx, actor, month, after)
		return err
	})
	if err != nil || asked.Preview {
		return b, err
	}
	var last domain.Position
	for i, line := range b.Items {
		if !line.ready() {
			continue
		}
		answer, err := c.draftDue(ctx, write, actor, line.DueMonth)
		switch {
		case errors.Is(err, domain.ErrUnavailable) || ctx.Err() != nil:
			return b, fmt.Errorf("draft the invoice of contract %s: %w", line.Contract, err)
		case err != nil: // One contract keeps no other from being billed.
			b.Items[i].Refused = c.told(ctx, line.Contract, err)
		default:
			b.Items[i].Draft = &answer.ID
			last = answer.Position
		}
	}
	if !last.IsZero() {
		b.Position = formatPosition(last)
	}
	return b, nil
}

// told is why a contract's month is not drafted, as its line tells: what is no refusal is logged.
func (c *Console) told(ctx context.Context, contract uuid.UUID, err error) string {
	if refusal, refused := errors.AsType[*domain.Refusal](err); refused {
		return reason(refusal)
	}
	c.logger.ErrorContext(ctx, "contract could not be invoiced", slog.String("contract", contract.String()), slog.Any("error", err))
	return "Something went wrong with this contract. The log of the server says what."
}

// draftDue drafts one contract's month of a run.
func (c *Console) draftDue(ctx context.Context, write web.Write, actor domain.Actor, of rows.DueMonth) (commands.Answer, error) {
	asked := draftInvoiceBody{Contract: of.Contract, Month: of.Month}
	write.Key = "run " + write.Key + " " + of.Contract.String() + " " + of.Month
	request, err := c.request(actor, write, base+"/invoices/run", asked)
	if err != nil {
		return commands.Answer{}, err
	}
	return c.commands.DraftInvoice(ctx, request, asked.command())
}

// due previews what is due in a month, as far as it is the actor's business.
func (c *Console) due(ctx context.Context, tx pgx.Tx, actor domain.Actor, month calendar.Month, after uuid.UUID) (b runBody, err error) {
	b = runBody{Month: string(month), Items: []runLineBody{}}
	found, err := rows.DueForBilling(ctx, tx, string(month), after, runAtOnce+1)
	if err != nil {
		return b, err
	}
	if len(found) > runAtOnce {
		found = found[:runAtOnce]
		b.Next = found[runAtOnce-1].Contract.String()
	}
	for _, due := range found {
		line := runLineBody{DueMonth: due}
		if due.Drafted == nil {
			preview, err := c.previewInvoice(ctx, actor, commands.DraftInvoice{Contract: domain.ContractID{UUID: due.Contract}, Month: month})
			switch {
			case errors.Is(err, domain.ErrForbidden):
				continue // Somebody else manages the client.
			case errors.Is(err, domain.ErrUnavailable) || ctx.Err() != nil:
				return b, err
			case err != nil:
				line.Refused = c.told(ctx, due.Contract, err)
			default:
				line.Preview = &preview
			}
		}
		b.Items = append(b.Items, line)
	}
	return b, nil
}
