package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/invoice"
)

// Recomputed is an issued invoice beside the one that the same events lead to when they are computed again.
type Recomputed struct {
	Issued  invoice.Issued
	Drafted invoice.Drafted
	// Document and Entries are what comes out again; the draft's lines that a person added or reworded are taken as the
	// invoice's own events say.
	Document bill.Document
	Entries  []bill.Entry
	// Differences say where both are not the same, at most MaxDifferences; none is what should be.
	Differences []string
}

// MaxDifferences bounds how many differences one invoice is told of.
const MaxDifferences = 100

// RecomputeInvoice computes an issued invoice again from the events of its time: the period as it stood when it was
// reserved, and the contract, the client and the issuer as they stood when they were read for the draft. It asks for no
// permission and writes nothing.
func (s *Service) RecomputeInvoice(ctx context.Context, id domain.InvoiceID) (Recomputed, error) {
	state, read, err := s.readInvoice(ctx, id)
	if err != nil {
		return Recomputed{}, err
	}
	again := Recomputed{Drafted: state.Drafted()}
	var ok bool
	if again.Issued, ok = state.Issued(); !ok {
		return again, domain.Refuse(domain.ErrNotFound, "not_issued", "invoice %s is not issued", id)
	}
	b, err := s.reservedBasis(ctx, again.Drafted.Contract, again.Drafted.Month, id, read)
	if err != nil {
		return again, err
	}
	content, charged := b.content(id)
	again.Entries = charged.Entries
	again.differ("what the draft was made of", content, again.Drafted.Staff.Content)
	again.differ("the entries", charged.Entries, state.Entries())
	again.Document, err = state.Redraft(content).Finish(again.Issued.Document.Number, again.Issued.Document.Date)
	if err != nil {
		return again, err
	}
	again.differ("the document", again.Document, again.Issued.Document)
	if got := again.Issued.Document.SHA256(); got != again.Issued.SHA256 {
		again.Differences = append(again.Differences, fmt.Sprintf("the document has the digest %s, its event says %s", got, again.Issued.SHA256))
	}
	return again, nil
}

// readInvoice folds an invoice, and says where the log stood when it was read for its draft.
func (s *Service) readInvoice(ctx context.Context, id domain.InvoiceID) (invoice.State, domain.Position, error) {
	known, err := load(ctx, s.log, invoice.Decider, invoice.Stream(id), domain.CommandID{})
	read := known.state.Drafted().Staff.ReadAt
	if err != nil || !read.IsZero() || !known.state.Exists() {
		return known.state, read, err
	}
	for recorded, err := range s.log.Read(ctx, invoice.Stream(id), domain.NoStream) {
		if err != nil {
			return known.state, read, fmt.Errorf("read invoice %s: %w", id, err)
		}
		return known.state, recorded.Position, nil // Where the draft itself stands.
	}
	return known.state, read, nil
}

// differ notes in what two values differ, as they would be stored: by the first place, field by field.
func (r *Recomputed) differ(what string, computed, stored any) {
	a, failed := json.Marshal(computed)
	b, failed2 := json.Marshal(stored)
	if failed != nil || failed2 != nil {
		r.Differences = append(r.Differences, what+" cannot be written as JSON")
		return
	}
	if bytes.Equal(a, b) {
		return
	}
	var left, right any
	if json.Unmarshal(a, &left) != nil || json.Unmarshal(b, &right) != nil {
		r.Differences = append(r.Differences, what+" is not the same")
		return
	}
	for difference := range differences(what, left, right) {
		if len(r.Differences) >= MaxDifferences {
			return
		}
		r.Differences = append(r.Differences, difference)
	}
}

// differences tells in which places two values of JSON differ.
func differences(at string, computed, stored any) iter.Seq[string] {
	return func(yield func(string) bool) { walkDifferences(at, computed, stored, yield) }
}

func walkDifferences(at string, computed, stored any, yield func(string) bool) bool {
	switch c := computed.(type) {
	case map[string]any:
		if s, ok := stored.(map[string]any); ok {
			for _, key := range keysOf(c, s) {
				if !walkDifferences(at+"."+key, c[key], s[key], yield) {
					return false
				}
			}
			return true
		}
	case []any:
		if s, ok := stored.([]any); ok && len(s) == len(c) {
			for i := range c {
				if !walkDifferences(fmt.Sprintf("%s[%d]", at, i+1), c[i], s[i], yield) {
					return false
				}
			}
			return true
		}
	default:
		if computed == stored {
			return true
		}
	}
	return yield(fmt.Sprintf("%s: computed %s, stored %s", at, shortly(computed), shortly(stored)))
}

// asOf is a log as it was at a position.
type asOf struct {
	Log

	until domain.Position
}

// Read yields the events of a stream up to the position.
func (l asOf) Read(ctx context.Context, stream string, after int64) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		for recorded, err := range l.Log.Read(ctx, stream, after) {
			if err == nil && recorded.Position.Compare(l.until) > 0 || !yield(recorded, err) {
				return
			}
		}
	}
}

// keysOf are the keys of both, sorted.
func keysOf(a, b map[string]any) []string {
	both := maps.Clone(a)
	maps.Copy(both, b)
	return slices.Sorted(maps.Keys(both))
}

// shortly writes a value of JSON in few characters.
func shortly(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return "?"
	}
	if short := []rune(string(text)); len(short) > 80 {
		return string(short[:80]) + "…"
	}
	return string(text)
}
