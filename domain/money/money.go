// Package money holds exact amounts of money: a decimal and a currency, never a binary float (F40).
//
// It imports the standard library and decimal only. An Amount may be finer than its currency's smallest
// unit, as a unit price or a product before Round may be; what is printed or posted is rounded first.
// Amounts of different currencies never meet: such a sum is an error.
package money

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// The errors of this package.
var (
	// ErrCurrency says that a currency is unknown, or that two currencies were to be mixed.
	ErrCurrency = errors.New("wrong currency")
	// ErrSyntax says that a text is not an amount in its one canonical form.
	ErrSyntax = errors.New("not an amount")
	// ErrAllocate says that an amount cannot be allocated over the weights given.
	ErrAllocate = errors.New("cannot allocate")
)

// The bounds of an amount that is written down: digits before and after the point.
const (
	MaxWhole    = 18
	MaxDecimals = 12
)

// Amount is an exact amount of one currency. The zero Amount has no currency: it is "no amount", takes
// no part in arithmetic and cannot be written as JSON.
//
// Compare amounts by Equal, or by Text where a comparable value is needed: the same amount may have
// several representations, so == says nothing.
type Amount struct {
	value    decimal.Decimal
	currency Currency
}

// New makes an amount; it wraps ErrCurrency when the currency is not Valid.
func New(value decimal.Decimal, currency Currency) (Amount, error) {
	if !currency.Valid() {
		return Amount{}, fmt.Errorf("%w: %q is not a code of ISO 4217 in use", ErrCurrency, string(currency))
	}
	return Amount{value: value, currency: currency}, nil
}

// Parse reads what Text writes, "4136.00 AUD", and nothing else: no exponent, no sign but one minus, no
// spare zeros, all decimals of the currency. It wraps ErrSyntax or ErrCurrency.
func Parse(text string) (Amount, error) {
	number, code, _ := strings.Cut(text, " ")
	return parse(number, code)
}

func parse(number, code string) (Amount, error) {
	if err := checkNumber(number); err != nil {
		return Amount{}, err
	}
	value, err := decimal.NewFromString(number)
	if err != nil {
		return Amount{}, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	amount, err := New(value, Currency(code))
	if err != nil {
		return Amount{}, err
	}
	if amount.Number() != number {
		return Amount{}, fmt.Errorf("%w: write %s %s as %q", ErrSyntax, number, code, amount.Number())
	}
	return amount, nil
}

// checkNumber bounds the digits before anything is computed, so that hostile text costs nothing.
func checkNumber(number string) error {
	whole, decimals, _ := strings.Cut(strings.TrimPrefix(number, "-"), ".")
	if len(whole) > MaxWhole || len(decimals) > MaxDecimals {
		return fmt.Errorf("%w: more than %d digits before or %d after the point", ErrSyntax, MaxWhole, MaxDecimals)
	}
	if strings.Trim(whole+decimals, "0123456789") != "" {
		return fmt.Errorf("%w: an amount has digits, one point and at most a minus before them", ErrSyntax)
	}
	return nil
}

// Currency is the amount's currency.
func (a Amount) Currency() Currency { return a.currency }

// Value is the amount as a number of the currency's main units.
func (a Amount) Value() decimal.Decimal { return a.value }

// Number is the canonical text of the amount without its currency: "4136.00", "-0.125", "500" for JPY.
// All decimals of the currency are written, finer ones only as far as they count.
func (a Amount) Number() string {
	exponent := a.currency.Exponent()
	text := a.value.StringFixed(max(exponent, -a.value.Exponent()))
	whole, decimals, _ := strings.Cut(text, ".")
	for len(decimals) > int(exponent) && strings.HasSuffix(decimals, "0") {
		decimals = decimals[:len(decimals)-1]
	}
	if decimals == "" {
		return whole
	}
	return whole + "." + decimals
}

// Text is the canonical text, "4136.00 AUD": equal exactly for equal amounts.
func (a Amount) Text() string { return a.Number() + " " + string(a.currency) }

// String is Text, for logs and messages.
func (a Amount) String() string { return a.Text() }

// Equal reports whether both amounts and both currencies are the same.
func (a Amount) Equal(b Amount) bool { return a.currency == b.currency && a.value.Equal(b.value) }

// Sign is -1, 0 or +1 as the amount is negative, zero or positive.
func (a Amount) Sign() int { return a.value.Sign() }

// Add gives a + b; it wraps ErrCurrency unless both are of one currency.
func (a Amount) Add(b Amount) (Amount, error) {
	if a.currency != b.currency || !a.currency.Valid() {
		return Amount{}, fmt.Errorf("%w: %q and %q do not add up", ErrCurrency, string(a.currency), string(b.currency))
	}
	return Amount{value: a.value.Add(b.value), currency: a.currency}, nil
}

// Sub gives a − b; it wraps ErrCurrency unless both are of one currency.
func (a Amount) Sub(b Amount) (Amount, error) { return a.Add(b.Neg()) }

// Neg gives −a.
func (a Amount) Neg() Amount { return Amount{value: a.value.Neg(), currency: a.currency} }

// Mul gives the exact product with a quantity; Round comes after it, once.
func (a Amount) Mul(quantity decimal.Decimal) Amount {
	return Amount{value: a.value.Mul(quantity), currency: a.currency}
}

// Round rounds to the currency's smallest unit, halves away from zero (F40).
func (a Amount) Round() Amount {
	return Amount{value: a.value.Round(a.currency.Exponent()), currency: a.currency}
}

// Sum adds amounts of one currency; the sum of none is zero. It wraps ErrCurrency.
func Sum(currency Currency, amounts ...Amount) (Amount, error) {
	sum, err := New(decimal.Zero, currency)
	for _, amount := range amounts {
		if err != nil {
			break
		}
		sum, err = sum.Add(amount)
	}
	return sum, err
}

// Allocate splits a rounded amount into one part per weight. The parts are whole smallest units, sum to
// the amount exactly, and each lies within one unit of its exact share: what rounding down leaves over
// goes to the largest remainders, of equal ones to the earlier part. A negative amount is split as its
// opposite is. It wraps ErrAllocate when the amount is not rounded, a weight is negative, or no weight is
// positive.
func (a Amount) Allocate(weights []decimal.Decimal) ([]Amount, error) {
	exponent := a.currency.Exponent()
	units := a.value.Shift(exponent)
	if !units.IsInteger() || !a.currency.Valid() {
		return nil, fmt.Errorf("%w: %s is not rounded to its smallest unit", ErrAllocate, a)
	}
	whole, err := wholeNumbers(weights)
	if err != nil {
		return nil, err
	}
	parts := make([]Amount, len(weights))
	for i, share := range largestRemainder(units.Abs().BigInt(), whole) {
		parts[i] = Amount{value: decimal.NewFromBigInt(share, -exponent), currency: a.currency}
		if a.Sign() < 0 {
			parts[i] = parts[i].Neg()
		}
	}
	return parts, nil
}

// wholeNumbers scales weights by one power of ten until all are whole.
func wholeNumbers(weights []decimal.Decimal) ([]*big.Int, error) {
	var finest int32
	positive := false
	for i, weight := range weights {
		if weight.Sign() < 0 {
			return nil, fmt.Errorf("%w: weight %d is %s, below zero", ErrAllocate, i, weight)
		}
		positive = positive || weight.Sign() > 0
		finest = max(finest, -weight.Exponent())
	}
	if !positive {
		return nil, fmt.Errorf("%w: none of %d weights is above zero", ErrAllocate, len(weights))
	}
	whole := make([]*big.Int, len(weights))
	for i, weight := range weights {
		whole[i] = weight.Shift(finest).BigInt()
	}
	return whole, nil
}

// largestRemainder splits units ≥ 0 over weights of which one at least is positive.
func largestRemainder(units *big.Int, weights []*big.Int) []*big.Int {
	total := new(big.Int)
	for _, weight := range weights {
		total.Add(total, weight)
	}
	left := new(big.Int).Set(units)
	shares, remainders := make([]*big.Int, len(weights)), make([]*big.Int, len(weights))
	order := make([]int, len(weights))
	for i, weight := range weights {
		shares[i], remainders[i] = new(big.Int).QuoRem(new(big.Int).Mul(units, weight), total, new(big.Int))
		left.Sub(left, shares[i])
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return remainders[j].Cmp(remainders[i]) })
	for _, i := range order[:left.Int64()] { // Fewer than there are parts.
		shares[i].Add(shares[i], big.NewInt(1))
	}
	return shares
}

// MarshalJSON writes {"amount":"4136.00","currency":"AUD"}. It wraps ErrSyntax for what UnmarshalJSON
// would not take back: the zero Amount, or more digits than MaxWhole and MaxDecimals allow.
func (a Amount) MarshalJSON() ([]byte, error) {
	if _, err := Parse(a.Text()); err != nil {
		return nil, fmt.Errorf("write %q: %w", a.Text(), err)
	}
	return json.Marshal(map[string]string{"amount": a.Number(), "currency": string(a.currency)})
}

// UnmarshalJSON reads exactly what MarshalJSON writes: two strings, the first in canonical form. A JSON
// number is refused, because some reader on its way may have taken it for a float. It wraps ErrSyntax or
// ErrCurrency.
func (a *Amount) UnmarshalJSON(data []byte) error {
	var fields map[string]string
	if err := json.Unmarshal(data, &fields); err != nil {
		return fmt.Errorf("%w: want the strings amount and currency: %w", ErrSyntax, err)
	}
	number, hasNumber := fields["amount"]
	code, hasCode := fields["currency"]
	if len(fields) != 2 || !hasNumber || !hasCode {
		return fmt.Errorf("%w: want the strings amount and currency and nothing else", ErrSyntax)
	}
	read, err := parse(number, code)
	if err != nil {
		return err
	}
	*a = read
	return nil
}
