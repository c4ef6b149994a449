package console

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/visible"
	"effigate/infra/auth"
	"effigate/infra/blob"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// printForms are the forms in which documents are kept, with their media types.
var printForms = []struct {
	form  visible.Form
	media string
}{
	{visible.PDF, "application/pdf"}, {visible.XML, "application/xml"}, {visible.CSV, "text/csv; charset=utf-8"},
}

// printed names the printed form of an issued document.
type printed struct {
	id      uuid.UUID
	number  string
	layout  int                     // 0 until it is printed
	digests map[visible.Form]string // hex; empty where none was recorded
}

// kind is what is printed: where it lies, and how it is found.
type kind struct {
	name, path string
	find       func(context.Context, *Console, pgx.Tx, uuid.UUID) (printed, error)
}

var printedKinds = []kind{
	{"invoice", "/invoices/{id}", func(ctx context.Context, c *Console, tx pgx.Tx, id uuid.UUID) (printed, error) {
		row, err := rows.InvoiceByID(ctx, tx, id, c.now())
		return printed{id, row.Number, row.Layout, digests(row.PrintSHA256, row.XMLSHA256, row.CSVSHA256)}, err
	}},
	{"credit-note", "/credit-notes/{id}", func(ctx context.Context, _ *Console, tx pgx.Tx, id uuid.UUID) (printed, error) {
		row, err := rows.CreditNoteByID(ctx, tx, id)
		return printed{id, row.Number, row.Layout, digests(row.PrintSHA256, row.XMLSHA256, row.CSVSHA256)}, err
	}},
}

func digests(pdf, xml, csv string) map[visible.Form]string {
	return map[visible.Form]string{visible.PDF: pdf, visible.XML: xml, visible.CSV: csv}
}

// registerDocuments adds the ways to what is printed, for programs and for the pages.
func (c *Console) registerDocuments() {
	for _, kind := range printedKinds {
		for _, as := range printForms {
			path := kind.path + "/" + string(as.form)
			operation := web.DownloadOperation("download-"+kind.name+"-"+string(as.form), base+path, "An issued "+kind.name+" as "+string(as.form))
			web.Register(c.API, access.ReadInvoices, operation, func(ctx context.Context, _ domain.Actor, in *downloadInput) (*web.DownloadOutput, error) {
				after, err := in.after()
				if err != nil {
					return nil, err
				}
				file, err := c.document(ctx, web.LoginOf(ctx), after, kind, in.ID, as.form, as.media)
				if err != nil {
					return nil, err
				}
				return web.Sending(file), nil
			})
			c.Page(http.MethodGet, path, access.ReadInvoices, func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
				file, err := c.document(r.Context(), login, domain.Position{}, kind, chi.URLParam(r, "id"), as.form, as.media)
				if err != nil {
					return err
				}
				web.Send(w, r, file)
				return nil
			})
		}
	}
	c.Page(http.MethodGet, "/invoices/{id}/preview", access.ReadInvoices, c.sendPreview)
	const again = "/invoices/{id}/recompute"
	operation := web.DownloadOperation("recompute-invoice", base+again, "How an issued invoice is computed again from its events, and whether it is the same")
	web.Register(c.API, access.AuditHistory, operation, func(ctx context.Context, _ domain.Actor, in *downloadInput) (*web.DownloadOutput, error) {
		file, err := c.recomputed(ctx, web.LoginOf(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		return web.Sending(file), nil
	})
	c.Page(http.MethodGet, again, access.AuditHistory, func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		file, err := c.recomputed(r.Context(), login, chi.URLParam(r, "id"))
		if err != nil {
			return err
		}
		web.Send(w, r, file)
		return nil
	})
}

// recomputed tells how an issued invoice comes out of its events.
func (c *Console) recomputed(ctx context.Context, login auth.Login, text string) (web.Download, error) {
	id, err := web.ID(text)
	if err != nil {
		return web.Download{}, err
	}
	_, err = c.read(ctx, login, access.AuditHistory, domain.Position{}, func(tx pgx.Tx, _ reader) error {
		_, err := rows.InvoiceByID(ctx, tx, id, c.now())
		return err
	})
	if err != nil {
		return web.Download{}, err
	}
	told, err := c.options.Recompute(ctx, domain.InvoiceID{UUID: id})
	if err != nil {
		return web.Download{}, err
	}
	return inMemoryFile("recomputed.txt", "text/plain; charset=utf-8", []byte(told)), nil
}

// inMemoryFile is a file that was just made, to be downloaded.
func inMemoryFile(name, media string, content []byte) web.Download {
	sum := sha256.Sum256(content)
	return web.Download{Name: name, Type: media, SHA256: hex.EncodeToString(sum[:]), Content: inMemory{bytes.NewReader(content)}}
}

// document opens one form of an issued document.
func (c *Console) document(ctx context.Context, login auth.Login, after domain.Position, of kind, text string, form visible.Form, media string) (web.Download, error) {
	id, err := web.ID(text)
	if err != nil {
		return web.Download{}, err
	}
	var found printed
	_, err = c.read(ctx, login, access.ReadInvoices, after, func(tx pgx.Tx, _ reader) (err error) {
		found, err = of.find(ctx, c, tx, id)
		return err
	})
	if err != nil {
		return web.Download{}, err
	}
	if found.layout == 0 {
		return web.Download{}, notPrinted(id)
	}
	content, err := c.options.Documents.Open(visible.PrintID(id, form, found.layout))
	if errors.Is(err, blob.ErrMissing) {
		return web.Download{}, errors.Join(notPrinted(id), err)
	}
	if err != nil {
		return web.Download{}, fmt.Errorf("open document %s as %s: %w", id, form, err)
	}
	if want := found.digests[form]; want != "" && content.SHA256 != want {
		_ = content.Close() // It was only read.
		return web.Download{}, fmt.Errorf("open document %s as %s: %w", id, form, blob.ErrDamaged)
	}
	return web.Download{Name: found.number + "." + string(form), Type: media, SHA256: content.SHA256, Content: content}, nil
}

func notPrinted(id uuid.UUID) error {
	return domain.Refuse(domain.ErrNotFound, "not_printed", "document %s is not printed yet; try again in a moment once it is issued", id)
}

// sendPreview sends a draft as it would be printed.
func (c *Console) sendPreview(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	var content []byte
	_, err = c.read(r.Context(), login, access.ReadInvoices, domain.Position{}, func(tx pgx.Tx, _ reader) error {
		row, err := rows.InvoiceByID(r.Context(), tx, id, c.now())
		if err != nil {
			return err
		}
		draft, err := rows.DraftOfInvoice(r.Context(), tx, id)
		if err != nil {
			return err
		}
		document, err := draft.Finish("", calendar.Date(row.Today))
		if err != nil {
			return err
		}
		entries, err := rows.EntriesOfInvoice(r.Context(), tx, id)
		if err != nil {
			return err
		}
		content, err = c.options.Preview(document, entries)
		return err
	})
	if err != nil {
		return err
	}
	web.Send(w, r, inMemoryFile("draft.pdf", "application/pdf", content))
	return nil
}

// inMemory is a file that was just made.
type inMemory struct{ *bytes.Reader }

// Close has nothing to do.
func (inMemory) Close() error { return nil }
