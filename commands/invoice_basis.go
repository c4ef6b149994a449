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

// exceptionOf tells a refusal as what blocks a draft.
func exceptionOf(err error) Exception {
	if refusal, ok := errors.AsType[*domain.Refusal](err); ok {
		return Exception{Code: refusal.Code, Text: refusal.Error(), Blocks: true}
	}
	return Exception{Code: "not_billable", Text: err.Error(), Blocks: true}
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
