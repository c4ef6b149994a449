package main

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/invoice"
	"effigate/domain/period"
)

// billedPeriods is how many months BenchmarkInvoice bills.
const billedPeriods = 10

// BenchmarkInvoice drafts, approves and issues the invoices of some months with many time records each. The reference is
// what cannot be saved: one read of the same streams, and the arithmetic in memory.
func BenchmarkInvoice(b *testing.B) {
	records := sized(10_000, 200)
	w := benchWorld(b, benchFolder(b))
	seller := &biller{service: w.service, log: w.store, name: "bench", client: domain.ClientID{UUID: domain.Derive(domain.ClientID{}.UUID, "bench")}}
	months := seller.fill(b, records)
	ours, bare := make([]float64, billedPeriods), make([]float64, billedPeriods)
	ids := make([]domain.InvoiceID, billedPeriods)
	peak := watchHeap()
	for i, on := range months {
		start := time.Now()
		id, err := seller.drafted(b.Context(), on, monday)
		took := time.Since(start)
		var shown string
		if err == nil {
			shown, err = seller.shown(b.Context(), id) // A person reads that from the read model.
		}
		start = time.Now()
		if err == nil {
			err = seller.approve(b.Context(), id, shown, monday)
		}
		if err == nil {
			_, err = w.service.IssueInvoice(b.Context(), seller.request(monday, "issue", id), commands.OnInvoice{Invoice: id})
		}
		if err != nil {
			b.Fatal(err)
		}
		ids[i], ours[i] = id, (took+time.Since(start)).Seconds()*1000
	}
	heap := peak()
	peak = watchHeap()
	for i, id := range ids {
		state, err := foldOf(b.Context(), w.store, invoice.Decider, invoice.Stream(id))
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		document, err := plainly(b.Context(), w, state)
		bare[i] = time.Since(start).Seconds() * 1000
		if err != nil || document.SHA256() != state.Document().SHA256() {
			b.Fatalf("the reference makes another document, %v", err)
		}
	}
	bareHeap := peak()
	workload := fmt.Sprintf("%d periods with %d time records each: drafted, approved and issued", billedPeriods, records)
	conclude(b, "invoice", benchVersions(b, w.staff.database),
		finding{workload: workload + ", a period", unit: "ms", against: "a bare read and the arithmetic", ours: ours, reference: bare, goal: ratioAtMost(2)},
		finding{workload: workload + ", peak of the heap beyond the reference's", unit: "MiB", ours: []float64{heap - bareHeap}, goal: atMost(150)},
	)
}

// fill writes the months: under each contract one record is logged and approved, and the others are like it.
func (b *biller) fill(tb testing.TB, records int) (contracts []domain.ContractID) {
	tb.Helper()
	err := b.register(tb.Context())
	if err == nil {
		err = b.describe(tb.Context(), issuingFrom("Australia/Sydney"))
	}
	for i := 0; i < billedPeriods && err == nil; i++ {
		var on domain.ContractID
		if on, err = b.agree(tb.Context(), strconv.Itoa(i)); err == nil {
			err = b.work(tb.Context(), on, february, 1)
		}
		if err == nil {
			err = b.repeat(tb.Context(), on, records-1)
		}
		contracts = append(contracts, on)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return contracts
}

// repeat writes the events of the one record of a period again, for so many other records.
func (b *biller) repeat(ctx context.Context, on domain.ContractID, count int) error {
	const together = 100
	stream := period.Stream(on, february)
	var patterns []domain.Event
	var last int64
	for recorded, err := range b.log.Read(ctx, stream, domain.NoStream) {
		if err != nil {
			return err
		}
		last = recorded.Revision
		if of(recorded.Event, domain.TimeID{}) != nil {
			patterns = append(patterns, recorded.Event)
		}
	}
	for from := 0; from < count; from += together {
		a := domain.Append{Stream: stream, Expected: last, Command: domain.CommandID{UUID: b.id("repeat", on.String(), strconv.Itoa(from))}, Cause: domain.Cause{Actor: domain.System()}}
		for i := from; i < min(from+together, count); i++ {
			for _, pattern := range patterns {
				a.Events = append(a.Events, of(pattern, domain.TimeID{UUID: b.id("repeated", on.String(), strconv.Itoa(i))}))
			}
		}
		if _, err := b.log.Append(ctx, a); err != nil {
			return err
		}
		last += int64(len(a.Events))
	}
	return nil
}

// of is an event about a time record as one about another; nil when it is about none.
func of(e domain.Event, id domain.TimeID) domain.Event {
	switch e := e.(type) {
	case period.TimeLogged:
		e.Time = id
		return e
	case period.TimeSubmitted:
		e.Time = id
		return e
	case period.TimeApproved:
		e.Time = id
		return e
	}
	return nil
}

// plainly makes the document of an issued invoice with one read of its period.
func plainly(ctx context.Context, w *world, i invoice.State) (bill.Document, error) {
	drafted := i.Drafted()
	state, err := foldOf(ctx, w.store, period.Decider, period.Stream(drafted.Contract, drafted.Month))
	if err != nil {
		return bill.Document{}, err
	}
	charged, content := state.Charge(drafted.Invoice, func(domain.TicketID) string { return "" }), drafted.Staff.Content
	content.Lines, content.EntriesSHA256 = charged.Lines, bill.Digest(charged.Entries)
	return content.Finish(i.Document().Number, i.Document().Date)
}
