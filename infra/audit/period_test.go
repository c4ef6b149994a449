package audit_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/period"
	"effigate/infra/audit"
)

// TestAPeriodExplainsItself prints February as it stands, and as it stood before it was billed.
func TestAPeriodExplainsItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	drafted := w.state(t, w.invoice).Drafted()
	var events []domain.Recorded
	billed := 0
	for recorded, err := range w.log.Read(t.Context(), period.Stream(drafted.Contract, february), domain.NoStream) {
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := recorded.Event.(period.Billed); ok {
			billed = len(events)
		}
		events = append(events, recorded)
	}
	if people := audit.WorkersOf(events); len(people) != 1 || people[0] != owner.Person.UUID {
		t.Errorf("%v have worked", people)
	}
	printed := func(events []domain.Recorded) string {
		p, err := audit.PeriodOf(events, map[uuid.UUID]string{owner.Person.UUID: "Olivia Owner"})
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		if err := p.Print(&text); err != nil {
			t.Fatal(err)
		}
		return text.String()
	}
	now, then := printed(events), printed(events[:billed])
	for _, want := range []string{
		"2026-02 of contract ", ", closed, ", "pin 1 from 2026-02-01: version 1 of the contract, 1 rate card", "33.00 h × 120.00 = 3,960.00",
		"Olivia Owner", "reserved on 2026-03-16", "billed on 2026-03-16: INV-2026-0038", "before tax 3,960.00 AUD\n",
	} {
		if !strings.Contains(now, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(now)
	}
	if strings.Contains(then, "billed on") || !strings.Contains(then, ", open, ") || !strings.Contains(then, "before tax 3,960.00 AUD\n") {
		t.Errorf("before it was billed:\n%s", then)
	}
	if _, err := audit.PeriodOf(nil, nil); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("of no events: %v", err)
	}
}
