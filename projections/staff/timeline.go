package staff

import (
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"effigate/domain"
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
	case ticket.Published, ticket.CommentPublished:
		return &visible
	case ticket.Withdrawn, ticket.CommentWithdrawn:
		return &internal
	default:
		return nil
	}
}

// arguments is what a sentence about an event needs besides who and when. The texts of messages stand in
// messages.
type arguments struct {
	Contract   domain.ContractID    `json:"contract,omitzero"`
	JobType    string               `json:"job_type,omitzero"`
	Priority   ticket.Priority      `json:"priority,omitzero"`
	OnBehalfOf domain.PersonID      `json:"on_behalf_of,omitzero"`
	Visibility string               `json:"visibility,omitzero"`
	Assignee   domain.PersonID      `json:"assignee,omitzero"`
	Team       string               `json:"team,omitzero"`
	ByClient   bool                 `json:"by_client,omitzero"`
	CopyOf     domain.CommentID     `json:"copy_of,omitzero"`
	For        ticket.WaitingFor    `json:"for,omitzero"`
	Reason     string               `json:"reason,omitzero"`
	Note       string               `json:"note,omitzero"`
	Code       string               `json:"code,omitzero"`
	Number     string               `json:"number,omitzero"`
	Import     ticket.ImportedStaff `json:"import,omitzero"`
}

func tell(event ticket.Event) arguments {
	switch e := event.(type) {
	case ticket.Raised:
		told := arguments{Contract: e.Contract, JobType: e.JobType, Priority: e.Priority, Visibility: visibility(e.Visibility)}
		if e.RaisedBy != e.By {
			told.OnBehalfOf = e.RaisedBy
		}
		return told
	case ticket.Triaged:
		return arguments{Contract: e.Contract, JobType: e.JobType, Priority: e.Priority}
	case ticket.Assigned:
		return arguments{Assignee: e.Staff.Assignee, Team: e.Staff.Team}
	case ticket.Commented:
		return arguments{Visibility: visibility(e.Visibility), ByClient: e.ByClient}
	case ticket.Noted:
		return arguments{Visibility: visibility(e.Visibility), CopyOf: e.Staff.CopyOf}
	case ticket.WaitingStarted:
		return arguments{For: e.For, Reason: e.Staff.Reason}
	case ticket.Resolved:
		return arguments{Note: e.Note, Code: e.Staff.Code}
	case ticket.Reopened:
		return arguments{Reason: e.Staff.Reason}
	case ticket.Published:
		return arguments{Reason: e.Staff.Reason}
	case ticket.Withdrawn:
		return arguments{Reason: e.Staff.Reason}
	case ticket.CommentPublished:
		return arguments{Reason: e.Staff.Reason}
	case ticket.CommentWithdrawn:
		return arguments{Reason: e.Staff.Reason}
	case ticket.Numbered:
		return arguments{Number: rows.Number{Value: int64(e.Number), Internal: e.Series != domain.ClientVisible}.String()}
	case ticket.Imported:
		return arguments{Import: e.Staff}
	case ticket.Started, ticket.WaitingEnded, ticket.Closed:
		// Who and when is all there is to say.
	}
	return arguments{}
}
