package messaging

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/creditnote"
	"effigate/domain/invoice"
	"effigate/domain/visible"
	"effigate/projections"
)

// Printing prints a document as one form. The same document gives the same bytes for ever.
type Printing func(bill.Document, []bill.Entry) ([]byte, error)

// Prints prints documents when they are issued, and says so: the forms, under the ids of visible.PrintID, go to a store
// that clients read; where it refuses one for good, keep gives a domain.Refusal. There is a form of each kind. Layout is
// the version of all forms together.
func Prints(service *commands.Service, log commands.Log, keep func(uuid.UUID, io.Reader) error, layout int, forms map[visible.Form]Printing, now func() time.Time, logger *slog.Logger) Printer {
	return Printer{service: service, log: log, keep: keep, layout: layout, forms: forms, now: now, logger: logger}
}

// Printer prints documents. Make it with Prints.
type Printer struct {
	service *commands.Service
	log     commands.Log
	keep    func(uuid.UUID, io.Reader) error
	layout  int
	forms   map[visible.Form]Printing
	now     func() time.Time
	logger  *slog.Logger
}

// Manager prints each document when it is issued. One that can never be printed is passed over, for those behind it do
// not wait for it; see Missing.
func (p Printer) Manager() Manager {
	return Manager{
		Lane: "prints", Kinds: []string{invoice.Issued{}.Kind(), creditnote.Issued{}.Kind()},
		React: func(ctx context.Context, fact domain.Recorded) error {
			return passOver(ctx, p.logger, fact, p.issued(ctx, fact))
		},
	}
}

// Missing prints the issued documents that a log has and nobody has printed, as those that were passed over, and tells of
// each by its number how that went. It gives how many are still not printed, and the first error that is no refusal.
func (p Printer) Missing(ctx context.Context, log iter.Seq2[projections.Delivery, error], told func(number string, err error)) (left int, err error) {
	missing := map[string]domain.Recorded{} // by stream
	for delivery, err := range log {
		if err != nil {
			return 0, fmt.Errorf("look for documents that are not printed: %w", err)
		}
		switch delivery.Recorded.Event.(type) {
		case invoice.Issued, creditnote.Issued:
			missing[delivery.Recorded.Stream] = delivery.Recorded
		case invoice.Rendered, creditnote.Rendered:
			delete(missing, delivery.Recorded.Stream)
		}
	}
	issued := slices.SortedFunc(maps.Values(missing), func(a, b domain.Recorded) int { return a.Position.Compare(b.Position) })
	for _, fact := range issued {
		err := p.issued(ctx, fact)
		if err != nil && !commands.Final(err) {
			return 0, err
		}
		if err != nil {
			left++
		}
		told(documentOf(fact).Number, err)
	}
	return left, nil
}

// issued prints the document that a fact issues. A refusal says that it can never be printed.
func (p Printer) issued(ctx context.Context, fact domain.Recorded) error {
	var id uuid.UUID
	var entries []bill.Entry
	switch fact.Event.(type) {
	case invoice.Issued:
		of, err := invoice.IDOf(fact.Stream)
		if err != nil {
			return err
		}
		if entries, err = p.entries(ctx, fact.Stream); err != nil {
			return err
		}
		id = of.UUID
	case creditnote.Issued:
		of, err := creditnote.IDOf(fact.Stream)
		if err != nil {
			return err
		}
		id = of.UUID
	default:
		return nil
	}
	document := documentOf(fact)
	printed, err := p.print(id, document, entries)
	if err != nil {
		return fmt.Errorf("print %s: %w", document.Number, err)
	}
	_, err = p.service.RenderDocument(ctx, commands.Request{
		Actor: domain.System(), Route: "print", Key: fact.ID.String(), At: p.now(), Causation: fact.ID, Correlation: fact.Command.UUID,
	}, fact.Stream, printed)
	return err
}

// documentOf is the document that a fact issues.
func documentOf(fact domain.Recorded) bill.Document {
	switch event := fact.Event.(type) {
	case invoice.Issued:
		return event.Document
	case creditnote.Issued:
		return event.Document
	}
	return bill.Document{}
}

// entries reads what explains an invoice.
func (p Printer) entries(ctx context.Context, stream string) ([]bill.Entry, error) {
	var state invoice.State
	for recorded, err := range p.log.Read(ctx, stream, domain.NoStream) {
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", stream, err)
		}
		if event, ok := recorded.Event.(invoice.Event); ok {
			state = invoice.Evolve(state, event)
		}
	}
	return state.Entries(), nil
}

// print keeps every form of a document, and names what was kept.
func (p Printer) print(id uuid.UUID, document bill.Document, entries []bill.Entry) (bill.Print, error) {
	kept := bill.Print{Layout: p.layout}
	for form, printed := range p.forms {
		content, err := printed(document, entries)
		if err != nil { // Each time, for the same document is printed the same.
			return bill.Print{}, domain.Refuse(domain.ErrInvalid, "not_printable", "as %s: %v", form, err)
		}
		if err := p.keep(visible.PrintID(id, form, p.layout), bytes.NewReader(content)); err != nil {
			return bill.Print{}, fmt.Errorf("keep it as %s: %w", form, err)
		}
		sum := sha256.Sum256(content)
		digest := hex.EncodeToString(sum[:])
		switch form {
		case visible.PDF:
			kept.SHA256, kept.Size = digest, int64(len(content))
		case visible.XML:
			kept.XMLSHA256 = digest
		case visible.CSV:
			kept.CSVSHA256 = digest
		}
	}
	return kept, nil
}
