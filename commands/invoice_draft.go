package commands

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/client"
	"effigate/domain/invoice"
	"effigate/domain/issuer"
	"effigate/domain/period"
	"effigate/domain/terms"
	"effigate/domain/ticket"
)

// DraftInvoice drafts the invoice of a contract's month.
type DraftInvoice struct {
	Contract domain.ContractID
	Month    calendar.Month
	// BeyondOrder is why it may go beyond the limit of the client's purchase order.
	BeyondOrder string
}

// DraftInvoice reserves what the month charges, and makes a draft of it. Nothing is ever reserved for two drafts. The
// answer's ID is the invoice's.
func (s *Service) DraftInvoice(ctx context.Context, r Request, c DraftInvoice) (Answer, error) {
	id := domain.InvoiceID{UUID: domain.Derive(r.Command().UUID, "invoice")}
	return s.act(ctx, r, func() (Answer, error) {
		basis, err := s.billingOf(ctx, r, access.DraftInvoices, c)
		if err != nil {
			return Answer{}, err
		}
		following := r.then("draft invoice", id.String())
		if reserved, ok := basis.now.Reservation(); ok && reserved.Invoice != id {
			// Its draft may have been refused, as by rates of tax that changed meanwhile: without it nobody could give the
			// month free again.
			if _, err := s.CompleteReservation(ctx, following, c.Contract, c.Month); err != nil {
				return Answer{}, err
			}
		}
		position, err := s.reserve(ctx, r, c, basis, id)
		if err != nil {
			return Answer{}, err
		}
		drafted, err := s.CompleteReservation(ctx, following, c.Contract, c.Month)
		return Answer{ID: id.UUID, Position: later(position, drafted.Position)}, err
	})
}

// reserve sets the month apart, if it can be drafted as it stands at that very moment, with what the contract says by
// then: a month that is reserved for a draft that is refused would be frozen.
func (s *Service) reserve(ctx context.Context, r Request, c DraftInvoice, b *basis, id domain.InvoiceID) (domain.Position, error) {
	var now period.State
	seen := func(p period.State) error {
		now = p
		return nil
	}
	return onStream(ctx, s, informed(seen), r.on(period.Stream(b.of.id, b.month)), asking(func() (period.Command, error) {
		said, err := s.upToDate(ctx, r, b, now)
		if err != nil {
			return nil, err
		}
		if err := b.refused(r, id, c.BeyondOrder); err != nil {
			return nil, err
		}
		_, charged := b.content(id)
		taken := charged.Taken
		return period.Reserve{
			Invoice: id, Entries: taken[b.month], Earlier: before(taken, b.month), BeyondOrder: c.BeyondOrder, Says: said, By: r.Actor, At: r.At,
		}, nil
	}))
}

// upToDate takes over the month as it stands, with what the contract says by now, which it gives: nothing new is pinned
// of a month that is closed or on an invoice.
func (s *Service) upToDate(ctx context.Context, r Request, b *basis, now period.State) (said period.Says, err error) {
	of, err := s.agreement(ctx, b.of.id)
	if err != nil {
		return said, err
	}
	if said, err = of.says(ctx, b.month); err != nil {
		return said, err
	}
	if !now.Closed && !now.Frozen() {
		pinned, err := period.Decide(now, period.Pin{Says: said, By: r.Actor, At: r.At})
		if err != nil {
			return said, err
		}
		now = period.Decider.Fold(now, pinned...)
	}
	b.of, b.now, b.held, b.made = of, now, heldIn(now, b.month), nil
	return said, s.fillOrder(ctx, b, of.day(r.At).Month())
}

// heldIn is what a period has pinned of the end of its month.
func heldIn(p period.State, month calendar.Month) terms.Terms {
	pinned, _ := p.PinOf(month.Last())
	return terms.Terms{Agreed: pinned.Agreed, Staff: pinned.Staff.Terms}
}

// maxOrderMonths bounds over how many months the limit of a purchase order is looked at.
const maxOrderMonths = 50 * 12

// fillOrder adds up what the invoices of the contract came to under the month's purchase order, whenever its months lay.
func (s *Service) fillOrder(ctx context.Context, b *basis, present calendar.Month) error {
	b.billed = decimal.Zero
	if !b.held.Staff.PurchaseOrderLimit.IsPositive() {
		return nil
	}
	month := b.of.contract.Starts().Month()
	for n := 0; n < maxOrderMonths && month <= present; n++ {
		other, err := load(ctx, s.log, period.Decider, period.Stream(b.of.id, month), domain.CommandID{})
		if err != nil {
			return err
		}
		if month != b.month && heldIn(other.state, month).Agreed.PurchaseOrder == b.held.Agreed.PurchaseOrder {
			net, err := s.netOf(ctx, other.state)
			if err != nil {
				return err
			}
			b.billed = b.billed.Add(net)
		}
		month = month.Next()
	}
	return nil
}

// netOf is what the invoice of a period comes to before tax, less what credit notes took back of it.
func (s *Service) netOf(ctx context.Context, p period.State) (decimal.Decimal, error) {
	id, billed := p.BilledBy()
	if !billed {
		return decimal.Zero, nil
	}
	of, err := load(ctx, s.log, invoice.Decider, invoice.Stream(id), domain.CommandID{})
	return p.BilledNet().Sub(of.state.CreditedNet()), err
}

// InvoicePreview is what a draft would be, and what keeps it from being made.
type InvoicePreview struct {
	Contract  domain.ContractID
	Reference string
	Client    domain.ClientID
	Month     calendar.Month
	Document  bill.Document // without a number; zero when it cannot be made at all
	Entries   []bill.Entry
	// Exceptions are what a person should know first (F37).
	Exceptions []Exception
}

// Blocked reports whether no draft can be made.
func (p InvoicePreview) Blocked() bool {
	return slices.ContainsFunc(p.Exceptions, func(e Exception) bool { return e.Blocks })
}

// Exception is why a contract's month cannot be drafted, or what a person should know before it is.
type Exception struct {
	Code   string // such as "time_pending", "purchase_order_limit", "issuer_missing"
	Text   string
	Blocks bool
}

// PreviewInvoice works out what DraftInvoice would draft now, and writes nothing.
func (s *Service) PreviewInvoice(ctx context.Context, r Request, c DraftInvoice) (InvoicePreview, error) {
	basis, err := s.billingOf(ctx, r, access.DraftInvoices, c)
	if err != nil {
		return InvoicePreview{}, err
	}
	if _, err := s.upToDate(ctx, r, basis, basis.now); err != nil {
		return InvoicePreview{}, err
	}
	var id domain.InvoiceID // What is only looked at has none.
	p := InvoicePreview{
		Contract: c.Contract, Reference: basis.of.contract.Reference, Client: basis.of.contract.Client, Month: c.Month,
		Exceptions: basis.exceptions(domain.InvoiceID{}, c.BeyondOrder),
	}
	if !basis.described {
		return p, nil
	}
	content, charged := basis.content(id)
	p.Entries = charged.Entries
	if len(charged.Lines) == 0 {
		return p, nil
	}
	err = basis.undraftable(period.Reserved{Invoice: domain.InvoiceID{UUID: domain.Derive(c.Contract.UUID, "preview")}, By: r.Actor.Person, At: r.At})
	if err == nil {
		p.Document, err = content.Finish("", basis.of.day(r.At))
	}
	if err != nil {
		p.Exceptions = append(p.Exceptions, exceptionOf(err))
		return p, nil
	}
	left, err := s.unreportable(ctx, basis, content.Currency)
	p.Exceptions = append(p.Exceptions, left...)
	return p, err
}

// exceptionOf tells a refusal as what blocks a draft.
func exceptionOf(err error) Exception {
	if refusal, ok := errors.AsType[*domain.Refusal](err); ok {
		return Exception{Code: refusal.Code, Text: refusal.Error(), Blocks: true}
	}
	return Exception{Code: "not_billable", Text: err.Error(), Blocks: true}
}

// basis is all that a draft of a contract's month follows from, as it stood when it was read.
type basis struct {
	of        *agreement
	month     calendar.Month
	id        domain.InvoiceID // of the draft that reserved it; none before
	read      domain.Position  // where the log stood then
	now       period.State
	today     calendar.Date // of the contract
	held      terms.Terms   // at the end of the month
	earlier   []period.State
	names     map[domain.TicketID]string
	client    client.State
	issuerKey string
	issuer    issuer.State
	described bool            // issuer and client are known well enough for a document
	billed    decimal.Decimal // before tax, under the purchase order in other months
	exception []Exception     // of issuer and client
	made      map[domain.InvoiceID]made
}

// made is what an invoice by the basis is of.
type made struct {
	content bill.Content
	charged period.Charged
	chunks  [][]bill.Entry // the charged entries as they are written
}

// billingOf reads the basis for whoever may have it.
func (s *Service) billingOf(ctx context.Context, r Request, needed access.Permission, c DraftInvoice) (*basis, error) {
	scope, err := s.may(ctx, r.Actor, needed)
	if err != nil {
		return nil, err
	}
	if err := valid(c.Month); err != nil {
		return nil, err
	}
	of, err := s.agreement(ctx, c.Contract)
	if err != nil {
		return nil, err
	}
	if !of.begun() {
		return nil, domain.Refuse(domain.ErrConflict, "contract_not_active", "contract %s is %s and has no periods yet; activate it first", c.Contract, of.contract.Status)
	}
	whose, err := load(ctx, s.log, client.Decider, client.Stream(of.contract.Client), domain.CommandID{})
	if err != nil {
		return nil, err
	}
	if err := managed(r.Actor, scope)(whose.state); err != nil {
		return nil, err
	}
	if c.Month < of.contract.Starts().Month() || c.Month > of.day(r.At).Month() {
		return nil, wrong("month", "must not lie before the contract's first month or after the present one")
	}
	b := &basis{of: of, month: c.Month, today: of.day(r.At), client: whose.state, names: map[domain.TicketID]string{}}
	return b, s.fill(ctx, b, s)
}

// fill reads the periods, and as another service knows them who issues to whom, and the tickets' names.
func (s *Service) fill(ctx context.Context, b *basis, then *Service) error {
	if err := s.fillPeriods(ctx, b, then); err != nil {
		return err
	}
	return then.fillParties(ctx, b)
}

// fillParties reads who issues to whom.
func (s *Service) fillParties(ctx context.Context, b *basis) error {
	b.issuerKey = b.client.Billing().Issuer
	if b.issuerKey == "" {
		b.issuerKey = issuer.Main
	}
	found, err := s.issuer(ctx, b.issuerKey)
	if err != nil && !errors.Is(err, domain.ErrConflict) {
		return err
	}
	b.issuer = found
	if err != nil {
		b.exception = append(b.exception, exceptionOf(err))
	}
	if b.client.Billing().Party.Name == "" {
		b.exception = append(b.exception, Exception{
			Code: "billing_missing", Blocks: true, Text: "nothing is known of whom the client's invoices are made out to; say it on the client's billing page",
		})
	}
	b.described = len(b.exception) == 0
	return nil
}

// fillPeriods reads the month, and those before it that hold entries of deductions for the invoice. A contract is looked
// at maxMonths back.
func (s *Service) fillPeriods(ctx context.Context, b *basis, then *Service) error {
	month, first := b.month, b.of.contract.Starts().Month()
	for n := 0; n < maxMonths && month >= first; n++ {
		state, err := s.reservedPeriod(ctx, period.Stream(b.of.id, month), b.id)
		if err != nil {
			return err
		}
		switch {
		case month == b.month:
			b.now = state
		case b.id.IsZero() && len(state.Unbilled()) > 0, !b.id.IsZero() && state.ReservedFor(b.id):
			b.earlier = append(b.earlier, state)
		}
		if err := then.nameTickets(ctx, b, state); err != nil {
			return err
		}
		month = month.Previous()
	}
	slices.Reverse(b.earlier)
	b.held = heldIn(b.now, b.month)
	return nil
}

// reservedPeriod is a period as it stood when an invoice took of it, or as it is where none did, or none is named.
func (s *Service) reservedPeriod(ctx context.Context, stream string, id domain.InvoiceID) (period.State, error) {
	present, err := load(ctx, s.log, period.Decider, stream, domain.CommandID{})
	if then, taken := present.state.AsReserved(id); taken {
		return then, err
	}
	return present.state, err
}

// nameTickets looks up what the client calls the tickets that deductions are for.
func (s *Service) nameTickets(ctx context.Context, b *basis, state period.State) error {
	for _, entry := range state.DeductionEntries() {
		if _, known := b.names[entry.Ticket]; known {
			continue
		}
		past, err := s.ticketEvents(ctx, entry.Ticket)
		if err != nil {
			return err
		}
		for _, e := range past {
			if numbered, ok := e.(ticket.Numbered); ok && numbered.Series == domain.ClientVisible {
				b.names[entry.Ticket] = fmt.Sprintf("TKT-%04d", numbered.Number)
			}
		}
	}
	return nil
}

// before are the entries of the months before one, in order.
func before(taken map[calendar.Month][]period.DeductionTakenEntry, month calendar.Month) []period.EarlierEntries {
	var earlier []period.EarlierEntries
	for _, other := range slices.Sorted(maps.Keys(taken)) {
		if other != month && len(taken[other]) > 0 {
			earlier = append(earlier, period.EarlierEntries{Month: other, Entries: taken[other]})
		}
	}
	return earlier
}

// later are the months before of which only such entries are reserved.
func (b *basis) later() []calendar.Month {
	var months []calendar.Month
	for _, state := range b.earlier {
		months = append(months, state.Month)
	}
	return months
}

// content is the draft, and what it is of.
func (b *basis) content(id domain.InvoiceID) (bill.Content, period.Charged) {
	if m, known := b.made[id]; known {
		return m.content, m.charged
	}
	charged := b.now.Charge(id, func(t domain.TicketID) string { return b.names[t] }, b.earlier...)
	whose, who := b.client.Billing(), b.issuer.Content()
	c := bill.Content{
		Contract: b.of.contract.Reference, Month: b.month, PurchaseOrder: b.held.Agreed.PurchaseOrder,
		Currency: b.held.Agreed.Currency, Zone: who.Zone, Issuer: who.Party, Client: whose.Party, Account: who.Account,
		Payment: b.held.Agreed.Payment, BusinessDays: who.BusinessDays, Treatment: whose.Treatment, ExemptReason: whose.ExemptReason,
		Inclusive: whose.Inclusive, Rates: who.RatesOn(b.month.Last()), TaxDay: b.month.Last(), Wording: who.Wording,
		DefaultCategory: who.DefaultCategory, Lines: charged.Lines, EntriesSHA256: bill.Digest(charged.Entries),
	}
	if b.held.Staff.TaxProfile != "" {
		c.DefaultCategory = b.held.Staff.TaxProfile
	}
	for _, unit := range who.RoundTo {
		if unit.Currency == c.Currency {
			c.RoundTo = unit.Unit
		}
	}
	if b.made == nil {
		b.made = map[domain.InvoiceID]made{}
	}
	b.made[id] = made{c, charged, bill.Chunks(charged.Entries)}
	return c, charged
}

// exceptions are what keeps the month from being drafted, or what a person should know first.
func (b *basis) exceptions(id domain.InvoiceID, beyondOrder string) []Exception {
	all := slices.Clone(b.exception)
	content, charged := b.content(id)
	for _, blocker := range b.now.Blockers(b.today, charged) {
		all = append(all, Exception{Code: blocker.Code, Text: blocker.Text, Blocks: blocker.Blocks})
	}
	if beyond, is := b.beyondOrder(content); is {
		beyond.Blocks = beyondOrder == ""
		all = append(all, beyond)
	}
	all = append(all, b.waiting(charged.Taken)...)
	if ends := b.of.contract.Ends(); ends != "" && ends < b.month.First() {
		all = append(all, Exception{Code: "expired_contract", Text: "the contract ended on " + string(ends)})
	}
	return all
}

// beyondOrder tells whether an invoice of the content goes beyond the limit of the client's purchase order.
func (b *basis) beyondOrder(content bill.Content) (e Exception, is bool) {
	limit, order := b.held.Staff.PurchaseOrderLimit, b.held.Agreed.PurchaseOrder
	if !limit.IsPositive() {
		return e, false
	}
	document, err := content.Finish("", b.month.Last())
	total := b.billed.Add(document.Net)
	if err != nil || !total.GreaterThan(limit) { // What is no document is refused for that.
		return e, false
	}
	return Exception{Code: "purchase_order_limit", Blocks: true, Text: fmt.Sprintf(
		"it would bring what is invoiced to %s, beyond the %s of purchase order %s; get another order, or draft it with a reason why it may", total, limit, order)}, true
}

// waiting tells of the deductions that find no room on the invoice.
func (b *basis) waiting(taken map[calendar.Month][]period.DeductionTakenEntry) (all []Exception) {
	for _, p := range append(slices.Clone(b.earlier), b.now) {
		left := decimal.Zero
		for _, e := range p.Unbilled() {
			if !slices.Contains(taken[p.Month], period.DeductionTakenEntry{Deduction: e.Deduction, Counter: e.Counter}) {
				left = left.Add(e.Amount)
			}
		}
		if !left.IsZero() {
			all = append(all, Exception{Code: "deductions_left", Text: fmt.Sprintf("deductions of %s over %s wait for the next invoice", p.Month, left)})
		}
	}
	return all
}

// refused refuses a draft that is blocked, or that could not be written.
func (b *basis) refused(r Request, id domain.InvoiceID, beyondOrder string) error {
	for _, e := range b.exceptions(id, beyondOrder) {
		if e.Blocks {
			return domain.Refuse(domain.ErrConflict, e.Code, "%s", e.Text)
		}
	}
	return b.undraftable(period.Reserved{Invoice: id, Staff: period.ReservedStaff{BeyondOrder: beyondOrder}, By: r.Actor.Person, At: r.At})
}

// undraftable is why no draft follows from the basis; nil when one does, with all its entries.
func (b *basis) undraftable(reserved period.Reserved) error {
	var state invoice.State
	draft, chunks := b.drafting(reserved)
	for _, command := range append([]invoice.Command{draft}, chunks...) {
		events, err := invoice.Decide(state, command)
		if err != nil {
			return err
		}
		state = invoice.Decider.Fold(state, events...)
	}
	return nil
}

// CompleteReservation drafts the invoice that a month was reserved for, should the command that reserved it have died
// before. It may run any number of times, and finds nothing to do in all other cases. The system does it.
func (s *Service) CompleteReservation(ctx context.Context, r Request, id domain.ContractID, month calendar.Month) (Answer, error) {
	if err := systemOnly(r.Actor); err != nil {
		return Answer{}, err
	}
	present, err := load(ctx, s.log, period.Decider, period.Stream(id, month), domain.CommandID{})
	if err != nil {
		return Answer{}, err
	}
	reserved, ok := present.state.Reservation()
	if !ok || reserved.Staff.Later {
		return Answer{}, nil
	}
	answer := Answer{ID: reserved.Invoice.UUID}
	known, read, err := s.readInvoice(ctx, reserved.Invoice)
	if err != nil || known.Complete() {
		return answer, err
	}
	if !known.Exists() { // Else what is missing of it is what it began with, whatever was said or came free since.
		if err := s.reserveEarlier(ctx, r, id, reserved); err != nil {
			return answer, err
		}
		if read, err = s.log.Head(ctx); err != nil {
			return answer, fmt.Errorf("read where the log ends: %w", err)
		}
	}
	b, err := s.reservedBasis(ctx, id, month, reserved.Invoice, read)
	if err != nil {
		return answer, err
	}
	answer.Position, err = s.draft(ctx, r, b, reserved)
	return answer, err
}

// reservedBasis is the basis of a draft as the log stood at a position, its month as it was when it was reserved.
func (s *Service) reservedBasis(ctx context.Context, id domain.ContractID, month calendar.Month, of domain.InvoiceID, read domain.Position) (*basis, error) {
	then := NewService(asOf{s.log, read}, s.answers)
	agreed, err := then.agreement(ctx, id)
	if err != nil {
		return nil, err
	}
	whose, err := load(ctx, then.log, client.Decider, client.Stream(agreed.contract.Client), domain.CommandID{})
	if err != nil {
		return nil, err
	}
	b := &basis{of: agreed, month: month, id: of, read: read, client: whose.state, names: map[domain.TicketID]string{}}
	return b, s.fill(ctx, b, then)
}

// reserveEarlier sets apart what the draft takes of months before. What another draft took meanwhile waits for the
// next invoice: the draft follows from what was reserved.
func (s *Service) reserveEarlier(ctx context.Context, r Request, id domain.ContractID, reserved period.Reserved) error {
	by := domain.Actor{Side: domain.StaffSide, Person: reserved.By}
	for _, earlier := range reserved.Staff.Earlier {
		on := r.then("reserve", reserved.Invoice.String()+" "+string(earlier.Month))
		_, err := s.onPeriod(ctx, on, id, earlier.Month, func(_ *agreement, said period.Says) period.Command {
			return period.Reserve{Invoice: reserved.Invoice, Later: true, Entries: earlier.Entries, Says: said, By: by, At: reserved.At}
		})
		if err != nil && !errors.Is(err, domain.ErrConflict) {
			return err
		}
	}
	return nil
}

// draft writes the draft with its entries.
func (s *Service) draft(ctx context.Context, r Request, b *basis, reserved period.Reserved) (domain.Position, error) {
	id := reserved.Invoice
	draft, chunks := b.drafting(reserved)
	on := r.then("write draft", id.String()).on(invoice.Stream(id))
	position, err := onStream(ctx, s, invoice.Decider, on, invoice.Command(draft))
	if err != nil {
		return position, err
	}
	for i, chunk := range chunks {
		on := r.then("write entries", id.String()+" "+strconv.Itoa(i+1)).on(invoice.Stream(id))
		added, err := onStream(ctx, s, invoice.Decider, on, chunk)
		if err != nil {
			return position, err
		}
		position = later(position, added)
	}
	return position, nil
}

// drafting are the commands that write a draft: what it begins with, and its entries in chunks.
func (b *basis) drafting(reserved period.Reserved) (draft invoice.Draft, chunks []invoice.Command) {
	content, _ := b.content(reserved.Invoice)
	who, signed := b.issuer.Content(), invoice.Signed{By: domain.Actor{Side: domain.StaffSide, Person: reserved.By}, At: reserved.At}
	for i, chunk := range b.made[reserved.Invoice].chunks {
		chunks = append(chunks, invoice.AddEntries{Signed: signed, Chunk: i + 1, Entries: chunk})
	}
	return invoice.Draft{
		Signed: signed, Invoice: reserved.Invoice, Client: b.of.contract.Client, Contract: b.of.id, Month: b.month,
		Staff: invoice.DraftedStaff{
			Issuer: b.issuerKey, TwoPeople: who.TwoPeople, Content: content, Chunks: len(chunks), Later: b.later(),
			Prefix: who.InvoicePrefix, First: firsts(who, bill.Invoice), BeyondOrder: reserved.Staff.BeyondOrder, ReadAt: b.read,
		},
	}, chunks
}

// firsts are the first numbers of series of documents of a kind, by year, where they are not 1.
func firsts(c issuer.Content, kind bill.DocumentKind) map[string]int {
	numbers := map[string]int{}
	for _, first := range c.First {
		if first.Kind == kind {
			numbers[strconv.Itoa(first.Year)] = first.Number
		}
	}
	return numbers
}
