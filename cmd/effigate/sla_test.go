package main

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/sla"
	"effigate/domain/ticket"
)

// slaPromise wants what is high answered in one hour and solved in four, around the clock.
var slaPromise = sla.Promise{
	Source:  sla.FromFirm,
	Content: sla.Policy{Targets: []sla.Target{{Priority: "high", FirstResponseMinutes: 60, ResolutionMinutes: 240}}},
	Hours:   calendar.Calendar{Zone: "UTC", Always: true},
}

func slaID(name string) domain.TicketID {
	return domain.TicketID{UUID: domain.Derive([16]byte{1}, name)}
}

func slaTime(minutes int) time.Time {
	return time.Date(2026, time.March, 16, 9, minutes, 0, 0, time.UTC)
}

func slaRaised(minutes int) ticket.Raised {
	return ticket.Raised{Contract: domain.ContractID{UUID: slaID("contract").UUID}, JobType: "api", Priority: ticket.High, ForClient: true, At: slaTime(minutes)}
}

// replay tells a ticket its history, as the commands do, in which some others are known.
func (t *slaTicket) replay(others map[domain.TicketID]*slaTicket, told ...ticket.Event) *slaTicket {
	t.other = ticket.Rehearse(slaPromise)
	for _, event := range told {
		t.apply(event, slaView{other: true}, func(id domain.TicketID) *slaTicket { return others[id] })
	}
	return t
}

// A ticket that was promised nothing brings to the one that goes on the time that it would have used.
func TestWhatIfRehearsesMergedTickets(t *testing.T) {
	t.Parallel()
	from := new(slaTicket).replay(nil, slaRaised(0), ticket.Merged{Into: slaID("into"), At: slaTime(120)})
	taken := ticket.MergedIn{Staff: ticket.MergedInStaff{From: slaID("from"), Clock: from.history.Clock}, At: slaTime(120)}
	for name, test := range map[string]struct {
		others map[domain.TicketID]*slaTicket
		want   sla.State
	}{
		"known":         {map[domain.TicketID]*slaTicket{slaID("from"): from}, sla.MetLate},
		"not looked at": {nil, sla.Met},
	} {
		into := new(slaTicket).replay(test.others, slaRaised(100), taken, ticket.Resolved{At: slaTime(300)})
		if got, _ := into.other.Clock.Reading(sla.Resolution, slaTime(300)); got.State != test.want {
			t.Errorf("%s: it ended %s, want %s", name, got.State, test.want)
		}
	}
}

// What ended before anything was promised counts for nothing, whatever is promised now.
func TestReportLeavesOutWhatWasNotPromised(t *testing.T) {
	t.Parallel()
	pinned := ticket.SLAPinned{Staff: ticket.SLAPinnedStaff{Pin: slaPromise.Select("high", "api", slaTime(0))}, At: slaTime(10)}
	answered := ticket.Commented{Visibility: domain.ClientVisible, At: slaTime(5)}
	late := new(slaTicket).replay(nil, slaRaised(0), answered, pinned)
	v := slaView{tickets: []*slaTicket{late}, now: slaTime(20)}
	if diff := cmp.Diff([]slaTally{{Goal: sla.Resolution, Priority: "high", Open: 1}}, v.tally(v.clock)); diff != "" {
		t.Errorf("the report (-want +got):\n%s", diff)
	}
}

// A breach stays one when the ticket is cancelled afterwards: it used to be left out, so that cancelling what is late
// made the report better. What was cancelled in time counts for nothing.
func TestReportCountsBreachesOfCancelledTickets(t *testing.T) {
	t.Parallel()
	pinned := ticket.SLAPinned{Staff: ticket.SLAPinnedStaff{Pin: slaPromise.Select("high", "api", slaTime(0))}, At: slaTime(0)}
	cancelled := new(slaTicket).replay(nil, slaRaised(0), pinned, ticket.Cancelled{At: slaTime(120)})
	v := slaView{tickets: []*slaTicket{cancelled}, now: slaTime(500)}
	if diff := cmp.Diff([]slaTally{{Goal: sla.FirstResponse, Priority: "high", Breached: 1}}, v.tally(v.clock)); diff != "" {
		t.Errorf("the report (-want +got):\n%s", diff)
	}
}

// A breach stays where it was written down, also when a ticket is taken in that would have had it earlier. Otherwise it
// follows to the second.
func TestReproducesBreachesOfMergedTickets(t *testing.T) {
	t.Parallel()
	pinned := ticket.SLAPinned{Staff: ticket.SLAPinnedStaff{Pin: slaPromise.Select("high", "api", slaTime(0))}, At: slaTime(100)}
	breached := ticket.SLAStateReached{Goal: sla.Resolution, State: sla.Breached, Staff: ticket.SLAStateReachedStaff{Cycle: 1}, At: slaTime(340)}
	early := new(slaTicket).replay(nil, slaRaised(0), pinned, ticket.Merged{Into: slaID("into"), At: slaTime(400)})
	taken := ticket.MergedIn{Staff: ticket.MergedInStaff{From: slaID("from"), Clock: early.history.Clock}, At: slaTime(400)}
	shifted := breached
	shifted.At = slaTime(341)
	for name, test := range map[string]struct {
		told []ticket.Event
		want error
	}{
		"as it was":             {[]ticket.Event{slaRaised(100), pinned, breached}, nil},
		"taken in":              {[]ticket.Event{slaRaised(100), pinned, breached, taken}, nil},
		"written down too late": {[]ticket.Event{slaRaised(100), pinned, shifted}, errDifference},
	} {
		v := slaView{tickets: []*slaTicket{new(slaTicket).replay(nil, test.told...)}, now: slaTime(500), out: t.Output()}
		if got := v.reproduce(); !errors.Is(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
