package ticket_test

import (
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/terms"
	"effigate/domain/ticket"
	"effigate/domain/visible"
)

func TestPriorityOf(t *testing.T) {
	t.Parallel()
	grades := []ticket.Grade{ticket.GradeHigh, ticket.GradeMedium, ticket.GradeLow, ""}
	want := [][]ticket.Priority{
		{ticket.Critical, ticket.High, ticket.Medium, ""},
		{ticket.High, ticket.Medium, ticket.Low, ""},
		{ticket.Medium, ticket.Low, ticket.Low, ""},
		{"", "", "", ""},
	}
	for i, impact := range grades {
		for j, urgency := range grades {
			if got := ticket.PriorityOf(impact, urgency); got != want[i][j] {
				t.Errorf("%q × %q: got %q, want %q", impact, urgency, got, want[i][j])
			}
		}
	}
}

func TestRaiseByGradesAndOutOfScope(t *testing.T) {
	t.Parallel()
	command, event := raise, raised
	command.Priority, command.Impact, command.Urgency = "", ticket.GradeHigh, ticket.GradeMedium
	event.Impact, event.Urgency = ticket.GradeHigh, ticket.GradeMedium
	given().When(command).Then(t, event)
	command.Urgency = ""
	given().When(command).ThenInvalid(t, "priority")
	command.Urgency, command.Impact = "soon", "much"
	given().When(command).ThenInvalid(t, "priority", "impact", "urgency")

	command, event = raise, raised
	command.Contract, command.JobType, command.OutOfScope = domain.ContractID{}, "", true
	event.Contract, event.JobType, event.OutOfScope = domain.ContractID{}, "", true
	given().When(command).Then(t, event)
	command.Contract, command.JobType = contract, "api"
	given().When(command).ThenInvalid(t, "contract", "category")

	command, event = raise, raised
	command.Follows, event.Follows = other, other
	given().When(command).Then(t, event)
	command.By = anna
	given().When(command).ThenInvalid(t, "follows")
}

func TestEditsAndTombstones(t *testing.T) {
	t.Parallel()
	edit := func(by domain.Actor, minute int) ticket.EditComment {
		return ticket.EditComment{Comment: comment("a"), Text: "b", Mentions: []domain.PersonID{ben.Person}, By: by, At: minutes(minute)}
	}
	edited := func(version, minute int) ticket.CommentEdited {
		return ticket.CommentEdited{
			Comment: comment("a"), Text: "b", Mentions: []domain.PersonID{ben.Person}, Version: version, By: emma.Person, At: minutes(minute),
		}
	}
	remove := ticket.DeleteComment{Comment: comment("a"), By: emma, At: minutes(30)}
	deleted := ticket.CommentDeleted{Comment: comment("a"), By: emma.Person, At: minutes(30)}
	wrote := []ticket.Event{raised, commented("a", domain.ClientVisible, emma)}
	given(wrote...).When(edit(emma, 10)).Then(t, edited(0, 10))
	given(wrote...).When(edit(emma, 11)).Then(t, edited(1, 11))
	given(append(wrote, edited(0, 10))...).When(edit(emma, 20)).ThenNothing(t)
	again := edit(emma, 20)
	again.Text = "c"
	third := edited(2, 20)
	third.Text = "c"
	given(append(wrote, edited(1, 11))...).When(again).Then(t, third)
	given(wrote...).When(edit(clara, 5)).ThenRefused(t, domain.ErrForbidden, "not_yours")
	given(wrote...).When(edit(anna, 5)).ThenRefused(t, domain.ErrForbidden, "not_yours")
	given(raised, commented("a", domain.InternalOnly, anna)).When(edit(emma, 5)).ThenRefused(t, domain.ErrNotFound, "no_such_comment")
	given(raised, ticket.Noted{Note: comment("a"), Text: "a", By: anna.Person, At: at}).When(edit(anna, 5)).
		ThenRefused(t, domain.ErrConflict, "note_stays")
	// A client cannot tell a note that was published from a comment.
	given(raised, ticket.Noted{Note: comment("a"), Visibility: domain.ClientVisible, Text: "a", By: anna.Person, At: at}).When(edit(emma, 5)).
		ThenRefused(t, domain.ErrForbidden, "not_yours")
	given(raised, ticket.Commented{Comment: comment("a"), Text: "a", Automatic: true, At: at}).When(edit(domain.System(), 5)).
		ThenRefused(t, domain.ErrForbidden, "not_yours")
	given(wrote...).When(remove).Then(t, deleted)
	given(append(wrote, deleted)...).When(remove).ThenNothing(t)
	given(append(wrote, deleted)...).When(edit(emma, 40)).ThenRefused(t, domain.ErrConflict, "comment_deleted")
	given(append(wrote, edited(ticket.MaxEdits, 20))...).When(again).ThenRefused(t, domain.ErrConflict, "too_many_edits")
	blank := edit(emma, 5)
	blank.Text, blank.Mentions = " ", make([]domain.PersonID, ticket.MaxMentions+1)
	given(wrote...).When(blank).ThenInvalid(t, "text", "mentions")
	own := deleted
	own.By = anna.Person
	given(raised, commented("a", domain.InternalOnly, anna), own).
		When(ticket.Publish{Comments: []domain.CommentID{comment("a")}, By: anna, At: at}).ThenInvalid(t, "comments")
}

// What was struck out before anybody could read it stays unread.
func TestEditsShowWhatWasReadable(t *testing.T) {
	t.Parallel()
	edit := func(text string, minute int) ticket.EditComment {
		return ticket.EditComment{Comment: comment("a"), Text: text, By: anna, At: minutes(minute)}
	}
	s := promised(t, ticket.High, nil)
	s.send(ticket.Comment{Comment: comment("a"), Text: "the secret", By: anna, At: minutes(0)})
	s.send(edit("reviewed", 20))
	s.send(ticket.Publish{Comments: []domain.CommentID{comment("a")}, By: anna, At: minutes(30)})
	if got := edits(s.shown()); len(got) > 0 {
		t.Errorf("the client reads what stood there before: %v", got)
	}
	s.send(edit("corrected", 40))
	s.send(ticket.WithdrawComment{Comment: comment("a"), By: anna, At: minutes(50)})
	if got := edits(s.shown()); len(got) > 0 {
		t.Errorf("a withdrawn comment leaves %v", got)
	}
	s.send(edit("another secret", 60))
	s.send(edit("said again", 70))
	s.send(ticket.Publish{Comments: []domain.CommentID{comment("a")}, By: anna, At: minutes(80)})
	if diff := cmp.Diff(map[int]string{1: "reviewed"}, edits(s.shown())); diff != "" {
		t.Errorf("edits (-want +got):\n%s", diff)
	}
	s.send(ticket.DeleteComment{Comment: comment("a"), By: anna, At: minutes(90)})
	if got := edits(s.shown()); len(got) > 0 {
		t.Errorf("a deleted comment leaves %v", got)
	}
	for _, record := range s.shown() {
		if c, ok := record.(visible.Comment); ok && (!c.Deleted || c.Text != "" || !c.EditedAt.IsZero()) {
			t.Errorf("the tombstone reads %+v", c)
		}
	}
}

func edits(shown visible.Shown) map[int]string {
	texts := map[int]string{}
	for _, record := range shown {
		if edit, ok := record.(visible.Edit); ok {
			texts[edit.Number] = edit.Text
		}
	}
	return texts
}

func TestAttachments(t *testing.T) {
	t.Parallel()
	file := ticket.Attach{Attachment: attachment("a"), Name: "a.log", Type: "text/plain", Size: 1, SHA256: digest, By: anna, At: at}
	with := func(change func(*ticket.Attach)) ticket.Attach {
		command := file
		change(&command)
		return command
	}
	why := ticket.AudienceStaff{Reason: "reviewed"}
	shown, hidden := attached("a", domain.ClientVisible, anna), attached("a", domain.InternalOnly, anna)
	theirs := attached("a", domain.ClientVisible, emma)
	publish := ticket.PublishAttachment{Attachment: attachment("a"), Reason: "reviewed", By: anna, At: at}
	withdraw := ticket.WithdrawAttachment{Attachment: attachment("a"), Reason: "reviewed", By: anna, At: at}
	erase := ticket.EraseAttachment{Attachment: attachment("a"), Reason: "reviewed", By: anna, At: at}
	erased := ticket.AttachmentErased{Attachment: attachment("a"), Staff: why, By: anna.Person, At: at}
	given(raised).When(file).Then(t, hidden)
	given(raised).When(with(func(c *ticket.Attach) { c.By = emma })).Then(t, theirs)
	given(raised, hidden).When(file).ThenNothing(t)
	given(raisedInside).When(with(func(c *ticket.Attach) { c.Visibility = domain.ClientVisible })).ThenRefused(t, domain.ErrConflict, "parent_internal")
	given(raised).When(ticket.Attach{Visibility: "all", Name: "../a", SHA256: strings.ToUpper(digest), By: anna, At: at}).
		ThenInvalid(t, "id", "visibility", "name", "type", "size", "sha256")
	given(raised, hidden).When(publish).Then(t, ticket.AttachmentPublished{Attachment: attachment("a"), Staff: why, By: anna.Person, At: at})
	given(raised, shown).When(publish).ThenNothing(t)
	given(raisedInside, hidden).When(publish).ThenRefused(t, domain.ErrConflict, "parent_internal")
	given(raised, erased).When(publish).ThenRefused(t, domain.ErrNotFound, "no_such_attachment")
	given(raised, hidden, erased).When(publish).ThenRefused(t, domain.ErrNotFound, "no_such_attachment")
	given(raisedInside, hidden).When(ticket.Publish{Attachments: []domain.AttachmentID{attachment("a"), attachment("a")}, Reason: "reviewed", By: anna, At: at}).
		Then(t, ticket.Published{Staff: why, By: anna.Person, At: at}, ticket.AttachmentPublished{Attachment: attachment("a"), By: anna.Person, At: at})
	given(raised).When(ticket.Publish{Attachments: []domain.AttachmentID{attachment("a")}, By: anna, At: at}).ThenInvalid(t, "attachments")
	given(raised, shown).When(withdraw).Then(t, ticket.AttachmentWithdrawn{Attachment: attachment("a"), Staff: why, By: anna.Person, At: at})
	given(raised, hidden).When(withdraw).ThenNothing(t)
	given(raised, theirs).When(withdraw).ThenRefused(t, domain.ErrConflict, "client_wrote")
	given(raised, theirs).When(erase).Then(t, erased)
	given(raised, theirs, erased).When(erase).ThenNothing(t)
	given(raised, theirs).When(ticket.EraseAttachment{Attachment: attachment("a"), By: anna, At: at}).ThenInvalid(t, "reason")

	full := []ticket.Event{raised}
	for i := range ticket.MaxAttachments {
		full = append(full, attached(strconv.Itoa(i), domain.InternalOnly, anna))
	}
	given(full...).When(file).ThenRefused(t, domain.ErrConflict, "too_many_attachments")
	given(full...).When(with(func(c *ticket.Attach) { c.By = emma })).Then(t, theirs) // No refusal tells of hidden files.
}

func TestAWithdrawnFileIsGone(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]ticket.Event{
		"withdrawn": ticket.AttachmentWithdrawn{Attachment: attachment("a"), By: anna.Person, At: later},
		"erased":    ticket.AttachmentErased{Attachment: attachment("a"), By: anna.Person, At: later},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			disclosed(raised, attached("a", domain.ClientVisible, anna), gone).
				Shows(t, record(func(r *visible.Ticket) { r.UpdatedAt = later }), step(0, visible.TicketOpen, at))
		})
	}
}

func TestScope(t *testing.T) {
	t.Parallel()
	outside := raised
	outside.Contract, outside.JobType, outside.OutOfScope = domain.ContractID{}, "", true
	answer := ticket.AnswerScope{Approve: true, SHA256: estimatedSum, Promise: &always, By: emma, At: later}
	approved := ticket.ScopeApproved{By: emma.Person, At: later}
	pinned := ticket.SLAPinned{Staff: ticket.SLAPinnedStaff{Pin: always.Select("high", "design", at), Reason: "scope_approved"}, At: later}
	given(outside, estimated).When(answer).Then(t, approved, pinned)
	state := ticket.Decider.Fold(ticket.State{}, outside, estimated, approved, pinned)
	if state.Status != ticket.StatusTriaged || state.OutOfScope || state.JobType != "design" || state.Contract != contract {
		t.Errorf("after the client's yes: %+v", state)
	}
	no := ticket.AnswerScope{Reason: "Too much.", By: emma, At: later}
	declined := ticket.ScopeDeclined{Reason: "Too much.", By: emma.Person, At: later}
	given(outside, estimated).When(no).Then(t, declined, ticket.Cancelled{By: emma.Person, At: later})
	given(outside, started, estimated).When(no).Then(t, declined)
	given(raised, estimated).When(no).Then(t, declined)
	// What it agrees to is what it read, whatever staff asked it since.
	longer, other := estimated, estimated
	longer.Minutes, other.Text = 960, "Another day of work."
	for _, instead := range []ticket.ScopeEstimated{longer, other} {
		given(outside, estimated, instead).When(answer).ThenRefused(t, domain.ErrConflict, "estimate_changed")
		given(outside, estimated, instead).When(no).Then(t, declined, ticket.Cancelled{By: emma.Person, At: later})
	}
	given(raised, estimated).When(ticket.AnswerScope{Approve: true, By: emma, At: later}).ThenRefused(t, domain.ErrConflict, "estimate_changed")
	given(raised, estimated).When(sentBy(answer, anna)).ThenRefused(t, domain.ErrForbidden, "not_the_client")
	given(raised, estimated).When(sentBy(answer, erik)).ThenRefused(t, domain.ErrNotFound, "no_such_ticket")
	given(raisedInside).When(verbs["estimate"]).ThenRefused(t, domain.ErrConflict, "parent_internal")
	given(raised).When(ticket.EstimateScope{Text: " ", By: anna, At: at}).ThenInvalid(t, "contract", "category", "minutes", "text")

	s := told(t, raise, verbs["estimate"])
	if got := ticketIn(s.shown()); got.State != visible.TicketAwaitingApproval || got.EstimateMinutes != 480 || got.EstimateText == "" {
		t.Errorf("the client is asked %+v", got)
	}
	s.send(ticket.Resume{By: anna, At: later})
	if got := ticketIn(s.shown()); got.State != visible.TicketInProgress || got.EstimateMinutes != 0 || got.EstimateText != "" {
		t.Errorf("the client is asked for nothing, but reads %+v", got)
	}
}

// Each level comes once, somebody who has it in hand stops the rest, and a pause ends the escalation for the client.
func TestEscalation(t *testing.T) {
	t.Parallel()
	promise := office
	promise.Hours = always.Hours
	promise.Content.PausesThirdParty = true
	promise.Content.Targets = []sla.Target{{Priority: "critical", ResolutionMinutes: 100}}
	promise.Content.Floors = []sla.Floor{{Priority: "critical"}}
	s := promised(t, ticket.Critical, &promise)
	s.leads(ticket.Tick{At: minutes(74)})
	s.leads(ticket.Tick{At: minutes(75)}, "resolution near_breach 10:15", "resolution level 1 10:15")
	s.leads(ticket.Tick{At: minutes(75)})
	if got := ticketIn(s.shown()); !got.EscalatedAt.Equal(minutes(75)) || !got.UpdatedAt.Equal(at) {
		t.Errorf("escalated at %s, updated at %s", got.EscalatedAt, got.UpdatedAt)
	}
	s.send(ticket.WaitForThirdParty{By: anna, At: minutes(80)})
	if got := ticketIn(s.shown()); !got.EscalatedAt.IsZero() {
		t.Errorf("escalated while it is paused: %s", got.EscalatedAt)
	}
	s.send(ticket.Resume{By: anna, At: minutes(180)})
	if got := ticketIn(s.shown()); !got.EscalatedAt.Equal(minutes(75)) {
		t.Errorf("escalated at %s", got.EscalatedAt)
	}
	s.leads(ticket.Acknowledge{Note: "mine", By: anna, At: minutes(190)}, "escalation_acknowledged")
	s.leads(ticket.Acknowledge{By: ben, At: minutes(191)})
	s.leads(ticket.Tick{At: minutes(999)}, "resolution breached 12:20")
	s.expect(sla.Resolution, visible.TargetMissed, minutes(200), 0)
	s.leads(ticket.ExcuseBreach{Goal: sla.Resolution, Cycle: 1, Why: terms.Maintenance, Reason: "announced", By: anna, At: minutes(999)}, "breach_excused")
	s.leads(ticket.ExcuseBreach{Goal: sla.Resolution, Cycle: 1, Why: terms.Maintenance, Reason: "again", By: anna, At: minutes(999)})
	s.refuses("invalid_fields", ticket.ExcuseBreach{Goal: sla.Resolution, Cycle: 2, Why: "mood", By: anna, At: minutes(999)})
	s.refuses("no_breach", ticket.ExcuseBreach{Goal: sla.Resolution, Cycle: 2, Why: ticket.Mistake, Reason: "x", By: anna, At: minutes(999)})
}

// The client reads since when its ticket is escalated, and nothing of the levels that follow: their number and their
// instants would tell it the ladder (X1).
func TestLevelsAreNotTold(t *testing.T) {
	t.Parallel()
	promise := always
	promise.Content.Targets = []sla.Target{{Priority: "critical", ResolutionMinutes: 100}}
	promise.Content.Floors = []sla.Floor{{Priority: "critical"}}
	s := promised(t, ticket.Critical, &promise)
	s.leads(ticket.Tick{At: minutes(75)}, "resolution near_breach 10:15", "resolution level 1 10:15")
	first := s.shown()
	s.leads(ticket.Tick{At: minutes(90)}, "resolution level 2 10:30")
	if diff := cmp.Diff(first, s.shown()); diff != "" {
		t.Errorf("a second level changes what the client sees (-first +second):\n%s", diff)
	}
	s.leads(ticket.Tick{At: minutes(160)}, "resolution breached 10:40", "resolution level 3 10:40", "resolution level 4 11:40")
	if got := ticketIn(s.shown()); !got.EscalatedAt.Equal(minutes(75)) {
		t.Errorf("escalated at %s", got.EscalatedAt)
	}
}

// A breach has its due instant, however late it is noticed and whatever comes first (F19). Who is done in that very
// instant is in time.
func TestWhatIsDueInTheInstantOfACommand(t *testing.T) {
	t.Parallel()
	promise := always
	promise.Content.Targets = []sla.Target{{Priority: "low", ResolutionMinutes: 100}}
	resolve := func(at time.Time) ticket.Resolve { return ticket.Resolve{Note: "Done.", By: anna, At: at} }
	begin := func() *story {
		s := promised(t, ticket.Low, &promise)
		s.leads(ticket.Tick{At: minutes(99)}, "resolution near_breach 10:15")
		return s
	}
	begin().leads(resolve(minutes(100)), "resolved", "resolution met")
	begin().leads(resolve(minutes(100).Add(time.Nanosecond)), "resolution breached 10:40", "resolved", "resolution met_late")
	s := begin()
	s.leads(ticket.Tick{At: minutes(100)}, "resolution breached 10:40")
	s.leads(resolve(minutes(100)), "resolved", "resolution met_late")
	s = begin()
	s.send(ticket.Hold{By: anna, At: minutes(99)}) // It pauses nothing.
	s.leads(resolve(minutes(100)), "waiting_ended", "resolved", "resolution breached 10:40", "resolution met_late")
	s = begin()
	s.leads(ticket.Assign{Team: "Platform", By: anna, At: minutes(5000)}, "resolution breached 10:40", "assigned")
	s.leads(ticket.Tick{At: minutes(6000)})
	s = begin()
	s.leads(ticket.Assign{By: anna, At: minutes(5000)}) // It changes nothing, so it tells nothing.
	s = begin()
	s.leads(ticket.Triage{Contract: contract, JobType: "api", Priority: ticket.Low, Promise: func() *sla.Promise {
		shorter := promise
		shorter.Content.Targets = []sla.Target{{Priority: "low", ResolutionMinutes: 10}}
		return &shorter
	}(), By: anna, At: minutes(99)}, "triaged", "sla_pinned")
	s.leads(resolve(minutes(99)), "resolution breached 10:39", "resolved", "resolution met_late")
}

// A target that gets longer is near its breach no more, and may come near it again.
func TestALongerTargetIsNotNear(t *testing.T) {
	t.Parallel()
	s := promised(t, ticket.High, &always)
	s.send(answer("a", 1))
	s.send(ticket.Tick{At: minutes(430)})
	s.expect(sla.Resolution, visible.TargetAtRisk, minutes(480), 0)
	s.send(ticket.Triage{Contract: contract, JobType: "api", Priority: ticket.Low, Promise: &always, By: anna, At: minutes(435)})
	s.expect(sla.Resolution, visible.TargetOnTrack, minutes(4800), 0)
	s.send(ticket.Tick{At: minutes(4790)})
	s.expect(sla.Resolution, visible.TargetAtRisk, minutes(4800), 0)
}

func TestClosingAndReopening(t *testing.T) {
	t.Parallel()
	s := promised(t, ticket.High, &always)
	s.send(ticket.Resolve{Note: "Done.", By: anna, At: minutes(1)})
	closes, waits := s.state.ClosesAt()
	if next, due := s.state.Next(); !waits || !due || !next.Equal(closes) {
		t.Fatalf("closes at %s, next at %s", closes, next)
	}
	until := minutes(1).AddDate(0, 0, 30)
	if got := ticketIn(s.shown()); !got.ReopenUntil.Equal(until) {
		t.Errorf("may be reopened until %s, want %s", got.ReopenUntil, until)
	}
	s.leads(ticket.Tick{At: closes.Add(-time.Second)})
	events := s.send(ticket.Tick{At: closes.Add(time.Hour)})
	want := ticket.Closed{Staff: ticket.ClosedStaff{Automatic: true}, At: closes}
	if diff := cmp.Diff([]ticket.Event{want}, events); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	s.refuses("ticket_closed", ask("late", 60*24*20))
	complain := ticket.Reopen{Comment: comment("r"), Text: "Again.", By: emma, At: until.Add(time.Second)}
	s.refuses("reopen_window_over", complain)
	if err := s.state.MayFollow(emma, nexus); err != nil {
		t.Errorf("a new ticket may not follow: %v", err)
	}
	complain.At = until
	inTime := *s
	inTime.leads(complain, "reopened", "commented")
	s.leads(sentBy(complain, anna), "reopened")
	if err := s.state.MayFollow(emma, nexus); err == nil {
		t.Error("a new ticket follows one that is open")
	}
}

func TestBookkeepingHasBounds(t *testing.T) {
	t.Parallel()
	history := []ticket.Event{raised}
	for i := range ticket.MaxLinks {
		link := ticket.LinkedStaff{Other: domain.TicketID{UUID: id("linked " + strconv.Itoa(i))}, Relation: ticket.RelatesTo}
		history = append(history, ticket.Linked{Staff: link, By: anna.Person, At: at})
	}
	for i := range ticket.MaxWatchers {
		history = append(history, ticket.Watched{Staff: ticket.WatchedStaff{Person: domain.PersonID{UUID: id("watcher " + strconv.Itoa(i))}}, At: at})
	}
	given(history...).When(verbs["link"]).ThenRefused(t, domain.ErrConflict, "too_many_links")
	given(history...).When(verbs["watch"]).ThenRefused(t, domain.ErrConflict, "too_many_watchers")
	given(raised).When(ticket.Link{Other: other, Relation: "likes", By: anna, At: at}).ThenInvalid(t, "relation")
	given(raised).When(ticket.Watch{By: anna, At: at}).ThenInvalid(t, "person")
	given(raised).When(ticket.Merge{Into: subject, IntoState: goesOn(domain.ClientVisible), By: anna, At: at}).ThenInvalid(t, "into")
	given(raised).When(ticket.PinSLA{Promise: always, By: anna, At: at}).ThenInvalid(t, "reason")
	given(raised, merged).When(ticket.Note{Note: comment("n"), Visibility: domain.ClientVisible, Text: "x", By: anna, At: at}).
		ThenRefused(t, domain.ErrConflict, "ticket_over")
	linked := ticket.LinkedStaff{Other: other, Relation: ticket.Blocks}
	given(raised, ticket.Linked{Staff: linked, At: at}).When(verbs["link"]).ThenNothing(t)
	given(raised, ticket.Linked{Staff: linked, At: at}).When(verbs["unlink"]).Then(t, ticket.Unlinked{Staff: linked, By: anna.Person, At: later})
}

// A strip tells what the client waited for, and neither which third party nor when staff looked at the clock.
func TestStrip(t *testing.T) {
	t.Parallel()
	strip := func(s *story) string {
		for _, record := range s.shown() {
			if target, ok := record.(visible.Target); ok && target.Goal == string(sla.Resolution) {
				return target.Strip
			}
		}
		return ""
	}
	promise := office
	promise.Content.PausesThirdParty, promise.Content.PausesOnHold = true, true
	command := raise
	command.Promise, command.At = &promise, time.Date(2026, time.March, 15, 23, 0, 0, 0, time.UTC) // Monday 10:00 in Sydney.
	s := told(t, command)
	const first = `{"from":"2026-03-15T23:00:00Z","until":"2026-03-16T00:00:00Z","doing":"counting","seconds":3600}`
	s.send(ticket.WaitForThirdParty{Reason: "vendor", By: anna, At: command.At.Add(time.Hour)})
	s.send(ticket.Hold{Reason: "budget", By: anna, At: command.At.Add(2 * time.Hour)})
	if got, want := strip(s), "["+first+"]"; got != want {
		t.Errorf("paused: %s, want %s", got, want)
	}
	s.send(ticket.Resume{By: anna, At: command.At.Add(3 * time.Hour)})
	want := "[" + first + `,{"from":"2026-03-16T00:00:00Z","until":"2026-03-16T02:00:00Z","doing":"on_hold","seconds":0},` +
		`{"from":"2026-03-16T02:00:00Z","until":"2026-03-16T06:00:00Z","doing":"counting","seconds":14400},` +
		`{"from":"2026-03-16T06:00:00Z","until":"2026-03-16T22:00:00Z","doing":"closed","seconds":0},` +
		`{"from":"2026-03-16T22:00:00Z","until":"2026-03-17T01:00:00Z","doing":"counting","seconds":10800}]`
	if got := strip(s); got != want {
		t.Errorf("running: %s, want %s", got, want)
	}
	missed := command.At.AddDate(0, 0, 9)
	s.send(ticket.Tick{At: missed})
	pinned := promise
	pinned.Policy.Version++
	s.send(ticket.PinSLA{Promise: pinned, Reason: "policy", By: domain.System(), At: missed})
	if got := strip(s); got != want {
		t.Errorf("missed: %s, want %s", got, want)
	}
}

// A ticket that client and staff write on for years, under a promise, must not cost more for each message than a new
// one. Memory is measured because it is the same on every machine; so this test runs alone.
func TestALongConversationFoldsInProportion(t *testing.T) {
	allocated := func(n int) float64 {
		history := []ticket.Event{raised, ticket.SLAPinned{Staff: ticket.SLAPinnedStaff{Pin: office.Select("high", "api", at)}, At: at}}
		for i := range n {
			by := []domain.Actor{anna, emma}[i%2]
			said := commented(strconv.Itoa(i), domain.ClientVisible, by)
			said.At = at.Add(time.Duration(i) * time.Hour)
			history = append(history, said)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		foldBoth(history)
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc - before.TotalAlloc)
	}
	if short, long := allocated(1000), allocated(5000); long > 10*short {
		t.Errorf("5 times the messages took %.1f times the memory, %.0f bytes", long/short, long)
	}
}
