package main

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/slapolicy"
	"effigate/domain/ticket"
	"effigate/infra/web/console"
)

// What the console replays from the streams of some tickets is what the command makes of the whole log.
func TestTheConsoleReplaysAsTheCommand(t *testing.T) {
	t.Parallel()
	log := importedLog(t)
	policy := domain.SLAPolicyID{UUID: uuid.MustParse("5e1f0000-0000-4000-8000-0000000000aa")}
	_, err := log.Append(t.Context(), domain.Append{
		Stream: slapolicy.Stream(policy), Expected: domain.NoStream, Command: domain.CommandID{UUID: policy.UUID},
		Events: []domain.Event{slapolicy.Published{Policy: policy, Version: 1, Staff: slapolicy.PublishedStaff{Name: "Strict", From: "2026-01-01", Policy: slaTestPolicy}, At: slaTestNow}},
	})
	if err != nil {
		t.Fatal(err)
	}
	whole := slaLook(t, log, slaOptions{rules: rules{policy: policy.String() + "@1"}})
	_, after, differences := whole.compare()
	q := console.WhatIf{Policy: sla.Ref{ID: policy.UUID}, SupportLevel: "standard"}
	for _, recorded := range log.All() {
		if raised, first := recorded.Event.(ticket.Raised); first {
			q.Tickets = append(q.Tickets, raised.Ticket)
		}
	}
	found, err := rehearse(t.Context(), log, slaTestNow, q)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(consoleTally(after), found.After); diff != "" || len(found.After) == 0 {
		t.Errorf("what would have been (-command +console):\n%s", diff)
	}
	if len(found.Differences) != len(differences) || len(differences) == 0 {
		t.Errorf("%d targets differ, and %d by the command", len(found.Differences), len(differences))
	}
	// Half of the tickets, in the other order, come to less.
	q.Tickets = q.Tickets[:len(q.Tickets)/2]
	half, err := rehearse(t.Context(), log, slaTestNow, q)
	if err != nil || len(half.Differences) >= len(differences) {
		t.Errorf("of half of the tickets %d targets differ, %v", len(half.Differences), err)
	}
	q.Policy.ID = uuid.MustParse("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
	if _, err := rehearse(t.Context(), log, slaTestNow, q); err == nil {
		t.Error("a policy that was never published holds")
	}
}
