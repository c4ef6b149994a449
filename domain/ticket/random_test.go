package ticket_test

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/terms"
	"effigate/domain/ticket"
	"effigate/domain/visible"
)

// The properties run over histories that everybody makes together. Every text is unique, and every internal field
// begins with the marker.
const marker = "INTERNAL"

var everybody = []domain.Actor{
	anna, anna, anna, anna, anna, ben, staff("olivia", domain.Owner), domain.System(), emma, emma, emma, clara, erik, olga,
	user("oscar", orion, domain.ClientEmployee),
}

// draw draws what commands are made of, from little, so that commands meet each other's effects.
type draw struct{ *rapid.T }

func (d draw) comment() domain.CommentID {
	return comment(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}).Draw(d.T, "comment"))
}

func (d draw) file() domain.AttachmentID {
	return attachment(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(d.T, "file"))
}

func (d draw) text() string { return fmt.Sprintf("text %d", rapid.Uint64().Draw(d.T, "text")) }

func (d draw) hidden() string { return marker + " " + d.text() }

func (d draw) visibility() domain.Visibility {
	return rapid.SampledFrom([]domain.Visibility{domain.InternalOnly, domain.ClientVisible}).Draw(d.T, "visibility")
}

func (d draw) rarely() bool { return rapid.IntRange(0, 7).Draw(d.T, "rarely") == 0 }

func (d draw) person() domain.PersonID {
	return rapid.SampledFrom([]domain.PersonID{anna.Person, ben.Person, emma.Person}).Draw(d.T, "person")
}

func (d draw) other() domain.TicketID {
	return rapid.SampledFrom([]domain.TicketID{other, {UUID: id("a third ticket")}}).Draw(d.T, "other")
}

func (d draw) promise() *sla.Promise {
	return rapid.SampledFrom([]*sla.Promise{nil, &always, &always, &office, {Hours: always.Hours}}).Draw(d.T, "promise")
}

// anyCommand draws one of each; timed says when it was sent.
func anyCommand() *rapid.Generator[ticket.Command] {
	return rapid.Custom(func(t *rapid.T) ticket.Command {
		d := draw{t}
		by := rapid.SampledFrom(everybody).Draw(t, "by")
		return sentBy(rapid.SampledFrom([]func(draw) ticket.Command{
			draw.ofLife, draw.ofLife, draw.ofConversation, draw.ofConversation, draw.ofFiles, draw.ofOthers, draw.ofPromises,
		}).Draw(t, "kind")(d), by)
	})
}

func (d draw) ofLife() ticket.Command {
	imported := d.rarely()
	switch rapid.IntRange(0, 13).Draw(d.T, "of life") {
	case 0:
		return d.triage()
	case 1:
		return d.assign()
	case 2:
		return ticket.Start{}
	case 3:
		return ticket.WaitForClient{Comment: d.comment(), Question: d.text(), Imported: imported}
	case 4:
		return ticket.WaitForThirdParty{Reason: d.hidden()}
	case 5:
		return ticket.Hold{Reason: d.hidden()}
	case 6:
		return ticket.Resume{}
	case 7:
		return ticket.Resolve{Note: d.text(), Code: d.hidden(), Imported: imported}
	case 8:
		return ticket.Close{Imported: imported}
	case 9:
		return ticket.Reopen{Comment: d.comment(), Text: d.text()}
	case 10:
		if d.rarely() {
			return ticket.Cancel{Reason: d.hidden()}
		}
		return ticket.Start{}
	case 11:
		return ticket.EstimateScope{Contract: contract, JobType: "design", Minutes: 480, Text: d.asking()}
	case 12:
		return ticket.AnswerScope{Approve: !d.rarely(), SHA256: visible.EstimateSHA256(480, d.asking()), Reason: d.hidden(), Promise: d.promise()}
	default:
		return ticket.Number{Series: d.visibility(), Number: rapid.IntRange(1, 99).Draw(d.T, "number")}
	}
}

// asking is the text of an estimate: one of few, so that an answer is often about the one that was asked last.
func (d draw) asking() string {
	return rapid.SampledFrom([]string{"A day of work.", "Two halves of a day."}).Draw(d.T, "estimate")
}

func (d draw) triage() ticket.Command {
	return ticket.Triage{
		Contract: contract, JobType: rapid.SampledFrom([]string{"api", "web"}).Draw(d.T, "job type"),
		Priority: rapid.SampledFrom([]ticket.Priority{ticket.Critical, ticket.High, ticket.Low}).Draw(d.T, "priority"), Promise: d.promise(),
	}
}

func (d draw) assign() ticket.Command {
	return ticket.Assign{
		Assignee: rapid.SampledFrom([]domain.PersonID{{}, anna.Person, ben.Person}).Draw(d.T, "assignee"),
		Team:     marker + " team " + rapid.StringMatching(`[a-z]{6}`).Draw(d.T, "team"),
	}
}

func (d draw) ofConversation() ticket.Command {
	switch rapid.IntRange(0, 9).Draw(d.T, "of conversation") {
	case 0, 1, 2, 3:
		return ticket.Comment{
			Comment: d.comment(), Visibility: d.visibility(), Text: d.text(), Mentions: []domain.PersonID{d.person()}, Automatic: d.rarely(),
		}
	case 4, 5:
		return ticket.EditComment{Comment: d.comment(), Text: d.text()}
	case 6:
		return ticket.DeleteComment{Comment: d.comment()}
	case 7:
		copyOf := rapid.SampledFrom([]domain.CommentID{{}, {}, comment("a"), comment("b")}).Draw(d.T, "copy of")
		return ticket.Note{Note: d.comment(), Visibility: d.visibility(), Text: d.text(), CopyOf: copyOf}
	case 8:
		return ticket.WithdrawComment{Comment: d.comment(), Reason: d.hidden()}
	default:
		return ticket.Adopt{
			Comment: d.comment(), Visibility: d.visibility(), Author: d.person(), ByClient: d.rarely(), Text: d.text(), Written: at,
		}
	}
}

func (d draw) ofFiles() ticket.Command {
	switch rapid.IntRange(0, 6).Draw(d.T, "of files") {
	case 0, 1, 2:
		return ticket.Attach{
			Attachment: d.file(), Visibility: d.visibility(), Name: d.text() + ".log", Type: "text/plain", Size: 1, SHA256: digest,
		}
	case 3:
		return ticket.PublishAttachment{Attachment: d.file(), Reason: d.hidden()}
	case 4:
		return ticket.WithdrawAttachment{Attachment: d.file(), Reason: d.hidden()}
	case 5:
		return ticket.EraseAttachment{Attachment: d.file(), Reason: d.hidden()}
	default:
		return ticket.Withdraw{Reason: d.hidden()}
	}
}

func (d draw) ofOthers() ticket.Command {
	switch rapid.IntRange(0, 8).Draw(d.T, "of others") {
	case 0:
		if !d.rarely() {
			return d.publish()
		}
		return ticket.Merge{Into: other, IntoState: goesOn(d.visibility()), Duplicate: d.rarely(), Reason: d.hidden()}
	case 1:
		return d.takeIn()
	case 2:
		return ticket.SplitOff{Into: d.other(), Comments: []domain.CommentID{d.comment()}}
	case 3:
		return ticket.Link{Other: d.other(), Relation: ticket.Blocks}
	case 4:
		return ticket.Unlink{Other: d.other(), Relation: ticket.Blocks}
	case 5:
		to := rapid.SampledFrom([]domain.ClientID{nexus, orion}).Draw(d.T, "client")
		return ticket.ChangeClient{Client: to, Contract: contract, JobType: "api", Promise: d.promise(), Reason: d.hidden()}
	case 6:
		return ticket.Watch{Person: d.person(), End: d.rarely()}
	default:
		return d.publish()
	}
}

func (d draw) publish() ticket.Command {
	return ticket.Publish{
		Comments:    rapid.SliceOfN(rapid.SampledFrom([]domain.CommentID{comment("a"), comment("b"), comment("c")}), 0, 3).Draw(d.T, "comments"),
		Attachments: rapid.SliceOfN(rapid.SampledFrom([]domain.AttachmentID{attachment("a")}), 0, 1).Draw(d.T, "attachments"),
		Reason:      d.hidden(),
	}
}

// takeIn brings the clock of another ticket that began a while before.
func (d draw) takeIn() ticket.Command {
	begun := raised
	begun.Ticket, begun.At = other, at.Add(-time.Duration(rapid.IntRange(0, 300).Draw(d.T, "earlier"))*time.Minute)
	pin := ticket.SLAPinned{Staff: ticket.SLAPinnedStaff{Pin: always.Select("high", "api", begun.At)}, At: begun.At}
	pause := ticket.WaitingStarted{For: ticket.OnHold, At: begun.At.Add(time.Minute)}
	over := ticket.Merged{Into: subject, At: at}
	return ticket.TakeIn{From: other, Bound: d.rarely(), Clock: ticket.Decider.Fold(ticket.State{}, begun, pin, pause, over).Clock}
}

func (d draw) ofPromises() ticket.Command {
	switch rapid.IntRange(0, 5).Draw(d.T, "of promises") {
	case 0, 1:
		return ticket.PinSLA{Promise: *rapid.SampledFrom([]*sla.Promise{&always, &office}).Draw(d.T, "pinned"), Reason: marker}
	case 2, 3:
		return ticket.Tick{}
	case 4:
		return ticket.Acknowledge{Note: d.hidden()}
	default:
		goal := rapid.SampledFrom(sla.Goals()).Draw(d.T, "goal")
		return ticket.ExcuseBreach{Goal: goal, Cycle: 1, Why: terms.Maintenance, Reason: d.hidden()}
	}
}

// anyRaise is a ticket of each origin.
func anyRaise() *rapid.Generator[ticket.Command] {
	return rapid.Custom(func(t *rapid.T) ticket.Command {
		command := raise
		command.Promise = draw{t}.promise()
		command.By = rapid.SampledFrom([]domain.Actor{emma, clara, anna, domain.System()}).Draw(t, "raised by")
		if command.By.Side != domain.ClientSide {
			command.OnBehalfOf = rapid.SampledFrom([]domain.PersonID{{}, {}, emma.Person}).Draw(t, "on behalf of")
			command.Imported = rapid.IntRange(0, 5).Draw(t, "imported") == 0
			command.Visibility = draw{t}.visibility()
			command.SplitFrom = rapid.SampledFrom([]domain.TicketID{{}, other}).Draw(t, "split from")
		}
		if rapid.IntRange(0, 5).Draw(t, "out of scope") == 0 {
			command.Contract, command.JobType, command.OutOfScope = domain.ContractID{}, "", true
		}
		return command
	})
}

// anyCommands draws a ticket's life, each command some minutes after the one before it.
func anyCommands(t *rapid.T) []ticket.Command {
	commands := append([]ticket.Command{anyRaise().Draw(t, "raise")}, rapid.SliceOfN(anyCommand(), 12, 50).Draw(t, "commands")...)
	now := at
	for i, command := range commands {
		gap := rapid.SampledFrom([]int{0, 0, 1, 1, 5, 20, 60, 120, 240, 3000}).Draw(t, "gap")
		now = now.Add(time.Duration(gap) * time.Minute)
		commands[i] = sentAt(command, now)
	}
	return commands
}

// shuffled is a life in which the clocks of those who sent the commands disagree.
func shuffled(t *rapid.T, commands []ticket.Command) []ticket.Command {
	for i, command := range commands {
		if i > 0 {
			commands[i] = sentAt(command, at.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "minute"))*time.Minute))
		}
	}
	return commands
}

// sentAt is the command as it would be sent at an instant.
func sentAt(command ticket.Command, now time.Time) ticket.Command {
	sent := reflect.New(reflect.TypeOf(command)).Elem()
	sent.Set(reflect.ValueOf(command))
	sent.FieldByName("At").Set(reflect.ValueOf(now))
	return sent.Interface().(ticket.Command)
}

func sentWhen(command ticket.Command) time.Time {
	return reflect.ValueOf(command).FieldByName("At").Interface().(time.Time)
}

// internalCommand is something that concerns staff alone.
func internalCommand() *rapid.Generator[ticket.Command] {
	return rapid.Custom(func(t *rapid.T) ticket.Command {
		own := comment("internal " + strconv.Itoa(rapid.IntRange(0, 9).Draw(t, "own")))
		file := attachment("internal " + strconv.Itoa(rapid.IntRange(0, 3).Draw(t, "own file")))
		switch rapid.IntRange(0, 10).Draw(t, "internal command") {
		case 0:
			return sentBy(draw{t}.assign(), anna)
		case 1:
			return ticket.Comment{Comment: own, Text: "inside", By: anna}
		case 2:
			return ticket.Note{Note: own, Text: "inside", By: ben}
		case 3:
			return ticket.Number{Series: domain.InternalOnly, Number: rapid.IntRange(1, 999).Draw(t, "number")}
		case 4:
			return ticket.EditComment{Comment: own, Text: "inside again", By: anna}
		case 5:
			return ticket.DeleteComment{Comment: own, By: anna}
		case 6:
			return ticket.Attach{Attachment: file, Name: "inside.log", Type: "text/plain", Size: 1, SHA256: digest, By: anna}
		case 7:
			return ticket.Link{Other: domain.TicketID{UUID: id("an internal ticket")}, Relation: ticket.CausedBy, By: ben}
		case 8:
			return ticket.SplitOff{Into: domain.TicketID{UUID: id("an internal ticket")}, Comments: []domain.CommentID{own}, By: ben}
		case 9:
			return ticket.Watch{Person: ben.Person, By: ben}
		default:
			return ticket.WithdrawComment{Comment: own, Reason: "inside", By: ben}
		}
	})
}
