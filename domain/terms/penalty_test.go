package terms_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain/money"
	"effigate/domain/terms"
)

func TestWhatAPenaltyGives(t *testing.T) {
	t.Parallel()
	fixed := terms.Penalty{Kind: terms.FixedPerBreach, Amount: number("200")}
	ticket := terms.Penalty{Kind: terms.PercentOfTicket, Percent: number("15")}
	fee := terms.Penalty{Kind: terms.PercentOfFee, Percent: number("2.5")}
	tiers := terms.Penalty{Kind: terms.TieredByOverrun, Tiers: []terms.Tier{{Amount: number("100")}, {AboveMinutes: 240, Amount: number("300")}}}
	capped := func(p terms.Penalty, perTicket, perPeriod string) terms.Penalty {
		p.CapPerTicket, p.CapPeriodPercent = number(perTicket), number(perPeriod)
		return p
	}
	for name, test := range map[string]struct {
		clause   terms.Penalty
		basis    terms.Basis
		currency money.Currency
		want     string
		why      string
	}{
		"the worked example": {clause: fixed, want: "200", why: "200.00 per breach"},
		"of a ticket":        {clause: ticket, basis: terms.Basis{Ticket: number("1200")}, want: "180", why: "15 % of 1,200.00 billed for the ticket = 180.00"},
		"capped per ticket": {
			clause: capped(ticket, "150", "0"), basis: terms.Basis{Ticket: number("1200")}, want: "150",
			why: "15 % of 1,200.00 billed for the ticket = 180.00, capped at 150.00 per ticket",
		},
		"a cap that others used in part": {
			clause: capped(fixed, "250", "0"), basis: terms.Basis{TicketGiven: number("100")}, want: "150",
			why: "200.00 per breach, capped at 150.00: 250.00 per ticket, of which 100.00 is given already",
		},
		"a cap that others used up": {
			clause: capped(fixed, "250", "0"), basis: terms.Basis{TicketGiven: number("300")}, want: "0",
			why: "200.00 per breach, capped at 0.00: 250.00 per ticket, of which 300.00 is given already",
		},
		"a cap that is just enough": {clause: capped(fixed, "200", "10"), basis: terms.Basis{Subtotal: number("2000")}, want: "200", why: "200.00 per breach"},
		"capped per period, rounded down": {
			clause: capped(fixed, "0", "10"), basis: terms.Basis{Subtotal: number("1234.59")}, want: "123.45",
			why: "200.00 per breach, capped at 123.45, 10 % of the period's 1,234.59",
		},
		"both caps": {
			clause: capped(fixed, "150", "10"), basis: terms.Basis{Subtotal: number("1000"), PeriodGiven: number("30")}, want: "70",
			why: "200.00 per breach, capped at 150.00 per ticket, capped at 70.00: 100.00, 10 % of the period's 1,000.00, of which 30.00 is given already",
		},
		"half a cent rounds up":    {clause: fee, basis: terms.Basis{Fee: number("0.2")}, want: "0.01", why: "2.5 % of the period's fee of 0.20 = 0.01"},
		"a currency without cents": {clause: fee, basis: terms.Basis{Fee: number("1234567")}, currency: "JPY", want: "30864", why: "2.5 % of the period's fee of 1,234,567 = 30,864"},
		"not late yet":             {clause: tiers, want: "0", why: "less than a minute late, above no tier = 0.00"},
		"a second late":            {clause: tiers, basis: terms.Basis{OverrunSeconds: 1}, want: "100", why: "less than a minute late, above 0 min = 100.00"},
		"at the next tier":         {clause: tiers, basis: terms.Basis{OverrunSeconds: 240 * 60}, want: "100", why: "4 h late, above 0 min = 100.00"},
		"above the next tier":      {clause: tiers, basis: terms.Basis{OverrunSeconds: 240*60 + 1}, want: "300", why: "4 h late, above 4 h = 300.00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.currency == "" {
				test.currency = "AUD"
			}
			amount, why := test.clause.Gives(test.basis, test.currency)
			if !amount.Equal(number(test.want)) || why != test.why {
				t.Errorf("gives %s: %s\nwant %s: %s", amount, why, test.want, test.why)
			}
		})
	}
}

// Whatever a clause says: it never gives less than nothing, more than a cap leaves, or a part of a cent.
func TestPenaltiesStayWithinTheirCaps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		money := func(name string) decimal.Decimal {
			return decimal.New(rapid.Int64Range(0, 5_000_000).Draw(t, name), -4)
		}
		clause := terms.Penalty{
			Kind:   rapid.SampledFrom([]terms.PenaltyKind{terms.FixedPerBreach, terms.PercentOfTicket, terms.PercentOfFee, terms.TieredByOverrun}).Draw(t, "kind"),
			Amount: money("amount").Round(2), Percent: decimal.New(rapid.Int64Range(0, 1_000_000).Draw(t, "percent"), -4),
			Tiers:        []terms.Tier{{AboveMinutes: 0, Amount: money("first").Round(2)}, {AboveMinutes: 60, Amount: money("second").Round(2)}},
			CapPerTicket: money("per ticket").Round(2), CapPeriodPercent: decimal.New(rapid.Int64Range(0, 1_000_000).Draw(t, "per period"), -4),
		}
		basis := terms.Basis{
			Ticket: money("ticket"), Fee: money("fee"), Subtotal: money("subtotal"), OverrunSeconds: rapid.Int64Range(0, 10_000).Draw(t, "overrun"),
			TicketGiven: money("ticket given").Round(2), PeriodGiven: money("period given").Round(2),
		}
		amount, why := clause.Gives(basis, "AUD")
		full, _ := clause.Uncapped(basis, "AUD")
		switch left := decimal.Max(clause.CapPerTicket.Sub(basis.TicketGiven), decimal.Zero); {
		case amount.IsNegative() || amount.GreaterThan(full) || !amount.Equal(amount.Truncate(2)) || why == "":
			t.Fatalf("%+v of %+v gives %s of %s: %q", clause, basis, amount, full, why)
		case clause.CapPerTicket.IsPositive() && amount.GreaterThan(left):
			t.Fatalf("gives %s of a ticket that has %s left", amount, left)
		case clause.CapPeriodPercent.IsPositive() && amount.IsPositive() &&
			amount.Add(basis.PeriodGiven).GreaterThan(clause.CapPeriodPercent.Mul(basis.Subtotal).Shift(-2)):
			t.Fatalf("gives %s beside %s, more than %s %% of %s", amount, basis.PeriodGiven, clause.CapPeriodPercent, basis.Subtotal)
		}
	})
}
