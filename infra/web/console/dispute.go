package console

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

type disputesBody struct {
	Fresh
	Items []rows.DisputeLine `json:"items" nullable:"false" doc:"Those that nobody has settled: first those whose answer is late, then by the day to answer by, then the oldest."`
}

type disputeFileInput struct {
	Reading
	ID         string `path:"id" doc:"The objection's id, a UUID."`
	Attachment string `path:"attachment" doc:"The file's id, a UUID."`
	DownloadHeaders
}

type settleDisputeBody struct {
	Accepted bool   `json:"accepted" doc:"A credit note follows by a command of its own."`
	Answer   string `json:"answer" minLength:"1" maxLength:"500" doc:"The client reads it."`
}

func (c *Console) registerDisputes() {
	get(c, "list-disputes", "/disputes", "Open objections of clients to lines of invoices", access.ReadInvoices,
		func(ctx context.Context, tx pgx.Tx, _ reader, _ *struct{ Reading }) (b disputesBody, err error) {
			b.Items, err = rows.OpenDisputes(ctx, tx, c.now(), rows.MaxLimit)
			return b, err
		})
	download := web.DownloadOperation("download-dispute-attachment", base+"/disputes/{id}"+attachmentsPath+"/{attachment}", "A file of an objection")
	web.Register(c.API, access.ReadInvoices, download, func(ctx context.Context, _ domain.Actor, in *disputeFileInput) (*web.DownloadOutput, error) {
		after, err := in.after()
		if err != nil {
			return nil, err
		}
		file, err := c.disputeFile(ctx, web.LoginOf(ctx), after, in.ID, in.Attachment)
		if err != nil {
			return nil, err
		}
		return web.Sending(file), nil
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

// disputeFile opens a file that a client put beside its objection, for whoever reads invoices.
func (c *Console) disputeFile(ctx context.Context, login auth.Login, after domain.Position, dispute, attachment string) (web.Download, error) {
	of, err := web.ID(dispute)
	if err != nil {
		return web.Download{}, err
	}
	id, err := web.ID(attachment)
	if err != nil {
		return web.Download{}, err
	}
	var found rows.DisputeLine
	_, err = c.read(ctx, login, access.ReadInvoices, after, func(tx pgx.Tx, _ reader) (err error) {
		found, err = rows.DisputeByID(ctx, tx, of, c.now())
		return err
	})
	if err != nil {
		return web.Download{}, err
	}
	at := slices.IndexFunc(found.Attachments, func(f rows.DisputeFile) bool { return f.ID == id })
	if at < 0 {
		return web.Download{}, domain.Refuse(domain.ErrNotFound, "no_such_attachment", "objection %s has no file %s", of, id)
	}
	file := found.Attachments[at]
	return c.open(id, web.Download{Name: file.Name, Type: file.Type, SHA256: file.SHA256})
}

// addDisputePages adds the pages' own way to the same.
func (c *Console) addDisputePages() {
	c.Page(http.MethodGet, "/disputes/{id}"+attachmentsPath+"/{attachment}", access.ReadInvoices, func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		file, err := c.disputeFile(r.Context(), login, domain.Position{}, chi.URLParam(r, "id"), chi.URLParam(r, "attachment"))
		if err != nil {
			return err
		}
		web.Send(w, r, file)
		return nil
	})
}

// disputed finds the invoice that an objection is about.
func (c *Console) disputed(ctx context.Context, id uuid.UUID) (on commands.OnDispute, err error) {
	_, err = c.read(ctx, web.LoginOf(ctx), access.SettleDisputes, domain.Position{}, func(tx pgx.Tx, _ reader) error {
		found, err := rows.DisputeByID(ctx, tx, id, c.now())
		on = commands.OnDispute{Invoice: domain.InvoiceID{UUID: found.Invoice}, Dispute: domain.DisputeID{UUID: id}}
		return err
	})
	return on, err
}
