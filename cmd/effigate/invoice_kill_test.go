package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/invoice"
	"effigate/domain/issuer"
	"effigate/domain/numbering"
	"effigate/domain/period"
	"effigate/infra/postgres"
	"effigate/infra/postgres/postgrestest"
	"effigate/projections"
)

// firstNumber is where the numbers of the invoices begin, and recordsEach how many time records each charges.
const (
	firstNumber = 38
	recordsEach = 1
)

// issuers issue an approved invoice each, all at once.
type issuers struct {
	names    []string
	invoices []domain.InvoiceID
	client   domain.ClientID
}

func newIssuers(count int) *issuers {
	i := &issuers{client: domain.ClientID{UUID: domain.Derive(uuid.NameSpaceOID, "issuers")}, invoices: make([]domain.InvoiceID, count)}
	for n := range count {
		i.names = append(i.names, strconv.Itoa(n))
	}
	return i
}

func (i *issuers) biller(w *world) *biller {
	return &biller{service: w.service, log: w.store, name: "issuers", client: i.client}
}

// prepare has February worked, drafted and approved under a contract each.
func (i *issuers) prepare(tb testing.TB, data string) {
	tb.Helper()
	w := attachTo(tb, data)
	defer func() { _ = w.close() }()
	b, who := i.biller(w), issuingFrom("Australia/Sydney")
	who.First = []issuer.First{{Kind: bill.Invoice, Year: 2026, Number: firstNumber}}
	err := b.register(tb.Context())
	if err == nil {
		err = b.describe(tb.Context(), who)
	}
	if err != nil {
		tb.Fatal(err)
	}
	group, ctx := errgroup.WithContext(tb.Context())
	group.SetLimit(16)
	for n, name := range i.names {
		group.Go(func() error {
			on, err := b.agree(ctx, name)
			if err == nil {
				err = b.work(ctx, on, february, recordsEach)
			}
			if err == nil {
				i.invoices[n], err = b.approved(ctx, on, monday)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		tb.Fatal(err)
	}
}

// striking is a log that counts what is appended through it, and stops everybody at the last event of a kind that is
// to be: whoever appends then waits until the process is gone.
type striking struct {
	commands.Log
	kind string
	last int

	mu     sync.Mutex
	counts map[string]int
	struck chan struct{} // closed with the last event
	gone   chan struct{} // closed once the process is
}

func (s *striking) Append(ctx context.Context, a domain.Append) (domain.Position, error) {
	select {
	case <-s.struck:
		<-s.gone
	default:
	}
	position, err := s.Log.Append(ctx, a)
	if err != nil {
		return position, err
	}
	if s.count(a.Events) {
		close(s.struck)
		<-s.gone
	}
	return position, nil
}

// count reports whether the last event of the kind is among these.
func (s *striking) count(events []domain.Event) (last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, event := range events {
		s.counts[event.Kind()]++
		last = last || event.Kind() == s.kind && s.counts[s.kind] == s.last
	}
	return last
}

// String says what was appended.
func (s *striking) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprint(s.counts)
}

// issue has everybody issue, half of them with the day before, so many at once, until all are done or ctx ends. The
// channel that it gives is closed then.
func (i *issuers) issue(ctx context.Context, tb testing.TB, data string, atOnce int, through *striking) <-chan struct{} {
	tb.Helper()
	w, done := attachTo(tb, data), make(chan struct{}) //nolint:contextcheck // what it attaches to is closed after ctx
	through.Log = w.store
	service := commands.NewService(through, postgres.NewAnswers(w.staff.database))
	go func() {
		defer close(done)
		defer func() { _ = w.close() }() // What it closes is gone.
		var all errgroup.Group
		all.SetLimit(atOnce)
		for n := range i.invoices {
			all.Go(func() error {
				_ = i.one(ctx, service, n) // Who is cut short is seen afterwards.
				return nil
			})
		}
		_ = all.Wait()
	}()
	return done
}

func (i *issuers) one(ctx context.Context, service *commands.Service, n int) error {
	b := &biller{name: "issuers"}
	_, err := service.IssueInvoice(ctx, b.request(monday, "issue", n), commands.OnInvoice{
		Invoice: i.invoices[n], Date: calendar.Date(fmt.Sprintf("2026-03-%02d", 1+n%2)),
	})
	return err
}

// steps are the events of an invoice that is issued, in their order, of which each may be the last before a kill.
var steps = []string{invoice.Issuing{}.Kind(), numbering.Allocated{}.Kind(), invoice.Issued{}.Kind(), period.Billed{}.Kind()}

// A hundred people issue invoices, first a dozen at once and then all, while the process is killed at some step of some
// invoice; in the long form, again and again. Whatever was begun is completed without help, and in the end there are the
// numbers from the first to the last without gap or duplicate, in the order of the dates; every invoice is whole, and
// nothing is on two of them (A41, A43).
func TestKillsWhileAHundredIssue(t *testing.T) {
	t.Parallel()
	const people, some = 100, 12
	kills := 2
	if torture() {
		kills = 20
	}
	data, all := postgrestest.Folder(t), newIssuers(people)
	random := rand.New(rand.NewPCG(uint64(os.Getpid()), 0)) // The moments differ from run to run.
	serving := spawnServe(t, data)
	all.prepare(t, data)
	for kill := range kills {
		atOnce := some
		if kill > 0 {
			serving = spawnServe(t, data)
		}
		if kill == kills-1 {
			atOnce = people
		}
		blow := &striking{
			kind: steps[random.IntN(len(steps))], last: 1 + random.IntN(people/kills),
			counts: map[string]int{}, struck: make(chan struct{}), gone: make(chan struct{}),
		}
		ctx, stop := context.WithTimeout(t.Context(), patience)
		issuing := all.issue(ctx, t, data, atOnce, blow)
		select {
		case <-blow.struck:
			t.Logf("kill %d at %s %d, after %s", kill, blow.kind, blow.last, blow)
		case <-issuing:
			t.Logf("kill %d: all were issued before %s %d, with %s", kill, blow.kind, blow.last, blow)
		}
		serving.end(os.Kill)
		stop()
		close(blow.gone)
		<-issuing
	}
	spawnServe(t, data)
	w := attachTo(t, data)
	defer func() { _ = w.close() }()
	all.finish(t, w)
	all.checkNumbers(t, w)
	all.checkInvoices(t, w)
}

// finish issues what never began, and waits until the process has completed by itself what kills cut short: the last
// step closes the books.
func (i *issuers) finish(tb testing.TB, w *world) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 2*patience)
	defer cancel()
	missing := map[string]bool{}
	for n, id := range i.invoices {
		state, err := foldOf(ctx, w.store, invoice.Decider, invoice.Stream(id))
		if err != nil {
			tb.Fatal(err)
		}
		missing[period.Stream(state.Drafted().Contract, february)] = true
		if _, frozen := state.Issuing(); frozen {
			continue
		}
		if err := i.one(ctx, w.service, n); err != nil {
			tb.Fatalf("issue %s: %v", id, err)
		}
	}
	deliveries, ended := make(chan projections.Delivery), make(chan error, 1)
	go func() { ended <- w.source.Follow(ctx, domain.Position{}, deliveries) }()
	for len(missing) > 0 {
		select {
		case err := <-ended:
			tb.Fatalf("%d invoices are never completed: %v", len(missing), err)
		case d := <-deliveries:
			if _, closed := d.Recorded.Event.(period.Closed); closed {
				delete(missing, d.Recorded.Stream)
			}
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		tb.Errorf("following the log ended with %v", err)
	}
}

// checkNumbers reads the series: each invoice is there once, and dates never fall.
func (i *issuers) checkNumbers(tb testing.TB, w *world) {
	tb.Helper()
	last, subjects := calendar.Date(""), map[uuid.UUID]int{}
	for recorded, err := range w.store.Read(tb.Context(), numbering.Stream(numbering.DocumentSeries(issuer.Main, bill.Invoice, 2026)), domain.NoStream) {
		if err != nil {
			tb.Fatal(err)
		}
		if given, ok := recorded.Event.(numbering.Allocated); ok {
			if given.Date < last {
				tb.Errorf("revision %d gives %s after %s", recorded.Revision, given.Date, last)
			}
			last = given.Date
			subjects[given.Subject]++
		}
	}
	for _, id := range i.invoices {
		if subjects[id.UUID] != 1 {
			tb.Errorf("%s has %d numbers", id, subjects[id.UUID])
		}
	}
	if len(subjects) != len(i.invoices) {
		tb.Errorf("%d numbers for %d invoices", len(subjects), len(i.invoices))
	}
}

// checkInvoices reads each invoice: it is whole, it says what its month charges, and no record is on two.
func (i *issuers) checkInvoices(tb testing.TB, w *world) {
	tb.Helper()
	billed, issued := map[domain.TimeID]domain.InvoiceID{}, map[int]invoice.Issued{}
	for _, id := range i.invoices {
		kinds := map[string]int{}
		for recorded, err := range w.store.Read(tb.Context(), invoice.Stream(id), domain.NoStream) {
			if err != nil {
				tb.Fatal(err)
			}
			kinds[recorded.Raw.Kind]++
		}
		state, err := foldOf(tb.Context(), w.store, invoice.Decider, invoice.Stream(id))
		if err != nil {
			tb.Fatal(err)
		}
		month, err := foldOf(tb.Context(), w.store, period.Decider, period.Stream(state.Drafted().Contract, february))
		if by, ok := month.BilledBy(); err != nil || !ok || by != id {
			tb.Errorf("the month of %s is billed by %s: %v", id, by, err)
		}
		said, ok := state.Issued()
		if !ok || !state.Complete() || kinds[invoice.Issuing{}.Kind()] != 1 || kinds[invoice.Issued{}.Kind()] != 1 || kinds[invoice.EntriesAdded{}.Kind()] != 1 ||
			said.SHA256 != said.Document.SHA256() || !said.Document.Net.IsPositive() {
			tb.Errorf("%s is not whole: %s, %v, %+v", id, state.Status(), kinds, said)
		}
		issued[said.Number] = said
		for _, entry := range state.Entries() {
			if other, twice := billed[entry.Staff.Time]; twice {
				tb.Errorf("record %s is on %s and %s", entry.Staff.Time, other, id)
			}
			billed[entry.Staff.Time] = id
		}
	}
	if want := recordsEach * len(i.invoices); len(billed) != want {
		tb.Errorf("%d records are billed, want %d", len(billed), want)
	}
	numbers := slices.Sorted(maps.Keys(issued))
	for n, number := range numbers {
		document := issued[number].Document
		if number != firstNumber+n || document.Number != fmt.Sprintf("INV-2026-%04d", number) {
			tb.Errorf("%s stands at %d", document.Number, n)
		}
		if n > 0 && cmp.Less(document.Date, issued[numbers[n-1]].Document.Date) {
			tb.Errorf("%s has %s, the one before %s", document.Number, document.Date, issued[numbers[n-1]].Document.Date)
		}
	}
	if len(numbers) != len(i.invoices) {
		tb.Errorf("%d numbers for %d invoices", len(numbers), len(i.invoices))
	}
}
