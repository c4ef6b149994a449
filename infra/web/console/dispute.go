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
	More  bool               `json:"more,omitempty" doc:"There are more than 200, the rest of which is left out."`
}

type disputeFileInput struct {
	Reading
	ID         string `path:"id" doc:"The objection's id, a UUID."`
	Attachment string `path:"attachment" doc:"The file's id, a UUID."`
	DownloadHeaders
}

type eraseDisputeFileInput struct {
	Edit
	Attachment string `path:"attachment" doc:"The file's id, a UUID."`
	Body       eraseFileBody
}

type eraseFileBody struct {
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Internal."`
}

type settleDisputeBody struct {
	Accepted bool   `json:"accepted" doc:"A credit note follows by a command of its own."`
	Answer   string `json:"answer" minLength:"1" maxLength:"500" doc:"The client reads it."`
}

func (c *Console) registerDisputes() {
	get(c, "list-disputes", "/disputes", "Open objections of clients to lines of invoices", access.ReadInvoices,
		func(ctx context.Context, tx pgx.Tx, _ reader, _ *struct{ Reading }) (b disputesBody, err error) {
			b.Items, b.More, err = rows.OpenDisputes(ctx, tx, c.now(), rows.MaxLimit)
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
	erase := post("erase-dispute-attachment", "/disputes/{id}"+attachmentsPath+"/{attachment}/erase", "Remove a file of an objection for good", http.StatusOK)
	web.Register(c.API, access.EraseFiles, erase, func(ctx context.Context, actor domain.Actor, in *eraseDisputeFileInput) (*written, error) {
		attachment, err := web.ID(in.Attachment)
		if err != nil {
			return nil, err
		}
		id, request, err := c.edit(actor, in.Edit, strings.Replace(erase.Path, "{attachment}", in.Attachment, 1), in.Body)
		if err != nil {
			return nil, err
		}
		on, err := c.disputed(ctx, access.EraseFiles, id)
		if err != nil {
			return nil, err
		}
		return answer(c.commands.EraseDisputeFile(ctx, request, commands.EraseDisputeFile{
			Invoice: on.Invoice, Dispute: on.Dispute, Attachment: domain.AttachmentID{UUID: attachment}, Reason: strings.TrimSpace(in.Body.Reason),
		}))
	})
	editing(c, access.SettleDisputes, post("take-dispute", "/disputes/{id}/take", "Look into an objection", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, _ *nothing) (commands.Answer, error) {
			on, err := c.disputed(ctx, access.SettleDisputes, id)
			if err != nil {
				return commands.Answer{}, err
			}
			return c.commands.TakeDispute(ctx, r, on)
		})
	editing(c, access.SettleDisputes, post("settle-dispute", "/disputes/{id}/settle", "Answer an objection", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked settleDisputeBody) (commands.Answer, error) {
			on, err := c.disputed(ctx, access.SettleDisputes, id)
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
	file, err := fileOf(found, id)
	if err != nil {
		return web.Download{}, err
	}
	return c.open(id, web.Download{Name: file.Name, Type: file.Type, SHA256: file.SHA256})
}

// fileOf finds a file beside an objection that can still be opened.
func fileOf(dispute rows.DisputeLine, id uuid.UUID) (rows.DisputeFile, error) {
	at := slices.IndexFunc(dispute.Attachments, func(f rows.DisputeFile) bool { return f.ID == id })
	if at < 0 {
		return rows.DisputeFile{}, domain.Refuse(domain.ErrNotFound, "no_such_attachment", "objection %s has no file %s", dispute.ID, id)
	}
	if dispute.Attachments[at].ErasedAt != nil {
		return rows.DisputeFile{}, erased(id)
	}
	return dispute.Attachments[at], nil
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
	const erase = invoicesPath + "/{id}/disputes/{dispute}" + attachmentsPath + "/{attachment}/erase"
	showing(c, erase, access.EraseFiles, c.viewDisputeFile, eraseDisputeFilePage)
	c.posting(erase, access.EraseFiles, c.postEraseDisputeFile, again(c, access.EraseFiles, c.viewDisputeFile, eraseDisputeFilePage,
		func(v *disputeFileView, form typed) { v.Form = form }))
}

// disputeFileView is a file beside an objection that may be erased.
type disputeFileView struct {
	invoiceView
	Dispute rows.DisputeLine
	File    rows.DisputeFile
}

// erasePath is where one of the files beside an objection is erased.
func (v invoiceView) erasePath(dispute, file uuid.UUID) string {
	return v.Path + "/disputes/" + dispute.String() + attachmentsPath + "/" + file.String() + "/erase"
}

func (c *Console) viewDisputeFile(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v disputeFileView, err error) {
	if v.invoiceView, err = c.viewInvoice(ctx, tx, r, request); err != nil {
		return v, err
	}
	dispute, file, err := disputeFileIDs(request)
	if err != nil {
		return v, err
	}
	at := slices.IndexFunc(v.Disputes, func(d rows.DisputeLine) bool { return d.ID == dispute })
	if at < 0 {
		return v, domain.Refuse(domain.ErrNotFound, "no_such_dispute", "invoice %s has no objection %s", v.ID, dispute)
	}
	v.Dispute = v.Disputes[at]
	v.File, err = fileOf(v.Dispute, file)
	return v, err
}

// disputeFileIDs are the objection and its file that a page's address names.
func disputeFileIDs(r *http.Request) (dispute, file uuid.UUID, err error) {
	if dispute, err = web.ID(chi.URLParam(r, "dispute")); err == nil {
		file, err = web.ID(chi.URLParam(r, "attachment"))
	}
	return dispute, file, err
}

func (c *Console) postEraseDisputeFile(w http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	dispute, file, err := disputeFileIDs(r)
	if err != nil {
		return "", err
	}
	return c.onInvoice("file_erased", func(ctx context.Context, request commands.Request, id domain.InvoiceID, form typed) (commands.Answer, error) {
		return c.commands.EraseDisputeFile(ctx, request, commands.EraseDisputeFile{
			Invoice: id, Dispute: domain.DisputeID{UUID: dispute}, Attachment: domain.AttachmentID{UUID: file},
			Reason: strings.TrimSpace(form.Get("reason")),
		})
	})(w, r, login, form)
}

// disputed finds the invoice that an objection is about.
func (c *Console) disputed(ctx context.Context, needed access.Permission, id uuid.UUID) (on commands.OnDispute, err error) {
	_, err = c.read(ctx, web.LoginOf(ctx), needed, domain.Position{}, func(tx pgx.Tx, _ reader) error {
		found, err := rows.DisputeByID(ctx, tx, id, c.now())
		on = commands.OnDispute{Invoice: domain.InvoiceID{UUID: found.Invoice}, Dispute: domain.DisputeID{UUID: id}}
		return err
	})
	return on, err
}
