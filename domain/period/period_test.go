package period_test

import (
	"testing"
	"time"

	"effigate/domain/bucket"
	"effigate/domain/hours"
	"effigate/domain/period"
	"effigate/domain/spec"
)

func TestStoredForm(t *testing.T) {
	t.Parallel()
	spec.Stored(t, "period", period.All())
	spec.NothingOfStaff(t)
}

func TestStream(t *testing.T) {
	t.Parallel()
	name := period.Stream(contract, "2026-02")
	if c, month, ok := period.StreamOf(name); !ok || c != contract || month != "2026-02" {
		t.Fatalf("%s is read as %s %s %t", name, c, month, ok)
	}
	for _, name := range []string{
		"", "period-", "contract-" + contract.String(), "period-" + contract.String(), "period-" + contract.String() + "-2026-13",
		"period-" + contract.String() + "-2026-2", "period-" + contract.String() + "-2026-02-01", "period-urn:uuid:" + contract.String() + "-2026-02",
	} {
		if _, _, ok := period.StreamOf(name); ok {
			t.Errorf("%q is read as a period's stream", name)
		}
	}
}

// Section 4 of the product rules: one record of five hours is split at 18:00, the other 26.5 hours are regular;
// 31.5 of the 100 hours were used before.
func TestTheWorkedExample(t *testing.T) {
	t.Parallel()
	s := with(says(), func(s *period.Says) { s.First, s.Granted = false, nil })
	january := lot("hundred", 6000)
	january.RemainingMinutes = 6000 - 1890
	history := run(t, nil,
		period.CarryIn{Closed: period.Closed{CarryOut: []bucket.Lot{january}}, From: "2026-01", Says: s, By: anna, At: at},
		logged("evening", s, evening()),
		logged("a", s, evening(regular("2026-02-11", 8*time.Hour))), logged("b", s, evening(regular("2026-02-12", 8*time.Hour))),
		logged("c", s, evening(regular("2026-02-13", 8*time.Hour))), logged("d", s, evening(regular("2026-02-16", 150*time.Minute))),
		approve(s, "evening", "a", "b", "c", "d"),
	)
	split := found[period.TimeApproved](history)[0]
	if parts := split.Staff.Parts; len(parts) != 2 || parts[0].Condition != hours.Regular || parts[0].BilledMinutes != 120 ||
		parts[1].Condition != hours.AfterHours || parts[1].BilledMinutes != 180 || !parts[1].From.Equal(utc("2026-02-10T07:00:00Z")) {
		t.Fatalf("the evening is split into %+v", parts)
	}
	state := fold(history)
	if got := state.Hours("support", "2026-02-28"); got != (period.Hours{OfMinutes: 6000, UsedMinutes: 63 * 60, RemainingMinutes: 37 * 60}) {
		t.Fatalf("the hours are %+v, want 63 of 100", got)
	}
	if got := state.Values()[0]; got.Time.String() != "3960" || !got.Overage.IsZero() {
		t.Fatalf("the month comes to %+v, want 28.5 × 120 + 3 × 180 = 3960", got)
	}
	alerts := found[period.ThresholdReached](history)
	if len(alerts) != 1 || alerts[0].Percent != 50 || alerts[0].UsedMinutes != 3780 || alerts[0].OfMinutes != 6000 {
		t.Fatalf("the alerts are %+v", alerts)
	}
}
