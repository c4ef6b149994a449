package payment_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/payment"
	"effigate/domain/spec"
	"effigate/domain/visible"
)

var given = spec.Decider(payment.Decider).Given

func id(name string) uuid.UUID { return domain.Derive(uuid.NameSpaceURL, "payment test", name) }

func amount(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func invoice(name string) domain.InvoiceID { return domain.InvoiceID{UUID: id("invoice " + name)} }

var (
	at    = time.Date(2026, time.March, 5, 9, 0, 0, 0, time.UTC)
	ben   = domain.Actor{Person: domain.PersonID{UUID: id("ben")}, Side: domain.StaffSide, Role: domain.Finance}
	emma  = domain.Actor{Person: domain.PersonID{UUID: id("emma")}, Side: domain.ClientSide, Role: domain.ClientAdmin, Client: nexus}
	nexus = domain.ClientID{UUID: id("nexus")}
	paid  = domain.PaymentID{UUID: id("payment")}

	receive  = receiving(func(*payment.Receive) {})
	received = payment.Received{
		Payment: paid, Client: nexus, Amount: amount("3890"), Currency: "AUD", Day: "2026-03-05", Staff: receive.Staff, By: ben.Person, At: at,
	}
	reverse  = payment.Reverse{Day: "2026-03-05", Chargeback: true, Reason: "stolen card", By: ben, At: at}
	reversed = payment.Reversed{Day: "2026-03-05", Staff: payment.ReversedStaff{Chargeback: true, Reason: "stolen card"}, By: ben.Person, At: at}
)

func receiving(change func(*payment.Receive)) payment.Receive {
	command := payment.Receive{
		Payment: paid, Client: nexus, Amount: amount("3890"), Currency: "AUD", Day: "2026-03-05",
		Staff: payment.ReceivedStaff{Source: payment.ByHand, Method: "bank transfer", Reference: "INV-2026-0038"}, By: ben, At: at,
	}
	change(&command)
	return command
}

func allocate(name, comesTo string, minute int) payment.Allocate {
	return payment.Allocate{Invoice: invoice(name), Amount: amount(comesTo), By: ben, At: at.Add(time.Duration(minute) * time.Minute)}
}

func allocated(name, comesTo string, minute int) payment.Allocated {
	return payment.Allocated{Invoice: invoice(name), Amount: amount(comesTo), By: ben.Person, At: at.Add(time.Duration(minute) * time.Minute)}
}

func release(name, kept string) payment.Release {
	return payment.Release{Invoice: invoice(name), Kept: amount(kept), By: domain.System(), At: at}
}

func refund(comesTo string) payment.Refund {
	return payment.Refund{Amount: amount(comesTo), Day: "2026-03-06", Reference: "TRX-7", Reason: "paid twice", By: ben, At: at}
}

func refunded(comesTo string) payment.Refunded {
	return payment.Refunded{
		Amount: amount(comesTo), Day: "2026-03-06", Staff: payment.RefundedStaff{Reference: "TRX-7", Reason: "paid twice"}, By: ben.Person, At: at,
	}
}

func wantLeft(t *testing.T, want string, events ...payment.Event) {
	t.Helper()
	if got := payment.Decider.Fold(payment.State{}, events...).Left(); !got.Equal(amount(want)) {
		t.Errorf("%s are left, want %s", got, want)
	}
}

func TestStoredForm(t *testing.T) {
	t.Parallel()
	spec.Stored(t, "payment", payment.All())
	spec.NothingOfStaff(t)
}

func TestStreamName(t *testing.T) {
	t.Parallel()
	if got, err := payment.IDOf(payment.Stream(paid)); err != nil || got != paid {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := payment.IDOf("invoice-" + paid.String()); err == nil {
		t.Error("another stream has a payment's id")
	}
}

// The same payment of a gateway may be told any number of times; another one under its id is refused.
func TestReceive(t *testing.T) {
	t.Parallel()
	given().When(receive).Then(t, received)
	given(received).When(receiving(func(c *payment.Receive) { c.At = at.Add(time.Hour) })).ThenNothing(t)
	given(received).When(receiving(func(c *payment.Receive) { c.Amount = amount("1") })).ThenRefused(t, domain.ErrConflict, "payment_exists")
	given().When(receiving(func(c *payment.Receive) { c.By = emma })).ThenRefused(t, domain.ErrNotFound, "no_such_payment")
	given().When(payment.Receive{By: ben, At: at}).ThenInvalid(t, "payment", "client", "amount", "currency", "day", "source")
	given().When(receiving(func(c *payment.Receive) { c.Amount = amount("0.001") })).ThenInvalid(t, "amount")
	given().When(receiving(func(c *payment.Receive) { c.Amount = decimal.New(1, 999_999_999) })).ThenInvalid(t, "amount")
	given().When(receiving(func(c *payment.Receive) { c.Currency, c.Amount = "JPY", amount("1.5") })).ThenInvalid(t, "amount")
	given().When(receiving(func(c *payment.Receive) { c.Staff.Source = payment.ByGateway })).ThenInvalid(t, "key")
	given().When(receiving(func(c *payment.Receive) { c.Staff.Source = payment.ByCredit })).ThenInvalid(t, "credit_note")
	given().When(receiving(func(c *payment.Receive) { c.Staff.Method = "two\nlines" })).ThenInvalid(t, "method")
}

func TestAllocate(t *testing.T) {
	t.Parallel()
	given(received).When(allocate("a", "1000", 0)).Then(t, allocated("a", "1000", 0))
	given(received, allocated("a", "1000", 0)).When(allocate("a", "1000", 0)).ThenNothing(t)
	given(received, allocated("a", "1000", 0)).When(allocate("a", "1000", 1)).Then(t, allocated("a", "1000", 1)) // more of it
	given(received, allocated("a", "1000", 0)).When(allocate("b", "2890.01", 1)).ThenRefused(t, domain.ErrConflict, "more_than_left")
	given(received, allocated("a", "1000", 0)).When(allocate("b", "2890", 1)).Then(t, allocated("b", "2890", 1))
	given(received, reversed).When(allocate("a", "1", 0)).ThenRefused(t, domain.ErrConflict, "payment_reversed")
	given(received).When(payment.Allocate{By: ben, At: at}).ThenInvalid(t, "invoice", "amount")
	given().When(allocate("a", "1", 0)).ThenRefused(t, domain.ErrNotFound, "no_such_payment")
	given(received).When(payment.Allocate{Invoice: invoice("a"), Amount: amount("1"), By: emma, At: at}).ThenRefused(t, domain.ErrNotFound, "no_such_payment")
	wantLeft(t, "1390", received, allocated("a", "1000", 0), allocated("b", "500", 1), allocated("a", "1000", 2))
	s := payment.Decider.Fold(payment.State{}, received, allocated("a", "1000", 0), allocated("b", "500", 1), allocated("a", "1000", 2))
	if diff := cmp.Diff([]payment.Allocated{allocated("a", "2000", 2), allocated("b", "500", 1)}, s.Allocations()); diff != "" {
		t.Errorf("allocations (-want +got):\n%s", diff)
	}
	many := []payment.Event{received}
	for i := range payment.MaxAllocations {
		many = append(many, allocated(strconv.Itoa(i), "1", 0))
	}
	given(many...).When(allocate("one more", "1", 0)).ThenRefused(t, domain.ErrConflict, "too_many_allocations")
}

// What an invoice kept stays with it, however often the rest is released.
func TestRelease(t *testing.T) {
	t.Parallel()
	past := []payment.Event{received, allocated("a", "1000", 0)}
	given(past...).When(release("a", "400")).Then(t, payment.Released{Invoice: invoice("a"), Amount: amount("600"), At: at})
	gone := []payment.Event{past[0], past[1], payment.Released{Invoice: invoice("a"), Amount: amount("600"), At: at}}
	wantLeft(t, "3490", gone...)
	given(gone...).When(release("a", "400")).ThenNothing(t)
	given(gone...).When(release("a", "1000")).ThenNothing(t)
	given(past...).When(release("a", "-1")).ThenRefused(t, domain.ErrConflict, "kept_below_zero")
	given(past...).When(release("b", "0")).ThenRefused(t, domain.ErrNotFound, "no_such_allocation")
	given(gone...).When(allocate("a", "1000", 0)).ThenNothing(t) // A repetition sets nothing apart again.
}

func TestReverse(t *testing.T) {
	t.Parallel()
	given(received, allocated("a", "1000", 0)).When(reverse).Then(t, reversed)
	given(received, reversed).When(reverse).ThenNothing(t)
	wantLeft(t, "0", received, reversed)
	given(received).When(payment.Reverse{By: ben, At: at}).ThenInvalid(t, "day", "reason")
	given(received, refunded("10")).When(reverse).ThenRefused(t, domain.ErrConflict, "payment_refunded")
	byCredit := received
	byCredit.Staff = payment.ReceivedStaff{Source: payment.ByCredit, CreditNote: domain.CreditNoteID{UUID: id("note")}}
	given(byCredit).When(reverse).ThenRefused(t, domain.ErrConflict, "not_money")
}

func TestRefund(t *testing.T) {
	t.Parallel()
	given(received).When(refund("90")).Then(t, refunded("90"))
	given(received, refunded("90")).When(refund("90")).ThenNothing(t)
	wantLeft(t, "3800", received, refunded("90"))
	given(received, allocated("a", "3800", 0)).When(refund("90.01")).ThenRefused(t, domain.ErrConflict, "more_than_left")
	given(received, reversed).When(refund("1")).ThenRefused(t, domain.ErrConflict, "payment_reversed")
	given(received).When(payment.Refund{By: ben, At: at}).ThenInvalid(t, "amount", "day", "reason")
}

// A mistyped year is no day of a payment: tomorrow is the last, as it may have begun where the bank is.
func TestTheDayOfMoney(t *testing.T) {
	t.Parallel()
	for day, right := range map[calendar.Date]bool{
		"1999-12-31": false, "2000-01-01": true, "2026-03-05": true, "2026-03-06": true, "2026-03-07": false, "2062-03-05": false,
	} {
		asked := map[payment.Command][]payment.Event{
			receiving(func(c *payment.Receive) { c.Day = day }):                                   nil,
			payment.Reverse{Day: day, Reason: "bounced", By: ben, At: at}:                         {received},
			payment.Refund{Amount: amount("90"), Day: day, Reason: "paid twice", By: ben, At: at}: {received},
		}
		for command, history := range asked {
			_, err := payment.Decide(payment.Decider.Fold(payment.State{}, history...), command)
			if (err == nil) != right {
				t.Errorf("%T on %s: %v", command, day, err)
			}
		}
	}
}

// Whatever is asked in whatever order: no cent of a payment is in two places, or in none.
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		commands := []payment.Command{receive}
		for i := range rapid.IntRange(1, 40).Draw(t, "length") {
			name, some := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name"), strconv.Itoa(rapid.IntRange(1, 2000).Draw(t, "some"))
			again := refund(some)
			again.At = at.Add(time.Duration(i) * time.Minute)
			commands = append(commands, rapid.SampledFrom([]payment.Command{
				allocate(name, some, i), allocate(name, some, i), release(name, some), again, receive, rapid.SampledFrom([]payment.Command{reverse, again}).Draw(t, "or"),
			}).Draw(t, "command"))
		}
		history := spec.Replays(t, payment.Decider, commands)
		spec.DisclosureInvariants(t, payment.Disclose, history)
		s, back := payment.State{}, decimal.Zero
		for _, event := range history {
			s = payment.Evolve(s, event)
			if e, ok := event.(payment.Refunded); ok {
				back = back.Add(e.Amount)
			}
			sum := s.Left().Add(back)
			for _, part := range s.Allocations() {
				if part.Amount.IsNegative() {
					t.Fatalf("%s are set apart for an invoice", part.Amount)
				}
				sum = sum.Add(part.Amount)
			}
			if _, gone := s.Reversed(); !gone && (!sum.Equal(received.Amount) || s.Left().IsNegative()) {
				t.Fatalf("after %T the parts come to %s of %s, %s left", event, sum, received.Amount, s.Left())
			}
		}
	})
}

// The client sees what came of its payment, whatever staff noted; what a credit note gave is none (F43).
func TestDisclose(t *testing.T) {
	t.Parallel()
	by := received
	by.Means = payment.Card
	shown := visible.Payment{Client: nexus.UUID, ID: paid.UUID, Amount: "3890", Currency: "AUD", Day: "2026-03-05", Means: "card", Refunded: "0"}
	back, gone := shown, shown
	back.Refunded, gone.Reversed = "25", "2026-03-05"
	disclosed := spec.Discloser(payment.Disclose).Given
	disclosed(by, allocated("a", "10", 1)).Then(t, visible.Put{Record: shown})
	disclosed(by, refunded("25")).Then(t, visible.Put{Record: shown}, visible.Put{Record: back})
	disclosed(by, reversed).Then(t, visible.Put{Record: shown}, visible.Put{Record: gone})
	disclosed(received, refunded("10")).Then(t)
	given().When(receiving(func(c *payment.Receive) { c.Means = "barter" })).ThenInvalid(t, "means")
	given().When(receiving(func(c *payment.Receive) { c.Means = payment.Card })).Then(t, by)
	given(received).When(receiving(func(c *payment.Receive) { c.Means = payment.Card })).ThenNothing(t)
}
