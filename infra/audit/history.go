package audit

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"effigate/domain"
	"effigate/infra/seal"
	"effigate/projections"
	"effigate/projections/staff"
	rows "effigate/readmodels/staff"
)

// Report is what a verification found.
type Report struct {
	Events    int64     `json:"events"`    // that were read
	Seals     int       `json:"seals"`     // that were compared
	Series    int       `json:"series"`    // of numbers of documents
	Documents int       `json:"documents"` // that were computed again
	Findings  []Finding `json:"findings"`
	More      int       `json:"more,omitzero"` // findings that are not listed
	// Notes say what could not be compared, which is no finding.
	Notes []string `json:"notes,omitzero"`
}

// MaxFindings bounds how many findings are listed.
const MaxFindings = 1000

// Finding is something that is not as it should be.
type Finding struct {
	What string `json:"what"`
	// Where it is: an event, as far as it is one.
	Ordinal  int64  `json:"ordinal,omitzero"`
	Stream   string `json:"stream,omitzero"`
	Revision int64  `json:"revision,omitzero"`
	Kind     string `json:"kind,omitzero"`
	Text     string `json:"text"`
}

// What is found.
const (
	Changed    = "changed"    // an event is not the one that was numbered
	Removed    = "removed"    // an event that was numbered is gone
	Inserted   = "inserted"   // an event stands where none was numbered
	Unreadable = "unreadable" // an event cannot be decoded
	Unsealed   = "seal"       // history is not what was sealed, or a seal is none
	Numbers    = "numbering"
	Invoiced   = "invoice"
	Stored     = "stored" // a read model or a file is not what the events say
)

func (r *Report) find(f Finding) {
	if len(r.Findings) >= MaxFindings {
		r.More++
		return
	}
	r.Findings = append(r.Findings, f)
}

// Differences counts the findings.
func (r *Report) Differences() int { return len(r.Findings) + r.More }

// Scanner yields all events after a position up to the head, in the order of the log; see projections.Source.
type Scanner interface {
	Scan(ctx context.Context, after domain.Position) iter.Seq2[projections.Delivery, error]
}

// History is what is compared: all events, how the staff read model numbered them, and what was sealed.
type History struct {
	Source Scanner
	// Log lists the numbered events after an ordinal, in order.
	Log func(ctx context.Context, after int64, limit int) ([]rows.LogEntry, error)
	// Through is how far the read model is.
	Through domain.Position
	// Seals lists seals of more events than a number, the smallest first. Verifier is the key that they are signed with.
	Seals    func(ctx context.Context, after int64, limit int) ([]seal.Seal, error)
	Verifier string
}

// page is how many rows are read at once.
const page = 1000

// Verify reads all events once, names each one that is not what was numbered, and each interval between two seals in
// which history is not what was sealed. Each event goes to each, too. It keeps one page of rows in memory.
func (h History) Verify(ctx context.Context, report *Report, each func(domain.Recorded)) error {
	v := verification{
		History: h, report: report,
		numbered: pages[rows.LogEntry]{read: h.Log, key: func(e rows.LogEntry) int64 { return e.Ordinal }},
		sealed:   pages[seal.Seal]{read: h.Seals, key: func(s seal.Seal) int64 { return s.Size }},
	}
	for delivery, err := range h.Source.Scan(ctx, domain.Position{}) {
		if err != nil {
			return err
		}
		if delivery.CaughtUp || delivery.Recorded.Event == nil && delivery.Err == nil {
			continue // It is the store's own.
		}
		if err := v.take(ctx, delivery); err != nil {
			return err
		}
		each(delivery.Recorded)
	}
	return v.end(ctx)
}

// verification is a Verify on its way.
type verification struct {
	History

	report   *Report
	numbered pages[rows.LogEntry]
	sealed   pages[seal.Seal]
	grown    seal.Range
	ordinal  int64 // of the newest row
	good     sealedAt
	broken   bool // from some seal on, history is another
	waiting  int64
}

type sealedAt struct {
	size int64
	at   time.Time
}

func (v *verification) take(ctx context.Context, delivery projections.Delivery) error {
	event := delivery.Recorded
	leaf := staff.Leaf(event)
	v.grown.Add(leaf)
	v.report.Events++
	if delivery.Err != nil {
		v.report.find(v.about(Unreadable, event, delivery.Err.Error()))
	}
	if err := v.compareSeal(ctx); err != nil {
		return err
	}
	for {
		row, ok, err := v.row(ctx)
		if err != nil {
			return err
		}
		behind := event.Position.Compare(v.Through) > 0
		switch {
		case !ok && behind:
			v.waiting++
			return nil
		case !ok || positionOf(row).Compare(event.Position) > 0:
			v.report.find(v.about(Inserted, event, "it stands in the store, and was never numbered"))
			return nil
		case positionOf(row).Compare(event.Position) < 0:
			v.remove(row)
			continue
		}
		v.numbered.next()
		if wrong := differing(row, event, leaf); wrong != "" {
			v.report.find(v.about(Changed, event, wrong))
		}
		return nil
	}
}

// row is the next numbered event. A number that does not follow the one before was taken out of the table.
func (v *verification) row(ctx context.Context) (rows.LogEntry, bool, error) {
	row, ok, err := v.numbered.peek(ctx)
	if ok && row.Ordinal > v.ordinal+1 {
		v.report.find(Finding{What: Stored, Ordinal: v.ordinal + 1, Text: fmt.Sprintf("the log has no events with the numbers %d to %d", v.ordinal+1, row.Ordinal-1)})
	}
	if ok {
		v.ordinal = row.Ordinal
	}
	return row, ok, err
}

func (v *verification) remove(row rows.LogEntry) {
	v.report.find(Finding{
		What: Removed, Ordinal: row.Ordinal, Stream: row.Stream, Revision: row.Revision, Kind: row.Kind,
		Text: "it was numbered, and the store does not have it at its place",
	})
	v.numbered.next()
}

func (v *verification) about(what string, event domain.Recorded, text string) Finding {
	return Finding{What: what, Ordinal: v.report.Events, Stream: event.Stream, Revision: event.Revision, Kind: event.Raw.Kind, Text: text}
}

// differing says in what an event is not the one that was numbered.
func differing(row rows.LogEntry, event domain.Recorded, leaf seal.Hash) string {
	switch {
	case row.ID != event.ID || row.Stream != event.Stream || row.Revision != event.Revision || row.Kind != event.Raw.Kind:
		return fmt.Sprintf("another event was numbered here: %s, revision %d of %s", row.Kind, row.Revision, row.Stream)
	case !slices.Equal(row.Leaf, leaf[:]):
		return "its content is not what was numbered"
	case !row.RecordedAt.Equal(event.RecordedAt.Truncate(time.Microsecond)):
		return "it was numbered with another time of recording, " + row.RecordedAt.Format(time.RFC3339Nano)
	}
	return ""
}

func positionOf(row rows.LogEntry) domain.Position {
	return domain.Position{Commit: uint64(row.Commit), Prepare: uint64(row.Prepare)} //nolint:gosec // Positions fit a bigint.
}

// compareSeal compares the events so far with the seal of so many, if there is one.
func (v *verification) compareSeal(ctx context.Context) error {
	sealed, ok, err := v.sealed.peek(ctx)
	if err != nil || !ok || sealed.Size > v.grown.Size() {
		return err
	}
	v.sealed.next()
	v.report.Seals++
	checkpoint, err := sealed.Verified(v.Verifier)
	switch {
	case err != nil:
		v.report.find(Finding{What: Unsealed, Ordinal: sealed.Size, Text: err.Error()})
	case v.broken:
	case checkpoint.Root != v.grown.Root():
		v.broken = true
		v.report.find(Finding{What: Unsealed, Ordinal: sealed.Size, Text: fmt.Sprintf(
			"history is not what was sealed: the difference lies in the events %d to %d, between the seals of %s and %s",
			v.good.size+1, sealed.Size, v.good.when(), checkpoint.At.Format(time.RFC3339))})
	default:
		v.good = sealedAt{sealed.Size, checkpoint.At}
	}
	return nil
}

func (s sealedAt) when() string {
	if s.size == 0 {
		return "the beginning"
	}
	return s.at.Format(time.RFC3339)
}

// end tells of what was numbered or sealed beyond the last event.
func (v *verification) end(ctx context.Context) error {
	for {
		row, ok, err := v.row(ctx)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		v.remove(row)
	}
	for {
		sealed, ok, err := v.sealed.peek(ctx)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		v.sealed.next()
		v.report.Seals++
		v.report.find(Finding{What: Unsealed, Ordinal: sealed.Size, Text: fmt.Sprintf(
			"%d events were sealed on %s, and there are %d", sealed.Size, sealed.At.Format(time.RFC3339), v.grown.Size())})
	}
	if v.waiting > 0 {
		v.report.Notes = append(v.report.Notes, counted(int(v.waiting), "event is", "events are")+" newer than the staff read model, and were compared with the seals alone")
	}
	return nil
}

// pages reads rows in order, page by page.
type pages[R any] struct {
	read  func(ctx context.Context, after int64, limit int) ([]R, error)
	key   func(R) int64
	after int64
	rows  []R
	ended bool
}

func (p *pages[R]) peek(ctx context.Context) (row R, ok bool, err error) {
	if len(p.rows) == 0 && !p.ended {
		if p.rows, err = p.read(ctx, p.after, page); err != nil {
			return row, false, err
		}
		p.ended = len(p.rows) < page
	}
	if len(p.rows) == 0 {
		return row, false, nil
	}
	return p.rows[0], true, nil
}

func (p *pages[R]) next() {
	p.after, p.rows = p.key(p.rows[0]), p.rows[1:]
}

// Print writes the report for people.
func (r *Report) Print(out io.Writer) error {
	w := bufio.NewWriter(out)
	tell(w, "%s, %s, %s of documents, %s computed again\n", counted(int(r.Events), "event", "events"), counted(r.Seals, "seal", "seals"),
		counted(r.Series, "series", "series"), counted(r.Documents, "document", "documents"))
	for _, note := range r.Notes {
		tell(w, "note: %s\n", note)
	}
	for _, f := range r.Findings {
		where := ""
		if f.Stream != "" {
			where = fmt.Sprintf("%s revision %d", f.Stream, f.Revision)
		}
		ordinal := ""
		if f.Ordinal > 0 {
			ordinal = fmt.Sprintf("event %d", f.Ordinal)
		}
		tell(w, "%s: %s\n", strings.ToUpper(f.What), joined(": ", joined(", ", ordinal, where, f.Kind), f.Text))
	}
	switch n := r.Differences(); {
	case r.More > 0:
		tell(w, "%d differences, of which %d are listed\n", n, len(r.Findings))
	case n > 0:
		tell(w, "%s\n", counted(n, "difference", "differences"))
	default:
		tell(w, "history is whole: nothing was changed, removed, inserted or moved\n")
	}
	return w.Flush()
}
