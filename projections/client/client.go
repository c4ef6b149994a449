// Package client projects client-safe changes into the rows of the client read model.
//
// It may import projections, domain/visible and readmodels/client, and no aggregate: a change is all it
// ever gets, so it cannot compile against an internal fact. Each variable is the projection of one table;
// the rows are built field by field, so a new field of a record is absent here until somebody names it
// (A13).
package client

import (
	"time"

	"github.com/google/uuid"

	"effigate/domain/visible"
	"effigate/projections"
	rows "effigate/readmodels/client"
)

// The projections, one for each kind of record.
var (
	Organisations = table("organisation", visible.KindOrganisation, func(r visible.Organisation) rows.OrganisationRow {
		return rows.OrganisationRow{
			ID: r.Client, Client: r.Client, Name: r.Name, Zone: r.Zone, Language: r.Language, Currency: r.Currency,
			Seats: r.Seats, SeatsTaken: r.SeatsTaken,
		}
	}, func(r rows.OrganisationRow) uuid.UUID { return r.Client })

	People = table("people", visible.KindPerson, func(r visible.Person) rows.PersonRow {
		return rows.PersonRow{ID: r.ID, Client: r.Client, Role: r.Role, Grants: r.Grants, State: r.State}
	}, func(r rows.PersonRow) uuid.UUID { return r.Client })

	Contracts = table("contracts", visible.KindContract, func(r visible.Contract) rows.ContractRow {
		return rows.ContractRow{ID: r.ID, Client: r.Client, Reference: r.Reference, Type: r.Type}
	}, func(r rows.ContractRow) uuid.UUID { return r.Client })

	Categories = table("categories", visible.KindCategory, func(r visible.Category) rows.CategoryRow {
		return rows.CategoryRow{ID: r.ID, Client: r.Client, Contract: r.Contract, JobType: r.JobType, Name: r.Name}
	}, func(r rows.CategoryRow) uuid.UUID { return r.Client })

	Tickets = table("tickets", visible.KindTicket, func(r visible.Ticket) rows.TicketRow {
		return rows.TicketRow{
			ID: r.ID, Client: r.Client, Number: r.Number, Title: r.Title, Description: r.Description,
			Category: id(r.Category), Priority: r.Priority, State: r.State, RaisedBy: r.RaisedBy, RaisedAt: r.RaisedAt,
			UpdatedAt: r.UpdatedAt, Resolution: r.Resolution, ResolvedAt: instant(r.ResolvedAt),
		}
	}, func(r rows.TicketRow) uuid.UUID { return r.Client })

	Comments = table("comments", visible.KindComment, func(r visible.Comment) rows.CommentRow {
		return rows.CommentRow{
			ID: r.ID, Client: r.Client, Ticket: r.Ticket, Author: r.Author, ByClient: r.ByClient, Text: r.Text, At: r.At,
		}
	}, func(r rows.CommentRow) uuid.UUID { return r.Client })

	TicketSteps = table("ticket_steps", visible.KindTicketStep, func(r visible.TicketStep) rows.TicketStepRow {
		return rows.TicketStepRow{ID: r.ID, Client: r.Client, Ticket: r.Ticket, State: r.State, At: r.At}
	}, func(r rows.TicketStepRow) uuid.UUID { return r.Client })
)

// table projects one kind of record into the table that holds nothing else: a Put replaces the row, a
// Remove deletes it. A record that moves to another client is put there and removed here, in either order;
// so a Remove leaves alone a row that is another client's by now.
func table[V visible.Record, R any](
	name string, kind visible.Kind, row func(V) R, client func(R) uuid.UUID,
) projections.Projection[visible.Change, R] {
	return projections.Projection[visible.Change, R]{
		Table: name,
		Key: func(change visible.Change) (uuid.UUID, bool) {
			key := change.Key()
			return key.ID, key.Kind == kind
		},
		Evolve: func(before R, change visible.Change) (R, bool) {
			switch change := change.(type) {
			case visible.Put:
				return row(change.Record.(V)), true
			case visible.Remove:
				owner := client(before)
				return before, owner != uuid.Nil && owner != change.Gone.Client
			}
			return before, false
		},
	}
}

// id is nil for the id that names nothing.
func id(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// instant is nil for the instant that has not come.
func instant(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
