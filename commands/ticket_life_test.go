package commands_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/sla"
	"effigate/domain/ticket"
)

// Impact and urgency come to a priority, which no client user raises above its grant (F10, A7).
func TestImpactAndUrgency(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raise()
	c.Priority, c.Impact, c.Urgency = "", ticket.GradeHigh, ticket.GradeHigh
	raised := func(by domain.Actor) ticket.Raised {
		t.Helper()
		on := domain.TicketID{UUID: must(t)(w.service.RaiseTicket(t.Context(), w.next(by), c)).ID}
		return w.history(t, on)[0].(ticket.Raised)
	}
	if got := raised(w.employee); got.Priority != ticket.High || got.Impact != ticket.GradeHigh {
		t.Errorf("without the grant: %s, impact %s", got.Priority, got.Impact)
	}
	must(t)(w.service.GivePersonGrant(t.Context(), w.next(owner), commands.GivePersonGrant{Person: w.employee.Person, Grant: access.RaiseCritical}))
	for _, by := range []domain.Actor{w.employee, w.admin, agent} {
		if got := raised(by); got.Priority != ticket.Critical {
			t.Errorf("%s raises %s", by.Role, got.Priority)
		}
	}
	c.OutOfScope = true
	_, err := w.service.RaiseTicket(t.Context(), w.next(w.admin), c)
	wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
}

// A follow-up names a ticket that all see who see the follow-up.
func TestWhatAFollowUpFollows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open, hidden, done := w.raised(t, w.employee), w.raised(t, owner), w.resolved(t)
	must(t)(w.service.ResolveTicket(t.Context(), w.next(owner), commands.ResolveTicket{Ticket: hidden}))
	ofAdmin := w.raised(t, w.admin)
	must(t)(w.service.ResolveTicket(t.Context(), w.next(owner), commands.ResolveTicket{Ticket: ofAdmin, Note: "Done."}))
	c := w.raise()
	c.Visibility = domain.ClientVisible
	try := func(by domain.Actor, follows domain.TicketID, asking domain.PersonID) error {
		c.Follows, c.OnBehalfOf = follows, asking
		_, err := w.service.RaiseTicket(t.Context(), w.next(by), c)
		return err
	}
	nobody := domain.PersonID{}
	wantRefused(t, try(w.employee, open, nobody), domain.ErrConflict, "not_resolved")
	wantRefused(t, try(agent, hidden, nobody), domain.ErrConflict, "parent_internal")
	for _, unseen := range []domain.TicketID{hidden, ofAdmin, {UUID: id("nothing")}} {
		wantRefused(t, try(w.employee, unseen, nobody), domain.ErrNotFound, "no_such_ticket")
	}
	wantRefused(t, try(agent, ofAdmin, w.employee.Person), domain.ErrNotFound, "no_such_ticket")
	if err := errors.Join(try(w.employee, done, nobody), try(agent, done, w.employee.Person), try(agent, ofAdmin, nobody)); err != nil {
		t.Error(err)
	}
}

// Whoever is mentioned can read the message, and a client learns of nobody whom it has not met: who works on its
// ticket is capacity.
func TestWhomAMessageMayMention(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, colleague := w.raised(t, w.employee), w.member(t, w.nexus, domain.ClientEmployee)
	must(t)(w.service.AssignTicket(t.Context(), w.next(owner), commands.AssignTicket{Ticket: on, Assignee: other.Person}))
	w.comment(t, agent, on, domain.ClientVisible)
	w.comment(t, other, on, domain.InternalOnly)
	books := w.hire(t, staff("fiona", domain.Finance))
	for name, test := range map[string]struct {
		by         domain.Actor
		visibility domain.Visibility
		of         domain.PersonID
		may        bool
	}{
		"a client mentions its admin":                      {w.employee, "", w.admin.Person, true},
		"a client mentions who answered it":                {w.employee, "", agent.Person, true},
		"a client mentions its account manager":            {w.employee, "", manager.Person, true},
		"a client mentions who wrote inside, the assignee": {w.employee, "", other.Person, false},
		"a client mentions staff that it never met":        {w.employee, "", owner.Person, false},
		"a client mentions a colleague who cannot see it":  {w.admin, "", colleague.Person, false},
		"a client mentions another client":                 {w.admin, "", w.stranger.Person, false},
		"a client mentions somebody not here yet":          {w.admin, "", w.idle, false},
		"a client mentions nobody that there is":           {w.admin, "", domain.PersonID{UUID: id("nobody")}, false},
		"staff mention the client in what it sees":         {agent, domain.ClientVisible, w.employee.Person, true},
		"staff mention a colleague in what it sees":        {agent, domain.ClientVisible, other.Person, true},
		"staff mention a colleague inside":                 {agent, "", other.Person, true},
		"staff mention the client inside":                  {agent, "", w.employee.Person, false},
		"staff mention another client":                     {agent, domain.ClientVisible, w.stranger.Person, false},
		"staff mention staff who may not see tickets":      {agent, "", books.Person, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := w.service.CommentOnTicket(t.Context(), request(test.by, name), commands.CommentOnTicket{
				Ticket: on, Text: "Look.", Visibility: test.visibility, Mentions: []domain.PersonID{test.of},
			})
			if test.may && err != nil {
				t.Error(err)
			}
			if !test.may {
				wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
			}
		})
	}
}

// An edit may mention whom the comment may; and of a ticket that is not theirs, clients learn nothing by mentions.
func TestMentionsTellNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, hidden := w.raised(t, w.employee), w.raised(t, owner)
	inside := w.comment(t, agent, on, domain.InternalOnly)
	_, err := w.service.EditComment(t.Context(), w.next(agent), commands.EditComment{Ticket: on, Comment: inside, Text: "y", Mentions: []domain.PersonID{w.employee.Person}})
	wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
	must(t)(w.service.EditComment(t.Context(), w.next(agent), commands.EditComment{Ticket: on, Comment: inside, Text: "y", Mentions: []domain.PersonID{other.Person}}))
	for _, mentioned := range []domain.PersonID{manager.Person, owner.Person, w.admin.Person} {
		for _, unseen := range []domain.TicketID{hidden, {UUID: id("nothing")}} {
			_, err := w.service.CommentOnTicket(t.Context(), w.next(w.employee), commands.CommentOnTicket{Ticket: unseen, Text: "x", Mentions: []domain.PersonID{mentioned}})
			wantRefused(t, err, domain.ErrNotFound, "no_such_ticket")
		}
	}
	_, err = w.service.CommentOnTicket(t.Context(), w.next(w.employee), commands.CommentOnTicket{Ticket: on, Text: "x", Mentions: make([]domain.PersonID, ticket.MaxMentions+1)})
	wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
}

// A merge whose second step a crash prevented is completed by whoever comes, once.
func TestACrashCutsAMergeShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from, into := w.raised(t, w.employee), w.raised(t, w.admin)
	down := errors.Join(domain.ErrUnavailable)
	broken := commands.NewService(&faultyLog{Log: w.log, before: func(a domain.Append) error {
		if a.Stream == ticket.Stream(into) {
			return down
		}
		return nil
	}}, w.answers)
	r, merge, mark := w.next(agent), commands.MergeTickets{Ticket: from, Into: into}, w.mark()
	if _, err := broken.MergeTickets(t.Context(), r, merge); !errors.Is(err, domain.ErrUnavailable) {
		t.Fatalf("got %v", err)
	}
	wantKinds(t, w.since(mark), "ticket.merged.v1")
	if answer := must(t)(w.service.CompleteMerge(t.Context(), w.next(domain.System()), from)); answer.ID != into.UUID {
		t.Errorf("completed on %s", answer.ID)
	}
	must(t)(w.service.MergeTickets(t.Context(), r, merge))
	must(t)(w.service.CompleteMerge(t.Context(), w.next(domain.System()), from))
	must(t)(w.service.CompleteMerge(t.Context(), w.next(domain.System()), into)) // It was never merged.
	wantKinds(t, w.since(mark), "ticket.merged.v1", "ticket.merged_in.v1")
	_, err := w.service.MergeTickets(t.Context(), w.next(agent), commands.MergeTickets{Ticket: into, Into: domain.TicketID{UUID: id("nothing")}})
	wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
}

// Two people who merge two tickets into each other leave one of them.
func TestTicketsAreNotMergedIntoEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.raised(t, w.employee), w.raised(t, w.admin)
	requests := []commands.Request{w.next(agent), w.next(other)}
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i, merge := range []commands.MergeTickets{{Ticket: a, Into: b}, {Ticket: b, Into: a}} {
		both.Go(func() { _, errs[i] = w.service.MergeTickets(t.Context(), requests[i], merge) })
	}
	both.Wait()
	if failed := slices.IndexFunc(errs, func(err error) bool { return err != nil }); failed < 0 || errs[1-failed] != nil {
		t.Fatalf("got %v", errs)
	} else {
		wantRefused(t, errs[failed], domain.ErrConflict, "wrong_state")
	}
}

// A split that a crash cut short goes on where it stopped; internal remarks stay internal, and what the client wrote
// stays visible (A4).
func TestASplit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := w.raised(t, w.employee)
	asked, inside := w.comment(t, w.employee, on, ""), w.comment(t, agent, on, domain.InternalOnly)
	c := commands.SplitTicket{Ticket: on, Comments: []domain.CommentID{inside, asked}, Title: "Another matter"}
	_, err := w.service.SplitTicket(t.Context(), w.next(agent), c)
	wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
	c.Comments = append(c.Comments, domain.CommentID{UUID: id("nothing")})
	c.Visibility = domain.ClientVisible
	_, err = w.service.SplitTicket(t.Context(), w.next(agent), c)
	wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
	seen := int64(1)
	stale := w.next(agent)
	stale.Seen, c.Comments = &seen, c.Comments[:2]
	_, err = w.service.SplitTicket(t.Context(), stale, c)
	wantRefused(t, err, domain.ErrConflict, "changed_since")

	appends := 0
	broken := commands.NewService(&faultyLog{Log: w.log, before: func(domain.Append) error {
		if appends++; appends > 2 {
			return domain.ErrUnavailable
		}
		return nil
	}}, w.answers)
	r, mark := w.next(agent), w.mark()
	if _, err := broken.SplitTicket(t.Context(), r, c); !errors.Is(err, domain.ErrUnavailable) {
		t.Fatalf("got %v", err)
	}
	wantKinds(t, w.since(mark), "ticket.raised.v1", "ticket.commented.v1")
	split := domain.TicketID{UUID: must(t)(w.service.SplitTicket(t.Context(), r, c)).ID}
	wantKinds(t, w.since(mark), "ticket.raised.v1", "ticket.commented.v1", "ticket.commented.v1", "ticket.split.v1", "numbering.allocated.v1", "ticket.numbered.v1")

	raised := w.history(t, split)[0].(ticket.Raised)
	if raised.RaisedBy != w.employee.Person || raised.Staff.SplitFrom != on || raised.Contract != w.contract {
		t.Errorf("raised %+v", raised)
	}
	var got []ticket.Commented
	for _, event := range w.history(t, split) {
		if commented, ok := event.(ticket.Commented); ok {
			got = append(got, commented)
		}
	}
	if len(got) != 2 {
		t.Fatalf("adopted %d comments", len(got))
	}
	for _, commented := range got {
		byClient := commented.By == w.employee.Person
		if commented.ByClient != byClient || (commented.Visibility == domain.ClientVisible) != byClient {
			t.Errorf("adopted %+v", commented)
		}
	}
	w.checkIDs(t)
}

// A moved ticket has a number of its new client's series, and the old client is told that there is none.
func TestAMovedTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raise()
	c.Visibility = domain.ClientVisible
	on := domain.TicketID{UUID: must(t)(w.service.RaiseTicket(t.Context(), w.next(agent), c)).ID}
	move := commands.ChangeTicketClient{Ticket: on, Client: w.orion, Contract: w.contract, JobType: "api"}
	_, err := w.service.ChangeTicketClient(t.Context(), w.next(owner), move)
	wantRefused(t, err, domain.ErrConflict, "out_of_scope")
	move.Client = domain.ClientID{UUID: id("nothing")}
	_, err = w.service.ChangeTicketClient(t.Context(), w.next(owner), move)
	wantRefused(t, err, domain.ErrNotFound, "no_such_client")
	move.Client, move.Contract = w.orion, w.foreign
	must(t)(w.service.ChangeTicketClient(t.Context(), w.next(owner), move))
	must(t)(w.service.PublishTicket(t.Context(), w.next(owner), commands.PublishTicket{Ticket: on}))
	for by, known := range map[domain.Actor]bool{w.admin: false, w.stranger: true} {
		_, err := w.service.CommentOnTicket(t.Context(), w.next(by), commands.CommentOnTicket{Ticket: on, Text: "x"})
		if known && err != nil {
			t.Error(err)
		} else if !known {
			wantRefused(t, err, domain.ErrNotFound, "no_such_ticket")
		}
	}
	var numbers []ticket.Numbered
	for _, event := range w.history(t, on) {
		if numbered, ok := event.(ticket.Numbered); ok {
			numbered.At = at
			numbers = append(numbers, numbered)
		}
	}
	want := []ticket.Numbered{{Series: domain.ClientVisible, Number: 1, At: at}, {Series: domain.InternalOnly, Number: 1, At: at}, {Series: domain.ClientVisible, Number: 1, At: at}}
	if diff := cmp.Diff(want, numbers); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
}

// What a level of the ladder does, it does once.
func TestWhatALadderDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t)(w.service.PublishSLAPolicy(t.Context(), w.next(owner), usualPolicy()))
	on := w.raised(t, w.employee)
	must(t)(w.service.AssignTicket(t.Context(), w.next(owner), commands.AssignTicket{Ticket: on, Assignee: agent.Person, Team: "Platform"}))
	for key, test := range map[string]struct {
		level sla.Level
		want  []string
	}{
		"nothing":  {sla.Level{}, nil},
		"reassign": {sla.Level{Action: sla.Reassign, To: other.Person.UUID}, []string{"ticket.assigned.v1"}},
		"watch":    {sla.Level{Action: sla.AddWatcher, To: other.Person.UUID}, []string{"ticket.watched.v1"}},
		"raise":    {sla.Level{Action: sla.RaisePriority}, []string{"ticket.triaged.v1", "ticket.sla_pinned.v1"}},
	} {
		mark := w.mark()
		for range 2 {
			if _, err := w.service.CarryOutEscalation(t.Context(), request(domain.System(), key), on, test.level); err != nil {
				t.Fatal(err)
			}
		}
		wantKinds(t, w.since(mark), test.want...)
	}
	for _, event := range w.history(t, on) {
		if triaged, ok := event.(ticket.Triaged); ok && triaged.Priority != ticket.Critical {
			t.Errorf("raised to %s", triaged.Priority)
		}
		if assigned, ok := event.(ticket.Assigned); ok && assigned.Staff.Team != "Platform" {
			t.Errorf("assigned to team %q", assigned.Staff.Team)
		}
	}
}

// Of two agents who saw one version, the second is told so (F16).
func TestTwoAgentsOnOneVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := w.raised(t, w.employee)
	seen := int64(len(w.history(t, on)) - 1)
	requests := []commands.Request{w.next(agent), w.next(other)}
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i := range requests {
		requests[i].Seen = &seen
		both.Go(func() {
			_, errs[i] = w.service.HoldTicket(t.Context(), requests[i], commands.HoldTicket{Ticket: on, Reason: string(rune('a' + i))})
		})
	}
	both.Wait()
	if failed := slices.IndexFunc(errs, func(err error) bool { return err != nil }); failed < 0 || errs[1-failed] != nil {
		t.Errorf("got %v", errs)
	} else {
		wantRefused(t, errs[failed], domain.ErrConflict, "changed_since")
	}
}

// Staff who publish their own words alone publish their own files too, and nobody else's.
func TestStaffPublishTheirOwnFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := w.raised(t, w.employee)
	own := w.file(on)
	must(t)(w.service.AttachFile(t.Context(), w.next(other), own))
	foreign := own
	foreign.Attachment = domain.AttachmentID{UUID: id("another file")}
	must(t)(w.service.AttachFile(t.Context(), w.next(agent), foreign))
	for _, by := range []commands.PublishTicket{{Ticket: on, Attachments: []domain.AttachmentID{own.Attachment, foreign.Attachment}}, {Ticket: on}} {
		_, err := w.service.PublishTicket(t.Context(), w.next(other), by)
		wantRefused(t, err, domain.ErrForbidden, "not_yours")
	}
	mark := w.mark()
	must(t)(w.service.PublishTicket(t.Context(), w.next(other), commands.PublishTicket{Ticket: on, Attachments: []domain.AttachmentID{own.Attachment}}))
	must(t)(w.service.WithdrawAttachment(t.Context(), w.next(other), commands.ChangeAttachment{Ticket: on, Attachment: own.Attachment}))
	must(t)(w.service.PublishAttachment(t.Context(), w.next(other), commands.ChangeAttachment{Ticket: on, Attachment: own.Attachment}))
	wantKinds(t, w.since(mark), "ticket.attachment_published.v1", "ticket.attachment_withdrawn.v1", "ticket.attachment_published.v1")
	_, err := w.service.PublishTicket(t.Context(), w.next(owner), commands.PublishTicket{Ticket: on, Attachments: make([]domain.AttachmentID, ticket.MaxAttachments+1)})
	wantRefused(t, err, domain.ErrInvalid, "too_many_attachments")
}
