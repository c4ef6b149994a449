package audit

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/creditnote"
	"effigate/domain/invoice"
	"effigate/domain/numbering"
	"effigate/domain/payment"
	"effigate/domain/period"
	"effigate/domain/visible"
	"effigate/infra/seal"
)

// Evidence is where a bundle comes from.
type Evidence struct {
	Log commands.Log
	// Ordinals gives the numbers of events in the log of all, of those that are numbered.
	Ordinals func(ctx context.Context, events []uuid.UUID) (map[uuid.UUID]int64, error)
	// Tree has the size of Newest.
	Tree          *seal.Tree
	First, Newest seal.Seal
	Verifier      string
	// Print opens what visible.PrintID names.
	Print func(id uuid.UUID) (io.ReadCloser, error)
}

// Gather makes the bundle of an issued invoice: its events, those of the periods that it charges, of its credit notes,
// of the payments that it took, and of its number. All of them must be part of the newest seal.
func (e Evidence) Gather(ctx context.Context, id domain.InvoiceID) (Bundle, error) {
	of, err := e.stream(ctx, invoice.Stream(id), nil)
	if err != nil {
		return Bundle{}, err
	}
	state, err := Fold(slicedLog(of), invoice.Evolve)
	if err != nil {
		return Bundle{}, err
	}
	issued, ok := state.Issued()
	if !ok {
		return Bundle{}, domain.Refuse(domain.ErrNotFound, "not_issued", "invoice %s is not issued", id)
	}
	b := Bundle{
		Document: issued.Document, Entries: disclosed(state.Entries()), First: e.First.Note, Newest: e.Newest.Note, Verifier: e.Verifier,
	}
	events, err := e.around(ctx, id, state, issued)
	if err != nil {
		return b, err
	}
	if b.PDF, b.XML, err = e.printed(id.UUID, of); err != nil {
		return b, err
	}
	if b.Events, err = e.prove(ctx, append(of, events...)); err != nil {
		return b, err
	}
	b.Growth, err = e.Tree.Consistency(ctx, e.First.Size)
	return b, err
}

// disclosed are the entries without their internal parts.
func disclosed(entries []bill.Entry) []bill.Entry {
	entries = slices.Clone(entries)
	for i := range entries {
		entries[i].Staff = bill.EntryStaff{}
	}
	return entries
}

// around reads the events beside those of the invoice.
func (e Evidence) around(ctx context.Context, id domain.InvoiceID, state invoice.State, issued invoice.Issued) (events []domain.Recorded, err error) {
	drafted := state.Drafted()
	streams := []string{period.Stream(drafted.Contract, drafted.Month)}
	for _, month := range drafted.Staff.Later {
		streams = append(streams, period.Stream(drafted.Contract, month))
	}
	numbers := map[string][]uuid.UUID{numbering.Stream(issued.Staff.Series): {id.UUID}}
	for _, note := range state.Credits() {
		stream := creditnote.Stream(note)
		streams = append(streams, stream)
		credited, err := Fold(e.Log.Read(ctx, stream, domain.NoStream), creditnote.Evolve)
		if err != nil {
			return nil, err
		}
		if is, ok := credited.Issued(); ok {
			series := numbering.Stream(is.Staff.Series)
			numbers[series] = append(numbers[series], note.UUID)
		}
	}
	for _, paid := range state.Payments() {
		streams = append(streams, payment.Stream(paid.Payment))
	}
	for _, stream := range streams {
		if events, err = e.append(ctx, events, stream, nil); err != nil {
			return nil, err
		}
	}
	for stream, subjects := range numbers {
		if events, err = e.append(ctx, events, stream, func(r domain.Recorded) bool {
			given, is := r.Event.(numbering.Allocated)
			return !is || slices.Contains(subjects, given.Subject)
		}); err != nil {
			return nil, err
		}
	}
	return events, nil
}

func (e Evidence) append(ctx context.Context, events []domain.Recorded, stream string, wanted func(domain.Recorded) bool) ([]domain.Recorded, error) {
	more, err := e.stream(ctx, stream, wanted)
	if err == nil && len(events)+len(more) > MaxBundleEvents {
		err = domain.Refuse(domain.ErrInvalid, "bundle_too_large", "the invoice rests on more than %d events", MaxBundleEvents)
	}
	return append(events, more...), err
}

// stream reads the events of one stream; of those that are wanted, where that is asked.
func (e Evidence) stream(ctx context.Context, stream string, wanted func(domain.Recorded) bool) (events []domain.Recorded, err error) {
	for recorded, err := range e.Log.Read(ctx, stream, domain.NoStream) {
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", stream, err)
		}
		if wanted == nil || wanted(recorded) {
			events = append(events, recorded)
		}
	}
	return events, nil
}

// printed reads the printed forms of the newest layout.
func (e Evidence) printed(id uuid.UUID, events []domain.Recorded) (pdf, xml []byte, err error) {
	for _, recorded := range slices.Backward(events) {
		rendered, ok := recorded.Event.(invoice.Rendered)
		if !ok {
			continue
		}
		if pdf, err = e.form(visible.PrintID(id, visible.PDF, rendered.Layout)); err != nil {
			return nil, nil, err
		}
		xml, err = e.form(visible.PrintID(id, visible.XML, rendered.Layout))
		return pdf, xml, err
	}
	return nil, nil, domain.Refuse(domain.ErrUnavailable, "not_printed", "the invoice has not been printed yet; try again")
}

func (e Evidence) form(id uuid.UUID) ([]byte, error) {
	content, err := e.Print(id)
	if err != nil {
		return nil, fmt.Errorf("open the printed invoice: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(content, maxBundleFile))
	if closed := content.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, fmt.Errorf("read the printed invoice: %w", err)
	}
	return text, nil
}

// ordinalsAtOnce is how many events are looked up together.
const ordinalsAtOnce = 1000

// prove adds to each event the proof that it is part of the newest seal, in the order of the log.
func (e Evidence) prove(ctx context.Context, events []domain.Recorded) ([]ProvenEvent, error) {
	proven := make([]ProvenEvent, 0, len(events))
	for some := range slices.Chunk(events, ordinalsAtOnce) {
		ids := make([]uuid.UUID, len(some))
		for i, event := range some {
			ids[i] = event.ID
		}
		ordinals, err := e.Ordinals(ctx, ids)
		if err != nil {
			return nil, err
		}
		for _, event := range some {
			ordinal := ordinals[event.ID]
			if ordinal == 0 || ordinal > e.Tree.Size {
				return nil, domain.Refuse(domain.ErrUnavailable, "not_sealed", "revision %d of %s is not sealed yet; seal again once the staff read model has it", event.Revision, event.Stream)
			}
			proven = append(proven, ProvenEvent{
				Ordinal: ordinal, ID: event.ID, Stream: event.Stream, Revision: event.Revision, Kind: event.Raw.Kind,
				Data: event.Raw.Data, Metadata: event.Raw.Metadata,
			})
		}
	}
	slices.SortFunc(proven, func(a, b ProvenEvent) int { return int(a.Ordinal - b.Ordinal) })
	for i := range proven {
		var err error
		if proven[i].Proof, err = e.Tree.Inclusion(ctx, proven[i].Ordinal); err != nil {
			return nil, err
		}
	}
	return proven, nil
}
