package console

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain/access"
	rows "effigate/readmodels/staff"
)

type queueInput struct {
	Reading
	Page
	Group    []string  `query:"group" maxItems:"5" enum:"breached,near,today,later,paused" doc:"Those alone; the counts are of all."`
	Client   uuid.UUID `query:"client" format:"uuid"`
	Contract uuid.UUID `query:"contract" format:"uuid"`
	Assignee uuid.UUID `query:"assignee" format:"uuid"`
	Team     string    `query:"team" maxLength:"200"`
	Priority []string  `query:"priority" maxItems:"4" enum:"critical,high,medium,low"`
	Status   []string  `query:"status" maxItems:"13" enum:"new,triaged,in_progress,waiting_client,waiting_third_party,on_hold,awaiting_scope_approval,reopened"`
	Mine     bool      `query:"mine" doc:"Those alone that the reader is to work on or watches."`
	Text     string    `query:"text" maxLength:"200" doc:"A number however it is typed, or words of title or description."`
}

// filter is what the input narrows the queue to.
func (in *queueInput) filter(r reader) rows.TicketFilter {
	filter := rows.TicketFilter{
		Client: in.Client, Contract: in.Contract, Assignee: in.Assignee, Team: in.Team, Priorities: in.Priority,
		Statuses: in.Status, Text: in.Text,
	}
	if in.Mine {
		filter.Of = r.Actor.Person.UUID
	}
	return filter
}

// Waiting is a ticket as it stands in the queue. It is exported because it is in a body.
type Waiting struct {
	Ticket
	Group           string     `json:"group" enum:"breached,near,today,later,paused"`
	SupportLevel    string     `json:"support_level,omitempty"`
	EscalatedAt     *time.Time `json:"escalated_at,omitempty" doc:"While a promise that counts is escalated."`
	EscalationLevel int        `json:"escalation_level,omitempty"`
	Promise         *Promise   `json:"promise,omitempty" doc:"The one that matters first; absent when nothing is promised."`
}

type queueBody struct {
	Fresh
	Now    time.Time         `json:"server_now" doc:"What all of it is as of; that of the first page on the pages after it."`
	Items  []Waiting         `json:"items" nullable:"false" doc:"As they are to be worked on: breached ones first, then by the share of the target that is left, support level, priority and age. What is paused comes after what counts."`
	Counts map[string]int    `json:"counts" doc:"How many tickets each group has, of those that the filters leave."`
	More   bool              `json:"more,omitempty" doc:"There are more than 2,000; those that are due last are left out of items and counts."`
	People map[string]string `json:"people" doc:"The names of the people in here, by id."`
	Next   string            `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

func (c *Console) registerQueue() {
	get(c, "read-queue", "/queue", "The tickets that go on, in the order in which they are to be worked on", access.ReadTickets, c.readQueue)
}

func (c *Console) readQueue(ctx context.Context, tx pgx.Tx, r reader, in *queueInput) (b queueBody, err error) {
	cursor, err := rows.ParseQueueCursor(in.Cursor)
	if err != nil {
		return b, err
	}
	if b.Now = cursor.At; b.Now.IsZero() {
		b.Now = c.moment()
	}
	queue, more, err := rows.Queue(ctx, tx, in.filter(r), b.Now)
	if err != nil {
		return b, err
	}
	b.More, b.Counts = more, map[string]int{}
	for _, group := range rows.Groups() {
		b.Counts[string(group)] = 0
	}
	wanted := map[rows.Group]bool{}
	for _, group := range in.Group {
		wanted[rows.Group(group)] = true
	}
	var chosen []rows.Queued
	for _, q := range queue {
		b.Counts[string(q.Group)]++
		if len(wanted) == 0 || wanted[q.Group] {
			chosen = append(chosen, q)
		}
	}
	first := 0
	if cursor.ID != uuid.Nil {
		first = cursor.Rest(chosen)
	}
	end := min(first+in.Limit, len(chosen))
	if end < len(chosen) {
		b.Next = rows.QueueCursor{At: b.Now, Place: end, ID: chosen[end-1].Ticket.ID}.String()
	}
	policies, named := r.may(access.ReadPolicies), []uuid.UUID{}
	b.Items = make([]Waiting, 0, end-first)
	for _, q := range chosen[first:end] {
		shown, err := waiting(q, policies)
		if err != nil {
			return b, err
		}
		b.Items = append(b.Items, shown)
		named = append(named, given(q.Ticket.Assignee, q.Ticket.RaisedBy)...)
	}
	b.People, err = c.people(ctx, tx, named)
	return b, err
}

// waiting shows a ticket of the queue.
func waiting(q rows.Queued, policies bool) (Waiting, error) {
	ticket, err := show(q.Ticket)
	if err != nil {
		return Waiting{}, err
	}
	shown := Waiting{Ticket: ticket, Group: string(q.Group)}
	if q.EscalationLevel > 0 {
		shown.EscalatedAt, shown.EscalationLevel = q.EscalatedAt, q.EscalationLevel
	}
	if policies {
		shown.SupportLevel = q.SupportLevel
	}
	if q.Promised {
		promised := promise(q.Reading, policies)
		shown.Promise = &promised
	}
	return shown, nil
}
