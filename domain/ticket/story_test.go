package ticket_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/ticket"
	"effigate/domain/visible"
)

// story is one ticket as people and time move it on.
type story struct {
	t       *testing.T
	state   ticket.State
	history []ticket.Event
}

// promised begins the story of a ticket that emma raised, with a priority and a promise.
func promised(t *testing.T, priority ticket.Priority, promise *sla.Promise) *story {
	t.Helper()
	command := raise
	command.Priority, command.Promise = priority, promise
	return told(t, command)
}

func told(t *testing.T, commands ...ticket.Command) *story {
	t.Helper()
	s := &story{t: t}
	for _, command := range commands {
		s.send(command)
	}
	return s
}

// send gives what a command led to.
func (s *story) send(command ticket.Command) []ticket.Event {
	s.t.Helper()
	events, err := ticket.Decide(s.state, command)
	if err != nil {
		s.t.Fatalf("%T: %v", command, err)
	}
	s.state, s.history = ticket.Decider.Fold(s.state, events...), append(s.history, events...)
	return events
}

func (s *story) refuses(code string, command ticket.Command) {
	s.t.Helper()
	_, err := ticket.Decide(s.state, command)
	if refusal, ok := errors.AsType[*domain.Refusal](err); !ok || refusal.Code != code {
		s.t.Fatalf("%T: %v, want %s", command, err, code)
	}
}

func (s *story) shown() visible.Shown {
	shown := visible.Shown{}
	for _, change := range disclosedBy(s.history) {
		apply(shown, change)
	}
	return shown
}

// target is what the client sees of a goal; zero when that is nothing.
func (s *story) target(goal sla.Goal) visible.Target {
	for _, record := range s.shown() {
		if target, ok := record.(visible.Target); ok && target.Goal == string(goal) {
			target.Strip = ""
			return target
		}
	}
	return visible.Target{}
}

// expect compares what the client sees of a goal.
func (s *story) expect(goal sla.Goal, state string, due time.Time, remaining int64) {
	s.t.Helper()
	want := visible.Target{
		Client: nexus.UUID, ID: domain.Derive(subject.UUID, "target", string(goal)), Ticket: subject.UUID, Goal: string(goal),
		State: state, Due: due, RemainingSeconds: remaining,
	}
	if diff := cmp.Diff(want, s.target(goal)); diff != "" {
		s.t.Fatalf("%s (-want +got):\n%s", goal, diff)
	}
}

// names are the kinds of some events, with what a state or a level was reached by.
func names(events []ticket.Event) string {
	var all []string
	for _, event := range events {
		name := strings.TrimSuffix(strings.TrimPrefix(event.Kind(), "ticket."), ".v1")
		switch e := event.(type) {
		case ticket.SLAStateReached:
			name = fmt.Sprintf("%s %s %s", e.Goal, e.State, e.At.Format("15:04"))
		case ticket.Escalated:
			name = fmt.Sprintf("%s level %d %s", e.Goal, e.Staff.Level.Level, e.At.Format("15:04"))
		case ticket.TargetConcluded:
			name = fmt.Sprintf("%s %s", e.Goal, e.State)
		default:
		}
		all = append(all, name)
	}
	return strings.Join(all, ", ")
}

func (s *story) leads(command ticket.Command, want ...string) {
	s.t.Helper()
	if got := names(s.send(command)); got != strings.Join(want, ", ") {
		s.t.Fatalf("%T led to\n%s, want\n%s", command, got, strings.Join(want, ", "))
	}
}

func answer(name string, minute int) ticket.Comment {
	return ticket.Comment{Comment: comment(name), Visibility: domain.ClientVisible, Text: name, By: anna, At: minutes(minute)}
}

func ask(name string, minute int) ticket.Comment {
	return ticket.Comment{Comment: comment(name), Text: name, By: emma, At: minutes(minute)}
}

func TestA4MergingAndSplittingRevealNothing(t *testing.T) {
	t.Parallel()
	t.Run("an internal ticket that was merged in leaves no trace", func(t *testing.T) {
		t.Parallel()
		inside := told(t, func() ticket.Command {
			command := raise
			command.Ticket, command.By, command.Promise, command.At = other, anna, &always, at.AddDate(0, 0, -3)
			return command
		}())
		s := promised(t, ticket.High, &always)
		before := s.shown()
		inside.send(ticket.Merge{Into: subject, IntoState: s.state, By: anna, At: minutes(5)})
		s.send(ticket.TakeIn{From: other, Clock: inside.state.Clock, By: domain.System(), At: minutes(5)})
		if diff := cmp.Diff(before, s.shown()); diff != "" {
			t.Errorf("shown (-before +after):\n%s", diff)
		}
	})
	t.Run("what a client sees leads to what it sees too, and that stays", func(t *testing.T) {
		t.Parallel()
		s := promised(t, ticket.High, &always)
		s.refuses("parent_internal", ticket.Merge{Into: other, IntoState: goesOn(domain.InternalOnly), By: anna, At: minutes(5)})
		into := goesOn(domain.ClientVisible)
		s.leads(ticket.Merge{Into: other, IntoState: into, By: anna, At: minutes(5)},
			"merged", "first_response cancelled", "resolution cancelled")
		taken, err := ticket.Decide(into, ticket.TakeIn{From: subject, Bound: true, Clock: s.state.Clock, By: domain.System(), At: minutes(5)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = ticket.Decide(ticket.Decider.Fold(into, taken...), ticket.Withdraw{By: anna, At: minutes(6)})
		if refusal, ok := errors.AsType[*domain.Refusal](err); !ok || refusal.Code != "bound" {
			t.Errorf("withdrawing what the client was sent to: %v", err)
		}
		if got := ticketIn(s.shown()); got.State != visible.TicketMerged || got.MergedInto != other.UUID {
			t.Errorf("the client reads %s into %s", got.State, got.MergedInto)
		}
	})
	t.Run("a split shows neither the other ticket nor that there is one", func(t *testing.T) {
		t.Parallel()
		s := promised(t, ticket.High, &always)
		s.send(ticket.Comment{Comment: comment("i"), Text: "inside", By: anna, At: minutes(1)})
		before := s.shown()
		s.send(ticket.SplitOff{Into: other, Comments: []domain.CommentID{comment("i")}, By: anna, At: minutes(2)})
		if diff := cmp.Diff(before, s.shown()); diff != "" {
			t.Errorf("shown (-before +after):\n%s", diff)
		}
	})
	t.Run("what was internal is adopted as internal, what a client wrote only where it is seen", func(t *testing.T) {
		t.Parallel()
		command := raise
		command.By, command.SplitFrom = anna, other
		s := told(t, command)
		adopt := ticket.Adopt{Comment: comment("i"), Author: ben.Person, Text: "inside", Written: minutes(-9), By: anna, At: minutes(1)}
		s.send(adopt)
		adopt.Comment, adopt.ByClient, adopt.Author = comment("c"), true, emma.Person
		s.refuses("parent_internal", adopt)
		s.send(ticket.Publish{By: anna, At: minutes(2)})
		s.send(adopt)
		if diff := cmp.Diff([]string{"inside"}, texts(s.shown())); diff != "" {
			t.Errorf("texts (-want +got):\n%s", diff)
		}
		s.refuses("client_wrote", ticket.Withdraw{By: anna, At: minutes(3)})
	})
}

func texts(shown visible.Shown) []string {
	var all []string
	for _, text := range textsIn(shown) {
		all = append(all, text)
	}
	slices.Sort(all)
	return all
}

func TestA5AMovedTicketLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	command := raise
	command.By, command.OnBehalfOf, command.Promise = anna, emma.Person, &always
	s := told(t, command)
	s.send(ticket.Number{Series: domain.ClientVisible, Number: 41, At: minutes(1)})
	s.send(answer("for Nexus", 2))
	s.send(ticket.Attach{Attachment: attachment("a"), Visibility: domain.ClientVisible, Name: "nexus.log", Type: "text/plain", Size: 1, SHA256: digest, By: anna, At: minutes(3)})
	s.send(ticket.WaitForClient{Comment: comment("q"), Question: "Which export?", By: anna, At: minutes(4)})
	move := ticket.ChangeClient{Client: orion, Contract: contract, JobType: "web", Promise: &office, Reason: "wrong sender", By: anna, At: minutes(5)}
	s.send(move)
	if shown := s.shown(); len(shown) > 0 {
		t.Fatalf("after the move somebody sees %v", shown)
	}
	if series, wants := s.state.Wants(); !wants || series != domain.InternalOnly {
		t.Errorf("wants a number of %q: %t", series, wants)
	}
	if _, forClient := s.state.RaisedFor(); forClient || s.state.VisibleTo(emma) || s.state.VisibleTo(clara) {
		t.Error("the old organisation still has a hold on the ticket")
	}
	s.leads(move)
	s.send(ticket.Publish{By: anna, At: minutes(9)})
	for key := range s.shown() {
		if key.Client != orion.UUID {
			t.Errorf("client %s sees %s %s", key.Client, key.Kind, key.ID)
		}
	}
	if got := texts(s.shown()); len(got) > 0 {
		t.Errorf("the new organisation reads what was written for the old one: %v", got)
	}
	for _, record := range s.shown() {
		target, ok := record.(visible.Target)
		if waited := ok && target.Goal == string(sla.Resolution); strings.Contains(target.Strip, visible.TicketOnHold) != waited ||
			strings.Contains(target.Strip, visible.TicketWaitingForYou) {
			t.Errorf("the new organisation reads what the old one was asked: %s", target.Strip)
		}
	}
	got := ticketIn(s.shown())
	if got.Number != 0 || !got.UpdatedAt.Equal(minutes(9)) || got.RaisedBy != (visible.Ticket{}).RaisedBy {
		t.Errorf("the new organisation sees %+v", got)
	}
}

func TestA5WhatAClientRaisedOrWroteStaysWithIt(t *testing.T) {
	t.Parallel()
	move := ticket.ChangeClient{Client: orion, Contract: contract, JobType: "api", By: anna, At: minutes(9)}
	promised(t, ticket.High, nil).refuses("raised_for_client", move)
	command := raise
	command.By, command.OnBehalfOf = anna, emma.Person
	s := told(t, command, ask("mine", 1))
	s.refuses("client_wrote", move)
	s = told(t, command, ticket.Attach{Attachment: attachment("a"), Name: "mine.log", Type: "text/plain", Size: 1, SHA256: digest, By: emma, At: minutes(1)})
	s.refuses("client_wrote", move)
}

func TestA7AClientSetsNothingOfStaff(t *testing.T) {
	t.Parallel()
	command := raise
	command.SplitFrom, command.Visibility, command.OnBehalfOf = other, domain.InternalOnly, erik.Person
	s := told(t, command)
	raised := s.history[0].(ticket.Raised)
	if raised.Staff != (ticket.RaisedStaff{}) || raised.Visibility != domain.ClientVisible || raised.RaisedBy != emma.Person {
		t.Errorf("a client made it %+v", raised)
	}
	s.send(ticket.Comment{Comment: comment("a"), Visibility: domain.InternalOnly, Automatic: true, Text: "x", By: emma, At: minutes(1)})
	if c := s.history[len(s.history)-1].(ticket.Commented); c.Visibility != domain.ClientVisible || c.Automatic || !c.ByClient {
		t.Errorf("a client wrote %+v", c)
	}
	s.send(ticket.Attach{Attachment: attachment("a"), Visibility: domain.InternalOnly, Name: "a", Type: "text/plain", Size: 1, SHA256: digest, By: emma, At: minutes(1)})
	if a := s.history[len(s.history)-1].(ticket.Attached); a.Visibility != domain.ClientVisible || !a.ByClient {
		t.Errorf("a client attached %+v", a)
	}
	command.Client = orion
	given().When(command).ThenRefused(t, domain.ErrNotFound, "no_such_ticket")
}

func TestA8InternalTicketsCannotBeFound(t *testing.T) {
	t.Parallel()
	command := raise
	command.By, command.Promise = anna, &always
	s := told(t, command)
	s.send(ticket.Attach{Attachment: attachment("a"), Name: "a", Type: "text/plain", Size: 1, SHA256: digest, By: anna, At: minutes(1)})
	s.send(ticket.Tick{At: minutes(1000)})
	if shown := s.shown(); len(shown) > 0 {
		t.Errorf("the client sees %v", shown)
	}
	for _, verb := range verbs {
		if !nobodys(verb) {
			given(s.history...).When(sentBy(verb, clara)).ThenRefused(t, domain.ErrNotFound, "no_such_ticket")
		}
	}
	if err := s.state.MayFollow(clara, nexus); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("following it: %v", err)
	}
}

func TestA12LinkingNeedsTheRightOnBothEnds(t *testing.T) {
	t.Parallel()
	s := promised(t, ticket.High, nil)
	for _, command := range []ticket.Command{verbs["link"], verbs["unlink"], verbs["merge"], verbs["split"], verbs["watch"]} {
		s.refuses("no_such_ticket", sentBy(command, clara))
	}
	s.refuses("invalid_fields", ticket.Link{Other: subject, Relation: ticket.Blocks, By: anna, At: minutes(1)})
	foreign := raised
	foreign.Ticket, foreign.Client = other, orion
	s.refuses("no_such_ticket", ticket.Merge{Into: other, IntoState: ticket.Decider.Fold(ticket.State{}, foreign), By: anna, At: minutes(1)})
	solved := ticket.Decider.Fold(ticket.State{}, raised, resolved)
	if err := solved.MayFollow(emma, nexus); err != nil {
		t.Errorf("emma follows her own ticket: %v", err)
	}
	for who, err := range map[string]error{
		"a colleague who does not see it": solved.MayFollow(erik, nexus), "another organisation": solved.MayFollow(olga, orion),
		"staff for another organisation": solved.MayFollow(anna, orion),
	} {
		if !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("%s follows it: %v", who, err)
		}
	}
}

func TestA21APauseSurvivesAChangeOfPriority(t *testing.T) {
	t.Parallel()
	s := promised(t, ticket.High, &always)
	s.send(answer("a", 30))
	s.send(ticket.WaitForThirdParty{Reason: "vendor", By: anna, At: minutes(60)})
	s.expect(sla.Resolution, visible.TargetPaused, time.Time{}, 7*3600)
	s.leads(ticket.Triage{Contract: contract, JobType: "api", Priority: ticket.Critical, Promise: &always, By: anna, At: minutes(120)}, "triaged", "sla_pinned")
	s.expect(sla.Resolution, visible.TargetPaused, time.Time{}, 3*3600)
	s.send(ticket.Resume{By: anna, At: minutes(600)})
	s.expect(sla.Resolution, visible.TargetOnTrack, minutes(780), 0)
}

func TestA22WhatIsShownAsPausedDoesNotRun(t *testing.T) {
	t.Parallel()
	s := promised(t, ticket.High, &always)
	s.send(ticket.WaitForClient{Comment: comment("q"), Question: "Which export?", By: anna, At: minutes(60)})
	s.leads(ticket.Tick{At: minutes(100_000)})
	s.expect(sla.Resolution, visible.TargetPaused, time.Time{}, 7*3600)
}

func TestA23TimeInResolvedDoesNotCount(t *testing.T) {
	t.Parallel()
	s := promised(t, ticket.High, &always)
	s.leads(ticket.Resolve{Note: "Done.", By: anna, At: minutes(60)}, "resolved", "first_response met", "resolution met")
	s.expect(sla.Resolution, visible.TargetMet, time.Time{}, 0)
	s.send(ticket.Reopen{By: emma, At: minutes(1060)})
	s.expect(sla.Resolution, visible.TargetOnTrack, minutes(1480), 0)
	s.leads(ticket.Resolve{Note: "Done now.", By: anna, At: minutes(1500)},
		"resolution near_breach 07:40", "resolution level 1 07:40", "resolution level 2 08:52", "resolution breached 09:40",
		"resolution level 3 09:40", "resolved", "resolution met_late",
	)
}

func TestA24TheFirstResponseComesFirst(t *testing.T) {
	t.Parallel()
	promise := always
	promise.Content.Targets = []sla.Target{{Priority: "high", FirstResponseMinutes: 240, NextResponseMinutes: 60}}
	s := promised(t, ticket.High, &promise)
	s.send(ask("a", 1))
	s.send(ask("b", 2))
	s.leads(ticket.Tick{At: minutes(170)})
	if got := s.target(sla.NextResponse); got != (visible.Target{}) {
		t.Errorf("a next response is owed: %+v", got)
	}
	s.leads(answer("c", 200), "first_response near_breach 12:00", "first_response level 1 12:00", "commented", "first_response met")
	s.send(ask("d", 210))
	s.expect(sla.NextResponse, visible.TargetOnTrack, minutes(270), 0)
}

func TestA25NothingRunsWhileTheClientIsSilent(t *testing.T) {
	t.Parallel()
	promise := always
	promise.Content.Targets = []sla.Target{{Priority: "high", FirstResponseMinutes: 60, NextResponseMinutes: 60}}
	s := promised(t, ticket.High, &promise)
	s.send(ask("a", 1))
	s.leads(answer("b", 10), "commented", "first_response met")
	s.leads(ticket.Tick{At: minutes(100_000)})
	s.send(ask("c", 100_010))
	s.leads(answer("d", 100_020), "commented", "next_response met")
	s.leads(ticket.Tick{At: minutes(200_000)})
}

func TestA26APriorityThatIsSetLaterSelectsItsTarget(t *testing.T) {
	t.Parallel()
	s := promised(t, ticket.Medium, &always)
	if got := s.target(sla.Resolution); got != (visible.Target{}) {
		t.Errorf("something is promised: %+v", got)
	}
	s.send(ticket.Triage{Contract: contract, JobType: "api", Priority: ticket.Critical, Promise: &always, By: anna, At: minutes(20)})
	s.expect(sla.Resolution, visible.TargetOnTrack, minutes(240), 0)
	s.expect(sla.FirstResponse, visible.TargetOnTrack, minutes(60), 0)
}

func TestA27WhatIsRaisedInAPausedOrClosedStateDoesNotRun(t *testing.T) {
	t.Parallel()
	s := promised(t, ticket.High, &always)
	s.send(ticket.WaitForThirdParty{Reason: "vendor", By: anna, At: at})
	s.leads(ticket.Tick{At: minutes(100_000)})
	s.expect(sla.Resolution, visible.TargetPaused, time.Time{}, 8*3600)

	command := raise
	command.By, command.Imported, command.Promise = domain.System(), true, &always
	s = told(t, command, ticket.Close{Imported: true, By: domain.System(), At: at})
	s.leads(ticket.PinSLA{Promise: always, Reason: "policy", By: domain.System(), At: minutes(1)})
	s.leads(ticket.Tick{At: minutes(100_000)})

	command = raise
	command.Contract, command.JobType, command.OutOfScope, command.Promise = domain.ContractID{}, "", true, &always
	s = told(t, command)
	s.leads(ticket.Tick{At: minutes(100_000)})
	if next, due := s.state.Next(); due {
		t.Errorf("something is due at %s", next)
	}
}

func TestA33ConcludingStoresTimeAndMargin(t *testing.T) {
	t.Parallel()
	s := promised(t, ticket.High, &always)
	s.send(answer("a", 30))
	s.send(ticket.WaitForThirdParty{Reason: "vendor", By: anna, At: minutes(60)})
	s.send(ticket.Resume{By: anna, At: minutes(160)})
	events := s.send(ticket.Resolve{Note: "Done.", By: anna, At: minutes(600)})
	want := ticket.TargetConcluded{
		Goal: sla.Resolution, State: sla.MetLate, At: minutes(600),
		Staff: ticket.TargetConcludedStaff{Cycle: 1, GoalSeconds: 8 * 3600, ElapsedSeconds: 500 * 60, Breached: minutes(580)},
	}
	if diff := cmp.Diff(ticket.Event(want), events[len(events)-1]); diff != "" {
		t.Errorf("concluded (-want +got):\n%s", diff)
	}
}

func TestA34EditsReachOpenClocksByOneEvent(t *testing.T) {
	t.Parallel()
	s := promised(t, ticket.High, &always)
	s.send(answer("a", 30))
	shorter := always
	shorter.Policy.Version = 2
	shorter.Content.Targets = []sla.Target{{Priority: "high", FirstResponseMinutes: 10, ResolutionMinutes: 300}}
	edit := ticket.PinSLA{Promise: shorter, Reason: "policy", By: domain.System(), At: minutes(60)}
	s.leads(edit, "sla_pinned")
	s.leads(edit)
	s.expect(sla.FirstResponse, visible.TargetMet, time.Time{}, 0)
	s.expect(sla.Resolution, visible.TargetOnTrack, minutes(300), 0)
	s.send(ticket.Resolve{Note: "Done.", By: anna, At: minutes(70)})
	edit.Promise, edit.At = always, minutes(80)
	s.leads(edit)
	if got := ticketIn(s.shown()); !got.UpdatedAt.Equal(minutes(70)) {
		t.Errorf("the client reads when the policy changed: %s", got.UpdatedAt)
	}
}

func TestA35WaitingPausesByPolicy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		command ticket.Command
		third   bool
		hold    bool
		paused  bool
	}{
		"the client always":          {ticket.WaitForClient{Comment: comment("q"), Question: "Which?", By: anna, At: minutes(60)}, false, false, true},
		"a third party by policy":    {ticket.WaitForThirdParty{By: anna, At: minutes(60)}, true, false, true},
		"a third party by no policy": {ticket.WaitForThirdParty{By: anna, At: minutes(60)}, false, true, false},
		"on hold by policy":          {ticket.Hold{By: anna, At: minutes(60)}, false, true, true},
		"on hold by no policy":       {ticket.Hold{By: anna, At: minutes(60)}, true, false, false},
		"an estimate always":         {ticket.EstimateScope{Contract: contract, JobType: "api", Minutes: 1, Text: "x", By: anna, At: minutes(60)}, false, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			promise := always
			promise.Content.PausesThirdParty, promise.Content.PausesOnHold = test.third, test.hold
			s := promised(t, ticket.High, &promise)
			s.send(test.command)
			if got := s.target(sla.Resolution); (got.State == visible.TargetPaused) != test.paused {
				t.Errorf("the client reads %+v", got)
			}
		})
	}
}

func TestA37WhatIsNoFirstResponse(t *testing.T) {
	t.Parallel()
	for name, silent := range map[string][]ticket.Command{
		"an internal comment": {ticket.Comment{Comment: comment("a"), Text: "x", By: anna, At: minutes(1)}},
		"a note":              {ticket.Note{Note: comment("a"), Text: "x", By: anna, At: minutes(1)}},
		"an automatic message": {
			ticket.Comment{Comment: comment("a"), Visibility: domain.ClientVisible, Automatic: true, Text: "x", By: anna, At: minutes(1)},
		},
		"a message of the system": {
			ticket.Comment{Comment: comment("a"), Visibility: domain.ClientVisible, Text: "x", By: domain.System(), At: minutes(1)},
		},
		"an automatic message that is published": {
			ticket.Comment{Comment: comment("a"), Automatic: true, Text: "x", By: anna, At: minutes(1)},
			ticket.Publish{Comments: []domain.CommentID{comment("a")}, By: anna, At: minutes(2)},
		},
		"a client's own message": {ask("a", 1)},
		"a beginning":            {ticket.Start{By: anna, At: minutes(1)}, ticket.Assign{Team: "x", By: anna, At: minutes(1)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := promised(t, ticket.High, &always)
			for _, command := range silent {
				s.send(command)
			}
			s.expect(sla.FirstResponse, visible.TargetOnTrack, minutes(120), 0)
		})
	}
	for name, spoken := range map[string][]ticket.Command{
		"a visible comment": {answer("a", 1)},
		"a visible note":    {ticket.Note{Note: comment("a"), Visibility: domain.ClientVisible, Text: "x", By: anna, At: minutes(1)}},
		"a question":        {ticket.WaitForClient{Comment: comment("a"), Question: "x", By: anna, At: minutes(1)}},
		"a published comment": {
			ticket.Comment{Comment: comment("a"), Text: "x", By: anna, At: minutes(1)},
			ticket.Publish{Comments: []domain.CommentID{comment("a")}, By: anna, At: minutes(2)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := promised(t, ticket.High, &always)
			for _, command := range spoken {
				s.send(command)
			}
			s.expect(sla.FirstResponse, visible.TargetMet, time.Time{}, 0)
		})
	}
	t.Run("the message of staff that opened the ticket", func(t *testing.T) {
		t.Parallel()
		command := raise
		command.By, command.OnBehalfOf, command.Promise = anna, emma.Person, &always
		told(t, command).expect(sla.FirstResponse, visible.TargetOnTrack, minutes(120), 0)
	})
}
