package staff

import (
	"encoding/json"
	"slices"
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
		row = raised(row, e)
	case ticket.Triaged:
		row.Contract, row.JobType, row.Priority = known(e.Contract.UUID), e.JobType, string(e.Priority)
		row.OutOfScope = row.OutOfScope && e.Contract.IsZero()
		if row.Status == string(ticket.StatusNew) {
			row.Status = string(ticket.StatusTriaged)
		}
	case ticket.Assigned:
		row.Assignee, row.Team = known(e.Staff.Assignee.UUID), e.Staff.Team
	case ticket.Started:
		row.Status = string(ticket.StatusInProgress)
	case ticket.Commented:
		row = heard(row, e)
	case ticket.Noted:
		if e.Visibility == domain.ClientVisible {
			row.LastStaffAt = &e.At
		}
	case ticket.WaitingStarted:
		row = wait(row, e)
	case ticket.WaitingEnded:
		row = paused(row, ticket.StatusInProgress, nil, "")
	case ticket.Resolved:
		row = paused(row, ticket.StatusResolved, nil, "")
		row.ResolutionNote, row.ResolutionCode, row.ResolvedAt = e.Note, e.Staff.Code, &e.At
	case ticket.Closed:
		row.Status, row.ClosedAt = string(ticket.StatusClosed), &e.At
	case ticket.Cancelled:
		row = paused(row, ticket.StatusCancelled, nil, "")
		row.ClosedAt, row.EndReason = &e.At, e.Staff.Reason
	case ticket.Merged:
		row = merged(row, e)
	case ticket.Reopened:
		row.Status, row.ResolutionNote, row.ResolutionCode = string(ticket.StatusReopened), "", ""
		row.ResolvedAt, row.ClosedAt = nil, nil
	case ticket.ClientChanged:
		row = moved(row, e)
	case ticket.ScopeEstimated, ticket.ScopeApproved, ticket.ScopeDeclined:
		row = scoped(row, event)
	case ticket.EscalationAcknowledged:
		row.AcknowledgedAt, row.AcknowledgedBy = &e.At, known(e.By.UUID)
	case ticket.Escalated:
		row.AcknowledgedAt, row.AcknowledgedBy = nil, nil
	case ticket.Watched:
		row.Watchers = watch(row.Watchers, e.Staff)
	case ticket.Published:
		row.Visibility = rows.ClientVisible
	case ticket.Withdrawn:
		row.Visibility = rows.InternalOnly
	case ticket.Numbered:
		row = number(row, e)
	case ticket.Imported:
		line := int64(e.Staff.Line)
		row.SourceSystem, row.SourceKey, row.SourceLine = e.Staff.System, e.Staff.Key, &line
	case ticket.CommentPublished, ticket.CommentWithdrawn, ticket.CommentEdited, ticket.CommentDeleted, ticket.MergedIn,
		ticket.Split, ticket.Linked, ticket.Unlinked, ticket.Attached, ticket.AttachmentPublished,
		ticket.AttachmentWithdrawn, ticket.AttachmentErased, ticket.SLAPinned, ticket.SLAStateReached,
		ticket.TargetConcluded, ticket.BreachExcused:
		// Rows of messages, files, links and clocks.
	}
	return row, true
}

func raised(row rows.Ticket, e ticket.Raised) rows.Ticket {
	row.Client, row.Contract, row.JobType = e.Client.UUID, known(e.Contract.UUID), e.JobType
	row.Title, row.Description, row.Priority = e.Title, e.Description, string(e.Priority)
	row.Impact, row.Urgency, row.OutOfScope = string(e.Impact), string(e.Urgency), e.OutOfScope
	row.Status, row.Visibility = string(ticket.StatusNew), visibility(e.Visibility)
	row.Follows, row.SplitFrom = known(e.Follows.UUID), known(e.Staff.SplitFrom.UUID)
	row.RaisedBy, row.ForClient, row.RaisedAt = known(e.RaisedBy.UUID), e.ForClient, e.At
	return row
}

// heard notes who of the two sides wrote last to the other.
func heard(row rows.Ticket, e ticket.Commented) rows.Ticket {
	switch {
	case e.ByClient:
		row.LastClientAt = &e.At
	case e.Visibility == domain.ClientVisible && !e.Automatic:
		row.LastStaffAt = &e.At
	}
	return row
}

func merged(row rows.Ticket, e ticket.Merged) rows.Ticket {
	status := ticket.StatusMerged
	if e.Duplicate {
		status = ticket.StatusDuplicate
	}
	row = paused(row, status, nil, "")
	row.MergedInto, row.ClosedAt, row.EndReason = known(e.Into.UUID), &e.At, e.Staff.Reason
	return row
}

// moved gives the ticket to another organisation: to that nobody of the old one ever wrote, and nothing is shown yet.
func moved(row rows.Ticket, e ticket.ClientChanged) rows.Ticket {
	row.Client, row.Contract, row.JobType = e.Client.UUID, known(e.Contract.UUID), e.JobType
	row.OutOfScope, row.Visibility = e.Contract.IsZero(), rows.InternalOnly
	row.VisibleNumber, row.InternalNumber = nil, nil
	if row.ForClient {
		row.ForClient, row.RaisedBy = false, nil
	}
	return row
}

// scoped follows an estimate to its answer.
func scoped(row rows.Ticket, event ticket.Event) rows.Ticket {
	switch e := event.(type) {
	case ticket.ScopeEstimated:
		row = paused(row, ticket.StatusAwaitingScope, &e.At, "")
		row.EstimateContract, row.EstimateJobType = known(e.Contract.UUID), e.JobType
		row.EstimateMinutes, row.EstimateText, row.EstimatedAt = int64(e.Minutes), e.Text, &e.At
		row.EstimateAnswer, row.EstimateReason = rows.Awaited, ""
	case ticket.ScopeApproved:
		status := ticket.StatusInProgress
		if row.OutOfScope {
			status = ticket.StatusTriaged
		}
		row = paused(row, status, nil, "")
		row.Contract, row.JobType, row.OutOfScope = row.EstimateContract, row.EstimateJobType, false
		row.EstimateAnswer = rows.Approved
	case ticket.ScopeDeclined:
		row = paused(row, ticket.StatusInProgress, nil, "")
		row.EstimateAnswer, row.EstimateReason = rows.Declined, e.Reason
	default: // None of an estimate.
	}
	return row
}

// watch adds or removes a person.
func watch(watchers string, e ticket.WatchedStaff) string {
	var people []domain.PersonID
	if watchers != "" {
		if err := json.Unmarshal([]byte(watchers), &people); err != nil {
			panic(err) // Nothing but this function wrote it.
		}
	}
	people = slices.DeleteFunc(people, func(p domain.PersonID) bool { return p == e.Person })
	if !e.Ended {
		people = append(people, e.Person)
	}
	return text(people)
}

// paused gives the ticket a state, and since when and why it stands still in it.
func paused(row rows.Ticket, status ticket.Status, since *time.Time, reason string) rows.Ticket {
	row.Status, row.WaitingSince, row.WaitingReason = string(status), since, reason
	return row
}

// wait begins a pause. Within one, an event that gives another reason leaves it as long as it is.
func wait(row rows.Ticket, e ticket.WaitingStarted) rows.Ticket {
	status := map[ticket.WaitingFor]ticket.Status{
		ticket.ForClient: ticket.StatusWaitingClient, ticket.ForThirdParty: ticket.StatusWaitingThirdParty,
		ticket.OnHold: ticket.StatusOnHold,
	}[e.For]
	since := &e.At
	if row.Status == string(status) {
		since = row.WaitingSince
	}
	return paused(row, status, since, e.Staff.Reason)
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

// signature tells who made an event of a ticket happen, and when. Numbering is nobody's doing, nor is the passing of
// time.
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
	case ticket.CommentEdited:
		return e.By, e.At
	case ticket.CommentDeleted:
		return e.By, e.At
	case ticket.Numbered:
		return domain.PersonID{}, e.At
	case ticket.SLAStateReached:
		return domain.PersonID{}, e.At
	case ticket.TargetConcluded:
		return domain.PersonID{}, e.At
	case ticket.Escalated:
		return domain.PersonID{}, e.At
	default:
		return signatureOfTies(event)
	}
}

// signatureOfTies tells the same of what ends a ticket, ties it to others, or is about its files and promises.
func signatureOfTies(event ticket.Event) (domain.PersonID, time.Time) {
	switch e := event.(type) {
	case ticket.Cancelled:
		return e.By, e.At
	case ticket.Merged:
		return e.By, e.At
	case ticket.MergedIn:
		return e.By, e.At
	case ticket.Split:
		return e.By, e.At
	case ticket.Linked:
		return e.By, e.At
	case ticket.Unlinked:
		return e.By, e.At
	case ticket.ClientChanged:
		return e.By, e.At
	case ticket.ScopeEstimated:
		return e.By, e.At
	case ticket.ScopeApproved:
		return e.By, e.At
	case ticket.ScopeDeclined:
		return e.By, e.At
	case ticket.Attached:
		return e.By, e.At
	case ticket.AttachmentPublished:
		return e.By, e.At
	case ticket.AttachmentWithdrawn:
		return e.By, e.At
	case ticket.AttachmentErased:
		return e.By, e.At
	case ticket.SLAPinned:
		return e.By, e.At
	case ticket.EscalationAcknowledged:
		return e.By, e.At
	case ticket.BreachExcused:
		return e.By, e.At
	case ticket.Watched:
		return e.By, e.At
	case ticket.Imported:
		return e.By, e.At
	default:
		return domain.PersonID{}, time.Time{}
	}
}
