package ticket_test

import (
	"testing"

	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/ticket"
)

// What-if promises nothing where history could not: about what no contract covers, sorted or moved.
func TestRehearsalOutOfScope(t *testing.T) {
	t.Parallel()
	contract := domain.ContractID{UUID: id("contract")}
	raised := ticket.Raised{Contract: contract, JobType: "api", Priority: ticket.Critical, At: minutes(0)}
	outside := ticket.Raised{OutOfScope: true, Priority: ticket.Critical, At: minutes(0)}
	resolved := ticket.Resolved{At: minutes(300)}
	for name, test := range map[string]struct {
		told []ticket.Event
		want sla.State
	}{
		"covered": {[]ticket.Event{raised, resolved}, sla.MetLate},
		"outside": {[]ticket.Event{outside, resolved}, sla.NotApplicable},
		"outside, with another priority": {
			[]ticket.Event{outside, ticket.Triaged{Priority: ticket.High, At: minutes(1)}, resolved}, sla.NotApplicable,
		},
		"outside, and then covered": {
			[]ticket.Event{outside, ticket.Triaged{Contract: contract, JobType: "api", Priority: ticket.High, At: minutes(1)}, resolved}, sla.Met,
		},
		"covered, and then moved to where no contract is": {
			[]ticket.Event{raised, ticket.ClientChanged{At: minutes(1)}, resolved}, sla.NotApplicable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rehearsal := ticket.Rehearse(always)
			for _, event := range test.told {
				rehearsal = rehearsal.Apply(event)
			}
			if got, _ := rehearsal.Clock.Reading(sla.Resolution, minutes(400)); got.State != test.want {
				t.Errorf("it ended %s, want %s", got.State, test.want)
			}
		})
	}
}
