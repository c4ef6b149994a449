package portal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/visible"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/readmodels/client"
)

// receiptsPath is where the receipts of payments lie.
const receiptsPath = "/receipts"

// receiptPath is where the receipt of a payment can be had.
func receiptPath(payment uuid.UUID) string { return receiptsPath + "/" + payment.String() + "/pdf" }

func (p *Portal) registerReceipts() {
	const one = receiptsPath + "/{id}/pdf"
	operation := web.DownloadOperation("download-receipt-pdf", base+one, "The receipt of a payment, by the payment's id, as PDF")
	web.Register(p.API, access.ReadInvoices, operation, func(ctx context.Context, actor domain.Actor, in *downloadReceipt) (*web.DownloadOutput, error) {
		file, err := p.receipt(ctx, actor, in.ID)
		if err != nil {
			return nil, err
		}
		return web.Sending(file), nil
	})
	p.Page(http.MethodGet, one, access.ReadInvoices, func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		file, err := p.receipt(r.Context(), login.Actor, chi.URLParam(r, "id"))
		if err != nil {
			return err
		}
		web.Send(w, r, file)
		return nil
	})
}

type downloadReceipt struct {
	ID string `path:"id" doc:"The payment's id, a UUID."`
	DownloadHeaders
}

// receipt prints the receipt of a payment as it stands now.
func (p *Portal) receipt(ctx context.Context, actor domain.Actor, text string) (web.Download, error) {
	id, err := web.ID(text)
	if err != nil {
		return web.Download{}, err
	}
	var receipt client.PaymentReceipt
	_, err = p.view(ctx, actor, domain.Position{}, func(tx pgx.Tx, v client.Viewer) (err error) {
		receipt, err = client.ReadPaymentReceipt(ctx, tx, v, id)
		return err
	})
	if err != nil {
		return web.Download{}, err
	}
	content, err := p.printReceipt(receipt)
	if err != nil {
		return web.Download{}, fmt.Errorf("print the receipt of payment %s: %w", id, err)
	}
	sum := sha256.Sum256(content)
	return web.Download{
		Name: "receipt-" + receipt.Day + ".pdf", Type: mediaTypes[visible.PDF], SHA256: hex.EncodeToString(sum[:]), Content: memory{bytes.NewReader(content)},
	}, nil
}
