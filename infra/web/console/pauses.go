package console

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain/access"
	rows "effigate/readmodels/staff"
)

// Span says of which time and client a report is.
type Span struct {
	Reading
	From   time.Time `query:"from" format:"date-time" doc:"The first instant; 90 days before until when left out."`
	Until  time.Time `query:"to" format:"date-time" doc:"The first instant after it; now when left out."`
	Client uuid.UUID `query:"client" format:"uuid" doc:"Absent for all of them."`
}

// longestSpan bounds a report.
const longestSpan = 732 * 24 * time.Hour

// span gives the bounds of the report.
func (in Span) span(now time.Time) (from, until time.Time, err error) {
	from, until = in.From.UTC(), in.Until.UTC()
	if in.Until.IsZero() {
		until = now
	}
	if in.From.IsZero() {
		from = until.AddDate(0, 0, -90)
	}
	if !from.Before(until) || until.Sub(from) > longestSpan {
		return from, until, wrongField("from", "must be before to, and not more than two years before it")
	}
	return from, until, nil
}

type pausesInput struct {
	Span
	Cursor string `query:"cursor" maxLength:"200" doc:"The next of the page before."`
}

// finding is a pause that deserves a look.
type finding struct {
	Kind      string     `json:"kind" enum:"outlived_reply,avoided_breach" doc:"It went on after the client had written, or it began within 10 minutes of the due instant."`
	Ticket    uuid.UUID  `json:"ticket" format:"uuid"`
	Number    string     `json:"number"`
	Title     string     `json:"title"`
	Client    uuid.UUID  `json:"client" format:"uuid"`
	Assignee  *uuid.UUID `json:"assignee,omitempty" format:"uuid"`
	Goal      string     `json:"goal" enum:"first_response,next_response,resolution"`
	Cycle     int        `json:"cycle"`
	PausedFor string     `json:"paused_for" enum:"waiting_client,waiting_third_party,on_hold,awaiting_scope"`
	From      time.Time  `json:"from"`
	Until     *time.Time `json:"until,omitempty" doc:"Absent while it goes on."`
	Reply     *time.Time `json:"reply,omitempty" doc:"When the client wrote."`
	Due       *time.Time `json:"due,omitempty" doc:"When the target would have been used up without the pause."`
	Seconds   int64      `json:"seconds" doc:"Of opening time: for which it went on after the reply, or that were left of the target."`
}

type pausesBody struct {
	Fresh
	From   time.Time         `json:"from"`
	Until  time.Time         `json:"to"`
	Items  []finding         `json:"items" nullable:"false" doc:"Of some tickets at a time, so a page may have none although others follow."`
	People map[string]string `json:"people" doc:"The names of the people in here, by id."`
	Next   string            `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

func (c *Console) readPauses(ctx context.Context, tx pgx.Tx, _ reader, in *pausesInput) (b pausesBody, err error) {
	now := c.moment()
	if b.From, b.Until, err = in.span(now); err != nil {
		return b, err
	}
	after, err := rows.ParseTicketCursor(in.Cursor)
	if err != nil {
		return b, err
	}
	findings, next, err := rows.AuditPauses(ctx, tx, in.Client, b.From, b.Until, after, now)
	if err != nil {
		return b, err
	}
	b.Next, b.Items = next.String(), make([]finding, len(findings))
	var named []uuid.UUID
	for i, f := range findings {
		b.Items[i] = finding{
			Kind: f.Kind, Ticket: f.Ticket.ID, Number: f.Ticket.Number().String(), Title: f.Ticket.Title, Client: f.Ticket.Client,
			Assignee: f.Ticket.Assignee, Goal: string(f.Goal), Cycle: f.Cycle, PausedFor: string(f.PausedFor), From: f.From,
			Until: instant(f.Until), Reply: instant(f.Reply), Due: instant(f.Due), Seconds: f.Seconds,
		}
		named = append(named, given(f.Ticket.Assignee)...)
	}
	b.People, err = c.people(ctx, tx, named)
	return b, err
}

// registerSLA adds what tells how promises were kept.
func (c *Console) registerSLA() {
	get(c, "audit-pauses", "/sla/pauses", "Pauses that deserve a look", access.ReadPolicies, c.readPauses)
	get(c, "read-sla-report", "/sla/report", "How promises were kept, by goal and priority", access.ReadPolicies, c.readSLAReport)
}
