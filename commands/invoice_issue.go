package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/creditnote"
	"effigate/domain/invoice"
	"effigate/domain/numbering"
	"effigate/domain/period"
	"effigate/domain/zone"
)

// IssueInvoice issues an approved invoice for good: it gets number and date, the document is made of it, and the books
// of its month are closed. Nothing and nobody changes it afterwards (F38).
func (s *Service) IssueInvoice(ctx context.Context, r Request, c OnInvoice) (Answer, error) {
	return s.thenComplete(ctx, r, c.Invoice, access.IssueInvoices, func(i invoice.State) (invoice.Command, error) {
		day := c.Date
		if day == "" {
			today, err := dayIn(i.Draft().Zone, r.At)
			if err != nil {
				return nil, err
			}
			day = today
		}
		if err := s.withinOrder(ctx, r, i); err != nil {
			return nil, err
		}
		rate, err := s.exchangeOf(ctx, i, day)
		return invoice.Issue{Signed: invoice.Signed{By: r.Actor, At: r.At}, Date: day, Exchange: rate}, err
	})
}

// exchangeOf is the rate that is recorded with an invoice that is issued on a day, or with a credit note for it; zero
// where there is none, which keeps nobody from issuing it.
func (s *Service) exchangeOf(ctx context.Context, i invoice.State, day calendar.Date) (bill.Exchange, error) {
	if i.Status() != invoice.StatusApproved && i.Status() != invoice.StatusIssued {
		return bill.Exchange{}, nil // It will be refused, or is on its way.
	}
	who, err := s.issuer(ctx, i.Drafted().Staff.Issuer)
	if err != nil {
		return bill.Exchange{}, err
	}
	rate, _, err := s.exchangeOn(ctx, who.Content(), i.Draft().Currency, day)
	return rate, err
}

// withinOrder refuses what has come to go beyond the limit of the client's purchase order since it was drafted, by lines
// that were added or by other invoices.
func (s *Service) withinOrder(ctx context.Context, r Request, i invoice.State) error {
	drafted := i.Drafted()
	if i.Status() != invoice.StatusApproved || drafted.Staff.BeyondOrder != "" {
		return nil
	}
	reserved, err := load(ctx, s.log, period.Decider, period.Stream(drafted.Contract, drafted.Month), domain.CommandID{})
	if err != nil {
		return err
	}
	of, err := s.agreement(ctx, drafted.Contract)
	if err != nil {
		return err
	}
	b := &basis{of: of, month: drafted.Month, held: heldIn(reserved.state, drafted.Month)}
	if err := s.fillOrder(ctx, b, of.day(r.At).Month()); err != nil {
		return err
	}
	if beyond, is := b.beyondOrder(i.Draft()); is {
		return domain.Refuse(domain.ErrConflict, beyond.Code, "%s", beyond.Text)
	}
	return nil
}

// dayIn is the day of an instant in a zone.
func dayIn(name string, at time.Time) (calendar.Date, error) {
	where, err := zone.Load(name)
	if err != nil {
		return "", fmt.Errorf("zone of the issuer: %w", err)
	}
	return calendar.DateOf(at, where), nil
}

// CompleteInvoice carries on what drafting, discarding or issuing an invoice began, from wherever it stopped: entries
// that are missing, a reservation to give free, number, document, and the closing of the books. It may run any number
// of times, and at the same time as the command itself: all ids derive from the invoice. The system does it.
func (s *Service) CompleteInvoice(ctx context.Context, r Request, id domain.InvoiceID) (Answer, error) {
	answer := Answer{ID: id.UUID}
	if err := systemOnly(r.Actor); err != nil {
		return Answer{}, err
	}
	known, err := load(ctx, s.log, invoice.Decider, invoice.Stream(id), domain.CommandID{})
	if err != nil {
		return answer, err
	}
	switch known.state.Status() {
	case invoice.StatusDiscarded:
		answer.Position, err = s.freeReservation(ctx, r, id, known.state)
	case invoice.StatusIssuing, invoice.StatusIssued:
		answer.Position, err = s.finish(ctx, r, id, known.state)
	case invoice.StatusDraft, invoice.StatusPending, invoice.StatusApproved:
		drafted := known.state.Drafted()
		return s.CompleteReservation(ctx, r, drafted.Contract, drafted.Month)
	}
	return answer, err
}

// monthsOf are the months of which an invoice holds something, its own last.
func monthsOf(drafted invoice.Drafted) []calendar.Month {
	return append(slices.Clip(drafted.Staff.Later), drafted.Month)
}

// freeReservation gives free what a discarded draft had reserved, or a month for a draft that there never was.
func (s *Service) freeReservation(ctx context.Context, r Request, id domain.InvoiceID, i invoice.State) (last domain.Position, err error) {
	discarded, _ := i.Discarded()
	contract, own := discarded.Contract, discarded.Month
	if drafted := i.Drafted(); contract.IsZero() {
		contract, own = drafted.Contract, drafted.Month
	}
	earlier, err := s.earlierOf(ctx, contract, own, id)
	if err != nil {
		return last, err
	}
	for _, month := range append(earlier, own) { // Its own comes last: it says which the others are.
		position, err := s.releasePeriod(ctx, r, contract, month, period.Release{
			Invoice: id, Reason: shortened(discarded.Staff.Reason), By: domain.System(), At: discarded.At,
		})
		if err != nil {
			return last, err
		}
		last = later(last, position)
	}
	pinned, err := s.pinTerms(ctx, r, contract, own, "discarded "+id.String())
	return later(last, pinned), err
}

// shortened is a reason as far as a period takes it: an invoice takes longer ones, and what follows from it is never
// refused.
func shortened(reason string) string {
	all := []rune(reason)
	return string(all[:min(len(all), period.MaxReason)])
}

// earlierOf are the months before its own of which an invoice may have reserved something.
func (s *Service) earlierOf(ctx context.Context, contract domain.ContractID, own calendar.Month, id domain.InvoiceID) (months []calendar.Month, err error) {
	known, err := load(ctx, s.log, period.Decider, period.Stream(contract, own), domain.CommandID{})
	if err != nil {
		return nil, err
	}
	reserved, _ := known.state.ReservedBy(id)
	for _, earlier := range reserved.Staff.Earlier {
		months = append(months, earlier.Month)
	}
	return months, nil
}

// releasePeriod gives a month free.
func (s *Service) releasePeriod(ctx context.Context, r Request, contract domain.ContractID, month calendar.Month, command period.Release) (domain.Position, error) {
	on := r.then("release", command.Invoice.String()+" "+string(month)).on(period.Stream(contract, month))
	return onStream(ctx, s, period.Decider, on, period.Command(command))
}

// finish gives a frozen invoice its number and its document, and closes the books of its month.
func (s *Service) finish(ctx context.Context, r Request, id domain.InvoiceID, i invoice.State) (domain.Position, error) {
	issuing, _ := i.Issuing()
	drafted := i.Drafted()
	given, err := s.numberDocument(ctx, r, drafted.Staff.Issuer, bill.Invoice, id.UUID, issuing.Date, drafted.Staff.First, issuing.At)
	if err != nil {
		return domain.Position{}, err
	}
	on := r.then("complete", id.String()).on(invoice.Stream(id))
	last, err := onStream(ctx, s, invoice.Decider, on, invoice.Command(invoice.Complete{
		Signed: invoice.Signed{By: domain.Actor{Side: domain.StaffSide, Person: issuing.By}, At: issuing.At},
		Number: given.number, Date: given.date, Series: given.series,
	}))
	if err != nil {
		return last, err
	}
	known, err := load(ctx, s.log, invoice.Decider, invoice.Stream(id), domain.CommandID{})
	if err != nil {
		return last, err
	}
	issued, ok := known.state.Issued()
	if !ok {
		return last, fmt.Errorf("invoice %s has number %d and no document", id, given.number)
	}
	booked, err := s.book(ctx, r, drafted, issued)
	return later(last, booked), err
}

// book says to the periods that their invoice is issued, and closes that of the month. Nothing of it can be refused for
// what the contract says: the invoice is final.
func (s *Service) book(ctx context.Context, r Request, drafted invoice.Drafted, issued invoice.Issued) (last domain.Position, err error) {
	for _, month := range monthsOf(drafted) {
		on := r.then("bill", drafted.Invoice.String()+" "+string(month)).on(period.Stream(drafted.Contract, month))
		billed := period.Bill{Invoice: drafted.Invoice, Number: issued.Document.Number, By: domain.System(), At: issued.At}
		if month == drafted.Month {
			billed.Net = issued.Document.Net
		}
		position, err := onStream(ctx, s, period.Decider, on, period.Command(billed))
		if err != nil {
			return last, err
		}
		last = later(last, position)
	}
	earlier, err := s.earlierOf(ctx, drafted.Contract, drafted.Month, drafted.Invoice)
	if err != nil {
		return last, err
	}
	for _, month := range earlier {
		if slices.Contains(drafted.Staff.Later, month) {
			continue
		}
		released, err := s.releasePeriod(ctx, r, drafted.Contract, month, period.Release{Invoice: drafted.Invoice, By: domain.System(), At: issued.At})
		if err != nil {
			return last, err
		}
		last = later(last, released)
	}
	closing := r.then("close", drafted.Invoice.String()+" "+string(drafted.Month))
	closed, err := onStream(ctx, s, period.Decider, closing.on(period.Stream(drafted.Contract, drafted.Month)),
		period.Command(period.Close{By: domain.System(), At: issued.At})) // What is billed pins nothing, and needs no terms.
	if err != nil {
		return last, err
	}
	next, err := s.carryOn(ctx, closing, drafted)
	return later(last, later(closed, next)), err
}

// carryOn lets the months after a billed one have what it left over, and what was granted while it could not change.
// Should their contract refuse that, it is no fault of the invoice: they get it when it is said right.
func (s *Service) carryOn(ctx context.Context, r Request, drafted invoice.Drafted) (domain.Position, error) {
	carried, err := s.CarryIn(ctx, r, drafted.Contract, drafted.Month)
	if err == nil {
		var pinned domain.Position
		pinned, err = s.pinTerms(ctx, r, drafted.Contract, drafted.Month, "billed "+drafted.Invoice.String())
		carried = later(carried, pinned)
	}
	if err != nil && Final(err) {
		return carried, nil
	}
	return carried, err
}

// given is the number that a document has, and its date.
type given struct {
	series string
	number int
	date   calendar.Date
}

// numberDocument gives a document the number that it has in its series, or the next one, with its date. Whoever asks,
// and however often: a document gets one number, and no number is skipped (F39). A series begins with what the issuer
// says when it is opened, or else with what it said when the document was drafted.
func (s *Service) numberDocument(ctx context.Context, r Request, issuer string, kind bill.DocumentKind, id uuid.UUID, wanted calendar.Date, drafted map[string]int, at time.Time) (given, error) {
	year, err := strconv.Atoi(string(wanted[:4]))
	if err != nil {
		return given{}, fmt.Errorf("year of %q: %w", wanted, err) // No invoice is frozen with such a date.
	}
	who, err := s.issuer(ctx, issuer)
	if err != nil {
		return given{}, err
	}
	first, said := firsts(who.Content(), kind)[string(wanted[:4])]
	if !said {
		first = drafted[string(wanted[:4])]
	}
	series := numbering.DocumentSeries(issuer, kind, year)
	stream := numbering.Stream(series)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	unlock, err := s.queue.lock(ctx, stream)
	if err != nil {
		return given{}, err
	}
	defer unlock()
	allocate := numbering.AllocateDated{Series: series, Subject: id, Date: wanted, Year: year, First: first, At: at}
	for try := 0; ; try++ {
		state, err := s.allocateDated(ctx, r, stream, allocate)
		if err == nil {
			number, found := state.NumberOf(id)
			date, _ := state.DateOf(id)
			if !found {
				return given{}, fmt.Errorf("%s gave no number to %s", stream, id)
			}
			return given{series, number, date}, nil
		}
		if !errors.Is(err, domain.ErrRevision) {
			return given{}, err
		}
		if try == tries {
			s.log.forget(stream) // Should the cache be what is wrong, as after a restored backup.
		}
		if err := pause(ctx, min(try, tries)); err != nil {
			return given{}, fmt.Errorf("allocate in %s: %w", stream, err)
		}
	}
}

// allocateDated decides once for a document, appends, and gives the series as it is then.
func (s *Service) allocateDated(ctx context.Context, r Request, stream string, allocate numbering.AllocateDated) (numbering.State, error) {
	current, err := s.series(ctx, stream)
	if err != nil {
		return numbering.State{}, err
	}
	decided, err := numbering.Decide(current.state, allocate)
	if err != nil || len(decided) == 0 {
		return current.state, err
	}
	on := r.then("allocate", allocate.Series+" "+allocate.Subject.String()).on(stream)
	_, err = s.log.Append(ctx, domain.Append{
		Stream: stream, Expected: current.revision, Command: on.Command, Cause: on.Cause, Events: widen(decided),
	})
	if err != nil {
		return numbering.State{}, err
	}
	current, err = s.series(ctx, stream)
	return current.state, err
}

// RenderDocument names the printed forms of an issued invoice or credit note, whose stream is given. Another digest for
// the same layout is refused: rendering gives the same bytes for ever. The system does it.
func (s *Service) RenderDocument(ctx context.Context, r Request, stream string, printed bill.Print) (Answer, error) {
	if err := systemOnly(r.Actor); err != nil {
		return Answer{}, err
	}
	on := r.on(stream)
	if id, err := invoice.IDOf(stream); err == nil {
		position, err := onStream(ctx, s, invoice.Decider, on, invoice.Command(invoice.Render{
			Signed: invoice.Signed{By: r.Actor, At: r.At}, Print: printed,
		}))
		return Answer{ID: id.UUID, Position: position}, err
	}
	id, err := creditnote.IDOf(stream)
	if err != nil {
		return Answer{}, err
	}
	position, err := onStream(ctx, s, creditnote.Decider, on, creditnote.Command(creditnote.Render{
		Print: printed, By: r.Actor, At: r.At,
	}))
	return Answer{ID: id.UUID, Position: position}, err
}
