package bill

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
)

// TaxKind is the category of a tax rate in the code list UNCL5305 that EN 16931 uses.
type TaxKind string

// The kinds of tax.
const (
	StandardRate  TaxKind = "S"
	ZeroRate      TaxKind = "Z"
	Exempt        TaxKind = "E"
	ReverseCharge TaxKind = "AE"
	OutsideScope  TaxKind = "O"
)

// TaxRate is a rate of tax from a day on. Category is the word that rate rows, charges and contracts use for it.
type TaxRate struct {
	Category string          `json:"category"` // see IsCategory; "" is the issuer's usual one
	Kind     TaxKind         `json:"kind"`
	Percent  decimal.Decimal `json:"percent,omitzero"` // 0 unless Kind is StandardRate
	Name     string          `json:"name"`             // as printed: "GST 10 %"
	Reason   string          `json:"reason,omitzero"`  // why nothing is charged, as printed: of the kinds E, AE and O
	From     calendar.Date   `json:"from,omitzero"`    // the first day; empty = always
}

// Treatment is how a client is taxed (F41).
type Treatment string

// The treatments: by the issuer's rates; nothing, for a reason; nothing, because the client owes the tax itself.
const (
	Taxed        Treatment = ""
	TaxExempt    Treatment = "exempt"
	ClientOwesIt Treatment = "reverse_charge"
)

// Tax is the tax of one rate, on the sum of the nets of its lines.
type Tax struct {
	Kind    TaxKind         `json:"kind"`
	Percent decimal.Decimal `json:"percent,omitzero"`
	Name    string          `json:"name"`
	Reason  string          `json:"reason,omitzero"`
	Base    decimal.Decimal `json:"base"`
	Amount  decimal.Decimal `json:"amount"`
}

const percentFine = 4 // decimals of a percentage

var categoryForm = regexp.MustCompile(`^([a-zA-Z0-9][a-zA-Z0-9._-]{0,63})?$`)

// IsCategory reports whether a word can name a category of tax rates: 1 to 64 letters, digits, dots, dashes and
// underscores, as in rate cards, or nothing for the usual one.
func IsCategory(word string) bool { return categoryForm.MatchString(word) }

// CheckRates notes the first thing that is wrong with rates of tax, in words. No two may begin on the same day in one
// category.
func CheckRates(check *domain.Check, field string, rates []TaxRate) {
	check.That(len(rates) <= MaxTaxRates, field, "must be at most "+strconv.Itoa(MaxTaxRates))
	type begin struct {
		category string
		from     calendar.Date
	}
	seen := make(map[begin]bool, len(rates))
	for i, rate := range rates {
		wrong := rate.wrong()
		if seen[begin{rate.Category, rate.From}] {
			wrong = "must not begin in its category on the day that another begins on"
		}
		check.That(wrong == "", field, fmt.Sprintf("%s: number %d, %q", wrong, i+1, rate.Category))
		seen[begin{rate.Category, rate.From}] = true
	}
}

// Equal reports whether two rates are the same; one percentage may have several representations.
func (r TaxRate) Equal(o TaxRate) bool {
	percent := r.Percent.Equal(o.Percent)
	r.Percent = o.Percent
	return percent && r == o
}

func (r TaxRate) wrong() string {
	standard := r.Kind == StandardRate
	switch {
	case !IsCategory(r.Category):
		return "must have a category of at most 64 letters, digits, dots, dashes and underscores"
	case !slices.Contains(taxKinds, r.Kind):
		return "must be of the kind S, Z, E, AE or O"
	case !fits(r.Percent, percentFine) || r.Percent.IsNegative() || r.Percent.GreaterThan(hundred):
		return "must be 0 to 100 percent with at most 4 decimals"
	case standard != r.Percent.IsPositive():
		return "must be above 0 percent if it is of the kind S, else 0"
	case !isText(r.Name):
		return "must have a name of one line, as it is printed"
	case r.Reason != "" && !isText(r.Reason):
		return "must have a reason of one line"
	case (standard || r.Kind == ZeroRate) != (r.Reason == ""):
		return "must say why nothing is charged if it is of the kind E, AE or O, and else not"
	case r.From != "" && !r.From.Valid():
		return "must begin on a day, such as 2026-07-01, or none"
	}
	return ""
}

// taxKinds are in the order in which taxes are listed.
var taxKinds = []TaxKind{StandardRate, ZeroRate, Exempt, ReverseCharge, OutsideScope}

var hundred = decimal.NewFromInt(100)

// rates are those that count: the issuer's, or the one that the client's treatment puts in place of all.
func (c Content) rates() []TaxRate {
	switch c.Treatment {
	case TaxExempt:
		return []TaxRate{{Kind: Exempt, Name: "Tax exempt", Reason: c.ExemptReason}}
	case ClientOwesIt:
		return []TaxRate{{Kind: ReverseCharge, Name: "Reverse charge", Reason: cmp.Or(c.ExemptReason, "The recipient owes the tax")}}
	case Taxed:
	}
	return c.Rates
}

// rateOf is the place of a line's rate among rates; -1 when none has its category.
func (c Content) rateOf(l Line) int {
	if c.Treatment != Taxed {
		return 0
	}
	category := cmp.Or(l.TaxCategory, c.DefaultCategory)
	return slices.IndexFunc(c.Rates, func(r TaxRate) bool { return r.Category == category })
}

// tax fills the lines' tax and net in, and gives the taxes on their sums. Rates of one kind and percentage are one
// tax, under the name of the first of them.
func (c Content) tax(lines []Line) []Tax {
	rates := c.rates()
	used := make([][]int, len(rates)) // the lines of each rate
	for i := range lines {
		rate := c.rateOf(lines[i])
		lines[i].TaxKind, lines[i].TaxPercent = rates[rate].Kind, rates[rate].Percent
		used[rate] = append(used[rate], i)
	}
	taxes := []Tax{}
	var members [][]int
	for i, rate := range rates {
		if len(used[i]) == 0 {
			continue
		}
		at := slices.IndexFunc(taxes, func(t Tax) bool { return t.Kind == rate.Kind && t.Percent.Equal(rate.Percent) })
		if at < 0 {
			at = len(taxes)
			taxes = append(taxes, Tax{Kind: rate.Kind, Percent: rate.Percent, Name: rate.Name, Reason: rate.Reason})
			members = append(members, nil)
		}
		if !strings.Contains(taxes[at].Reason, rate.Reason) {
			taxes[at].Reason += "; " + rate.Reason
		}
		members[at] = append(members[at], used[i]...)
	}
	for i := range taxes {
		slices.Sort(members[i])
		c.apply(&taxes[i], lines, members[i])
	}
	slices.SortStableFunc(taxes, func(a, b Tax) int {
		return cmp.Or(slices.Index(taxKinds, a.Kind)-slices.Index(taxKinds, b.Kind), b.Percent.Cmp(a.Percent))
	})
	return taxes
}

// apply works one tax out on the sum of its lines, and fills in their nets.
func (c Content) apply(tax *Tax, lines []Line, members []int) {
	exponent := c.Currency.Exponent()
	sum := decimal.Zero
	for _, i := range members {
		lines[i].Net = lines[i].Amount
		sum = sum.Add(lines[i].Amount)
	}
	if !c.Inclusive {
		tax.Base, tax.Amount = sum, sum.Mul(tax.Percent).Shift(-2).Round(exponent)
		return
	}
	whole := hundred.Add(tax.Percent)
	tax.Amount = sum.Mul(tax.Percent).DivRound(whole, exponent)
	tax.Base = sum.Sub(tax.Amount)
	shareNets(tax.Base, whole, exponent, lines, members)
}

// shareNets gives each line its net, amount × 100 / whole, up or down to the currency's unit so that all of them add
// up to the base: by largest remainder, of equal ones the earlier line first. Lines may be below zero.
func shareNets(base, whole decimal.Decimal, exponent int32, lines []Line, members []int) {
	unit := decimal.New(1, -exponent)
	left := base
	remainders := make(map[int]decimal.Decimal, len(members))
	for _, i := range members {
		net, remainder := lines[i].Amount.Shift(2).QuoRem(whole, exponent)
		if remainder.IsNegative() { // QuoRem cuts towards zero; a remainder is what lies above.
			net, remainder = net.Sub(unit), remainder.Add(whole.Mul(unit))
		}
		lines[i].Net, remainders[i] = net, remainder
		left = left.Sub(net)
	}
	order := slices.Clone(members)
	slices.SortStableFunc(order, func(i, j int) int { return remainders[j].Cmp(remainders[i]) })
	// The base is the sum of the exact nets, rounded: at most as many units are left as there are remainders.
	for _, i := range order[:left.Shift(exponent).IntPart()] {
		lines[i].Net = lines[i].Net.Add(unit)
	}
}
