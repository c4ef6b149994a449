package console

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/bill"
	"effigate/infra/auth"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// Receipt is what the client's receipt of a payment says (F43): of a payment no more than the client sees itself.
type Receipt struct {
	Payment        rows.PaymentLine
	Issuer, Client bill.Party // as the first of its invoices names them
}

// receiptFile is where the receipt of a payment can be had.
const receiptFile = "/payments/{id}/receipt"

// registerReceipts adds the receipts of payments, for programs and for the pages.
func (c *Console) registerReceipts() {
	operation := web.DownloadOperation("download-receipt", base+receiptFile, "The receipt of a payment as the client can have it, as PDF")
	web.Register(c.API, access.ReadInvoices, operation, func(ctx context.Context, _ domain.Actor, in *downloadInput) (*web.DownloadOutput, error) {
		after, err := in.after()
		if err != nil {
			return nil, err
		}
		file, err := c.receipt(ctx, web.LoginOf(ctx), after, in.ID)
		if err != nil {
			return nil, err
		}
		return web.Sending(file), nil
	})
	c.Page(http.MethodGet, receiptFile, access.ReadInvoices, func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		file, err := c.receipt(r.Context(), login, domain.Position{}, chi.URLParam(r, "id"))
		if err != nil {
			return err
		}
		web.Send(w, r, file)
		return nil
	})
}

// receipt prints the receipt of a payment; there is none of what a credit note gave.
func (c *Console) receipt(ctx context.Context, login auth.Login, after domain.Position, text string) (web.Download, error) {
	id, err := web.ID(text)
	if err != nil {
		return web.Download{}, err
	}
	var receipt Receipt
	_, err = c.read(ctx, login, access.ReadInvoices, after, func(tx pgx.Tx, _ reader) (err error) {
		if receipt.Payment, err = rows.PaymentByID(ctx, tx, id); err != nil {
			return err
		}
		if receipt.Payment.Means == "" {
			return domain.Refuse(domain.ErrNotFound, "no_receipt", "payment %s has no receipt: no money came", id)
		}
		receipt.Client.Name = receipt.Payment.ClientName
		if len(receipt.Payment.Allocations) == 0 {
			return nil
		}
		issued, err := rows.DocumentOfInvoice(ctx, tx, receipt.Payment.Allocations[0].Invoice)
		receipt.Issuer, receipt.Client = issued.Document.Issuer, issued.Document.Client
		return err
	})
	if err != nil {
		return web.Download{}, err
	}
	content, err := c.options.PrintReceipt(receipt)
	if err != nil {
		return web.Download{}, err
	}
	return inMemoryFile("receipt-"+receipt.Payment.Day+".pdf", "application/pdf", content), nil
}
