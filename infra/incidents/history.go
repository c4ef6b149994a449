package incidents

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/ticket"
	"effigate/infra/sheet"
)

// Ticket is the history of one incident.
type Ticket struct {
	ID     domain.TicketID
	Key    string // its number in the source
	Client domain.ClientID
	Caller domain.PersonID // the client user who raised it; zero when unknown
	Title  string
	Opened time.Time
	Status ticket.Status // after the last row; empty when no row can be imported

	Import   commands.ImportTicket // one step per row that isn't rejected
	Events   int                   // what the import appends
	Rejected []sheet.Rejection     // rows that the ticket's life cycle has no place for
	Notes    []sheet.Note
}

// Ticket tells the history of ticket i. by is who imports it: the source's own names of who changed a row
// are not those of its callers and assignees.
func (f *File) Ticket(i int, by domain.Actor) Ticket {
	rows := f.rows[f.tickets[i].first:f.tickets[i].last]
	of, first := &f.Organisations[f.tickets[i].organisation], rows[0]
	key := first.number.Value()
	h := history{
		of: of, by: by, reopens: first.reopens, changes: -1,
		Ticket: Ticket{
			ID: domain.TicketID{UUID: derive("ticket", key)}, Key: key, Client: of.ID,
			Caller: callerID(of.Source, first.caller.Value()), Title: title(first), Opened: at(first.openedAt),
		},
	}
	for n, r := range rows {
		if n > 0 {
			h.compare(rows[n-1], r)
		}
		h.take(r)
	}
	h.Status = h.state.Status
	h.Events++ // ticket.Imported
	h.Import = commands.ImportTicket{Ticket: h.ID, Steps: h.Import.Steps, From: ticket.ImportedStaff{
		System: System, Key: key, File: f.Hash, Line: firstLine(rows), Rows: len(rows), Digest: digest(rows),
	}}
	return h.Ticket
}

// history is a ticket while its rows are told.
type history struct {
	Ticket
	of      *Organisation
	by      domain.Actor
	state   ticket.State
	reopens int32 // the highest reopen_count so far
	changes int32 // the highest sys_mod_count so far

	location, caller text
	said, applied    sorting // by the last row, and on the ticket
}

// sorting is what a row says about who works on a ticket under which heading.
type sorting struct {
	jobType        string
	priority       ticket.Priority
	team, assignee string
}

func (h *history) note(r row, kind sheet.NoteKind, format string, arguments ...any) {
	h.Notes = append(h.Notes, sheet.Note{Line: int(r.line), Kind: kind, Text: fmt.Sprintf(format, arguments...)})
}

// compare notes what made r come after the row before it, where the file leaves it open.
func (h *history) compare(before, r row) {
	switch {
	case r.updatedAt > before.updatedAt && r.changes >= 0 && r.changes <= before.changes:
		h.note(r, OutOfOrder, "sys_mod_count %d comes after %d on line %d in time; the time was followed", r.changes, before.changes, before.line)
	case r.updatedAt == before.updatedAt && r.changes == before.changes:
		h.note(r, EqualOrder, "the same minute and sys_mod_count as line %d; the order of the file was followed", before.line)
	case r.updatedAt == before.updatedAt:
		h.note(r, EqualMinute, "the same minute as line %d; sys_mod_count %d was put after %d", before.line, r.changes, before.changes)
	}
	if r.line < before.line {
		h.note(r, OutOfOrder, "stands before line %d, which happened earlier", before.line)
	}
}

// take tells one row, or rejects it.
func (h *history) take(r row) {
	if r.clock == sheet.Never {
		h.note(r, ClockGap, "%s was skipped by the clocks; read as %s", r.updated, at(r.updatedAt).Format(time.RFC3339))
	}
	if r.clock == sheet.Twice {
		h.note(r, ClockFold, "%s was shown twice by the clocks; read as the first, %s", r.updated, at(r.updatedAt).Format(time.RFC3339))
	}
	if r.changes > h.changes+1 {
		h.note(r, MissingChanges, "%d changes before sys_mod_count %d are not in the file, or were rejected", r.changes-h.changes-1, r.changes)
	}
	h.changes = max(h.changes, r.changes)
	next := *h
	asked, err := next.commands(r)
	decided := 0
	if err == nil {
		decided, err = next.decide(asked)
	}
	if err != nil {
		h.Rejected = append(h.Rejected, sheet.Rejection{
			Line: int(r.line), Field: columnNames[colState], Value: r.state.Value(), Reason: reason(err),
		})
		return
	}
	next.reopens = max(h.reopens, r.reopens)
	next.Import.Steps = append(next.Import.Steps, commands.ImportStep{Line: int(r.line), Commands: asked})
	next.Events += decided
	*h = next
}

// decide moves the state on by what one row says.
func (h *history) decide(asked []ticket.Command) (events int, err error) {
	for _, command := range asked {
		decided, err := ticket.Decide(h.state, command)
		if err != nil {
			return 0, err
		}
		h.state = ticket.Decider.Fold(h.state, decided...)
		events += len(decided)
	}
	return events, nil
}

func reason(err error) string {
	if refusal, ok := errors.AsType[*domain.Refusal](err); ok {
		return refusal.Text
	}
	return err.Error()
}

// commands are what a row asks of the ticket, given what the rows before it said. A row that says nothing
// new asks for nothing that isn't so already.
func (h *history) commands(r row) ([]ticket.Command, error) {
	now := at(r.updatedAt)
	var asked []ticket.Command
	status := h.state.Status
	if !h.state.Exists() {
		asked, status = append(asked, h.raise(r)), ticket.StatusNew
	}
	h.moved(r)
	over := status == ticket.StatusResolved || status == ticket.StatusClosed
	if counted := h.reopens >= 0 && r.reopens > h.reopens; over && (counted || reopens(r.state.Value())) {
		if !counted {
			h.note(r, ReopenedUncounted, "%s after the ticket was %s, though reopen_count did not rise; it was reopened", r.state.Value(), status)
		}
		asked, status, over = append(asked, ticket.Reopen{By: h.by, At: now}), ticket.StatusReopened, false
	} else if counted || len(asked) > 0 && r.reopens > 0 {
		h.note(r, ReopenedUnseen, "reopen_count is %d, but no row says that the ticket was over before; nothing was reopened", r.reopens)
	}
	asked = append(asked, h.sort(r, over)...)
	entered, err := h.enter(r, status)
	return append(asked, entered...), err
}

// reopens tells whether a state reopens a ticket that was over. New does not: nothing becomes new again.
func reopens(state string) bool {
	return state != stateNew && state != stateResolved && state != stateClosed
}

// raise opens the ticket as its first row has it.
func (h *history) raise(r row) ticket.Command {
	key, _ := jobType(r.category.Value())
	h.applied = sorting{jobType: key, priority: priorities[r.priority]}
	h.location, h.caller = r.location, r.caller
	if r.location.Value() == "" {
		h.note(r, NoLocation, "the ticket was given to %s", h.of.Name)
	}
	if r.caller.Value() == "" {
		h.note(r, NoCaller, "nobody at the client raised the ticket")
	}
	if r.category.Value() == "" {
		h.note(r, NoCategory, "the job type was left open")
	}
	if h.applied.priority == "" {
		h.note(r, NoPriority, "the priority was taken to be medium")
		h.applied.priority = ticket.Medium
	}
	h.said = h.applied
	return ticket.Raise{
		Ticket: h.ID, Client: h.Client, Contract: h.of.contractOf(key), JobType: key, Title: h.Title,
		Priority: h.applied.priority, OnBehalfOf: h.Caller, Imported: true, By: h.by, At: at(r.openedAt),
	}
}

// moved notes changes that a ticket doesn't follow.
func (h *history) moved(r row) {
	if location := r.location.Value(); location != "" && r.location != h.location {
		h.note(r, LocationMoved, "to %s; the ticket stays with %s", location, h.of.Name)
		h.location = r.location
	}
	if caller := r.caller.Value(); caller != "" && r.caller != h.caller {
		h.note(r, CallerMoved, "to %s; the ticket stays with the caller of its first row", caller)
		h.caller = r.caller
	}
	if r.openedAt != h.Opened.Unix() && r.opened != (stamp{}) {
		h.note(r, OpenedMoved, "to %s; the ticket stays opened at %s", r.opened, h.Opened.Format(time.RFC3339))
	}
}

// sort classifies and assigns an open ticket. On one that is over, a change is noted, and takes effect
// when the ticket is reopened.
func (h *history) sort(r row, over bool) []ticket.Command {
	now := h.said
	now.team, now.assignee = r.team.Value(), r.assignee.Value()
	if category := r.category.Value(); category != "" {
		now.jobType, _ = jobType(category)
	}
	if r.priority != 0 {
		now.priority = priorities[r.priority]
	}
	if over && now != h.said {
		h.note(r, AfterResolution, "category, priority, team or assignee changed after the ticket was over; it stays as it was")
	}
	h.said = now
	if over {
		return nil
	}
	var asked []ticket.Command
	if now.jobType != h.applied.jobType || now.priority != h.applied.priority {
		asked = append(asked, ticket.Triage{
			Contract: h.of.contractOf(now.jobType), JobType: now.jobType, Priority: now.priority, By: h.by, At: at(r.updatedAt),
		})
	}
	if now.team != h.applied.team || now.assignee != h.applied.assignee {
		asked = append(asked, ticket.Assign{Assignee: assigneeID(now.assignee), Team: now.team, By: h.by, At: at(r.updatedAt)})
	}
	h.applied = now
	return asked
}

// enter brings a ticket of some status into the state of a row.
func (h *history) enter(r row, status ticket.Status) ([]ticket.Command, error) {
	now, state := at(r.updatedAt), r.state.Value()
	begun := status != ticket.StatusNew && status != ticket.StatusTriaged && status != ticket.StatusReopened
	waits := status == ticket.StatusWaitingClient || status == ticket.StatusWaitingThirdParty
	resolve := ticket.Resolve{Code: r.code.Value(), Imported: true, By: h.by, At: now}
	end := ticket.Close{Imported: true, By: h.by, At: now}
	switch {
	case state == stateNew && begun:
		return nil, fmt.Errorf("the ticket was %s by then and cannot become new again", status)
	case state == stateNew:
		return nil, nil
	case state == stateActive && waits:
		return []ticket.Command{ticket.Resume{By: h.by, At: now}}, nil
	case state == stateActive:
		return []ticket.Command{ticket.Start{By: h.by, At: now}}, nil
	case state == stateUserInfo:
		return []ticket.Command{ticket.WaitForClient{Imported: true, By: h.by, At: now}}, nil
	case state == stateResolved:
		return []ticket.Command{resolve}, nil
	case state == stateClosed && status != ticket.StatusResolved && status != ticket.StatusClosed:
		return []ticket.Command{resolve, end}, nil // The code of its resolution is on this row alone.
	case state == stateClosed:
		return []ticket.Command{end}, nil
	default:
		return []ticket.Command{ticket.WaitForThirdParty{Reason: state, By: h.by, At: now}}, nil
	}
}

func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// title names a ticket by what its first row says it is about.
func title(r row) string {
	var parts []string
	for _, part := range []text{r.category, r.subcategory, r.symptom} {
		if part.Value() != "" {
			parts = append(parts, part.Value())
		}
	}
	if len(parts) == 0 {
		return "(no category)"
	}
	return sheet.Cut(strings.Join(parts, " · "), domain.MaxLine)
}

// firstLine is where a ticket begins in the file.
func firstLine(rows []row) int {
	first := rows[0].line
	for _, r := range rows {
		first = min(first, r.line)
	}
	return int(first)
}

// digest identifies what the file says of a ticket: instants instead of local times, so that the same file
// read in another zone is a change, and no lines, so that the same rows elsewhere are none.
func digest(rows []row) string {
	var told []byte
	for _, r := range rows {
		told = fmt.Appendf(told, "%d %d %d %d %d", r.openedAt, r.updatedAt, r.changes, r.reopens, r.priority)
		for _, value := range [...]text{
			r.number, r.state, r.caller, r.location, r.category, r.subcategory, r.symptom, r.team, r.assignee, r.code,
		} {
			told = append(append(told, '\x1f'), value.Value()...)
		}
		told = append(told, '\n')
	}
	sum := sha256.Sum256(told)
	return hex.EncodeToString(sum[:])
}
