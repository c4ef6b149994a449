package ticket_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/spec"
	"effigate/domain/terms"
	"effigate/domain/ticket"
	"effigate/domain/visible"
)

var given = spec.Decider(ticket.Decider).Given

var (
	nexus    = domain.ClientID{UUID: id("client nexus")}
	orion    = domain.ClientID{UUID: id("client orion")}
	contract = domain.ContractID{UUID: id("contract")}
	subject  = domain.TicketID{UUID: id("ticket")}
	at       = time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC)
	later    = at.Add(time.Hour)

	anna = staff("anna", domain.Support)
	ben  = staff("ben", domain.Engineer)
	// Of Nexus: emma raises tickets, erik is another employee, clara is an admin.
	emma  = user("emma", nexus, domain.ClientEmployee)
	erik  = user("erik", nexus, domain.ClientEmployee)
	clara = user("clara", nexus, domain.ClientAdmin)
	olga  = user("olga", orion, domain.ClientAdmin)
)

func id(name string) uuid.UUID { return domain.Derive(uuid.NameSpaceOID, name) }

func comment(name string) domain.CommentID { return domain.CommentID{UUID: id("comment " + name)} }

func staff(name string, role domain.Role) domain.Actor {
	return domain.Actor{Person: domain.PersonID{UUID: id(name)}, Side: domain.StaffSide, Role: role}
}

func user(name string, client domain.ClientID, role domain.Role) domain.Actor {
	return domain.Actor{Person: domain.PersonID{UUID: id(name)}, Side: domain.ClientSide, Role: role, Client: client}
}

var (
	raise = ticket.Raise{
		Ticket: subject, Client: nexus, Contract: contract, JobType: "api", Title: "Export stops",
		Description: "Above 10,000 rows.", Priority: ticket.High, By: emma, At: at,
	}
	raised = ticket.Raised{
		Ticket: subject, Client: nexus, Contract: contract, JobType: "api", Title: "Export stops",
		Description: "Above 10,000 rows.", Priority: ticket.High, Visibility: domain.ClientVisible,
		RaisedBy: emma.Person, ForClient: true, By: emma.Person, At: at,
	}
	raisedInside = insideRaised()
	triaged      = ticket.Triaged{Contract: contract, JobType: "api", Priority: ticket.High, By: anna.Person, At: at}
	started      = ticket.Started{By: anna.Person, At: at}
	asked        = ticket.WaitingStarted{For: ticket.ForClient, By: anna.Person, At: at}
	held         = ticket.WaitingStarted{For: ticket.ForThirdParty, Staff: ticket.WaitingStartedStaff{Reason: "vendor"}, By: anna.Person, At: at}
	resumed      = ticket.WaitingEnded{By: anna.Person, At: at}
	resolved     = ticket.Resolved{Note: "It streams now.", Staff: ticket.ResolvedStaff{Code: "fixed"}, By: anna.Person, At: at}
	closed       = ticket.Closed{By: anna.Person, At: at}
	reopened     = ticket.Reopened{Staff: ticket.ReopenedStaff{Reason: "regression"}, By: anna.Person, At: at}
	published    = ticket.Published{By: anna.Person, At: at}
	withdrawn    = ticket.Withdrawn{By: anna.Person, At: at}
	onHold       = ticket.WaitingStarted{For: ticket.OnHold, Staff: ticket.WaitingStartedStaff{Reason: "vendor"}, By: anna.Person, At: at}
	estimated    = ticket.ScopeEstimated{Contract: contract, JobType: "design", Minutes: 480, Text: "A day of work.", By: anna.Person, At: at}
	merged       = ticket.Merged{Into: other, By: anna.Person, At: at}
)

var other = domain.TicketID{UUID: id("other ticket")}

// estimatedSum is the digest of what estimated asks for.
var estimatedSum = visible.EstimateSHA256(480, "A day of work.")

// goesOn is another ticket of the client, as merging needs to know of it.
func goesOn(visibility domain.Visibility) ticket.State {
	event := insideRaised()
	event.Ticket, event.Visibility = other, visibility
	return ticket.Decider.Fold(ticket.State{}, event)
}

// insideRaised is a ticket that staff raised for nobody.
func insideRaised() ticket.Raised {
	inside := raised
	inside.Visibility, inside.RaisedBy, inside.ForClient, inside.By = domain.InternalOnly, anna.Person, false, anna.Person
	return inside
}

func commented(name string, visibility domain.Visibility, by domain.Actor) ticket.Commented {
	return ticket.Commented{
		Comment: comment(name), Visibility: visibility, ByClient: by.Side == domain.ClientSide,
		Text: name, By: by.Person, At: at,
	}
}

// noted is the note "n".
func noted(visibility domain.Visibility) ticket.Noted {
	return ticket.Noted{Note: comment("n"), Visibility: visibility, Text: "n", By: anna.Person, At: at}
}

// lives is a visible ticket in each state of its life cycle.
var lives = map[string][]ticket.Event{
	"none":     nil,
	"new":      life(),
	"triaged":  life(triaged),
	"progress": life(started),
	"client":   life(asked),
	"third":    life(held),
	"hold":     life(onHold),
	"scope":    life(estimated),
	"resolved": life(resolved),
	"closed":   life(resolved, closed),
	"reopened": life(resolved, reopened),
	"cancel":   life(ticket.Cancelled{By: anna.Person, At: at}),
	"merged":   life(merged),
}

// life is a ticket on which emma wrote "y", and anna keeps a file "y" for herself.
func life(events ...ticket.Event) []ticket.Event {
	return append([]ticket.Event{raised, commented("y", domain.ClientVisible, emma), attached("y", domain.InternalOnly, anna)}, events...)
}

func attached(name string, visibility domain.Visibility, by domain.Actor) ticket.Attached {
	return ticket.Attached{
		Attachment: attachment(name), Visibility: visibility, ByClient: by.Side == domain.ClientSide,
		Name: name + ".log", Type: "text/plain", Size: 1, SHA256: digest, By: by.Person, At: at,
	}
}

// What each command leads to in each state of a ticket that emma raised: the names of the events, "-" for nothing, or "!"
// and the code of the refusal. A row of one cell holds in every state.
const lifeCycle = `
command           new                       triaged                   progress                  client                        third                                   hold                                    scope                                   resolved             closed               reopened                  cancel         merged
triage            triaged                   triaged                   triaged                   triaged                       triaged                                 triaged                                 triaged                                 !wrong_state         !wrong_state         triaged                   !ticket_over   !ticket_over
triage-as-it-is   triaged                   -                         -                         -                             -                                       -                                       -                                       !wrong_state         !wrong_state         -                         !ticket_over   !ticket_over
assign            assigned                  assigned                  assigned                  assigned                      assigned                                assigned                                assigned                                !wrong_state         !wrong_state         assigned                  !ticket_over   !ticket_over
assign-nobody     -                         -                         -                         -                             -                                       -                                       -                                       !wrong_state         !wrong_state         -                         !ticket_over   !ticket_over
start             started                   started                   -                         !wrong_state                  !wrong_state                            !wrong_state                            !wrong_state                            !wrong_state         !wrong_state         -                         !wrong_state   !wrong_state
ask               commented+waiting_started commented+waiting_started commented+waiting_started commented                     commented+waiting_ended+waiting_started commented+waiting_ended+waiting_started commented+waiting_ended+waiting_started !wrong_state         !wrong_state         commented+waiting_started !ticket_over   !ticket_over
hold              waiting_started           waiting_started           waiting_started           waiting_ended+waiting_started -                                       waiting_ended+waiting_started           waiting_ended+waiting_started           !wrong_state         !wrong_state         waiting_started           !ticket_over   !ticket_over
hold-otherwise    waiting_started           waiting_started           waiting_started           waiting_ended+waiting_started waiting_started                         waiting_ended+waiting_started           waiting_ended+waiting_started           !wrong_state         !wrong_state         waiting_started           !ticket_over   !ticket_over
pause             waiting_started           waiting_started           waiting_started           waiting_ended+waiting_started waiting_ended+waiting_started           -                                       waiting_ended+waiting_started           !wrong_state         !wrong_state         waiting_started           !ticket_over   !ticket_over
resume            !wrong_state              !wrong_state              -                         waiting_ended                 waiting_ended                           waiting_ended                           waiting_ended                           !wrong_state         !wrong_state         -                         !wrong_state   !wrong_state
resolve           resolved                  resolved                  resolved                  waiting_ended+resolved        waiting_ended+resolved                  waiting_ended+resolved                  waiting_ended+resolved                  -                    !wrong_state         resolved                  !ticket_over   !ticket_over
resolve-otherwise resolved                  resolved                  resolved                  waiting_ended+resolved        waiting_ended+resolved                  waiting_ended+resolved                  waiting_ended+resolved                  !already_resolved    !wrong_state         resolved                  !ticket_over   !ticket_over
close             !wrong_state              !wrong_state              !wrong_state              !wrong_state                  !wrong_state                            !wrong_state                            !wrong_state                            closed               -                    !wrong_state              !wrong_state   !wrong_state
reopen            !not_resolved             !not_resolved             !not_resolved             !not_resolved                 !not_resolved                           !not_resolved                           !not_resolved                           reopened             reopened             -                         !ticket_over   !ticket_over
reopen-otherwise  !not_resolved             !not_resolved             !not_resolved             !not_resolved                 !not_resolved                           !not_resolved                           !not_resolved                           reopened             reopened             !not_resolved             !ticket_over   !ticket_over
complain          !not_resolved             !not_resolved             !not_resolved             !not_resolved                 !not_resolved                           !not_resolved                           !not_resolved                           reopened+commented   reopened+commented   commented                 !ticket_over   !ticket_over
reopen-silently   !not_resolved             !not_resolved             !not_resolved             !not_resolved                 !not_resolved                           !not_resolved                           !not_resolved                           reopened             reopened             -                         !ticket_over   !ticket_over
cancel            cancelled                 cancelled                 !wrong_state              !wrong_state                  !wrong_state                            !wrong_state                            !wrong_state                            !wrong_state         !wrong_state         !wrong_state              -              !wrong_state
estimate          scope_estimated           scope_estimated           scope_estimated           waiting_ended+scope_estimated waiting_ended+scope_estimated           waiting_ended+scope_estimated           -                                       !wrong_state         !wrong_state         scope_estimated           !ticket_over   !ticket_over
estimate-anew     scope_estimated           scope_estimated           scope_estimated           waiting_ended+scope_estimated waiting_ended+scope_estimated           waiting_ended+scope_estimated           scope_estimated                         !wrong_state         !wrong_state         scope_estimated           !ticket_over   !ticket_over
approve           !nothing_asked            !nothing_asked            !nothing_asked            !nothing_asked                !nothing_asked                          !nothing_asked                          scope_approved                          !nothing_asked       !nothing_asked       !nothing_asked            !nothing_asked !nothing_asked
decline           !nothing_asked            !nothing_asked            !nothing_asked            !nothing_asked                !nothing_asked                          !nothing_asked                          scope_declined                          !nothing_asked       !nothing_asked       !nothing_asked            !nothing_asked !nothing_asked
comment           commented                 commented                 commented                 commented                     commented                               commented                               commented                               commented            !ticket_closed       commented                 !ticket_over   !ticket_over
reply             commented                 commented                 commented                 commented+waiting_ended       commented                               commented                               commented                               commented            !ticket_closed       commented                 !ticket_over   !ticket_over
note              noted
edit              comment_edited            comment_edited            comment_edited            comment_edited                comment_edited                          comment_edited                          comment_edited                          comment_edited       !ticket_closed       comment_edited            !ticket_over   !ticket_over
delete            comment_deleted           comment_deleted           comment_deleted           comment_deleted               comment_deleted                         comment_deleted                         comment_deleted                         comment_deleted      !ticket_closed       comment_deleted           !ticket_over   !ticket_over
attach            attached                  attached                  attached                  attached                      attached                                attached                                attached                                attached             !ticket_closed       attached                  !ticket_over   !ticket_over
publish           -                         -                         -                         -                             -                                       -                                       -                                       -                    -                    -                         !ticket_over   !ticket_over
publish-file      attachment_published      attachment_published      attachment_published      attachment_published          attachment_published                    attachment_published                    attachment_published                    attachment_published attachment_published attachment_published      !ticket_over   !ticket_over
withdraw          !raised_for_client
withdraw-comment  !client_wrote
withdraw-file     -
erase-file        attachment_erased
number            numbered
number-inside     -
merge             merged                    merged                    merged                    merged                        merged                                  merged                                  merged                                  !wrong_state         !wrong_state         merged                    !ticket_over   -
merge-as-same     merged                    merged                    !wrong_state              !wrong_state                  !wrong_state                            !wrong_state                            !wrong_state                            !wrong_state         !wrong_state         !wrong_state              !ticket_over   -
take-in           merged_in
split             split                     split                     split                     split                         split                                   split                                   split                                   split                split                split                     !ticket_over   !ticket_over
adopt             !not_split_off            !not_split_off            !not_split_off            !not_split_off                !not_split_off                          !not_split_off                          !not_split_off                          !not_split_off       !not_split_off       !not_split_off            !ticket_over   !ticket_over
link              linked                    linked                    linked                    linked                        linked                                  linked                                  linked                                  linked               linked               linked                    !ticket_over   !ticket_over
unlink            -
move              !raised_for_client        !raised_for_client        !raised_for_client        !raised_for_client            !raised_for_client                      !raised_for_client                      !wrong_state                            !wrong_state         !wrong_state         !raised_for_client        !ticket_over   !ticket_over
watch             watched                   watched                   watched                   watched                       watched                                 watched                                 watched                                 watched              watched              watched                   !ticket_over   !ticket_over
watch-no-more     -
pin               sla_pinned                sla_pinned                sla_pinned                sla_pinned                    sla_pinned                              sla_pinned                              sla_pinned                              -                    -                    sla_pinned                -              -
tick              -
acknowledge       escalation_acknowledged   escalation_acknowledged   escalation_acknowledged   escalation_acknowledged       escalation_acknowledged                 escalation_acknowledged                 escalation_acknowledged                 -                    -                    escalation_acknowledged   -              -
excuse            !no_breach
import-wait       !already_disclosed
import-resolve    !already_disclosed
import-close      !already_disclosed
import            !already_disclosed
`

var verbs = map[string]ticket.Command{
	"triage":            ticket.Triage{Contract: contract, JobType: "web", Priority: ticket.Low, By: anna, At: later},
	"triage-as-it-is":   ticket.Triage{Contract: contract, JobType: "api", Priority: ticket.High, By: anna, At: later},
	"assign":            ticket.Assign{Assignee: ben.Person, Team: "Platform", By: anna, At: later},
	"assign-nobody":     ticket.Assign{By: anna, At: later},
	"start":             ticket.Start{By: anna, At: later},
	"comment":           ticket.Comment{Comment: comment("x"), Text: "x", By: anna, At: later},
	"reply":             ticket.Comment{Comment: comment("x"), Text: "x", By: emma, At: later},
	"note":              ticket.Note{Note: comment("x"), Text: "x", By: anna, At: later},
	"ask":               ticket.WaitForClient{Comment: comment("x"), Question: "x", By: anna, At: later},
	"hold":              ticket.WaitForThirdParty{Reason: "vendor", By: anna, At: later},
	"hold-otherwise":    ticket.WaitForThirdParty{Reason: "another vendor", By: anna, At: later},
	"resume":            ticket.Resume{By: anna, At: later},
	"resolve":           ticket.Resolve{Note: "It streams now.", Code: "fixed", By: ben, At: later},
	"resolve-otherwise": ticket.Resolve{Note: "It was the proxy.", Code: "fixed", By: ben, At: later},
	"close":             ticket.Close{By: anna, At: later},
	"reopen":            ticket.Reopen{Text: "regression", By: anna, At: later},
	"reopen-otherwise":  ticket.Reopen{Text: "another reason", By: anna, At: later},
	"complain":          ticket.Reopen{Comment: comment("x"), Text: "x", By: emma, At: later},
	"reopen-silently":   ticket.Reopen{Comment: comment("x"), By: emma, At: later},
	"publish":           ticket.Publish{By: anna, At: later},
	"withdraw":          ticket.Withdraw{By: anna, At: later},
	"number":            ticket.Number{Series: domain.ClientVisible, Number: 41, At: later},
	"number-inside":     ticket.Number{Series: domain.InternalOnly, Number: 41, At: later},
	"import-wait":       ticket.WaitForClient{Imported: true, By: anna, At: later},
	"import-resolve":    ticket.Resolve{Note: "x", Imported: true, By: anna, At: later},
	"import-close":      ticket.Close{Imported: true, By: anna, At: later},
	"import":            ticket.Import{From: origin, By: anna, At: later},
	"pause":             ticket.Hold{Reason: "vendor", By: anna, At: later},
	"cancel":            ticket.Cancel{Reason: "a mistake", By: anna, At: later},
	"merge":             ticket.Merge{Into: other, IntoState: goesOn(domain.ClientVisible), By: anna, At: later},
	"merge-as-same":     ticket.Merge{Into: other, IntoState: goesOn(domain.ClientVisible), Duplicate: true, By: anna, At: later},
	"take-in":           ticket.TakeIn{From: other, Bound: true, By: anna, At: later},
	"split":             ticket.SplitOff{Into: other, Comments: []domain.CommentID{comment("y")}, By: anna, At: later},
	"adopt":             ticket.Adopt{Comment: comment("x"), Author: emma.Person, ByClient: true, Text: "x", Written: at, By: anna, At: later},
	"link":              ticket.Link{Other: other, Relation: ticket.Blocks, By: anna, At: later},
	"unlink":            ticket.Unlink{Other: other, Relation: ticket.Blocks, By: anna, At: later},
	"move":              ticket.ChangeClient{Client: orion, Contract: contract, JobType: "api", By: anna, At: later},
	"estimate":          ticket.EstimateScope{Contract: contract, JobType: "design", Minutes: 480, Text: "A day of work.", By: anna, At: later},
	"estimate-anew":     ticket.EstimateScope{Contract: contract, JobType: "design", Minutes: 960, Text: "Two days.", By: anna, At: later},
	"approve":           ticket.AnswerScope{Approve: true, SHA256: estimatedSum, By: emma, At: later},
	"decline":           ticket.AnswerScope{Reason: "Too much.", By: emma, At: later},
	"attach":            ticket.Attach{Attachment: attachment("x"), Name: "x.log", Type: "text/plain", Size: 1, SHA256: digest, By: emma, At: later},
	"publish-file":      ticket.PublishAttachment{Attachment: attachment("y"), By: anna, At: later},
	"withdraw-file":     ticket.WithdrawAttachment{Attachment: attachment("y"), By: anna, At: later},
	"erase-file":        ticket.EraseAttachment{Attachment: attachment("y"), Reason: "malware", By: anna, At: later},
	"edit":              ticket.EditComment{Comment: comment("y"), Text: "z", By: emma, At: later},
	"delete":            ticket.DeleteComment{Comment: comment("y"), By: emma, At: later},
	"withdraw-comment":  ticket.WithdrawComment{Comment: comment("y"), By: anna, At: later},
	"pin":               ticket.PinSLA{Promise: always, Reason: "policy", By: domain.System(), At: later},
	"tick":              ticket.Tick{At: later},
	"acknowledge":       ticket.Acknowledge{By: anna, At: later},
	"excuse":            ticket.ExcuseBreach{Goal: sla.Resolution, Cycle: 1, Why: terms.Maintenance, Reason: "announced", By: anna, At: later},
	"watch":             ticket.Watch{Person: ben.Person, By: anna, At: later},
	"watch-no-more":     ticket.Watch{Person: ben.Person, End: true, By: anna, At: later},
}

func attachment(name string) domain.AttachmentID {
	return domain.AttachmentID{UUID: id("attachment " + name)}
}

const digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

var origin = ticket.ImportedStaff{System: "incidents", Key: "INC0000045", File: "9f86d081", Line: 2, Rows: 4, Digest: "60303ae2"}

func TestLifeCycle(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(lifeCycle), "\n")
	states := strings.Fields(lines[0])[1:]
	seen := map[string]bool{}
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		seen[cells[0]] = true
		for i, state := range states {
			want := cells[1:][min(i, len(cells)-2)]
			t.Run(cells[0]+" when "+state, func(t *testing.T) {
				t.Parallel()
				if got := outcome(lives[state], verbs[cells[0]]); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			})
		}
	}
	for verb, command := range verbs {
		if !seen[verb] {
			t.Errorf("the table has no row for %s", verb)
		}
		if got := outcome(nil, command); got != "!no_such_ticket" {
			t.Errorf("%s on a ticket that does not exist: got %s", verb, got)
		}
	}
}

// outcome names what a command leads to.
func outcome(history []ticket.Event, command ticket.Command) string {
	events, err := ticket.Decide(ticket.Decider.Fold(ticket.State{}, history...), command)
	if refusal, ok := errors.AsType[*domain.Refusal](err); ok {
		return "!" + refusal.Code
	}
	if err != nil {
		return err.Error()
	}
	if len(events) == 0 {
		return "-"
	}
	names := make([]string, len(events))
	for i, event := range events {
		names[i] = strings.TrimSuffix(strings.TrimPrefix(event.Kind(), "ticket."), ".v1")
	}
	return strings.Join(names, "+")
}

func TestRaise(t *testing.T) {
	t.Parallel()
	with := func(change func(*ticket.Raise)) ticket.Raise {
		command := raise
		change(&command)
		return command
	}
	when := func(change func(*ticket.Raised)) []ticket.Event {
		event := raised
		change(&event)
		return []ticket.Event{event}
	}
	for name, test := range map[string]struct {
		given []ticket.Event
		when  ticket.Raise
		then  []ticket.Event
	}{
		"a client user's ticket is visible": {nil, raise, []ticket.Event{raised}},
		"a client user cannot raise out of sight": {
			nil, with(func(c *ticket.Raise) { c.Visibility = domain.InternalOnly }), []ticket.Event{raised},
		},
		"a client user raises for nobody else": {
			nil, with(func(c *ticket.Raise) { c.OnBehalfOf = erik.Person }), []ticket.Event{raised},
		},
		"staff raise inside unless they say otherwise": {
			nil, with(func(c *ticket.Raise) { c.By = anna }), []ticket.Event{raisedInside},
		},
		"staff raise for all of the client to see": {
			nil, with(func(c *ticket.Raise) { c.By, c.Visibility = anna, domain.ClientVisible }),
			when(func(e *ticket.Raised) { e.RaisedBy, e.ForClient, e.By = anna.Person, false, anna.Person }),
		},
		"staff raise on behalf of a client user, who sees it for ever": {
			nil, with(func(c *ticket.Raise) { c.By, c.OnBehalfOf = anna, emma.Person }),
			when(func(e *ticket.Raised) { e.By = anna.Person }),
		},
		"an import arrives Internal Only, whoever raised it": {
			nil, with(func(c *ticket.Raise) { c.By, c.OnBehalfOf, c.Imported = domain.System(), emma.Person, true }),
			when(func(e *ticket.Raised) {
				e.Visibility, e.By, e.Staff.Imported = domain.InternalOnly, domain.PersonID{}, true
			}),
		},
		"raising twice is raising once": {[]ticket.Event{raised}, raise, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(test.when).Then(t, test.then...)
		})
	}
	t.Run("a client user raises nothing for another organisation", func(t *testing.T) {
		t.Parallel()
		given().When(with(func(c *ticket.Raise) { c.Client = orion })).ThenRefused(t, domain.ErrNotFound, "no_such_ticket")
	})
	t.Run("a client user cannot import", func(t *testing.T) {
		t.Parallel()
		given().When(with(func(c *ticket.Raise) { c.Imported = true })).ThenRefused(t, domain.ErrNotFound, "no_such_ticket")
	})
	t.Run("every wrong field is named", func(t *testing.T) {
		t.Parallel()
		given().When(ticket.Raise{Visibility: "all", Description: "\x00"}).
			ThenInvalid(t, "by", "at", "ticket", "client", "category", "priority", "visibility", "title", "description")
	})
}

func TestConversation(t *testing.T) {
	t.Parallel()
	visible := domain.ClientVisible
	inside := []ticket.Event{raisedInside, noted(domain.InternalOnly)}
	write := func(by domain.Actor, visibility domain.Visibility) ticket.Comment {
		return ticket.Comment{Comment: comment("x"), Visibility: visibility, Text: "x", By: by, At: at}
	}
	copied := ticket.Noted{Note: comment("x"), Visibility: visible, Text: "x", Staff: ticket.NotedStaff{CopyOf: comment("n")}, By: anna.Person, At: at}
	for name, test := range map[string]struct {
		given []ticket.Event
		when  ticket.Command
		then  []ticket.Event
	}{
		"what a client writes is visible":         {[]ticket.Event{raised}, write(emma, domain.InternalOnly), []ticket.Event{commented("x", visible, emma)}},
		"an admin writes on a colleague's ticket": {[]ticket.Event{raised}, write(clara, visible), []ticket.Event{commented("x", visible, clara)}},
		"any client reply ends the wait":          {[]ticket.Event{raised, asked}, write(clara, visible), []ticket.Event{commented("x", visible, clara), ticket.WaitingEnded{By: clara.Person, At: at}}},
		"a reply ends no wait for others":         {[]ticket.Event{raised, held}, write(emma, visible), []ticket.Event{commented("x", visible, emma)}},
		"staff write inside unless they say so":   {[]ticket.Event{raised}, write(anna, domain.InternalOnly), []ticket.Event{commented("x", domain.InternalOnly, anna)}},
		"a comment sent twice is there once":      {[]ticket.Event{raised, commented("x", visible, emma)}, write(emma, visible), nil},
		"a question sent twice is asked once": {
			[]ticket.Event{raised, commented("x", visible, anna), asked, resumed},
			ticket.WaitForClient{Comment: comment("x"), Question: "x", By: anna, At: at},
			nil,
		},
		"a complaint sent twice reopens once": {
			[]ticket.Event{raised, resolved, reopened, commented("x", visible, emma), resolved},
			ticket.Reopen{Comment: comment("x"), Text: "x", By: emma, At: at},
			nil,
		},
		"an import waits without a question": {
			[]ticket.Event{raisedInside}, ticket.WaitForClient{Imported: true, By: anna, At: at}, []ticket.Event{asked},
		},
		"a note is published by a reviewed copy": {
			append(inside, published),
			ticket.Note{Note: comment("x"), Visibility: visible, Text: "x", CopyOf: comment("n"), By: anna, At: at},
			[]ticket.Event{copied},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(test.when).Then(t, test.then...)
		})
	}
	t.Run("refusals", func(t *testing.T) {
		t.Parallel()
		given(inside...).When(write(anna, visible)).ThenRefused(t, domain.ErrConflict, "parent_internal")
		given(inside...).When(ticket.Note{Note: comment("x"), Visibility: visible, Text: "x", By: anna, At: at}).
			ThenRefused(t, domain.ErrConflict, "parent_internal")
		given(inside...).When(ticket.WaitForClient{Comment: comment("x"), Question: "x", By: anna, At: at}).
			ThenRefused(t, domain.ErrConflict, "parent_internal")
		given(inside...).When(ticket.Note{Note: comment("x"), Text: "x", CopyOf: comment("n"), By: anna, At: at}).ThenInvalid(t, "visibility")
		given(raised).When(ticket.Note{Note: comment("x"), Visibility: visible, Text: "x", CopyOf: comment("n"), By: anna, At: at}).
			ThenInvalid(t, "copy_of")
		given(raised).When(ticket.Comment{Visibility: "all", Text: " \n", By: anna, At: at}).ThenInvalid(t, "id", "visibility", "text")
		given(raised).When(ticket.Note{By: anna, At: at}).ThenInvalid(t, "id", "text")
		given(raised, resolved).When(ticket.Reopen{Text: "x", By: emma, At: at}).ThenInvalid(t, "id")
		given(raised).When(ticket.Resolve{Note: " ", By: anna, At: at}).ThenInvalid(t, "note")
		given(raised).When(ticket.Triage{By: anna, At: at}).ThenInvalid(t, "category", "priority")
		given(raised).When(ticket.Start{By: domain.Actor{}, At: at.In(time.FixedZone("CET", 3600))}).ThenInvalid(t, "by", "at")
		given(raised).When(ticket.WaitForThirdParty{Reason: "\x00", By: anna, At: at}).ThenInvalid(t, "reason")
	})
	t.Run("inside, nobody is owed a note", func(t *testing.T) {
		t.Parallel()
		given(raisedInside).When(ticket.Resolve{By: anna, At: at}).Then(t, ticket.Resolved{By: anna.Person, At: at})
	})
}

func TestAudience(t *testing.T) {
	t.Parallel()
	visible, internal := domain.ClientVisible, domain.InternalOnly
	why := ticket.AudienceStaff{Reason: "reviewed"}
	shown := func(name string, staff ticket.AudienceStaff) ticket.CommentPublished {
		return ticket.CommentPublished{Comment: comment(name), Staff: staff, By: anna.Person, At: at}
	}
	hidden := func(name string, staff ticket.AudienceStaff) ticket.CommentWithdrawn {
		return ticket.CommentWithdrawn{Comment: comment(name), Staff: staff, By: anna.Person, At: at}
	}
	publish := func(names ...string) ticket.Publish {
		command := ticket.Publish{Reason: "reviewed", By: anna, At: at}
		for _, name := range names {
			command.Comments = append(command.Comments, comment(name))
		}
		return command
	}
	inside := []ticket.Event{raisedInside, commented("a", internal, anna), commented("b", internal, anna), noted(internal)}
	outside := []ticket.Event{raisedInside, published, commented("a", visible, anna), commented("b", internal, anna), noted(visible)}
	withdraw := ticket.Withdraw{Reason: "reviewed", By: anna, At: at}
	children := []ticket.Event{hidden("a", ticket.AudienceStaff{}), hidden("n", ticket.AudienceStaff{})}
	slices.SortFunc(children, func(a, b ticket.Event) int {
		return strings.Compare(a.(ticket.CommentWithdrawn).Comment.String(), b.(ticket.CommentWithdrawn).Comment.String())
	})
	for name, test := range map[string]struct {
		given []ticket.Event
		when  ticket.Command
		then  []ticket.Event
	}{
		"the ticket goes first, the comments named after it": {
			inside, publish("b", "a", "b"),
			[]ticket.Event{ticket.Published{Staff: why, By: anna.Person, At: at}, shown("b", ticket.AudienceStaff{}), shown("a", ticket.AudienceStaff{})},
		},
		"on a visible ticket only the comments":      {outside, publish("a", "b"), []ticket.Event{shown("b", why)}},
		"what is visible is not published again":     {outside, publish("a"), nil},
		"children are withdrawn before their ticket": {outside, withdraw, append(children, ticket.Withdrawn{Staff: why, By: anna.Person, At: at})},
		"a flag on a comment that is not there makes none": {
			[]ticket.Event{raisedInside, published, shown("a", why)}, withdraw, []ticket.Event{ticket.Withdrawn{Staff: why, By: anna.Person, At: at}},
		},
		"what is internal is not withdrawn":           {inside, withdraw, nil},
		"a staff comment is withdrawn":                {outside, ticket.WithdrawComment{Comment: comment("a"), Reason: "reviewed", By: anna, At: at}, []ticket.Event{hidden("a", why)}},
		"a visible note is withdrawn":                 {outside, ticket.WithdrawComment{Comment: comment("n"), Reason: "reviewed", By: anna, At: at}, []ticket.Event{hidden("n", why)}},
		"a comment is withdrawn once":                 {append(outside, hidden("a", why)), ticket.WithdrawComment{Comment: comment("a"), By: anna, At: at}, nil},
		"an imported ticket of a client is published": {[]ticket.Event{importedFor(emma)}, publish(), []ticket.Event{ticket.Published{Staff: why, By: anna.Person, At: at}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(test.when).Then(t, test.then...)
		})
	}
	t.Run("refusals", func(t *testing.T) {
		t.Parallel()
		given(inside...).When(publish("n", "elsewhere")).ThenInvalid(t, "comments")
		given(append(outside, commented("c", visible, clara))...).When(withdraw).ThenRefused(t, domain.ErrConflict, "client_wrote")
		given(importedFor(emma), published).When(withdraw).ThenRefused(t, domain.ErrConflict, "raised_for_client")
		given(raised, commented("c", visible, emma)).When(ticket.WithdrawComment{Comment: comment("c"), By: anna, At: at}).
			ThenRefused(t, domain.ErrConflict, "client_wrote")
		given(raised).When(ticket.WithdrawComment{Comment: comment("c"), By: anna, At: at}).ThenRefused(t, domain.ErrNotFound, "no_such_comment")
		given(outside...).When(ticket.WithdrawComment{Comment: comment("a"), Reason: "\x00", By: anna, At: at}).ThenInvalid(t, "reason")
		given(outside...).When(ticket.Withdraw{Reason: "\x00", By: anna, At: at}).ThenInvalid(t, "reason")
		given(inside...).When(ticket.Publish{Reason: "\x00", By: anna, At: at}).ThenInvalid(t, "reason")
	})
}

func importedFor(caller domain.Actor) ticket.Raised {
	event := raised
	event.Visibility, event.RaisedBy, event.By = domain.InternalOnly, caller.Person, domain.PersonID{}
	return event
}

// Two visible numbers for one ticket, or none after a withdrawal, would make a hole that no client can
// explain.
func TestNumbers(t *testing.T) {
	t.Parallel()
	numbered := func(series domain.Visibility, number int) ticket.Numbered {
		return ticket.Numbered{Series: series, Number: number, At: at}
	}
	for name, test := range map[string]struct {
		given []ticket.Event
		wants string
	}{
		"no ticket":                                    {nil, "nothing"},
		"a visible ticket":                             {[]ticket.Event{raised}, "client_visible"},
		"an internal ticket":                           {[]ticket.Event{raisedInside}, "internal"},
		"a numbered internal ticket":                   {[]ticket.Event{raisedInside, numbered(domain.InternalOnly, 7)}, "nothing"},
		"an internal ticket that was published":        {[]ticket.Event{raisedInside, numbered(domain.InternalOnly, 7), published}, "client_visible"},
		"a ticket withdrawn before it had its number":  {[]ticket.Event{raisedInside, published, withdrawn}, "client_visible"},
		"a ticket withdrawn with its number":           {[]ticket.Event{raisedInside, published, numbered(domain.ClientVisible, 3), withdrawn}, "nothing"},
		"a ticket published again with its old number": {[]ticket.Event{raisedInside, published, numbered(domain.ClientVisible, 3), withdrawn, published}, "nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := "nothing"
			if series, wants := ticket.Decider.Fold(ticket.State{}, test.given...).Wants(); wants {
				got = map[domain.Visibility]string{domain.ClientVisible: "client_visible", domain.InternalOnly: "internal"}[series]
			}
			if got != test.wants {
				t.Errorf("wants %s, want %s", got, test.wants)
			}
		})
	}
	give := ticket.Number{Series: domain.ClientVisible, Number: 3, At: at}
	given(raisedInside, published, withdrawn).When(give).Then(t, numbered(domain.ClientVisible, 3))
	given(raised, numbered(domain.ClientVisible, 3)).When(ticket.Number{Series: domain.ClientVisible, Number: 4, At: at}).ThenNothing(t)
	given(raisedInside).When(give).ThenNothing(t)
	given(raised).When(ticket.Number{Series: domain.ClientVisible, At: at}).ThenRefused(t, domain.ErrInvalid, "invalid_number")
	given(raised).When(ticket.Number{Series: domain.ClientVisible, Number: 3}).ThenInvalid(t, "at")
}

func TestImport(t *testing.T) {
	t.Parallel()
	mark := ticket.Import{From: origin, By: domain.System(), At: at}
	marked := ticket.Imported{Staff: origin, At: at}
	given(importedFor(emma)).When(mark).Then(t, marked)
	given(importedFor(emma), marked).When(mark).ThenNothing(t)
	given(importedFor(emma)).When(ticket.Import{By: anna, At: at}).ThenNothing(t)
	given(importedFor(emma), marked).When(ticket.Import{By: anna, At: at}).ThenInvalid(t, "system", "key", "digest")
	given(importedFor(emma)).When(ticket.Close{Imported: true, By: anna, At: at}).
		Then(t, ticket.Resolved{By: anna.Person, At: at}, ticket.Closed{By: anna.Person, At: at})
	if got := ticket.Decider.Fold(ticket.State{}, importedFor(emma), marked).Origin(); got != origin {
		t.Errorf("origin %+v, want %+v", got, origin)
	}
}

// Whoever may not see a ticket is told that there is none, whatever is sent; so is a client user who
// sends what only staff may.
func TestOneAnswerForWhatIsNotYours(t *testing.T) {
	t.Parallel()
	strangers := map[string]domain.Actor{
		"an admin of another client":           olga,
		"an employee who did not raise it":     erik,
		"a client user without a person":       {Side: domain.ClientSide, Role: domain.ClientAdmin, Client: nexus},
		"a client user with a role of staff":   {Person: erik.Person, Side: domain.ClientSide, Role: domain.Owner, Client: nexus},
		"the one who raised it, gone to Orion": {Person: emma.Person, Side: domain.ClientSide, Role: domain.ClientAdmin, Client: orion},
	}
	for state, history := range lives {
		for name, stranger := range strangers {
			for verb, command := range verbs {
				if nobodys(command) {
					continue
				}
				t.Run(fmt.Sprint(name, ": ", verb, " when ", state), func(t *testing.T) {
					t.Parallel()
					given(history...).When(sentBy(command, stranger)).ThenRefused(t, domain.ErrNotFound, "no_such_ticket")
				})
			}
		}
	}
	for _, command := range verbs {
		switch command.(type) {
		case ticket.Comment, ticket.Reopen, ticket.Number, ticket.Tick, ticket.Attach, ticket.EditComment, ticket.DeleteComment, ticket.AnswerScope:
		default: // An admin sees the ticket, but for a client the commands of staff do not exist.
			given(raised).When(sentBy(command, clara)).ThenRefused(t, domain.ErrNotFound, "no_such_ticket")
		}
	}
	given(raised).When(sentBy(raise, erik)).ThenRefused(t, domain.ErrNotFound, "no_such_ticket")
	given(raisedInside).When(sentBy(verbs["comment"], clara)).ThenRefused(t, domain.ErrNotFound, "no_such_ticket")
	system := raised
	system.RaisedBy = domain.PersonID{}
	given(system).When(sentBy(verbs["reply"], domain.Actor{Side: domain.ClientSide, Role: domain.ClientEmployee, Client: nexus})).
		ThenRefused(t, domain.ErrNotFound, "no_such_ticket")
}

// nobodys are the commands that no person sends.
func nobodys(command ticket.Command) bool {
	_, numbers := command.(ticket.Number)
	_, ticks := command.(ticket.Tick)
	return numbers || ticks
}

// sentBy is the command as another actor sends it. Numbering and time are nobody's.
func sentBy(command ticket.Command, by domain.Actor) ticket.Command {
	sent := reflect.New(reflect.TypeOf(command)).Elem()
	sent.Set(reflect.ValueOf(command))
	if field := sent.FieldByName("By"); field.IsValid() {
		field.Set(reflect.ValueOf(by))
	}
	return sent.Interface().(ticket.Command)
}

func TestIDOf(t *testing.T) {
	t.Parallel()
	if got, err := ticket.IDOf(ticket.Stream(subject)); got != subject || err != nil {
		t.Errorf("got %s, %v, want %s", got, err, subject)
	}
	for _, stream := range []string{"", "ticket-", subject.String(), "client-" + subject.String(), "ticket-" + strings.ToUpper(subject.String())} {
		if _, err := ticket.IDOf(stream); !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%q: got %v, want ErrInvalid", stream, err)
		}
	}
}
