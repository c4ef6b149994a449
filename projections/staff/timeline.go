package staff

import (
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/ticket"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Timeline projects one row for each event of a ticket.
var Timeline = projections.Projection[domain.Recorded, rows.Entry]{
	Table: "timeline", Key: entryOf, Evolve: evolveEntry,
}

func entryOf(r domain.Recorded) (uuid.UUID, bool) {
	_, ok := r.Event.(ticket.Event)
	return r.ID, ok
}

func evolveEntry(row rows.Entry, r domain.Recorded) (rows.Entry, bool) {
	event := r.Event.(ticket.Event)
	by, at := signature(event)
	row.Ticket, row.Revision, row.What = streamID(r, "ticket"), r.Revision, what(event)
	row.Actor, row.HappenedAt, row.RecordedAt = known(by.UUID), at, r.RecordedAt
	row.Item, row.Audience = row.Ticket, audience(event)
	if message, ok := messageOf(r); ok {
		row.Item = message
	} else if attachment, ok := attachmentOf(r); ok {
		row.Item = attachment
	}
	told, err := json.Marshal(tell(event))
	if err != nil {
		panic(err) // Flat text and numbers always encode.
	}
	row.Arguments = string(told)
	return row, true
}

// what is an event's stored name without aggregate and version: "waiting_started".
func what(event ticket.Event) string {
	name := strings.TrimPrefix(event.Kind(), "ticket.")
	return name[:strings.LastIndexByte(name, '.')]
}

// audience is the visibility that an event gives to its item; nil when it gives none, as an internal
// message does, since everything is internal until disclosed.
func audience(event ticket.Event) *string {
	visible, internal := rows.ClientVisible, rows.InternalOnly
	opened := func(v domain.Visibility) *string {
		if v == domain.ClientVisible {
			return &visible
		}
		return nil
	}
	switch e := event.(type) {
	case ticket.Raised:
		return opened(e.Visibility)
	case ticket.Commented:
		return opened(e.Visibility)
	case ticket.Noted:
		return opened(e.Visibility)
	case ticket.Attached:
		return opened(e.Visibility)
	case ticket.Published, ticket.CommentPublished, ticket.AttachmentPublished:
		return &visible
	case ticket.Withdrawn, ticket.CommentWithdrawn, ticket.AttachmentWithdrawn, ticket.AttachmentErased, ticket.ClientChanged:
		return &internal
	default:
		return nil
	}
}

// arguments is what a sentence about an event needs besides who and when. The texts of messages stand in
// messages.
type arguments struct {
	Client     domain.ClientID      `json:"client,omitzero"`
	Contract   domain.ContractID    `json:"contract,omitzero"`
	JobType    string               `json:"job_type,omitzero"`
	Priority   ticket.Priority      `json:"priority,omitzero"`
	OutOfScope bool                 `json:"out_of_scope,omitzero"`
	OnBehalfOf domain.PersonID      `json:"on_behalf_of,omitzero"`
	Visibility string               `json:"visibility,omitzero"`
	Assignee   domain.PersonID      `json:"assignee,omitzero"`
	Team       string               `json:"team,omitzero"`
	Person     domain.PersonID      `json:"person,omitzero"`
	Ended      bool                 `json:"ended,omitzero"`
	ByClient   bool                 `json:"by_client,omitzero"`
	Automatic  bool                 `json:"automatic,omitzero"`
	Version    int                  `json:"version,omitzero"`
	CopyOf     domain.CommentID     `json:"copy_of,omitzero"`
	For        ticket.WaitingFor    `json:"for,omitzero"`
	Reason     string               `json:"reason,omitzero"`
	Why        string               `json:"why,omitzero"`
	Note       string               `json:"note,omitzero"`
	Code       string               `json:"code,omitzero"`
	Ticket     domain.TicketID      `json:"ticket,omitzero"` // another one
	Relation   ticket.Relation      `json:"relation,omitzero"`
	Duplicate  bool                 `json:"duplicate,omitzero"`
	Minutes    int                  `json:"minutes,omitzero"`
	File       string               `json:"file,omitzero"`
	Goal       sla.Goal             `json:"goal,omitzero"`
	Cycle      int                  `json:"cycle,omitzero"`
	State      sla.State            `json:"state,omitzero"`
	Level      int                  `json:"level,omitzero"`
	Policy     sla.Ref              `json:"policy,omitzero"`
	Calendar   sla.Ref              `json:"calendar,omitzero"`
	Number     string               `json:"number,omitzero"`
	Import     ticket.ImportedStaff `json:"import,omitzero"`
}

func tell(event ticket.Event) arguments {
	switch e := event.(type) {
	case ticket.Raised, ticket.Triaged, ticket.Assigned, ticket.Started, ticket.WaitingStarted, ticket.WaitingEnded,
		ticket.Resolved, ticket.Closed, ticket.Cancelled, ticket.Reopened, ticket.ScopeEstimated, ticket.ScopeApproved,
		ticket.ScopeDeclined:
		return tellOfWork(event)
	case ticket.Commented, ticket.CommentEdited, ticket.CommentDeleted, ticket.Noted, ticket.Published, ticket.Withdrawn,
		ticket.CommentPublished, ticket.CommentWithdrawn, ticket.Attached, ticket.AttachmentPublished,
		ticket.AttachmentWithdrawn, ticket.AttachmentErased:
		return tellOfConversation(event)
	case ticket.SLAPinned, ticket.SLAStateReached, ticket.TargetConcluded, ticket.Escalated,
		ticket.EscalationAcknowledged, ticket.BreachExcused:
		return tellOfPromises(event)
	case ticket.Merged:
		return arguments{Ticket: e.Into, Duplicate: e.Duplicate, Reason: e.Staff.Reason}
	case ticket.MergedIn:
		return arguments{Ticket: e.Staff.From}
	case ticket.Split:
		return arguments{Ticket: e.Staff.Into}
	case ticket.Linked:
		return arguments{Ticket: e.Staff.Other, Relation: e.Staff.Relation}
	case ticket.Unlinked:
		return arguments{Ticket: e.Staff.Other, Relation: e.Staff.Relation}
	case ticket.ClientChanged:
		return arguments{Client: e.Client, Contract: e.Contract, JobType: e.JobType, Reason: e.Staff.Reason}
	case ticket.Watched:
		return arguments{Person: e.Staff.Person, Ended: e.Staff.Ended}
	case ticket.Numbered:
		return arguments{Number: rows.Number{Value: int64(e.Number), Internal: e.Series != domain.ClientVisible}.String()}
	case ticket.Imported:
		return arguments{Import: e.Staff}
	}
	return arguments{}
}

func tellOfWork(event ticket.Event) arguments {
	switch e := event.(type) {
	case ticket.Raised:
		told := arguments{
			Contract: e.Contract, JobType: e.JobType, Priority: e.Priority, Visibility: visibility(e.Visibility),
			OutOfScope: e.OutOfScope, Ticket: e.Follows,
		}
		if e.RaisedBy != e.By {
			told.OnBehalfOf = e.RaisedBy
		}
		if !e.Staff.SplitFrom.IsZero() {
			told.Ticket = e.Staff.SplitFrom
		}
		return told
	case ticket.Triaged:
		return arguments{Contract: e.Contract, JobType: e.JobType, Priority: e.Priority}
	case ticket.Assigned:
		return arguments{Assignee: e.Staff.Assignee, Team: e.Staff.Team}
	case ticket.WaitingStarted:
		return arguments{For: e.For, Reason: e.Staff.Reason}
	case ticket.Resolved:
		return arguments{Note: e.Note, Code: e.Staff.Code}
	case ticket.Closed:
		return arguments{Automatic: e.Staff.Automatic}
	case ticket.Cancelled:
		return arguments{Reason: e.Staff.Reason}
	case ticket.Reopened:
		return arguments{Reason: e.Staff.Reason}
	case ticket.ScopeEstimated:
		return arguments{Contract: e.Contract, JobType: e.JobType, Minutes: e.Minutes, Note: e.Text}
	case ticket.ScopeDeclined:
		return arguments{Reason: e.Reason}
	default: // Who and when is all there is to say.
		return arguments{}
	}
}

func tellOfConversation(event ticket.Event) arguments {
	switch e := event.(type) {
	case ticket.Commented:
		return arguments{Visibility: visibility(e.Visibility), ByClient: e.ByClient, Automatic: e.Automatic}
	case ticket.CommentEdited:
		return arguments{Version: e.Version}
	case ticket.Noted:
		return arguments{Visibility: visibility(e.Visibility), CopyOf: e.Staff.CopyOf}
	case ticket.Published:
		return arguments{Reason: e.Staff.Reason}
	case ticket.Withdrawn:
		return arguments{Reason: e.Staff.Reason}
	case ticket.CommentPublished:
		return arguments{Reason: e.Staff.Reason}
	case ticket.CommentWithdrawn:
		return arguments{Reason: e.Staff.Reason}
	case ticket.Attached:
		return arguments{Visibility: visibility(e.Visibility), ByClient: e.ByClient, File: e.Name}
	case ticket.AttachmentPublished:
		return arguments{Reason: e.Staff.Reason}
	case ticket.AttachmentWithdrawn:
		return arguments{Reason: e.Staff.Reason}
	case ticket.AttachmentErased:
		return arguments{Reason: e.Staff.Reason}
	default:
		return arguments{}
	}
}

func tellOfPromises(event ticket.Event) arguments {
	switch e := event.(type) {
	case ticket.SLAPinned:
		return arguments{Policy: e.Staff.Pin.Policy, Calendar: e.Staff.Pin.Calendar, Reason: e.Staff.Reason}
	case ticket.SLAStateReached:
		return arguments{Goal: e.Goal, Cycle: e.Staff.Cycle, State: e.State}
	case ticket.TargetConcluded:
		return arguments{Goal: e.Goal, Cycle: e.Staff.Cycle, State: e.State} // Its figures are in targets: not everybody sees them.
	case ticket.Escalated:
		return arguments{Goal: e.Goal, Cycle: e.Staff.Cycle, Level: e.Staff.Level.Level}
	case ticket.EscalationAcknowledged:
		return arguments{Reason: e.Staff.Reason}
	case ticket.BreachExcused:
		return arguments{Goal: e.Goal, Cycle: e.Staff.Cycle, Why: e.Staff.Why, Reason: e.Staff.Reason}
	default:
		return arguments{}
	}
}
