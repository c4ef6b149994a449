package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/period"
	"effigate/domain/sla"
	"effigate/domain/terms"
	"effigate/domain/ticket"
	"effigate/domain/visible"
)

// deskActs are the acts of the script about what a desk does with a ticket beside working on it, by their names.
var deskActs = map[string]func(s *stage, a act, on *told, r commands.Request) error{
	"holds": (*stage).holds, "cancels": (*stage).cancels, "merges": (*stage).merges, "splits": (*stage).splits, "moves": (*stage).movesTicket,
	"raises beyond": (*stage).raisesBeyond, "follows up": (*stage).followsUp, "estimates": (*stage).estimates,
	"answers an estimate": (*stage).answersEstimate, "edits a comment": (*stage).editsComment, "client edits": (*stage).clientEdits,
	"deletes a comment": (*stage).deletesComment, "client deletes": (*stage).clientDeletes, "cleans a comment": (*stage).cleansComment,
	"attaches": (*stage).attaches, "client attaches": (*stage).clientAttaches, "publishes a file": (*stage).publishesFile,
	"withdraws a file": (*stage).withdrawsFile, "erases a file": (*stage).erasesFile, "acknowledges": (*stage).acknowledges,
	"lets time pass": (*stage).letsTimePass, "lets more time pass": (*stage).letsTimePass,
}

// deskInside are those that no client notices.
var deskInside = map[string]func(s *stage, a act, on *told, r commands.Request) error{
	"links": (*stage).links, "unlinks": (*stage).unlinks, "watches": (*stage).watches, "attaches inside": (*stage).attachesInside,
	"excuses": (*stage).excuses, "decides on deductions": (*stage).decidesOnDeductions, "goes on inside": (*stage).goesOnInside,
	"goes further inside": (*stage).goesOnInside,
}

// deskTour is the part of the tour about them. It begins after four tickets.
func deskTour() story {
	const late, other, twin, part, foreign, beyond, refused, dropped = 4, 5, 6, 7, 8, 9, 10, 11
	return story{
		{Name: "client raises", Choice: 1},
		{Name: "attaches", Ticket: late},
		{Name: "attaches", Ticket: late, Choice: 1},
		{Name: "client attaches", Ticket: late},
		{Name: "publishes a file", Ticket: late, Choice: 1},
		{Name: "withdraws a file", Ticket: late},
		{Name: "erases a file", Ticket: late, Choice: 2},
		{Name: "client raises", Choice: 2},
		{Name: "staff comments", Ticket: other},
		{Name: "edits a comment", Ticket: other},
		{Name: "cleans a comment", Ticket: other},
		{Name: "client comments", Ticket: other},
		{Name: "client edits", Ticket: other},
		{Name: "splits", Ticket: other},
		{Name: "client deletes", Ticket: other},
		{Name: "client raises", Choice: 2},
		{Name: "staff raises", Choice: 1},
		{Name: "moves", Ticket: foreign},
		{Name: "merges", Ticket: part, Choice: 3},
		{Name: "raises beyond"},
		{Name: "estimates", Ticket: beyond},
		{Name: "answers an estimate", Ticket: beyond},
		{Name: "raises beyond"},
		{Name: "estimates", Ticket: refused},
		{Name: "answers an estimate", Ticket: refused, Choice: 1},
		{Name: "raises beyond"},
		{Name: "cancels", Ticket: dropped},
		{Name: "follows up", Ticket: 1},
		{Name: "links", Ticket: late},
		{Name: "unlinks", Ticket: late},
		{Name: "watches", Ticket: late},
		{Name: "attaches inside", Ticket: late},
		{Name: "lets time pass", Choice: 2},
		{Name: "edits a comment", Ticket: other},
		{Name: "deletes a comment", Ticket: other},
		{Name: "holds", Ticket: late},
		{Name: "resumes", Ticket: late},
		{Name: "acknowledges", Ticket: late},
		{Name: "staff comments", Ticket: late},
		{Name: "resolves", Ticket: late},
		{Name: "merges", Ticket: twin, Choice: 2},
		{Name: "decides on deductions", Ticket: late},
		{Name: "decides on deductions", Ticket: late, Choice: 1},
		{Name: "excuses", Ticket: late},
		{Name: "excuses", Ticket: late, Choice: 1},
		{Name: "works inside"},
		{Name: "goes on inside", Choice: 0},
		{Name: "goes on inside", Choice: 1},
		{Name: "goes on inside", Choice: 2},
	}
}

// promises are the targets of the story: each lasts as long for either version, and comes near its breach in the same
// instant, though by a share in one and by a floor in the other. Everything else about them differs.
func (s *stage) promises(choice int, names ...string) sla.Policy {
	minutes := map[string]int{"critical": 60, "high": 120, "medium": 240, "low": 480}
	policy := sla.Policy{
		NearBreachPercent: either(s, 75, 95), PausesThirdParty: true, PausesOnHold: true, Ladder: s.ladder(choice),
		Targets: []sla.Target{{Priority: "low", JobType: s.secret("job type of a target", names...), ResolutionMinutes: 1000 + choice}},
	}
	for _, priority := range sla.Priorities() {
		promised := minutes[priority]
		policy.Targets = append(policy.Targets, sla.Target{
			Priority: priority, SupportLevel: either(s, "", string(terms.Priority)), JobType: either(s, "", "api"),
			FirstResponseMinutes: promised, NextResponseMinutes: promised, ResolutionMinutes: promised,
		})
		if s.otherwise() {
			policy.Targets = append(policy.Targets, sla.Target{
				Priority: priority, FirstResponseMinutes: promised, NextResponseMinutes: promised, ResolutionMinutes: promised,
			})
		}
		policy.Floors = append(policy.Floors, sla.Floor{Priority: priority, Minutes: either(s, 0, promised/4)})
	}
	return policy
}

// ladder has its steps at the same instants in either version. Who is told, and what is done, differs.
func (s *stage) ladder(choice int) []sla.Level {
	if !s.otherwise() {
		return []sla.Level{
			{Level: 1, Percent: 75, Recipients: []string{sla.Assignee}},
			{Level: 2, Percent: 90, Recipients: []string{sla.AccountManager}, Mail: choice%2 == 0},
			{Level: 3, Percent: 100, Recipients: []string{string(domain.Owner)}, Persons: []uuid.UUID{s.hidden[0].Person.UUID}},
		}
	}
	return []sla.Level{
		{Level: 2, Percent: 75, Recipients: []string{sla.Watchers}, Mail: true, Action: sla.AddWatcher, To: s.hidden[1].Person.UUID},
		{Level: 3, Percent: 90, Persons: []uuid.UUID{s.hidden[1].Person.UUID}, Action: sla.Reassign, To: s.hidden[0].Person.UUID},
		{Level: 4, Percent: 100, Recipients: []string{string(domain.Delivery)}},
	}
}

// letsTimePass goes on some hours later: targets come near their breach, and are missed.
func (s *stage) letsTimePass(a act, _ *told, _ commands.Request) error {
	s.later += time.Duration(a.Choice%3+1) * time.Hour
	s.in.hour.set(s.now())
	return nil
}

// tick writes down what time has led to on every ticket of the story, as the worker does sooner or later.
func (s *stage) tick(tb failing) {
	tb.Helper()
	all := slices.Clone(s.internal)
	for _, t := range s.tickets {
		all = append(all, t.id)
	}
	for _, id := range all {
		if _, err := s.in.service.TickTicket(context.Background(), s.request(domain.System(), fmt.Sprint("tick ", s.step, id)), id); err != nil {
			tb.Fatalf("tick %s: %v", id, err)
		}
	}
}

func (s *stage) holds(_ act, on *told, r commands.Request) error {
	_, err := s.in.service.HoldTicket(context.Background(), r, commands.HoldTicket{Ticket: on.id, Reason: s.secret("why a ticket is held", r.Key)})
	return err
}

func (s *stage) cancels(_ act, on *told, r commands.Request) error {
	_, err := s.in.service.CancelTicket(context.Background(), r, commands.CancelTicket{Ticket: on.id, Reason: s.secret("why a ticket is cancelled", r.Key)})
	return err
}

func (s *stage) merges(a act, on *told, r commands.Request) error {
	others := slices.DeleteFunc(slices.Clone(s.tickets), func(t *told) bool { return t == on || t.org != on.org })
	for _, into := range pick(others, a.Choice) {
		_, err := s.in.service.MergeTickets(context.Background(), r, commands.MergeTickets{
			Ticket: on.id, Into: into.id, Duplicate: a.Choice%2 == 1, Reason: s.secret("why tickets are merged", r.Key),
		})
		return err
	}
	return nil
}

func (s *stage) splits(a act, on *told, r commands.Request) error {
	split := commands.SplitTicket{Ticket: on.id, Comments: pick(on.comments, a.Choice), Title: s.item("split title", r.Key)}
	if a.Choice%2 == 0 {
		split.Visibility = domain.ClientVisible
	}
	made, err := s.in.service.SplitTicket(context.Background(), r, split)
	if err == nil {
		s.tickets = append(s.tickets, &told{id: domain.TicketID{UUID: made.ID}, org: on.org})
	}
	return err
}

// movesTicket takes a ticket to the other organisation.
func (s *stage) movesTicket(_ act, on *told, _ commands.Request) error {
	r := s.request(s.staff[0].Actor, strconv.Itoa(s.step))
	to := s.orgs[0]
	if on.org == to {
		to = s.orgs[1]
	}
	_, err := s.in.service.ChangeTicketClient(context.Background(), r, commands.ChangeTicketClient{
		Ticket: on.id, Client: to.id, Contract: to.contract, JobType: "api", Reason: s.secret("why a ticket is moved", r.Key),
	})
	if err == nil {
		on.org = to
	}
	return err
}

func (s *stage) raisesBeyond(a act, _ *told, _ commands.Request) error {
	org := s.orgs[a.Org]
	r := s.request(org.users[0].Actor, strconv.Itoa(s.step))
	made, err := s.in.service.RaiseTicket(context.Background(), r, commands.RaiseTicket{
		Client: org.id, OutOfScope: true, Title: s.item("title", r.Key), Description: s.item("description", r.Key),
		Impact: ticket.GradeHigh, Urgency: ticket.GradeMedium,
	})
	if err == nil {
		s.tickets = append(s.tickets, &told{id: domain.TicketID{UUID: made.ID}, org: org})
	}
	return err
}

func (s *stage) followsUp(a act, on *told, _ commands.Request) error {
	r := s.request(on.org.users[0].Actor, strconv.Itoa(s.step))
	made, err := s.in.service.RaiseTicket(context.Background(), r, commands.RaiseTicket{
		Client: on.org.id, Contract: on.org.contract, JobType: "web", Follows: on.id, Title: s.item("title", r.Key),
		Description: s.item("description", r.Key), Priority: ticket.High,
	})
	if err == nil {
		s.tickets = append(s.tickets, &told{id: domain.TicketID{UUID: made.ID}, org: on.org})
	}
	return err
}

func (s *stage) estimates(a act, on *told, r commands.Request) error {
	minutes, text := 60+a.Choice, s.item("estimate", r.Key)
	_, err := s.in.service.EstimateScope(context.Background(), r, commands.EstimateScope{
		Ticket: on.id, Contract: on.org.contract, JobType: "extra", Minutes: minutes, Text: text,
	})
	if err == nil {
		on.estimate = visible.EstimateSHA256(minutes, text)
	}
	return err
}

func (s *stage) answersEstimate(a act, on *told, _ commands.Request) error {
	r := s.request(on.org.users[0].Actor, strconv.Itoa(s.step))
	_, err := s.in.service.AnswerScope(context.Background(), r, commands.AnswerScope{
		Ticket: on.id, Approve: a.Choice%2 == 0, SHA256: on.estimate, Reason: "As we said.",
	})
	return err
}

// editsComment changes what staff wrote. What it said stays a part of it, so that both are visible or neither is.
func (s *stage) editsComment(a act, on *told, r commands.Request) error {
	for _, id := range pick(on.comments, a.Choice) {
		return s.rewrites(on, id, r)
	}
	return nil
}

func (s *stage) clientEdits(a act, on *told, r commands.Request) error {
	for _, id := range pick(on.heard, a.Choice) {
		return s.rewrites(on, id, r)
	}
	return nil
}

func (s *stage) rewrites(on *told, id domain.CommentID, r commands.Request) error {
	state, err := foldOf(context.Background(), s.in.store, ticket.Decider, ticket.Stream(on.id))
	if err != nil {
		return err
	}
	m, _ := state.Message(id)
	r.Actor = s.whoIs(m.Author, r.Actor)
	_, err = s.in.service.EditComment(context.Background(), r, commands.EditComment{Ticket: on.id, Comment: id, Text: m.Text + " again"})
	return err
}

// whoIs is somebody of the story by name.
func (s *stage) whoIs(id domain.PersonID, otherwise domain.Actor) domain.Actor {
	for _, c := range slices.Concat(s.staff[:], s.hidden[:], s.orgs[0].users[:], s.orgs[1].users[:]) {
		if c.Person == id {
			return c.Actor
		}
	}
	return otherwise
}

func (s *stage) deletesComment(a act, on *told, r commands.Request) error {
	return s.deletes(pick(on.comments, a.Choice), on, r)
}

func (s *stage) clientDeletes(a act, on *told, r commands.Request) error {
	return s.deletes(pick(on.heard, a.Choice), on, r)
}

func (s *stage) deletes(ids []domain.CommentID, on *told, r commands.Request) error {
	for _, id := range ids {
		state, err := foldOf(context.Background(), s.in.store, ticket.Decider, ticket.Stream(on.id))
		if err != nil {
			return err
		}
		r.Actor = s.whoIs(state.Author(id), r.Actor)
		if _, err := s.in.service.DeleteComment(context.Background(), r, commands.DeleteComment{Ticket: on.id, Comment: id}); err != nil {
			return err
		}
	}
	return nil
}

// cleansComment takes out of an internal comment what nobody may see, and then publishes it. What it said before stays
// inside, however late that was.
func (s *stage) cleansComment(a act, on *told, r commands.Request) error {
	ctx, key := context.Background(), r.Key
	made := domain.CommentID{UUID: domain.Derive(r.Command().UUID, "comment")}
	_, err := s.in.service.CommentOnTicket(ctx, r, commands.CommentOnTicket{Ticket: on.id, Text: s.secret("draft of a comment", key)})
	if err != nil {
		return err
	}
	if a.Choice%2 == 0 {
		r.At = r.At.Add(ticket.EditWindow + time.Second)
		s.later += ticket.EditWindow + time.Second
		s.in.hour.set(s.now())
	}
	r.Key = key + " edit"
	if _, err = s.in.service.EditComment(ctx, r, commands.EditComment{Ticket: on.id, Comment: made, Text: s.item("clean comment", key)}); err != nil {
		return err
	}
	on.comments = append(on.comments, made)
	r.Key = key + " publish"
	_, err = s.in.service.PublishTicket(ctx, r, commands.PublishTicket{
		Ticket: on.id, Comments: []domain.CommentID{made}, Reason: s.secret("why a clean comment is published", key),
	})
	return err
}

// someBytes are the SHA-256 of a file.
var someBytes = strings.Repeat("0123456789abcdef", 4)

func (s *stage) attach(on *told, r commands.Request, name string, audience domain.Visibility) error {
	id := domain.AttachmentID{UUID: domain.Derive(r.Command().UUID, "attachment")}
	_, err := s.in.service.AttachFile(context.Background(), r, commands.AttachFile{
		Ticket: on.id, Attachment: id, Visibility: audience, Name: name, Type: "text/plain", Size: 12, SHA256: someBytes,
	})
	if err == nil && r.Actor.Person != s.hidden[0].Person && r.Actor.Person != s.hidden[1].Person {
		on.files = append(on.files, id)
	}
	return err
}

func (s *stage) attaches(a act, on *told, r commands.Request) error {
	audience := domain.InternalOnly
	if a.Choice%2 == 0 {
		audience = domain.ClientVisible
	}
	return s.attach(on, r, s.item("file", r.Key), audience)
}

func (s *stage) clientAttaches(a act, on *told, r commands.Request) error {
	r.Actor = on.org.users[0].Actor
	return s.attach(on, r, s.item("file of a client", r.Key), domain.ClientVisible)
}

func (s *stage) publishesFile(a act, on *told, r commands.Request) error {
	for _, id := range pick(on.files, a.Choice) {
		_, err := s.in.service.PublishAttachment(context.Background(), r, commands.ChangeAttachment{
			Ticket: on.id, Attachment: id, Reason: s.secret("why a file is published", r.Key),
		})
		return err
	}
	return nil
}

func (s *stage) withdrawsFile(a act, on *told, r commands.Request) error {
	for _, id := range pick(on.files, a.Choice) {
		_, err := s.in.service.WithdrawAttachment(context.Background(), r, commands.ChangeAttachment{
			Ticket: on.id, Attachment: id, Reason: s.secret("why a file is withdrawn", r.Key),
		})
		return err
	}
	return nil
}

func (s *stage) erasesFile(a act, on *told, _ commands.Request) error {
	r := s.request(s.manager.Actor, strconv.Itoa(s.step))
	for _, id := range pick(on.files, a.Choice) {
		_, err := s.in.service.EraseAttachment(context.Background(), r, commands.ChangeAttachment{
			Ticket: on.id, Attachment: id, Reason: s.secret("why a file is erased", r.Key),
		})
		return err
	}
	return nil
}

func (s *stage) acknowledges(_ act, on *told, r commands.Request) error {
	_, err := s.in.service.AcknowledgeEscalation(context.Background(), r, commands.AcknowledgeEscalation{
		Ticket: on.id, Note: s.secret("note on an escalation", r.Key),
	})
	return err
}

// links ties a ticket to one of which the client knows nothing.
func (s *stage) links(a act, on *told, r commands.Request) error {
	for _, other := range pick(s.internal, a.Choice) {
		_, err := s.in.service.LinkTickets(context.Background(), r, commands.LinkTickets{
			Ticket: on.id, Other: other, Relation: either(s, ticket.RelatesTo, ticket.CausedBy),
		})
		return err
	}
	return nil
}

func (s *stage) unlinks(a act, on *told, r commands.Request) error {
	for _, other := range pick(s.internal, a.Choice) {
		_, err := s.in.service.LinkTickets(context.Background(), r, commands.LinkTickets{
			Ticket: on.id, Other: other, Relation: either(s, ticket.RelatesTo, ticket.CausedBy), End: true,
		})
		return err
	}
	return nil
}

func (s *stage) watches(a act, on *told, r commands.Request) error {
	_, err := s.in.service.WatchTicket(context.Background(), r, commands.WatchTicket{
		Ticket: on.id, Person: s.hidden[a.Choice%2].Person, End: a.Choice > 7,
	})
	return err
}

// attachesInside puts a file on a ticket that stays inside, and at times erases it.
func (s *stage) attachesInside(a act, on *told, r commands.Request) error {
	id := domain.AttachmentID{UUID: domain.Derive(r.Command().UUID, "attachment")}
	s.hideIDs[id.UUID] = "internal file"
	if err := s.attach(on, r, s.secret("name of an internal file", r.Key), domain.InternalOnly); err != nil || a.Choice < 8 {
		return err
	}
	r.Actor, r.Key = s.partner.Actor, r.Key+" erase"
	_, err := s.in.service.EraseAttachment(context.Background(), r, commands.ChangeAttachment{
		Ticket: on.id, Attachment: id, Reason: s.secret("why an internal file is erased", r.Key),
	})
	return err
}

// excuses says that a breach was none. What was proposed or confirmed for it is taken back.
func (s *stage) excuses(a act, on *told, r commands.Request) error {
	ctx := context.Background()
	r.Actor = s.partner.Actor
	_, err := s.in.service.ExcuseBreach(ctx, r, commands.ExcuseBreach{
		Ticket: on.id, Goal: []sla.Goal{sla.FirstResponse, sla.Resolution, sla.NextResponse}[a.Choice%3], Cycle: 1 + a.Choice/8,
		Why: ticket.Mistake, Reason: s.secret("why a breach is excused", r.Key),
	})
	if err == nil {
		_, err = s.in.service.ProposeDeductions(ctx, s.request(domain.System(), r.Key+" deductions"), on.id)
	}
	return err
}

// decidesOnDeductions confirms what is proposed to be given back for a ticket, or waives it, for which it takes two.
func (s *stage) decidesOnDeductions(a act, on *told, r commands.Request) error {
	ctx := context.Background()
	if _, err := s.in.service.ProposeDeductions(ctx, s.request(domain.System(), r.Key+" deductions"), on.id); err != nil {
		return err
	}
	books, err := foldOf(ctx, s.in.store, period.Decider, period.Stream(on.org.contract, march))
	if err != nil {
		return err
	}
	confirms := a.Choice%2 == 0
	open := slices.DeleteFunc(books.Deductions(), func(d period.Deduction) bool {
		// What is confirmed is of this ticket, however many others the lanes have proposed by now: it is excused next.
		return d.State != period.DeductionOpen || confirms && d.Ticket != on.id
	})
	for _, d := range pick(open, a.Ticket) {
		decide := commands.DecideDeduction{Contract: on.org.contract, Month: march, Deduction: d.ID}
		r.Actor = s.partner.Actor
		if confirms {
			_, err := s.in.service.ConfirmDeduction(ctx, r, decide)
			return err
		}
		decide.Reason = s.secret("why a deduction is waived", r.Key)
		if _, err := s.in.service.WaiveDeduction(ctx, r, decide); err != nil {
			return err
		}
		if _, err := s.in.service.WaiveDeduction(ctx, s.request(s.manager.Actor, r.Key+" too"), decide); err != nil {
			return err
		}
	}
	return nil
}

// goesOnInside does with an internal ticket what can be done with any.
func (s *stage) goesOnInside(a act, on *told, r commands.Request) error {
	ctx, service := context.Background(), s.in.service
	for _, id := range pick(s.internal, a.Ticket) {
		var err error
		switch a.Choice % 6 {
		case 0:
			_, err = service.HoldTicket(ctx, r, commands.HoldTicket{Ticket: id, Reason: s.secret("why an internal ticket is held", r.Key)})
		case 1:
			_, err = service.ResumeTicket(ctx, r, commands.ResumeTicket{Ticket: id})
		case 2:
			return s.attach(&told{id: id}, r, s.secret("name of a file on an internal ticket", r.Key), domain.InternalOnly)
		case 3:
			_, err = service.CancelTicket(ctx, r, commands.CancelTicket{Ticket: id, Reason: s.secret("why an internal ticket is cancelled", r.Key)})
		case 4:
			_, err = service.LinkTickets(ctx, r, commands.LinkTickets{Ticket: id, Other: on.id, Relation: ticket.Blocks})
		case 5:
			for _, into := range pick(s.internal, a.Ticket+1) {
				_, err = service.MergeTickets(ctx, r, commands.MergeTickets{Ticket: id, Into: into, Reason: s.secret("why internal tickets are merged", r.Key)})
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// hear keeps the comment that a client has just written.
func (on *told) hear(got answer) {
	var made struct{ ID uuid.UUID }
	if got.Status == http.StatusCreated && json.Unmarshal([]byte(got.Body), &made) == nil && made.ID != on.id.UUID {
		on.heard = append(on.heard, domain.CommentID{UUID: made.ID})
	}
}
