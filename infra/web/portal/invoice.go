package portal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/visible"
	"effigate/infra/blob"
	"effigate/infra/web"
	"effigate/readmodels/client"
)

// NumberPath is embedded in the input of what concerns one invoice or credit note.
type NumberPath struct {
	Number string `path:"number" doc:"The number of the document, as it is printed."`
}

// maxNumber bounds a document's number, in bytes.
const maxNumber = 64

// errNothing answers for what is not there, and for what is another client's.
var errNothing = domain.Refuse(domain.ErrNotFound, "not_found", "there is nothing here")

// text is the number; what can be none names nothing.
func (n NumberPath) text() (string, error) {
	if len(n.Number) > maxNumber || !utf8.ValidString(n.Number) || strings.ContainsFunc(n.Number, unicode.IsControl) {
		return "", errNothing
	}
	return n.Number, nil
}

type listInvoicesInput struct {
	Reading
	Filter string `query:"filter" enum:"last30,open,all" default:"all" doc:"last30: issued or paid within the last 30 days; open: something is left to be paid."`
	From   string `query:"from" format:"date" doc:"The first day of issue."`
	To     string `query:"to" format:"date" doc:"The last day of issue."`
	Search string `query:"search" maxLength:"200" doc:"A number, however it is typed."`
	Cursor string `query:"cursor" maxLength:"200" doc:"The next of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type invoicesBody struct {
	Fresh
	Items    []client.Invoice `json:"items" nullable:"false"`
	Balances []client.Balance `json:"balances" nullable:"false" doc:"What is left to be paid of all invoices, by currency."`
	Next     string           `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

type invoiceBody struct {
	Fresh
	client.InvoiceDetail
}

type creditNoteBody struct {
	Fresh
	client.CreditNoteDetail
}

// forms are what a document is printed as.
var forms = []visible.Form{visible.PDF, visible.XML, visible.CSV}

// mediaTypes are those of the forms.
var mediaTypes = map[visible.Form]string{
	visible.PDF: "application/pdf", visible.XML: "application/xml", visible.CSV: "text/csv; charset=utf-8",
}

func (p *Portal) registerInvoices() {
	web.Register(p.API, access.ReadInvoices, get("list-invoices", "/invoices", "Your invoices, newest first, and what is left to be paid"), p.listInvoices)
	web.Register(p.API, access.ReadInvoices, get("read-invoice", "/invoices/{number}", "An invoice with what explains each line and what became of it"), p.readInvoice)
	web.Register(p.API, access.ReadInvoices, get("read-credit-note", "/credit-notes/{number}", "A credit note"), p.readCreditNote)
	for _, form := range forms {
		p.registerForm("invoice", "/invoices", "An invoice", form, p.invoiceForm)
		p.registerForm("credit-note", "/credit-notes", "A credit note", form, p.creditNoteForm)
	}
}

// printed opens one form of a document that the actor may see.
type printed func(context.Context, domain.Actor, NumberPath, visible.Form) (web.Download, error)

// registerForm adds the download of one form of invoices or credit notes.
func (p *Portal) registerForm(name, path, what string, form visible.Form, open printed) {
	operation := web.DownloadOperation("download-"+name+"-"+string(form), base+path+"/{number}/"+string(form), what+" as "+formNames[form])
	web.Register(p.API, access.ReadInvoices, operation, func(ctx context.Context, actor domain.Actor, in *downloadNumber) (*web.DownloadOutput, error) {
		file, err := open(ctx, actor, in.NumberPath, form)
		if err != nil {
			return nil, err
		}
		return web.Sending(file), nil
	})
}

// downloadNumber is the input of a download of one form of a document.
type downloadNumber struct {
	NumberPath
	DownloadHeaders
}

// formNames are the forms in words.
var formNames = map[visible.Form]string{visible.PDF: "PDF", visible.XML: "XML (UBL 2.1)", visible.CSV: "CSV"}

func (p *Portal) listInvoices(ctx context.Context, actor domain.Actor, in *listInvoicesInput) (*answered[invoicesBody], error) {
	filter := client.InvoiceFilter{Set: invoiceSets[in.Filter], From: in.From, To: in.To, Search: in.Search, Limit: in.Limit}
	var err error
	if filter.After, err = p.openCursor(actor, in.Cursor); err != nil {
		return nil, err
	}
	return read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (body invoicesBody, err error) {
		items, next, err := client.ListInvoices(ctx, tx, v, filter, p.now())
		if err != nil {
			return invoicesBody{}, err
		}
		body.Items, body.Next = items, p.sealCursor(actor, next)
		body.Balances, err = client.ReadBalances(ctx, tx, v, p.now())
		return body, err
	})
}

// invoiceSets are the sets of invoices by their names in an address.
var invoiceSets = map[string]client.InvoiceSet{"last30": client.InvoicesLast30, "open": client.InvoicesOpen}

func (p *Portal) readInvoice(ctx context.Context, actor domain.Actor, in *struct {
	Reading
	NumberPath
},
) (*answered[invoiceBody], error) {
	number, err := in.text()
	if err != nil {
		return nil, err
	}
	return read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (invoiceBody, error) {
		invoice, err := client.ReadInvoice(ctx, tx, v, number, p.now())
		return invoiceBody{InvoiceDetail: invoice}, err
	})
}

func (p *Portal) readCreditNote(ctx context.Context, actor domain.Actor, in *struct {
	Reading
	NumberPath
},
) (*answered[creditNoteBody], error) {
	number, err := in.text()
	if err != nil {
		return nil, err
	}
	return read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (creditNoteBody, error) {
		note, err := client.ReadCreditNote(ctx, tx, v, number)
		return creditNoteBody{CreditNoteDetail: note}, err
	})
}

func (p *Portal) invoiceForm(ctx context.Context, actor domain.Actor, path NumberPath, form visible.Form) (web.Download, error) {
	return p.form(ctx, actor, path, form, func(tx pgx.Tx, v client.Viewer, number string) (uuid.UUID, *client.Print, error) {
		return client.FindInvoice(ctx, tx, v, number, p.now())
	})
}

func (p *Portal) creditNoteForm(ctx context.Context, actor domain.Actor, path NumberPath, form visible.Form) (web.Download, error) {
	return p.form(ctx, actor, path, form, func(tx pgx.Tx, v client.Viewer, number string) (uuid.UUID, *client.Print, error) {
		note, err := client.ReadCreditNote(ctx, tx, v, number)
		return note.ID, note.Print, err
	})
}

// form opens one form of a document that the actor may see now. It is as if it were not there until it is printed.
func (p *Portal) form(
	ctx context.Context, actor domain.Actor, path NumberPath, form visible.Form, find func(pgx.Tx, client.Viewer, string) (uuid.UUID, *client.Print, error),
) (web.Download, error) {
	number, err := path.text()
	if err != nil {
		return web.Download{}, err
	}
	var document uuid.UUID
	var printed *client.Print
	_, err = p.view(ctx, actor, domain.Position{}, func(tx pgx.Tx, v client.Viewer) (err error) {
		document, printed, err = find(tx, v, number)
		return err
	})
	if err != nil {
		return web.Download{}, err
	}
	if printed == nil {
		return web.Download{}, domain.Refuse(domain.ErrNotFound, "not_found", "%s is not printed yet", number)
	}
	content, err := p.documents.Open(visible.PrintID(document, form, printed.Layout))
	if errors.Is(err, blob.ErrMissing) {
		return web.Download{}, fmt.Errorf("%w: %w", domain.ErrNotFound, err)
	}
	if err != nil {
		return web.Download{}, fmt.Errorf("open %s of %s: %w", form, number, err)
	}
	if want := printed.Digest(form); want != "" && content.SHA256 != want {
		_ = content.Close() // It was only read.
		return web.Download{}, fmt.Errorf("open %s of %s: %w", form, number, blob.ErrDamaged)
	}
	return web.Download{Name: number + "." + string(form), Type: mediaTypes[form], SHA256: content.SHA256, Content: content}, nil
}

// days checks the first and last day of something: both are days, in their order.
func days(from, to string) error {
	var check domain.Check
	for field, day := range map[string]string{"from": from, "to": to} {
		_, err := time.Parse(time.DateOnly, day)
		check.That(err == nil, field, "must be a day such as 2026-03-31")
	}
	check.That(from <= to, "to", "must not be before the first one")
	return check.Err()
}
