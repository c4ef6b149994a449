package ticket_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/ticket"
)

// A promise that was missed and then taken back is concluded when the ticket is resolved, with the overrun that it had
// when it was taken back. It used to go on for ever, so that no deduction by overrun could be decided.
func TestMissedAndTakenBackConcludes(t *testing.T) {
	t.Parallel()
	staff := domain.Actor{Side: domain.StaffSide, Role: domain.Owner, Person: domain.PersonID{UUID: id("owner")}}
	var state ticket.State
	var past []ticket.Event
	for _, command := range []ticket.Command{
		ticket.Raise{
			Ticket: domain.TicketID{UUID: id("taken back")}, Client: domain.ClientID{UUID: id("client")}, Contract: domain.ContractID{UUID: id("contract")},
			JobType: "api", Title: "Export stops", Priority: ticket.Critical, Promise: &always, By: staff, At: minutes(0),
		},
		ticket.PinSLA{Promise: sla.Promise{Hours: always.Hours}, Reason: "contract", By: domain.System(), At: minutes(260)},
		ticket.Resolve{Note: "It streams now.", By: staff, At: minutes(900)},
	} {
		events, err := ticket.Decide(state, command)
		if err != nil {
			t.Fatal(err)
		}
		state, past = ticket.Decider.Fold(state, events...), append(past, events...)
	}
	want := []ticket.Breach{{
		Goal: sla.Resolution, Cycle: 1, Breached: minutes(240), Contract: domain.ContractID{UUID: id("contract")}, OverrunSeconds: 20 * 60,
	}}
	if diff := cmp.Diff(want, ticket.Breaches(past)); diff != "" {
		t.Errorf("breaches (-want +got):\n%s", diff)
	}
}
