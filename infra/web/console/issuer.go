package console

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/client"
	"effigate/domain/issuer"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// issuerBody is a legal entity of the firm that invoices.
type issuerBody struct {
	rows.Issuer
	Content issuer.Content `json:"content" doc:"How it invoices from now on."`
}

type issuersBody struct {
	Fresh
	Items []issuerBody `json:"items" nullable:"false" doc:"By key."`
}

type describeIssuerBody struct {
	Issuer  string         `json:"issuer,omitempty" maxLength:"32" doc:"Its key; absent for the main one."`
	Content issuer.Content `json:"content"`
}

// billingBody is how a client is invoiced.
type billingBody struct {
	Fresh
	Client      uuid.UUID      `json:"client"`
	Billing     client.Billing `json:"billing"`
	DescribedBy *uuid.UUID     `json:"described_by,omitempty"`
	DescribedAt *time.Time     `json:"described_at,omitempty" doc:"Absent while nobody has said."`
}

func put(id, path, summary string) huma.Operation {
	operation := post(id, path, summary, http.StatusOK)
	operation.Method = http.MethodPut
	return operation
}

func (c *Console) registerIssuers() {
	get(c, "list-issuers", "/issuers", "Who issues invoices, and how", access.ReadInvoices,
		func(ctx context.Context, tx pgx.Tx, _ reader, _ *struct{ Reading }) (b issuersBody, err error) {
			b.Items, err = issuersIn(ctx, tx)
			return b, err
		})
	writing(c, access.ManageIssuers, put("describe-issuer", "/issuers", "Say how a legal entity invoices from now on"),
		func(ctx context.Context, r commands.Request, asked describeIssuerBody) (commands.Answer, error) {
			return c.commands.DescribeIssuer(ctx, r, commands.DescribeIssuer{Issuer: asked.Issuer, Content: asked.Content})
		})
	get(c, "read-billing", "/clients/{id}/billing", "How a client is invoiced", access.ReadInvoices, c.readBilling)
	editing(c, access.DescribeBilling, put("describe-billing", "/clients/{id}/billing", "Say how a client is invoiced from now on"),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked client.Billing) (commands.Answer, error) {
			return c.commands.DescribeBilling(ctx, r, commands.DescribeBilling{Client: domain.ClientID{UUID: id}, Billing: asked})
		})
}

// issuersIn gives all issuers with what was said of them.
func issuersIn(ctx context.Context, tx pgx.Tx) ([]issuerBody, error) {
	found, err := rows.Issuers(ctx, tx)
	if err != nil {
		return nil, err
	}
	issuers := make([]issuerBody, len(found))
	for i, row := range found {
		issuers[i].Issuer = row
		if err := decoded(row.Content, &issuers[i].Content); err != nil {
			return nil, err
		}
	}
	return issuers, nil
}

func (c *Console) readBilling(ctx context.Context, tx pgx.Tx, _ reader, in *clientInput) (b billingBody, err error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return b, err
	}
	if _, err := rows.ClientByID(ctx, tx, id); err != nil {
		return b, err
	}
	b.Client = id
	row, err := rows.BillingOf(ctx, tx, id)
	if errors.Is(err, domain.ErrNotFound) {
		return b, nil
	}
	if err != nil {
		return b, err
	}
	b.DescribedBy, b.DescribedAt = row.DescribedBy, &row.DescribedAt
	return b, decoded(row.Content, &b.Billing)
}
