package console

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

type disputesBody struct {
	Fresh
	Items []rows.DisputeLine `json:"items" nullable:"false" doc:"Those that nobody has settled, the oldest first."`
}

type settleDisputeBody struct {
	Accepted bool   `json:"accepted" doc:"A credit note follows by a command of its own."`
	Answer   string `json:"answer" minLength:"1" maxLength:"500" doc:"The client reads it."`
}

func (c *Console) registerDisputes() {
	get(c, "list-disputes", "/disputes", "Open objections of clients to lines of invoices", access.ReadInvoices,
		func(ctx context.Context, tx pgx.Tx, _ reader, _ *struct{ Reading }) (b disputesBody, err error) {
			b.Items, err = rows.OpenDisputes(ctx, tx, rows.MaxLimit)
			return b, err
		})
	editing(c, access.SettleDisputes, post("take-dispute", "/disputes/{id}/take", "Look into an objection", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, _ *nothing) (commands.Answer, error) {
			on, err := c.disputed(ctx, id)
			if err != nil {
				return commands.Answer{}, err
			}
			return c.commands.TakeDispute(ctx, r, on)
		})
	editing(c, access.SettleDisputes, post("settle-dispute", "/disputes/{id}/settle", "Answer an objection", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked settleDisputeBody) (commands.Answer, error) {
			on, err := c.disputed(ctx, id)
			if err != nil {
				return commands.Answer{}, err
			}
			on.Accepted, on.Text = asked.Accepted, strings.TrimSpace(asked.Answer)
			return c.commands.SettleDispute(ctx, r, on)
		})
}

// disputed finds the invoice that an objection is about.
func (c *Console) disputed(ctx context.Context, id uuid.UUID) (on commands.OnDispute, err error) {
	_, err = c.read(ctx, web.LoginOf(ctx), access.SettleDisputes, domain.Position{}, func(tx pgx.Tx, _ reader) error {
		found, err := rows.DisputeByID(ctx, tx, id)
		on = commands.OnDispute{Invoice: domain.InvoiceID{UUID: found.Invoice}, Dispute: domain.DisputeID{UUID: id}}
		return err
	})
	return on, err
}
