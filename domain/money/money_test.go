package money_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain/money"
)

func TestCurrencyExponents(t *testing.T) {
	t.Parallel()
	for code, want := range map[money.Currency]int32{"AUD": 2, "EUR": 2, "JPY": 0, "KRW": 0, "KWD": 3, "TND": 3} {
		if !code.Valid() || code.Exponent() != want {
			t.Errorf("%s: valid %t, exponent %d, want %d", code, code.Valid(), code.Exponent(), want)
		}
	}
	for _, code := range []money.Currency{"", "aud", "XXX", "XAU", "DEM", "CLF", "AUD "} {
		if code.Valid() {
			t.Errorf("%q is accepted", code)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"4136.00 AUD", "-200.00 AUD", "0.00 AUD", "0.125 AUD", "-0.001 AUD", "500 JPY", "0 JPY", "0.5 JPY",
		"1.250 KWD", "999999999999999999.999999999999 EUR",
	} {
		if got := parse(t, text).Text(); got != text {
			t.Errorf("%s comes back as %s", text, got)
		}
	}
	for _, test := range []struct {
		text string
		want error
	}{
		{"", money.ErrSyntax},
		{"4136.00", money.ErrCurrency},
		{"4136.00 XYZ", money.ErrCurrency},
		{"4136.00 aud", money.ErrCurrency},
		{"4136.00  AUD", money.ErrCurrency},
		{"4136 AUD", money.ErrSyntax},
		{"4136.0 AUD", money.ErrSyntax},
		{"4136.000 AUD", money.ErrSyntax},
		{"0.1250 AUD", money.ErrSyntax},
		{"04136.00 AUD", money.ErrSyntax},
		{"+1.00 AUD", money.ErrSyntax},
		{"-0.00 AUD", money.ErrSyntax},
		{"--1.00 AUD", money.ErrSyntax},
		{".50 AUD", money.ErrSyntax},
		{"1. JPY", money.ErrSyntax},
		{"500.0 JPY", money.ErrSyntax},
		{"1e3 JPY", money.ErrSyntax},
		{"1,000.00 AUD", money.ErrSyntax},
		{"1.0.0 AUD", money.ErrSyntax},
		{"NaN AUD", money.ErrSyntax},
		{"1000000000000000000.00 EUR", money.ErrSyntax},
		{"0.0000000000001 EUR", money.ErrSyntax},
	} {
		if got, err := money.Parse(test.text); !errors.Is(err, test.want) {
			t.Errorf("%q gives %v and error %v, want %v", test.text, got, err, test.want)
		}
	}
}

// The figures of the product rules, section 5 "Rounding", as far as they are about money alone.
func TestRoundingVectors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, amount, quantity, want string }{
		{"A50 printed as 3.47 h", "15.00 AUD", "3.47", "52.05 AUD"},
		{"A50 printed as 208 minutes", "0.25 AUD", "208", "52.00 AUD"},
		{"A51 0.77 h", "48.00 EUR", "0.77", "36.96 EUR"},
		{"A51 0.42 h", "34.34 EUR", "0.42", "14.42 EUR"},
		{"A52 30 minutes on one line", "27.50 EUR", "0.5", "13.75 EUR"},
		{"A53", "8180.00 CAD", "0.09975", "815.96 CAD"},
		{"A54 5 % of 140.00", "140.00 CAD", "0.05", "7.00 CAD"},
		{"A54 9.975 % of 140.00", "140.00 CAD", "0.09975", "13.97 CAD"},
		{"A54 5 % of 1,140.00", "1140.00 CAD", "0.05", "57.00 CAD"},
		{"A54 9.975 % of 1,140.00", "1140.00 CAD", "0.09975", "113.72 CAD"},
		{"half away from zero, below zero", "-8180.00 CAD", "0.09975", "-815.96 CAD"},
		{"no decimals", "5 JPY", "0.5", "3 JPY"},
		{"three decimals", "1.000 KWD", "0.0005", "0.001 KWD"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := parse(t, test.amount).Mul(decimal.RequireFromString(test.quantity)).Round()
			if got.Text() != test.want {
				t.Errorf("%s × %s = %s, want %s", test.amount, test.quantity, got, test.want)
			}
		})
	}
}

func TestTotals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		currency money.Currency
		parts    []string
		want     string
	}{
		{"A54 small", "CAD", []string{"140.00", "7.00", "13.97"}, "160.97 CAD"},
		{"A54 large", "CAD", []string{"1140.00", "57.00", "113.72"}, "1310.72 CAD"},
		{"A55", "EUR", []string{"8500.00", "-7500.00", "190.00"}, "1190.00 EUR"},
		{"worked example", "AUD", []string{"3420.00", "540.00", "-200.00", "376.00"}, "4136.00 AUD"},
		{"nothing", "JPY", nil, "0 JPY"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var amounts []money.Amount
			for _, part := range test.parts {
				amounts = append(amounts, parse(t, part+" "+string(test.currency)))
			}
			if got, err := money.Sum(test.currency, amounts...); err != nil || got.Text() != test.want {
				t.Errorf("sum %s, error %v, want %s", got, err, test.want)
			}
		})
	}
}

func TestAllocate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, amount string
		weights      []string
		want         []string
	}{
		{"A52 two quarters of an hour", "13.75 EUR", []string{"15", "15"}, []string{"6.88 EUR", "6.87 EUR"}},
		{
			"A56 four credit notes", "334.99 EUR",
			[]string{"68.33", "68.33", "57.50", "85.00"},
			[]string{"82.00 EUR", "81.99 EUR", "69.00 EUR", "102.00 EUR"},
		},
		{"earlier part first", "1.00 EUR", []string{"1", "1", "1"}, []string{"0.34 EUR", "0.33 EUR", "0.33 EUR"}},
		{"larger remainder first", "1.00 EUR", []string{"1", "2"}, []string{"0.33 EUR", "0.67 EUR"}},
		{"below zero", "-13.75 EUR", []string{"15", "15"}, []string{"-6.88 EUR", "-6.87 EUR"}},
		{"a weight of zero", "1.00 EUR", []string{"0", "0.001"}, []string{"0.00 EUR", "1.00 EUR"}},
		{"nothing to split", "0 JPY", []string{"1", "3"}, []string{"0 JPY", "0 JPY"}},
		{"whole units", "100 JPY", []string{"1", "1", "1"}, []string{"34 JPY", "33 JPY", "33 JPY"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			parts, err := parse(t, test.amount).Allocate(decimals(test.weights...))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, part := range parts {
				got = append(got, part.Text())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("parts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAllocateRefuses(t *testing.T) {
	t.Parallel()
	for name, weights := range map[string][]decimal.Decimal{
		"no weights":        nil,
		"only zero weights": decimals("0", "0.0"),
		"a negative weight": decimals("2", "-1"),
	} {
		if _, err := parse(t, "1.00 EUR").Allocate(weights); !errors.Is(err, money.ErrAllocate) {
			t.Errorf("%s: error %v, want %v", name, err, money.ErrAllocate)
		}
	}
	if _, err := parse(t, "0.125 EUR").Allocate(decimals("1")); !errors.Is(err, money.ErrAllocate) {
		t.Errorf("an amount that is not rounded: error %v, want %v", err, money.ErrAllocate)
	}
	if _, err := (money.Amount{}).Allocate(decimals("1")); !errors.Is(err, money.ErrAllocate) {
		t.Errorf("no amount: error %v, want %v", err, money.ErrAllocate)
	}
}

func TestCurrenciesNeverMix(t *testing.T) {
	t.Parallel()
	euro, dollar := parse(t, "1.00 EUR"), parse(t, "1.00 USD")
	_, added := euro.Add(dollar)
	_, subtracted := euro.Sub(dollar)
	_, summed := money.Sum("EUR", euro, dollar, euro)
	_, fromNothing := (money.Amount{}).Add(money.Amount{})
	_, unknown := money.New(decimal.NewFromInt(1), "XYZ")
	for i, err := range []error{added, subtracted, summed, fromNothing, unknown} {
		if !errors.Is(err, money.ErrCurrency) {
			t.Errorf("case %d: error %v, want %v", i, err, money.ErrCurrency)
		}
	}
	if euro.Equal(dollar) {
		t.Error("a euro equals a dollar")
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	const text = `{"amount":"4136.00","currency":"AUD"}`
	var got money.Amount
	if err := json.Unmarshal([]byte(text), &got); err != nil || !got.Equal(parse(t, "4136.00 AUD")) {
		t.Errorf("%s reads as %s, error %v", text, got, err)
	}
	if data, err := json.Marshal(got); err != nil || string(data) != text {
		t.Errorf("written as %s, error %v", data, err)
	}
	for _, wrong := range []string{
		`null`, `"4136.00 AUD"`, `{}`, `{"amount":"4136.00"}`, `{"currency":"AUD"}`,
		`{"amount":4136.00,"currency":"AUD"}`, `{"amount":"4136","currency":"AUD"}`,
		`{"amount":"4.136e3","currency":"AUD"}`, `{"amount":null,"currency":"AUD"}`,
		`{"amount":"1.00","currency":"XYZ"}`, `{"Amount":"1.00","Currency":"AUD"}`,
		`{"amount":"1.00","currency":"AUD","vat":"0.10"}`,
	} {
		if err := json.Unmarshal([]byte(wrong), new(money.Amount)); err == nil {
			t.Errorf("%s is accepted", wrong)
		}
	}
	for name, amount := range map[string]money.Amount{
		"no amount": {},
		"too fine":  parse(t, "0.01 AUD").Mul(decimal.New(1, -11)),
		"too large": parse(t, "1.00 AUD").Mul(decimal.New(1, 18)),
	} {
		if data, err := json.Marshal(amount); err == nil {
			t.Errorf("%s is written as %s", name, data)
		}
	}
}

// An amount that is absent from a struct stays absent, and 0.00 is an amount like any other.
func TestJSONOmitsOnlyNoAmount(t *testing.T) {
	t.Parallel()
	type line struct {
		Net money.Amount `json:"net,omitzero"`
	}
	for want, value := range map[string]line{
		`{}`: {},
		`{"net":{"amount":"0.00","currency":"AUD"}}`: {Net: parse(t, "0.00 AUD")},
	} {
		if data, err := json.Marshal(value); err != nil || string(data) != want {
			t.Errorf("written as %s, error %v, want %s", data, err, want)
		}
	}
}

func TestAllocationConserves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		amount := anyAmount().Draw(t, "amount").Round()
		weights := rapid.SliceOfN(anyDecimal(0, 1_000_000), 1, 20).Draw(t, "weights")
		weights[rapid.IntRange(0, len(weights)-1).Draw(t, "positive")] = decimal.New(1, -2)
		parts, err := amount.Allocate(weights)
		if err != nil {
			t.Fatal(err)
		}
		if sum, err := money.Sum(amount.Currency(), parts...); err != nil || !sum.Equal(amount) {
			t.Fatalf("parts of %s sum to %s, error %v", amount, sum, err)
		}
		total := decimal.Sum(decimal.Zero, weights...)
		for i, part := range parts {
			// |part − share| < one unit, without a division: both sides times the sum of the weights.
			off := part.Value().Mul(total).Sub(amount.Value().Mul(weights[i])).Abs()
			if unit := decimal.New(1, -amount.Currency().Exponent()); !off.LessThan(unit.Mul(total)) {
				t.Fatalf("part %d of %s over %v is %s, a unit or more off its share", i, amount, weights, part)
			}
			if !part.Equal(part.Round()) || part.Sign()*amount.Sign() < 0 {
				t.Fatalf("part %d of %s is %s", i, amount, part)
			}
		}
	})
}

// Who weighs the same gets the same, but for one unit that the earlier part keeps; and giving the weights
// in another order gives the same parts in that order, as far as no two weigh the same.
func TestAllocationIsOrderStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		amount := anyAmount().Filter(func(a money.Amount) bool { return a.Sign() >= 0 }).Draw(t, "amount").Round()
		weights := decimals("1", "1", "2", "3", "3", "5")
		order := rapid.Permutation([]int{0, 1, 2, 3, 4, 5}).Draw(t, "order")
		shuffled := make([]decimal.Decimal, len(order))
		for to, from := range order {
			shuffled[to] = weights[from]
		}
		parts, err := amount.Allocate(shuffled)
		if err != nil {
			t.Fatal(err)
		}
		for i := range parts {
			for j := range i {
				if shuffled[i].Equal(shuffled[j]) && parts[i].Value().GreaterThan(parts[j].Value()) {
					t.Fatalf("%s over %v: part %d gets more than part %d", amount, shuffled, i, j)
				}
			}
		}
		again, _ := amount.Allocate(slices.Clone(shuffled))
		if diff := cmp.Diff(parts, again); diff != "" {
			t.Fatalf("allocated again (-first +second):\n%s", diff)
		}
	})
}

func TestEveryAmountComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		amount := anyAmount().Draw(t, "amount")
		if got, err := money.Parse(amount.Text()); err != nil || !got.Equal(amount) || got.Text() != amount.Text() {
			t.Fatalf("%s comes back as %s, error %v", amount, got, err)
		}
		var got money.Amount
		data, err := json.Marshal(amount)
		if err == nil {
			err = json.Unmarshal(data, &got)
		}
		if err != nil || !got.Equal(amount) {
			t.Fatalf("%s comes back as %s from %s, error %v", amount, got, data, err)
		}
		rounded := amount.Round()
		if !rounded.Equal(rounded.Round()) || !rounded.Equal(amount.Neg().Round().Neg()) {
			t.Fatalf("rounding %s is not stable or not symmetric", amount)
		}
		if back, err := rounded.Add(amount); err != nil {
			t.Fatal(err)
		} else if back, err = back.Sub(rounded); err != nil || !back.Equal(amount) {
			t.Fatalf("%s + %s − %s = %s, error %v", amount, rounded, rounded, back, err)
		}
	})
}

// Whatever is accepted is the one text of its amount.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"4136.00 AUD", "-0.125 EUR", "500 JPY", "1e9 JPY", "0 ", "-0 JPY", "999999999999999999.00 USD"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		amount, err := money.Parse(text)
		if err != nil {
			if !errors.Is(err, money.ErrSyntax) && !errors.Is(err, money.ErrCurrency) {
				t.Fatalf("%q: %v is of no kind of this package", text, err)
			}
			return
		}
		if amount.Text() != text {
			t.Fatalf("%q comes back as %q", text, amount.Text())
		}
		if _, err := json.Marshal(amount); err != nil {
			t.Fatal(err)
		}
	})
}

func anyAmount() *rapid.Generator[money.Amount] {
	return rapid.Custom(func(t *rapid.T) money.Amount {
		currency := rapid.SampledFrom([]money.Currency{"AUD", "JPY", "KWD"}).Draw(t, "currency")
		amount, err := money.New(anyDecimal(-1_000_000_000_000, 1_000_000_000_000).Draw(t, "value"), currency)
		if err != nil {
			t.Fatal(err)
		}
		return amount
	})
}

func anyDecimal(least, most int64) *rapid.Generator[decimal.Decimal] {
	return rapid.Custom(func(t *rapid.T) decimal.Decimal {
		return decimal.New(rapid.Int64Range(least, most).Draw(t, "digits"), -rapid.Int32Range(-3, 8).Draw(t, "decimals"))
	})
}

func decimals(texts ...string) []decimal.Decimal {
	values := make([]decimal.Decimal, len(texts))
	for i, text := range texts {
		values[i] = decimal.RequireFromString(text)
	}
	return values
}

func parse(t *testing.T, text string) money.Amount {
	t.Helper()
	amount, err := money.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return amount
}
