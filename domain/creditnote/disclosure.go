package creditnote

import (
	"effigate/domain"
	"effigate/domain/visible"
)

// Disclosure is what the fold knows about a credit note in order to tell what its client sees: nothing before it is
// issued, then the document for ever, and its printed form.
type Disclosure struct {
	note    domain.CreditNoteID
	invoice domain.InvoiceID
	client  domain.ClientID
	issued  bool
}

// Disclose folds one event and yields what changes for the client.
func Disclose(d Disclosure, e Event) (Disclosure, []visible.Change) {
	switch e := e.(type) {
	case Drafted:
		d.note, d.invoice, d.client = e.CreditNote, e.Invoice, e.Client
	case Issued:
		if d.issued {
			return d, nil
		}
		d.issued = true
		return d, []visible.Change{visible.Put{Record: d.document(e)}}
	case Rendered:
		if d.issued {
			return d, []visible.Change{visible.Put{Record: visible.Print{
				Client: d.client.UUID, ID: d.note.UUID, Layout: e.Layout, SHA256: e.SHA256, Size: e.Size, XMLSHA256: e.XMLSHA256, CSVSHA256: e.CSVSHA256,
			}}}
		}
	}
	return d, nil
}

func (d Disclosure) document(e Issued) visible.CreditNote {
	document := e.Document
	return visible.CreditNote{
		Client:   d.client.UUID,
		ID:       d.note.UUID,
		Number:   document.Number,
		Invoice:  d.invoice.UUID,
		Date:     string(document.Date),
		Currency: string(document.Currency),
		Net:      document.Net.String(),
		Tax:      document.Tax.String(),
		Payable:  document.Payable.String(),
		Document: string(document.Canonical()),
		SHA256:   e.SHA256,
	}
}
