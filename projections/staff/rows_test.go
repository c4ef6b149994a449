package staff_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/client"
	"effigate/domain/person"
	"effigate/domain/ticket"
	"effigate/projections"
	"effigate/projections/staff"
	rows "effigate/readmodels/staff"
)

var (
	nexus     = uuid.MustParse("c11e0d6a-3f0b-4b57-9d7c-2a6f4f1c0001")
	agreement = uuid.MustParse("c0170d6a-3f0b-4b57-9d7c-2a6f4f1c0001")
	ada       = uuid.MustParse("5e1f0d6a-3f0b-4b57-9d7c-2a6f4f1c0001") // staff
	carl      = uuid.MustParse("9e450d6a-3f0b-4b57-9d7c-2a6f4f1c0001") // of the client
	export    = uuid.MustParse("71c30d6a-3f0b-4b57-9d7c-2a6f4f1c0001") // a ticket
	remark    = uuid.MustParse("c0330d6a-3f0b-4b57-9d7c-2a6f4f1c0001") // a message on it
)

// at is an instant so many minutes into the story.
func at(minutes int) time.Time {
	return time.Date(2026, 3, 16, 10, minutes, 0, 0, time.UTC)
}

// final folds a stream's events into its row.
func final[R any](p projections.Projection[domain.Recorded, R], stream string, events ...domain.Event) R {
	var row R
	for revision, event := range events {
		r := domain.Recorded{
			ID: domain.EventID(domain.CommandID{}, stream, revision), Stream: stream, Revision: int64(revision), Event: event,
			RecordedAt: at(59), Raw: domain.Raw{Kind: event.Kind()},
		}
		if _, ok := p.Key(r); ok {
			row, _ = p.Evolve(row, r)
		}
	}
	return row
}

func raised(visibility domain.Visibility) ticket.Raised {
	return ticket.Raised{
		Ticket: domain.TicketID{UUID: export}, Client: domain.ClientID{UUID: nexus}, Contract: domain.ContractID{UUID: agreement},
		JobType: "api", Title: "API timeout", Description: "Every export stops.", Priority: ticket.High, Visibility: visibility,
		RaisedBy: domain.PersonID{UUID: carl}, ForClient: true, By: domain.PersonID{UUID: ada}, At: at(0),
	}
}

// row is the row of a ticket that was raised and nothing more, with changes.
func row(revision int64, updated time.Time, change func(*rows.Ticket)) rows.Ticket {
	r := rows.Ticket{
		Client: nexus, Contract: &agreement, JobType: "api", Title: "API timeout", Description: "Every export stops.",
		Priority: "high", Status: "new", Visibility: rows.InternalOnly, RaisedBy: &carl, ForClient: true,
		RaisedAt: at(0), UpdatedAt: updated, Revision: revision,
	}
	change(&r)
	return r
}

func TestTicketRow(t *testing.T) {
	t.Parallel()
	by := domain.PersonID{UUID: ada}
	begun := []domain.Event{raised(domain.InternalOnly), ticket.Started{By: by, At: at(1)}}
	for name, c := range map[string]struct {
		given []domain.Event
		want  rows.Ticket
	}{
		"raised": {
			[]domain.Event{raised(domain.InternalOnly)},
			row(0, at(0), func(*rows.Ticket) {}),
		},
		"raised visible and numbered": {
			[]domain.Event{raised(domain.ClientVisible), ticket.Numbered{Series: domain.ClientVisible, Number: 41, At: at(1)}},
			row(1, at(1), func(r *rows.Ticket) { r.Visibility, r.VisibleNumber = rows.ClientVisible, new(int64(41)) }),
		},
		"triaged and assigned": {
			[]domain.Event{
				raised(domain.InternalOnly),
				ticket.Triaged{JobType: "ui", Priority: ticket.Low, By: by, At: at(1)},
				ticket.Assigned{Staff: ticket.AssignedStaff{Assignee: by, Team: "Platform"}, By: by, At: at(2)},
			},
			row(2, at(2), func(r *rows.Ticket) {
				r.Contract, r.JobType, r.Priority, r.Status = nil, "ui", "low", "triaged"
				r.Assignee, r.Team = &ada, "Platform"
			}),
		},
		"triaged again while in progress": {
			append(begun, ticket.Triaged{JobType: "ui", Priority: ticket.Low, By: by, At: at(2)}),
			row(2, at(2), func(r *rows.Ticket) { r.Contract, r.JobType, r.Priority, r.Status = nil, "ui", "low", "in_progress" }),
		},
		"given back": {
			append(begun, ticket.Assigned{Staff: ticket.AssignedStaff{Assignee: by}, At: at(2)}, ticket.Assigned{At: at(3)}),
			row(3, at(3), func(r *rows.Ticket) { r.Status = "in_progress" }),
		},
		"waiting for a third party": {
			append(begun, ticket.WaitingStarted{For: ticket.ForThirdParty, Staff: ticket.WaitingStartedStaff{Reason: "vendor"}, At: at(2)}),
			row(2, at(2), func(r *rows.Ticket) {
				r.Status, r.WaitingSince, r.WaitingReason = "waiting_third_party", new(at(2)), "vendor"
			}),
		},
		// A new reason was once taken for a new wait, and the time waited before it was lost.
		"waiting for another third party": {
			append(
				begun,
				ticket.WaitingStarted{For: ticket.ForThirdParty, Staff: ticket.WaitingStartedStaff{Reason: "vendor"}, At: at(2)},
				ticket.WaitingStarted{For: ticket.ForThirdParty, Staff: ticket.WaitingStartedStaff{Reason: "carrier"}, At: at(3)},
			),
			row(3, at(3), func(r *rows.Ticket) {
				r.Status, r.WaitingSince, r.WaitingReason = "waiting_third_party", new(at(2)), "carrier"
			}),
		},
		"waited for the client": {
			append(begun, ticket.WaitingStarted{For: ticket.ForClient, At: at(2)}, ticket.WaitingEnded{At: at(3)}),
			row(3, at(3), func(r *rows.Ticket) { r.Status = "in_progress" }),
		},
		"resolved and closed": {
			append(begun, ticket.Resolved{Note: "Streams now.", Staff: ticket.ResolvedStaff{Code: "c5"}, At: at(2)}, ticket.Closed{At: at(3)}),
			row(3, at(3), func(r *rows.Ticket) {
				r.Status, r.ResolutionNote, r.ResolutionCode = "closed", "Streams now.", "c5"
				r.ResolvedAt, r.ClosedAt = new(at(2)), new(at(3))
			}),
		},
		"reopened": {
			append(begun, ticket.Resolved{Note: "Streams now.", At: at(2)}, ticket.Closed{At: at(3)}, ticket.Reopened{At: at(4)}),
			row(4, at(4), func(r *rows.Ticket) { r.Status = "reopened" }),
		},
		"published and withdrawn keeps both numbers": {
			[]domain.Event{
				raised(domain.InternalOnly),
				ticket.Numbered{Number: 7, At: at(1)},
				ticket.Published{At: at(2)},
				ticket.Numbered{Series: domain.ClientVisible, Number: 41, At: at(2)},
				ticket.Withdrawn{At: at(3)},
			},
			row(4, at(3), func(r *rows.Ticket) { r.InternalNumber, r.VisibleNumber = new(int64(7)), new(int64(41)) }),
		},
		"imported": {
			[]domain.Event{
				raised(domain.InternalOnly),
				ticket.Imported{Staff: ticket.ImportedStaff{System: "incidents", Key: "INC0000045", Line: 2, Rows: 4}, At: at(1)},
			},
			row(1, at(1), func(r *rows.Ticket) {
				r.SourceSystem, r.SourceKey, r.SourceLine = "incidents", "INC0000045", new(int64(2))
			}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := final(staff.Tickets, ticket.Stream(domain.TicketID{UUID: export}), c.given...)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMessageRow(t *testing.T) {
	t.Parallel()
	by, comment := domain.PersonID{UUID: ada}, domain.CommentID{UUID: remark}
	stream := ticket.Stream(domain.TicketID{UUID: export})
	commented := ticket.Commented{Comment: comment, Text: "Looking.", By: by, At: at(1)}
	for name, c := range map[string]struct {
		given []domain.Event
		want  rows.Message
	}{
		"internal comment": {
			[]domain.Event{raised(""), commented},
			rows.Message{Ticket: export, Kind: rows.Comment, Visibility: rows.InternalOnly, Author: &ada, Text: "Looking.", WrittenAt: at(1), Revision: 1},
		},
		"published": {
			[]domain.Event{commented, ticket.CommentPublished{Comment: comment, At: at(2)}},
			rows.Message{Ticket: export, Kind: rows.Comment, Visibility: rows.ClientVisible, Author: &ada, Text: "Looking.", WrittenAt: at(1)},
		},
		"published and withdrawn": {
			[]domain.Event{commented, ticket.CommentPublished{Comment: comment, At: at(2)}, ticket.CommentWithdrawn{Comment: comment, At: at(3)}},
			rows.Message{Ticket: export, Kind: rows.Comment, Visibility: rows.InternalOnly, Author: &ada, Text: "Looking.", WrittenAt: at(1)},
		},
		"visible copy of a note": {
			[]domain.Event{ticket.Noted{
				Note: comment, Visibility: domain.ClientVisible, Text: "Reviewed.", By: by, At: at(1),
				Staff: ticket.NotedStaff{CopyOf: domain.CommentID{UUID: carl}},
			}},
			rows.Message{Ticket: export, Kind: rows.Note, Visibility: rows.ClientVisible, Author: &ada, Text: "Reviewed.", CopyOf: &carl, WrittenAt: at(1)},
		},
		"by the client": {
			[]domain.Event{ticket.Commented{Comment: comment, Visibility: domain.ClientVisible, ByClient: true, Text: "Still.", By: domain.PersonID{UUID: carl}, At: at(1)}},
			rows.Message{Ticket: export, Kind: rows.Comment, Visibility: rows.ClientVisible, ByClient: true, Author: &carl, Text: "Still.", WrittenAt: at(1)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, final(staff.Messages, stream, c.given...)); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTimelineEntry(t *testing.T) {
	t.Parallel()
	by, comment := domain.PersonID{UUID: ada}, domain.CommentID{UUID: remark}
	stream := ticket.Stream(domain.TicketID{UUID: export})
	visible, internal := rows.ClientVisible, rows.InternalOnly
	for name, c := range map[string]struct {
		event     domain.Event
		what      string
		arguments map[string]any
		item      uuid.UUID
		audience  *string
		actor     *uuid.UUID
	}{
		"raised for a client user": {
			raised(domain.ClientVisible), "raised",
			map[string]any{"contract": agreement.String(), "job_type": "api", "priority": "high", "visibility": visible, "on_behalf_of": carl.String()},
			export, &visible, &ada,
		},
		"internal comment": {
			ticket.Commented{Comment: comment, Text: "Looking.", By: by, At: at(0)},
			"commented",
			map[string]any{"visibility": internal},
			remark, nil, &ada,
		},
		"visible note": {
			ticket.Noted{Note: comment, Visibility: domain.ClientVisible, Text: "Reviewed.", By: by, At: at(0)},
			"noted",
			map[string]any{"visibility": visible},
			remark, &visible, &ada,
		},
		"withdrawn comment": {
			ticket.CommentWithdrawn{Comment: comment, Staff: ticket.AudienceStaff{Reason: "wrong client"}, By: by, At: at(0)},
			"comment_withdrawn",
			map[string]any{"reason": "wrong client"},
			remark, &internal, &ada,
		},
		"published": {
			ticket.Published{By: by, At: at(0)}, "published", map[string]any{}, export, &visible, &ada,
		},
		"waiting": {
			ticket.WaitingStarted{For: ticket.ForThirdParty, Staff: ticket.WaitingStartedStaff{Reason: "vendor"}, By: by, At: at(0)},
			"waiting_started",
			map[string]any{"for": "third_party", "reason": "vendor"},
			export, nil, &ada,
		},
		"numbered by the system": {
			ticket.Numbered{Number: 7, At: at(0)}, "numbered", map[string]any{"number": "TKT-0007-int"}, export, nil, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := final(staff.Timeline, stream, c.event)
			var arguments map[string]any
			if err := json.Unmarshal([]byte(got.Arguments), &arguments); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.arguments, arguments); diff != "" {
				t.Errorf("arguments (-want +got):\n%s", diff)
			}
			want := rows.Entry{
				Ticket: export, What: c.what, Arguments: got.Arguments, Item: c.item, Audience: c.audience, Actor: c.actor,
				HappenedAt: at(0), RecordedAt: at(59),
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("entry (-want +got):\n%s", diff)
			}
		})
	}
}

func TestClientRow(t *testing.T) {
	t.Parallel()
	got := final(
		staff.Clients, "client-"+nexus.String(),
		client.Registered{Client: domain.ClientID{UUID: nexus}, Name: "Nexus", Zone: "Australia/Sydney", Language: "en-AU", Currency: "AUD", At: at(0)},
		client.Renamed{Name: "Nexus Corp", At: at(1)},
		client.AccountManagerAssigned{Staff: client.AccountManagerAssignedStaff{Manager: domain.PersonID{UUID: ada}}, At: at(2)},
		client.ContractLinked{Contract: domain.ContractID{UUID: agreement}, At: at(3)},
		client.SeatTaken{Person: domain.PersonID{UUID: carl}, Role: domain.ClientAdmin, At: at(4)},
		client.SeatTaken{Person: domain.PersonID{UUID: export}, Role: domain.ClientEmployee, At: at(5)},
		client.SeatReleased{Person: domain.PersonID{UUID: export}, At: at(6)},
	)
	want := rows.Client{
		Name: "Nexus Corp", Zone: "Australia/Sydney", Language: "en-AU", Currency: "AUD", AccountManager: &ada,
		Seats: client.DefaultSeats, SeatsTaken: 1, RegisteredAt: at(0), Revision: 6,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
	limited := final(
		staff.Clients, "client-"+nexus.String(),
		client.Registered{Client: domain.ClientID{UUID: nexus}, At: at(0)}, client.SeatLimitSet{Limit: 40, At: at(1)},
	)
	if limited.Seats != 40 {
		t.Errorf("the limit set is shown as %d", limited.Seats)
	}
}

func TestPersonRow(t *testing.T) {
	t.Parallel()
	got := final(
		staff.People, "person-"+carl.String(),
		person.Invited{Person: domain.PersonID{UUID: carl}, Client: domain.ClientID{UUID: nexus}, Role: domain.ClientEmployee, At: at(0)},
		person.Activated{At: at(1)},
		person.GrantGiven{Grant: access.SignMilestones, At: at(2)},
		person.GrantGiven{Grant: access.ReadBilling, At: at(3)},
		person.GrantGiven{Grant: access.ReadBilling, At: at(4)},
		person.GrantGiven{Grant: access.ReadScope, At: at(5)},
		person.GrantWithdrawn{Grant: access.ReadScope, At: at(6)},
		person.RoleChanged{Role: domain.ClientAdmin, At: at(7)},
		person.Deactivated{At: at(8)},
		person.Erased{At: at(9)},
	)
	want := rows.Person{
		Side: "client", Role: "client_admin", Client: &nexus, Grants: "billing.read milestone.sign", Status: "deactivated",
		Erased: true, InvitedAt: at(0), Revision: 9,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

// TestTicketRowAgreesWithTheAggregate holds the two folds over one history together.
func TestTicketRowAgreesWithTheAggregate(t *testing.T) {
	t.Parallel()
	stream := ticket.Stream(domain.TicketID{UUID: export})
	rapid.Check(t, func(t *rapid.T) {
		events := append([]domain.Event{raised(domain.InternalOnly)}, rapid.SliceOf(rapid.SampledFrom(ticket.All()[1:])).Draw(t, "events")...)
		var state ticket.State
		for _, event := range events {
			state = ticket.Evolve(state, event.(ticket.Event))
		}
		row := final(staff.Tickets, stream, events...)
		want := []any{string(state.Status), state.Visibility == domain.ClientVisible, string(state.Priority), state.JobType, state.Client.UUID}
		got := []any{row.Status, row.Visibility == rows.ClientVisible, row.Priority, row.JobType, row.Client}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("row and state (-state +row):\n%s", diff)
		}
	})
}
