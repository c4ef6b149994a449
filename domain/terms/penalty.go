package terms

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"effigate/domain/money"
)

// Basis is what a penalty is worked out from. Amounts are before tax, in the contract's currency; none is negative.
type Basis struct {
	Ticket         decimal.Decimal // billed value of the ticket's approved time in the period
	Fee            decimal.Decimal // fees of the period
	Subtotal       decimal.Decimal // of the period, which CapPeriodPercent is a share of
	OverrunSeconds int64           // of opening time, by which the promise was missed; 0 while that is not known
	// TicketGiven and PeriodGiven are what other deductions take already, of the ticket and of the period.
	TicketGiven decimal.Decimal
	PeriodGiven decimal.Decimal
}

// Gives is what the clause gives back for one breach, rounded to the currency, and how that came about, for staff to
// read: "15 % of 1,200.00 billed for the ticket = 180.00, capped at 150.00 per ticket". It is never negative, and
// never more than either cap leaves.
func (p Penalty) Gives(b Basis, currency money.Currency) (amount decimal.Decimal, why string) {
	amount, why = p.Uncapped(b, currency)
	show := func(d decimal.Decimal) string { return grouped(d, currency.Exponent()) }
	if limit := p.CapPerTicket; limit.IsPositive() {
		amount, why = capped(amount, limit, b.TicketGiven, why, show(limit)+" per ticket", show)
	}
	if p.CapPeriodPercent.IsPositive() {
		limit := share(p.CapPeriodPercent, b.Subtotal).RoundDown(currency.Exponent())
		amount, why = capped(amount, limit, b.PeriodGiven, why, fmt.Sprintf("%s, %s %% of the period's %s", show(limit), p.CapPeriodPercent, show(b.Subtotal)), show)
	}
	return amount, why
}

// Uncapped is what the clause gives back for one breach before its caps, and how that came about.
func (p Penalty) Uncapped(b Basis, currency money.Currency) (amount decimal.Decimal, why string) {
	exponent := currency.Exponent()
	of := func(base decimal.Decimal, what string) (decimal.Decimal, string) {
		amount := share(p.Percent, base).Round(exponent) // Half away from zero (F40).
		return amount, fmt.Sprintf("%s %% of "+what+" = %s", p.Percent, grouped(base, exponent), grouped(amount, exponent))
	}
	switch p.Kind {
	case FixedPerBreach:
		return p.Amount, grouped(p.Amount, exponent) + " per breach"
	case PercentOfTicket:
		return of(b.Ticket, "%s billed for the ticket")
	case PercentOfFee:
		return of(b.Fee, "the period's fee of %s")
	case TieredByOverrun:
		return p.tier(b.OverrunSeconds, exponent)
	}
	return decimal.Zero, "nothing: the clause is of no known kind"
}

// tier is the amount of the highest tier that an overrun lies above.
func (p Penalty) tier(overrunSeconds int64, exponent int32) (amount decimal.Decimal, why string) {
	late := cmp.Or(duration(int(overrunSeconds/60)), "less than a minute")
	why = late + " late, above no tier = " + grouped(decimal.Zero, exponent)
	for _, tier := range p.Tiers {
		if overrunSeconds > int64(tier.AboveMinutes)*60 {
			amount = tier.Amount
			why = fmt.Sprintf("%s late, above %s = %s", late, cmp.Or(duration(tier.AboveMinutes), "0 min"), grouped(amount, exponent))
		}
	}
	return amount, why
}

// capped bounds an amount by what others have left of a limit.
func capped(amount, limit, given decimal.Decimal, why, what string, show func(decimal.Decimal) string) (decimal.Decimal, string) {
	left := decimal.Max(limit.Sub(given), decimal.Zero)
	if !amount.GreaterThan(left) {
		return amount, why
	}
	why += ", capped at "
	if given.IsPositive() {
		return left, why + show(left) + ": " + what + ", of which " + show(given) + " is given already"
	}
	return left, why + what
}

// share is a percentage of an amount, exactly.
func share(percent, of decimal.Decimal) decimal.Decimal { return percent.Mul(of).Shift(-2) }

// grouped writes an amount with its decimals, and with commas between thousands.
func grouped(amount decimal.Decimal, exponent int32) string {
	whole, fraction, _ := strings.Cut(amount.StringFixed(exponent), ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		fraction = "." + fraction
	}
	return sign + whole + fraction
}
