package ticket_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/ticket"
)

// TestBreaches are those that were written down, under the contract of that instant, whatever became of the ticket.
func TestBreaches(t *testing.T) {
	t.Parallel()
	instant := func(hour int) time.Time { return time.Date(2026, time.March, 16, hour, 0, 0, 0, time.UTC) }
	first := domain.ContractID{UUID: domain.Derive([16]byte{1}, "first")}
	second := domain.ContractID{UUID: domain.Derive([16]byte{1}, "second")}
	late := ticket.TargetConcluded{Goal: sla.Resolution, State: sla.MetLate, At: instant(15)}
	late.Staff = ticket.TargetConcludedStaff{Cycle: 1, GoalSeconds: 3600, ElapsedSeconds: 5400, Breached: instant(12)}
	again := late
	again.Staff.ElapsedSeconds = 7200
	met := ticket.TargetConcluded{Goal: sla.NextResponse, State: sla.Met, Staff: ticket.TargetConcludedStaff{Cycle: 1, GoalSeconds: 60, ElapsedSeconds: 30}, At: instant(10)}
	past := []ticket.Event{
		ticket.Raised{Contract: first, At: instant(9)},
		ticket.SLAStateReached{Goal: sla.Resolution, State: sla.NearBreach, Staff: ticket.SLAStateReachedStaff{Cycle: 1}, At: instant(10)},
		met,
		ticket.SLAStateReached{Goal: sla.Resolution, State: sla.Breached, Staff: ticket.SLAStateReachedStaff{Cycle: 1}, At: instant(12)},
		ticket.ScopeEstimated{Contract: second, At: instant(13)},
		ticket.ScopeApproved{At: instant(13)},
		ticket.SLAStateReached{Goal: sla.FirstResponse, State: sla.Breached, Staff: ticket.SLAStateReachedStaff{Cycle: 1}, At: instant(14)},
		late,
		ticket.BreachExcused{Goal: sla.FirstResponse, Staff: ticket.BreachExcusedStaff{Cycle: 1, Why: ticket.Mistake, Reason: "answered by phone"}, At: instant(16)},
		again,
	}
	want := []ticket.Breach{
		{Goal: sla.Resolution, Cycle: 1, Breached: instant(12), Contract: first, OverrunSeconds: 3600},
		{Goal: sla.FirstResponse, Cycle: 1, Breached: instant(14), Contract: second, Running: true, Excused: ticket.Mistake, Reason: "answered by phone"},
	}
	if diff := cmp.Diff(want, ticket.Breaches(past)); diff != "" {
		t.Errorf("breaches (-want +got):\n%s", diff)
	}
}
