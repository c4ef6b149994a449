package staff

import (
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/ticket"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// TicketLinks projects the ties between tickets that stand.
var TicketLinks = projections.Projection[domain.Recorded, rows.TicketLink]{
	Table: "ticket_links", Key: linkOf, Evolve: evolveLink,
}

// linkOf names the tie that an event makes or takes back.
func linkOf(r domain.Recorded) (uuid.UUID, bool) {
	link, ok := linked(r.Event)
	if !ok {
		return uuid.Nil, false
	}
	return domain.Derive(streamID(r, "ticket"), "link", link.Other.String(), string(link.Relation)), true
}

func linked(event domain.Event) (ticket.LinkedStaff, bool) {
	switch e := event.(type) {
	case ticket.Linked:
		return e.Staff, true
	case ticket.Unlinked:
		return e.Staff, true
	default:
		return ticket.LinkedStaff{}, false
	}
}

func evolveLink(row rows.TicketLink, r domain.Recorded) (rows.TicketLink, bool) {
	e, stands := r.Event.(ticket.Linked)
	if !stands {
		return row, false
	}
	return rows.TicketLink{
		ID: row.ID, Ticket: streamID(r, "ticket"), Other: e.Staff.Other.UUID, Relation: string(e.Staff.Relation),
		LinkedBy: known(e.By.UUID), LinkedAt: e.At,
	}, true
}
