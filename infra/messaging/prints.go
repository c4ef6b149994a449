package messaging

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/creditnote"
	"effigate/domain/invoice"
	"effigate/domain/visible"
)

// Printing prints a document as one form. The same document gives the same bytes for ever.
type Printing func(bill.Document, []bill.Entry) ([]byte, error)

// Prints prints documents when they are issued, and says so: the forms, under the ids of visible.PrintID, go to a store
// that clients read; where it refuses one for good, keep gives a domain.Refusal. There is a form of each kind. Layout is
// the version of all forms together.
func Prints(service *commands.Service, log commands.Log, keep func(uuid.UUID, io.Reader) error, layout int, forms map[visible.Form]Printing, now func() time.Time, logger *slog.Logger) Manager {
	p := prints{service: service, log: log, keep: keep, layout: layout, forms: forms, now: now, logger: logger}
	return Manager{Lane: "prints", Kinds: []string{invoice.Issued{}.Kind(), creditnote.Issued{}.Kind()}, React: p.react}
}

type prints struct {
	service *commands.Service
	log     commands.Log
	keep    func(uuid.UUID, io.Reader) error
	layout  int
	forms   map[visible.Form]Printing
	now     func() time.Time
	logger  *slog.Logger
}

func (p prints) react(ctx context.Context, fact domain.Recorded) error {
	var id uuid.UUID
	var document bill.Document
	var entries []bill.Entry
	switch event := fact.Event.(type) {
	case invoice.Issued:
		of, err := invoice.IDOf(fact.Stream)
		if err != nil {
			return err
		}
		if entries, err = p.entries(ctx, fact.Stream); err != nil {
			return err
		}
		id, document = of.UUID, event.Document
	case creditnote.Issued:
		of, err := creditnote.IDOf(fact.Stream)
		if err != nil {
			return err
		}
		id, document = of.UUID, event.Document
	default:
		return nil
	}
	printed, err := p.print(id, document, entries)
	if err != nil {
		return passOver(ctx, p.logger, fact, fmt.Errorf("print %s: %w", document.Number, err))
	}
	_, err = p.service.RenderDocument(ctx, commands.Request{
		Actor: domain.System(), Route: "print", Key: fact.ID.String(), At: p.now(), Causation: fact.ID, Correlation: fact.Command.UUID,
	}, fact.Stream, printed)
	return passOver(ctx, p.logger, fact, err)
}

// entries reads what explains an invoice.
func (p prints) entries(ctx context.Context, stream string) ([]bill.Entry, error) {
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

// print keeps every form of a document, and names what was kept. A refusal says that it can never be printed; the
// documents behind it do not wait for it.
func (p prints) print(id uuid.UUID, document bill.Document, entries []bill.Entry) (bill.Print, error) {
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
