package messaging_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/ticket"
	"effigate/infra/messaging"
	"effigate/infra/postgres"
)

// A merge that died after its first step is completed by the lane, a level of the ladder does what it says, and a fact
// that comes again does nothing more. What was missed is given back for once the client sees the ticket.
func TestWhatFollowsFromPromisesIsCarriedOn(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.engage(t)
	engineer := domain.PersonID{UUID: send(t, f, f.service.InvitePerson, commands.InvitePerson{Role: domain.Engineer})}
	send(t, f, f.service.PublishSLAPolicy, commands.PublishSLAPolicy{
		Name: "Usual", Layer: sla.FromFirm, From: "2026-01-01", Content: sla.Policy{
			Targets: []sla.Target{{Priority: "high", ResolutionMinutes: 60}},
			Ladder:  []sla.Level{{Level: 1, Percent: 90, Action: sla.Reassign, To: engineer.UUID}},
		},
	})
	raise := commands.RaiseTicket{Client: f.client, Contract: f.contract, JobType: "api", Title: "Export stops", Priority: ticket.High}
	from, into := domain.TicketID{UUID: send(t, f, f.service.RaiseTicket, raise)}, domain.TicketID{UUID: send(t, f, f.service.RaiseTicket, raise)}
	cut(t, f, func(s *commands.Service) func(context.Context, commands.Request, commands.MergeTickets) (commands.Answer, error) {
		return s.MergeTickets
	}, commands.MergeTickets{Ticket: from, Into: into})
	week := f.request("tick", "week")
	week.Actor, week.At = domain.System(), monday.AddDate(0, 0, 7)
	if _, err := f.service.TickTicket(t.Context(), week, into); err != nil {
		t.Fatal(err)
	}
	service := commands.NewService(f.world.client, postgres.NewAnswers(f.staff))
	lane := messaging.Promises(service, func() time.Time { return week.At }, f.logger)
	for round := range 3 {
		if given := f.kinds(t, 0)["period.deduction_proposed.v1"]; given != 0 {
			t.Errorf("%d deductions for a ticket that the client does not see", given)
		}
		if round == 2 {
			send(t, f, f.service.PublishTicket, commands.PublishTicket{Ticket: into})
		}
		for _, fact := range f.all(t) {
			old := round == 2 && fact.Raw.Kind != ticket.Published{}.Kind() // What came before comes no more.
			if old || !slices.Contains(lane.Kinds, fact.Raw.Kind) {
				continue
			}
			if err := lane.React(t.Context(), fact); err != nil {
				t.Errorf("%s: %v", fact.Raw.Kind, err)
			}
		}
	}
	got := f.kinds(t, 0)
	if got["ticket.merged_in.v1"] != 1 || got["ticket.assigned.v1"] != 1 {
		t.Errorf("taken in %d times, assigned %d times; want each once: %v", got["ticket.merged_in.v1"], got["ticket.assigned.v1"], got)
	}
	if got["period.deduction_proposed.v1"] != 1 {
		t.Errorf("once the client sees it, %d deductions are proposed, want 1: %v", got["period.deduction_proposed.v1"], got)
	}
}

// Every edit is told.
func TestEditsAreTold(t *testing.T) {
	t.Parallel()
	told := 0
	lane := messaging.Edits(func() { told++ })
	for range 2 {
		if err := lane.React(t.Context(), domain.Recorded{}); err != nil {
			t.Error(err)
		}
	}
	if told != 2 {
		t.Errorf("told %d times", told)
	}
}
