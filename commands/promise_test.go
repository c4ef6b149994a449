package commands_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/sla"
	"effigate/domain/slapolicy"
	"effigate/domain/terms"
	"effigate/domain/ticket"
)

// publishPolicy publishes a policy that promises so much for High tickets.
func (w *world) publishPolicy(t *testing.T, c commands.PublishSLAPolicy, minutes int) domain.SLAPolicyID {
	t.Helper()
	c.Name = "Promises"
	c.Content.Targets = []sla.Target{{Priority: "high", ResolutionMinutes: minutes}}
	return domain.SLAPolicyID{UUID: must(t)(w.service.PublishSLAPolicy(t.Context(), w.next(owner), c)).ID}
}

// agreed is an active contract of nexus that refers to a policy and a calendar.
func (w *world) agreed(t *testing.T, policy, hours terms.Ref) domain.ContractID {
	t.Helper()
	c := draft(w.nexus)
	c.Terms.Staff.SLAPolicy, c.Terms.Staff.Calendar, c.Terms.Staff.SupportLevel = policy, hours, terms.Always
	drafted := domain.ContractID{UUID: must(t)(w.service.DraftContract(t.Context(), w.next(owner), c)).ID}
	must(t)(w.service.ActivateContract(t.Context(), w.next(owner), commands.ActivateContract{Contract: drafted}))
	return drafted
}

// The policy of the client wins over the contract's, and that over the firm's; a reference with a version means that
// one, any other the version of the day (F17).
func TestWhichPolicyIsPromised(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	want := func(when string, under domain.ContractID, at time.Time, policy sla.Ref, source sla.Source, minutes int) {
		t.Helper()
		got, err := w.service.Promised(ctx, under, at)
		if err != nil {
			t.Fatal(err)
		}
		target, _ := got.Content.Target("high", "", "")
		if diff := cmp.Diff([]any{policy, source, minutes}, []any{got.Policy, got.Source, target.ResolutionMinutes}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	plain := w.contract
	want("without a policy", plain, at, sla.Ref{}, sla.FromNowhere, 0)

	firm := w.publishPolicy(t, commands.PublishSLAPolicy{Layer: sla.FromFirm, From: "2026-01-01"}, 100)
	if firm != slapolicy.FirmDefault() {
		t.Errorf("the firm's policy is %s", firm)
	}
	want("the firm's", plain, at, sla.Ref{ID: firm.UUID, Version: 1}, sla.FromFirm, 100)

	chosen := w.publishPolicy(t, commands.PublishSLAPolicy{From: "2026-01-01"}, 200)
	w.publishPolicy(t, commands.PublishSLAPolicy{Policy: chosen, Base: 1, From: "2026-04-01"}, 201)
	floating, fixed := w.agreed(t, terms.Ref{ID: chosen.UUID}, terms.Ref{}), w.agreed(t, terms.Ref{ID: chosen.UUID, Version: 1}, terms.Ref{})
	april := at.AddDate(0, 1, 0)
	want("the contract's", floating, at, sla.Ref{ID: chosen.UUID, Version: 1}, sla.FromContract, 200)
	want("the contract's, a version later", floating, april, sla.Ref{ID: chosen.UUID, Version: 2}, sla.FromContract, 201)
	want("the version that the contract names", fixed, april, sla.Ref{ID: chosen.UUID, Version: 1}, sla.FromContract, 200)
	must(t)(w.service.SupersedeSLAPolicy(ctx, w.next(owner), commands.SupersedeSLAPolicy{Policy: chosen}))
	want("what a contract chose, it keeps", floating, at, sla.Ref{ID: chosen.UUID, Version: 1}, sla.FromContract, 200)

	own := w.publishPolicy(t, commands.PublishSLAPolicy{Layer: sla.FromClient, Client: w.nexus, From: "2026-04-01"}, 300)
	want("the client's, before its first day", floating, at, sla.Ref{ID: chosen.UUID, Version: 1}, sla.FromContract, 200)
	want("the client's", floating, april, sla.Ref{ID: own.UUID, Version: 1}, sla.FromClient, 300)
	want("another client's", w.foreign, april, sla.Ref{ID: firm.UUID, Version: 1}, sla.FromFirm, 100)
	w.publishPolicy(t, commands.PublishSLAPolicy{Policy: own, Base: 1, From: "2026-04-01"}, 301) // The layer stays.
	want("its next version", floating, april, sla.Ref{ID: own.UUID, Version: 2}, sla.FromClient, 301)
	must(t)(w.service.SupersedeSLAPolicy(ctx, w.next(owner), commands.SupersedeSLAPolicy{Policy: own}))
	want("the client's no more", floating, april, sla.Ref{ID: chosen.UUID, Version: 2}, sla.FromContract, 201)

	_, err := w.service.Promised(ctx, domain.ContractID{UUID: id("nothing")}, at)
	wantRefused(t, err, domain.ErrNotFound, "no_such_contract")
}

// A contract cannot choose the policy of the firm or of a client, a ladder tells nobody who is not there, and a client's
// policy needs the client.
func TestWhatAPolicyIsPublishedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	firm := w.publishPolicy(t, commands.PublishSLAPolicy{Layer: sla.FromFirm, From: "2026-01-01"}, 100)
	c := draft(w.nexus)
	c.Terms.Staff.SLAPolicy = terms.Ref{ID: firm.UUID}
	_, err := w.service.DraftContract(t.Context(), w.next(owner), c)
	wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
	for _, asked := range []commands.PublishSLAPolicy{
		{Layer: sla.FromClient},
		{Layer: sla.FromContract},
		{Layer: sla.FromFirm, Client: w.nexus},
		{Policy: firm, Base: 1, Layer: sla.FromClient, Client: w.nexus},
		{Content: sla.Policy{Ladder: []sla.Level{{Level: 1, Percent: 90, To: w.employee.Person.UUID, Action: sla.AddWatcher}}}},
	} {
		asked.Name, asked.From, asked.Content.Targets = "Promises", "2026-01-01", []sla.Target{{Priority: "high", ResolutionMinutes: 60}}
		_, err := w.service.PublishSLAPolicy(t.Context(), w.next(owner), asked)
		wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
	}
	_, err = w.service.PublishSLAPolicy(t.Context(), w.next(owner), commands.PublishSLAPolicy{Layer: sla.FromClient, Client: domain.ClientID{UUID: id("nothing")}})
	wantRefused(t, err, domain.ErrNotFound, "no_such_client")
}

// newestPin is what a ticket has pinned last, and how often it pinned.
func newestPin(t *testing.T, w *world, on domain.TicketID) (pin sla.Pin, count int) {
	t.Helper()
	for _, event := range w.history(t, on) {
		if pinned, ok := event.(ticket.SLAPinned); ok {
			pin, count = pinned.Staff.Pin, count+1
		}
	}
	return pin, count
}

// An edited calendar reaches open tickets by one event, however many workers tell them, and concluded ones never (A34).
func TestOpenTicketsPinWhatIsPromisedNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hours := domain.CalendarID{UUID: must(t)(w.service.PublishCalendar(t.Context(), w.next(owner), commands.PublishCalendar{
		Name: "Sydney", From: "2026-01-01", Content: calendar.Calendar{Zone: "Australia/Sydney", Week: []calendar.OpenDay{{
			Weekday: calendar.WeekdayOf(time.Tuesday), Hours: []calendar.Interval{{From: "09:00", Until: "17:00"}},
		}}},
	})).ID}
	w.publishPolicy(t, commands.PublishSLAPolicy{Layer: sla.FromFirm, From: "2026-01-01"}, 240)
	w.contract = w.agreed(t, terms.Ref{}, terms.Ref{ID: hours.UUID})
	open, done := w.raised(t, w.employee), w.resolved(t)
	if pin, _ := newestPin(t, w, open); pin.Calendar != (sla.Ref{ID: hours.UUID, Version: 1}) || pin.SupportLevel != "24x7" {
		t.Errorf("pinned %+v", pin)
	}
	must(t)(w.service.AddHoliday(t.Context(), w.next(owner), commands.AddHoliday{Calendar: hours, Day: calendar.SpecialDay{Date: "2026-03-17", Name: "St Patrick"}}))
	var workers sync.WaitGroup
	for i := range 8 {
		service, key := commands.NewService(w.log, w.answers), string(rune('a'+i))
		workers.Go(func() {
			for _, on := range []domain.TicketID{open, done} {
				if _, err := service.PinTicket(t.Context(), request(domain.System(), key+on.String()), w.pin(t, on, "calendar")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	workers.Wait()
	if pin, count := newestPin(t, w, open); count != 2 || pin.Calendar.Version != 2 {
		t.Errorf("the open ticket pinned %d times, last version %d of the calendar", count, pin.Calendar.Version)
	}
	if _, count := newestPin(t, w, done); count != 1 {
		t.Errorf("the resolved ticket pinned %d times", count)
	}
}

// pin says what the contract of a ticket promises now.
func (w *world) pin(t *testing.T, on domain.TicketID, reason string) commands.PinTicket {
	t.Helper()
	promise, err := w.service.Promised(t.Context(), w.contract, at)
	if err != nil {
		t.Fatal(err)
	}
	return commands.PinTicket{Ticket: on, Contract: w.contract, Promise: promise, Reason: reason}
}

// Another priority, contract or client selects the promise anew, and none ends it.
func TestATicketPinsWhatItIsPromised(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	without := w.raised(t, owner)
	if _, count := newestPin(t, w, without); count != 0 {
		t.Errorf("a ticket pinned %d times before there was a policy", count)
	}
	must(t)(w.service.PublishSLAPolicy(ctx, w.next(owner), usualPolicy()))
	on := w.raised(t, owner)
	want := func(when string, source sla.Source, minutes, times int) {
		t.Helper()
		if pin, count := newestPin(t, w, on); pin.Source != source || pin.Target.ResolutionMinutes != minutes || count != times {
			t.Errorf("%s: pinned %d minutes from %q in pin %d, want %d, %q, %d", when, pin.Target.ResolutionMinutes, pin.Source, count, minutes, source, times)
		}
	}
	want("raised", sla.FromFirm, 240, 1)
	must(t)(w.service.TriageTicket(ctx, w.next(agent), commands.TriageTicket{Ticket: on, Contract: w.contract, JobType: "api", Priority: ticket.Low}))
	want("triaged", sla.FromFirm, 2400, 2)
	must(t)(w.service.ChangeTicketClient(ctx, w.next(owner), commands.ChangeTicketClient{Ticket: on, Client: w.orion}))
	want("moved, out of scope", sla.FromNowhere, 0, 3)
	must(t)(w.service.TriageTicket(ctx, w.next(agent), commands.TriageTicket{Ticket: on, Contract: w.foreign, JobType: "api", Priority: ticket.High}))
	want("in scope again", sla.FromFirm, 240, 4)

	on = w.estimated(t)
	want("out of scope", sla.FromNowhere, 0, 0)
	must(t)(w.service.AnswerScope(ctx, w.next(w.admin), commands.AnswerScope{Ticket: on, Approve: true, SHA256: newPage}))
	want("approved", sla.FromFirm, 240, 1)
}

// What passes while nobody looks comes once, at the instants at which it was due, whoever looks first: workers that
// forestall each other, or a person.
func TestTicksActOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := w.promised(t)
	mark := w.mark()
	var workers sync.WaitGroup
	for range 8 {
		service := commands.NewService(w.log, w.answers)
		workers.Go(func() {
			if _, err := service.TickTicket(t.Context(), request(domain.System(), "tick"), on); err != nil {
				t.Error(err)
			}
		})
	}
	workers.Wait()
	must(t)(w.service.StartTicket(t.Context(), w.next(agent), commands.StartTicket{Ticket: on}))
	states, last := map[sla.State]time.Time{}, time.Time{}
	fired := 0
	for _, recorded := range w.log.All()[mark:] {
		var due time.Time
		switch e := recorded.Event.(type) {
		case ticket.SLAStateReached:
			states[e.State], due = e.At, e.At
		case ticket.Escalated:
			due = e.At
		default:
			continue
		}
		if fired++; due.Before(last) {
			t.Errorf("%s of %v comes after that of %v", recorded.Raw.Kind, due, last)
		}
		last = due
	}
	// Raised on a Monday at 20:00 in Sydney: the four hours begin on Tuesday at 09:00.
	began := time.Date(2026, time.March, 9, 22, 0, 0, 0, time.UTC)
	if diff := cmp.Diff(map[sla.State]time.Time{sla.NearBreach: began.Add(3 * time.Hour), sla.Breached: began.Add(4 * time.Hour)}, states); diff != "" {
		t.Errorf("reached (-want +got):\n%s", diff)
	}
	if fired != 6 {
		t.Errorf("%d things fired, want 2 states and 4 levels", fired)
	}
	early := w.next(domain.System())
	early.At = at.AddDate(0, 0, -7)
	idle := w.raised(t, owner)
	if answer := must(t)(w.service.TickTicket(t.Context(), early, idle)); !answer.Position.IsZero() {
		t.Errorf("a tick before anything is due acted at %v", answer.Position)
	}
	w.checkIDs(t)
}
