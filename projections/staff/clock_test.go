package staff_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/sla"
	"effigate/domain/ticket"
	"effigate/projections/staff"
	rows "effigate/readmodels/staff"
)

// TestAClockIsTheReplayOfItsTicket over any events in any order: what the table holds, folded from the events that are
// said to change it, is what all events of the stream lead to.
func TestAClockIsTheReplayOfItsTicket(t *testing.T) {
	t.Parallel()
	stream, all := ticket.Stream(domain.TicketID{UUID: export}), ticket.All()
	rapid.Check(t, func(t *rapid.T) {
		events := []domain.Event{raised(domain.ClientVisible)}
		var replayed ticket.Promises
		now := at(0)
		for _, sample := range rapid.SliceOfN(rapid.IntRange(0, len(all)-1), 0, 20).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "minutes")) * time.Minute)
			event := reflect.New(reflect.TypeOf(all[sample])).Elem()
			event.Set(reflect.ValueOf(all[sample]))
			event.FieldByName("At").Set(reflect.ValueOf(now))
			events = append(events, event.Interface().(domain.Event))
		}
		for _, event := range events {
			replayed = replayed.Apply(event.(ticket.Event))
		}
		row := final(staff.Clocks, stream, events...)
		want, err := json.Marshal(replayed)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), row.Promises); diff != "" {
			t.Fatalf("promises (-replayed +projected):\n%s", diff)
		}
		next, ok := replayed.Next()
		if ok != (row.NextAt != nil) || ok && !row.NextAt.Equal(next) {
			t.Fatalf("next is %v, replayed %v %v", row.NextAt, next, ok)
		}
		clock, err := row.Decode()
		if diff := cmp.Diff(replayed.Clock.Readings(now), clock.Readings(now)); diff != "" || err != nil {
			t.Fatalf("readings: %v (-replayed +projected):\n%s", err, diff)
		}
	})
}

// TestEscalationStandsWhileItsCycleCounts: a pause de-escalates, and the end does.
func TestEscalationStandsWhileItsCycleCounts(t *testing.T) {
	t.Parallel()
	stream := ticket.Stream(domain.TicketID{UUID: export})
	pin := sla.Promise{
		Content: sla.Policy{Targets: []sla.Target{{Priority: "high", ResolutionMinutes: 60}}}, Hours: calendar.Calendar{Zone: "UTC", Always: true},
	}.Select("high", "api", at(0))
	begun := []domain.Event{
		raised(domain.ClientVisible),
		ticket.SLAPinned{Staff: ticket.SLAPinnedStaff{Pin: pin}, At: at(0)},
		ticket.Escalated{Goal: sla.Resolution, Staff: ticket.EscalatedStaff{Cycle: 1, Level: sla.Level{Level: 2}}, At: at(10)},
	}
	for name, c := range map[string]struct {
		then []domain.Event
		want int
	}{
		"it counts":    {nil, 2},
		"it is paused": {[]domain.Event{ticket.WaitingStarted{For: ticket.ForClient, At: at(11)}}, 0},
		"it goes on":   {[]domain.Event{ticket.WaitingStarted{For: ticket.ForClient, At: at(11)}, ticket.WaitingEnded{At: at(12)}}, 2},
		"it has ended": {[]domain.Event{ticket.Resolved{Note: "Done.", At: at(11)}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := final(staff.Clocks, stream, append(begun[:3:3], c.then...)...)
			if row.EscalationLevel != c.want || !row.EscalatedAt.Equal(at(10)) {
				t.Errorf("escalated to %d at %v, want %d", row.EscalationLevel, row.EscalatedAt, c.want)
			}
		})
	}
}

// TestTicketRowFollowsAnEstimate from the question to either answer.
func TestTicketRowFollowsAnEstimate(t *testing.T) {
	t.Parallel()
	stream := ticket.Stream(domain.TicketID{UUID: export})
	beyond := raised(domain.ClientVisible)
	beyond.Contract, beyond.JobType, beyond.OutOfScope = domain.ContractID{}, "", true
	asked := ticket.ScopeEstimated{Contract: domain.ContractID{UUID: agreement}, JobType: "ui", Minutes: 90, Text: "May we?", At: at(1)}
	for name, c := range map[string]struct {
		then   []domain.Event
		status string
		answer string
	}{
		"awaited":  {nil, "awaiting_scope_approval", rows.Awaited},
		"approved": {[]domain.Event{ticket.ScopeApproved{At: at(2)}}, "triaged", rows.Approved},
		"declined": {[]domain.Event{ticket.ScopeDeclined{Reason: "Too dear.", At: at(2)}, ticket.Cancelled{At: at(2)}}, "cancelled", rows.Declined},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := final(staff.Tickets, stream, append([]domain.Event{beyond, asked}, c.then...)...)
			if row.Status != c.status || row.EstimateAnswer != c.answer || row.EstimateMinutes != 90 {
				t.Errorf("row: %+v", row)
			}
			if approved := c.answer == rows.Approved; approved == row.OutOfScope || approved != (row.Contract != nil && row.JobType == "ui") {
				t.Errorf("contract %v, job type %q, out of scope %v", row.Contract, row.JobType, row.OutOfScope)
			}
		})
	}
}
