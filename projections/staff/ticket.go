package staff

import (
	"time"

	"effigate/domain"
	"effigate/domain/ticket"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Tickets projects tickets as they are now.
var Tickets = projections.Projection[domain.Recorded, rows.Ticket]{
	Table: "tickets", Key: of[ticket.Event]("ticket"), Evolve: evolveTicket,
}

func evolveTicket(row rows.Ticket, r domain.Recorded) (rows.Ticket, bool) {
	event := r.Event.(ticket.Event)
	_, row.UpdatedAt = signature(event)
	row.Revision = r.Revision
	switch e := event.(type) {
	case ticket.Raised:
		row.Client, row.Contract, row.JobType = e.Client.UUID, known(e.Contract.UUID), e.JobType
		row.Title, row.Description, row.Priority = e.Title, e.Description, string(e.Priority)
		row.Status, row.Visibility = string(ticket.StatusNew), visibility(e.Visibility)
		row.RaisedBy, row.ForClient, row.RaisedAt = known(e.RaisedBy.UUID), e.ForClient, e.At
	case ticket.Triaged:
		row.Contract, row.JobType, row.Priority = known(e.Contract.UUID), e.JobType, string(e.Priority)
		if row.Status == string(ticket.StatusNew) {
			row.Status = string(ticket.StatusTriaged)
		}
	case ticket.Assigned:
		row.Assignee, row.Team = known(e.Staff.Assignee.UUID), e.Staff.Team
	case ticket.Started:
		row.Status = string(ticket.StatusInProgress)
	case ticket.WaitingStarted:
		row = wait(row, e)
	case ticket.WaitingEnded:
		row.Status, row.WaitingSince, row.WaitingReason = string(ticket.StatusInProgress), nil, ""
	case ticket.Resolved:
		row.Status, row.ResolutionNote, row.ResolutionCode = string(ticket.StatusResolved), e.Note, e.Staff.Code
		row.ResolvedAt = &e.At
	case ticket.Closed:
		row.Status, row.ClosedAt = string(ticket.StatusClosed), &e.At
	case ticket.Reopened:
		row.Status, row.ResolutionNote, row.ResolutionCode = string(ticket.StatusReopened), "", ""
		row.ResolvedAt, row.ClosedAt = nil, nil
	case ticket.Published:
		row.Visibility = rows.ClientVisible
	case ticket.Withdrawn:
		row.Visibility = rows.InternalOnly
	case ticket.Numbered:
		row = number(row, e)
	case ticket.Imported:
		line := int64(e.Staff.Line)
		row.SourceSystem, row.SourceKey, row.SourceLine = e.Staff.System, e.Staff.Key, &line
	case ticket.Commented, ticket.Noted, ticket.CommentPublished, ticket.CommentWithdrawn:
		// Rows of messages.
	}
	return row, true
}

// wait begins a pause. Within one, an event that gives another reason leaves it as long as it is.
func wait(row rows.Ticket, e ticket.WaitingStarted) rows.Ticket {
	status := string(ticket.StatusWaitingThirdParty)
	if e.For == ticket.ForClient {
		status = string(ticket.StatusWaitingClient)
	}
	if row.Status != status {
		row.Status, row.WaitingSince = status, &e.At
	}
	row.WaitingReason = e.Staff.Reason
	return row
}

func number(row rows.Ticket, e ticket.Numbered) rows.Ticket {
	value := int64(e.Number)
	if e.Series == domain.ClientVisible {
		row.VisibleNumber = &value
	} else {
		row.InternalNumber = &value
	}
	return row
}

// signature tells who made an event of a ticket happen, and when. Numbering is nobody's doing.
func signature(event ticket.Event) (domain.PersonID, time.Time) {
	switch e := event.(type) {
	case ticket.Raised:
		return e.By, e.At
	case ticket.Triaged:
		return e.By, e.At
	case ticket.Assigned:
		return e.By, e.At
	case ticket.Started:
		return e.By, e.At
	case ticket.Commented:
		return e.By, e.At
	case ticket.Noted:
		return e.By, e.At
	case ticket.WaitingStarted:
		return e.By, e.At
	case ticket.WaitingEnded:
		return e.By, e.At
	case ticket.Resolved:
		return e.By, e.At
	case ticket.Closed:
		return e.By, e.At
	case ticket.Reopened:
		return e.By, e.At
	case ticket.Published:
		return e.By, e.At
	case ticket.Withdrawn:
		return e.By, e.At
	case ticket.CommentPublished:
		return e.By, e.At
	case ticket.CommentWithdrawn:
		return e.By, e.At
	case ticket.Numbered:
		return domain.PersonID{}, e.At
	case ticket.Imported:
		return e.By, e.At
	}
	return domain.PersonID{}, time.Time{}
}
