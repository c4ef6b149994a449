package period_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/period"
)

// A deduction is taxed as the most of its month is, and takes no more than what is taxed so: a line below zero in a
// category of its own would be taxed by another rate than what it gives back, and could bring the total below zero.
func TestDeductionsAreTaxedAsTheirMonth(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		charges  map[string]string // amounts by category
		category string            // of the deduction; empty = it waits
	}{
		{"the largest category", map[string]string{"reduced": "600", "standard": "240"}, "reduced"},
		{"of equal ones the first by name", map[string]string{"reduced": "300", "standard": "300"}, "reduced"},
		{"none has room alone", map[string]string{"reduced": "150", "standard": "199.99"}, ""},
		{"the largest has just enough", map[string]string{"reduced": "200", "standard": "10"}, "reduced"},
		{"what is taken back in another category counts with its tax", map[string]string{"reduced": "399.99", "standard": "-100"}, ""},
		{"and leaves room", map[string]string{"reduced": "400", "standard": "-100"}, "reduced"},
	} {
		s := says()
		commands := []period.Command{}
		for category, price := range test.charges {
			commands = append(commands, period.AddCharge{
				Charge: domain.ChargeID{UUID: id(category)}, Line: "support", What: period.OtherCharge, Text: category, Day: "2026-02-03",
				Amount: amount(price), TaxCategory: category, Says: s, By: anna, At: at,
			})
		}
		commands = append(commands, proposed("b", s), confirmed("b"))
		got := charged(fold(run(t, nil, commands...)))
		category := ""
		for _, line := range got.Lines {
			if line.Kind == bill.Deduction {
				category = line.TaxCategory
			}
		}
		if diff := cmp.Diff(test.category, category); diff != "" || (category == "") != (len(got.Taken["2026-02"]) == 0) {
			t.Errorf("%s: category (-want +got):\n%s%v", test.name, diff, printed(got))
		}
	}
}
