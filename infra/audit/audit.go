// Package audit explains what was issued and checks that it still is what history says: how each number of an invoice
// came about, whether the books are whole, and whether a bundle of evidence proves what it claims (product rules F14,
// F38, F39).
//
// It may import domain, commands, projections, the leaves of projections/staff, and infra/seal. It writes nothing, and
// reads stores through interfaces of its own.
package audit

import (
	"context"
	"iter"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/invoice"
)

// countingLog is a log that counts the events that were read from it. It is not for concurrent use.
type countingLog struct {
	commands.Log

	events int
}

// Read is that of the log.
func (l *countingLog) Read(ctx context.Context, stream string, after int64) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		for recorded, err := range l.Log.Read(ctx, stream, after) {
			if err == nil {
				l.events++
			}
			if !yield(recorded, err) {
				return
			}
		}
	}
}

// Invoice computes an issued invoice again and explains it. Name gives the names of the people who worked; it may know
// some only. A period that was read several times counts as often.
func Invoice(ctx context.Context, log commands.Log, answers commands.Answers, id domain.InvoiceID, name Namer) (Derivation, error) {
	counting := &countingLog{Log: log}
	again, err := commands.NewService(counting, answers).RecomputeInvoice(ctx, id)
	if err != nil {
		return Derivation{}, err
	}
	events := counting.events
	state, err := Fold(log.Read(ctx, invoice.Stream(id), domain.NoStream), invoice.Evolve)
	if err != nil {
		return Derivation{}, err
	}
	names, err := name(ctx, People(state.Entries()))
	if err != nil {
		return Derivation{}, err
	}
	return Derive(again, state, events, names), nil
}
