package period_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"effigate/domain"
	"effigate/domain/period"
)

// What an entry is quoted at is what it counts for when it is approved, and quoting refuses what approving refuses.
func TestAQuoteIsWhatApprovalMakes(t *testing.T) {
	t.Parallel()
	apart := cmpopts.IgnoreFields(period.TimeApproved{}, "By", "At")
	for name, test := range map[string]struct {
		says  period.Says
		entry period.Entry
	}{
		"split at 18:00":         {says(), evening()},
		"time and materials":     {says(line(timeAndMaterials)), evening()},
		"a duration":             {says(), evening(lasting("2026-02-12", 61*time.Second))},
		"which is not for money": {says(), evening(func(e *period.Entry) { e.Billing, e.Reason = period.NonBillable, "training" })},
	} {
		pinned := fold(run(t, nil, period.Pin{Says: test.says, By: anna, At: at}))
		got, err := pinned.Quote(domain.TimeID{UUID: id("a")}, test.entry)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(counted(t, test.says, test.entry), got, apart); diff != "" {
			t.Errorf("%s (-approved +quoted):\n%s", name, diff)
		}
	}
	unpriced := says(line(timeAndMaterials))
	unpriced.Versions[0].Cards = nil
	none := fold(run(t, nil, period.Pin{Says: unpriced, By: anna, At: at}))
	if _, err := none.Quote(domain.TimeID{UUID: id("a")}, evening()); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("without a rate: %v", err)
	}
	if _, err := none.Quote(domain.TimeID{UUID: id("a")}, evening(func(e *period.Entry) { e.JobType = "none" })); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("of no job type: %v", err)
	}
}
