package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/sla"
	"effigate/domain/terms"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// Bounds of a what-if here; the command line has none.
const (
	maxRehearsed   = 10_000           // tickets
	rehearsalTime  = 20 * time.Second // ends before the server gives up writing
	maxDifferences = 200              // that are listed
)

// WhatIf asks what other rules would have made of tickets. References name published versions; version 0 is the newest,
// and a zero Calendar is round the clock. Without a BasePolicy the tickets are compared with their history.
type WhatIf struct {
	Tickets                  []domain.TicketID
	Policy, Calendar         sla.Ref
	BasePolicy, BaseCalendar sla.Ref
	SupportLevel             string
}

// Rehearsed is what the rules make of the tickets. Tallies are by goal, then priority; none counts nothing.
type Rehearsed struct {
	Before, After []WhatIfTally
	Differences   []WhatIfDifference
}

// WhatIfTally counts the targets of one goal and priority.
type WhatIfTally struct {
	Goal           string `json:"goal" enum:"first_response,next_response,resolution"`
	Priority       string `json:"priority"`
	Met            int    `json:"met"`
	MetLate        int    `json:"met_late"`
	Breached       int    `json:"breached" doc:"And not concluded."`
	Open           int    `json:"open" doc:"And in time so far."`
	AtRisk         int    `json:"at_risk" doc:"Of those that are open, near their breach."`
	OverrunSeconds int64  `json:"overrun_seconds" doc:"By how much opening time those that were met late were late together."`
}

// WhatIfDifference is a target that would have ended otherwise.
type WhatIfDifference struct {
	Ticket uuid.UUID `json:"ticket" format:"uuid"`
	Number string    `json:"number"`
	Goal   string    `json:"goal" enum:"first_response,next_response,resolution"`
	Cycle  int       `json:"cycle"`
	Before string    `json:"before" doc:"Its state; empty where nothing was promised."`
	After  string    `json:"after" doc:"Its state; empty where nothing would have been promised."`
}

type whatIfInput struct {
	Span
	Policy              uuid.UUID `query:"policy" required:"true" format:"uuid" doc:"An SLA policy that holds for all of the tickets instead."`
	PolicyVersion       int       `query:"policy_version" minimum:"0" maximum:"1000" doc:"Absent for its newest."`
	Calendar            uuid.UUID `query:"calendar" format:"uuid" doc:"A calendar that holds with it; round the clock when absent."`
	CalendarVersion     int       `query:"calendar_version" minimum:"0" maximum:"1000" doc:"Absent for its newest."`
	BasePolicy          uuid.UUID `query:"base_policy" format:"uuid" doc:"An SLA policy to compare with, instead of history: for tickets that were imported."`
	BasePolicyVersion   int       `query:"base_policy_version" minimum:"0" maximum:"1000" doc:"Absent for its newest."`
	BaseCalendar        uuid.UUID `query:"base_calendar" format:"uuid" doc:"A calendar that holds with the policy to compare with."`
	BaseCalendarVersion int       `query:"base_calendar_version" minimum:"0" maximum:"1000" doc:"Absent for its newest."`
	SupportLevel        string    `query:"support_level" default:"standard" enum:"standard,priority,24x7" doc:"Selects the targets of the policies."`
}

type whatIfBody struct {
	From         time.Time          `json:"from"`
	Until        time.Time          `json:"to"`
	Tickets      int                `json:"tickets" doc:"How many were replayed: those raised in that time."`
	Milliseconds int64              `json:"took_milliseconds"`
	Before       []WhatIfTally      `json:"before" nullable:"false" doc:"As it was, or as it would have been under the rules to compare with."`
	After        []WhatIfTally      `json:"after" nullable:"false" doc:"As it would have been."`
	Differing    int                `json:"differing" doc:"How many targets would have ended otherwise."`
	Differences  []WhatIfDifference `json:"differences" nullable:"false" doc:"The first 200 of them."`
}

func (in whatIfInput) question() (q WhatIf, err error) {
	switch {
	case in.Policy == uuid.Nil:
		return q, wrongField("policy", "must be chosen: a calendar alone promises nothing")
	case in.BasePolicy == uuid.Nil && in.BaseCalendar != uuid.Nil:
		return q, wrongField("base_policy", "must be chosen: a calendar alone promises nothing")
	case !slices.Contains([]terms.SupportLevel{terms.Standard, terms.Priority, terms.Always}, terms.SupportLevel(in.SupportLevel)):
		return q, wrongField("support_level", "must be standard, priority or 24x7")
	}
	return WhatIf{
		Policy: versionRef(in.Policy, in.PolicyVersion), Calendar: versionRef(in.Calendar, in.CalendarVersion),
		BasePolicy: versionRef(in.BasePolicy, in.BasePolicyVersion), BaseCalendar: versionRef(in.BaseCalendar, in.BaseCalendarVersion),
		SupportLevel: in.SupportLevel,
	}, nil
}

// versionRef names a version; nothing when there is no id.
func versionRef(id uuid.UUID, version int) sla.Ref {
	if id == uuid.Nil {
		return sla.Ref{}
	}
	return sla.Ref{ID: id, Version: version}
}

func (c *Console) registerWhatIf() {
	operation := huma.Operation{
		OperationID: "ask-what-if", Method: http.MethodGet, Path: base + "/sla/what-if", Summary: "What another policy or calendar would have made of tickets",
		Description: "Replays the tickets from their events. One is answered at a time, and none that takes more than 20 seconds or 10,000 tickets: `effigate sla what-if` has no such bounds.",
		Responses: map[string]*huma.Response{"409": {
			Description: "Another one runs, or this one takes too long.",
			Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: &huma.Schema{Ref: "#/components/schemas/Problem"}}},
		}},
	}
	web.Register(c.API, access.ReadPolicies, operation, func(ctx context.Context, _ domain.Actor, in *whatIfInput) (*struct{ Body whatIfBody }, error) {
		after, err := in.after()
		if err != nil {
			return nil, err
		}
		question, err := in.question()
		if err != nil {
			return nil, err
		}
		out := &struct{ Body whatIfBody }{}
		_, err = c.read(ctx, web.LoginOf(ctx), access.ReadPolicies, after, func(tx pgx.Tx, _ reader) (err error) {
			out.Body, question.Tickets, err = c.raised(ctx, tx, in.Span)
			return err
		})
		if err != nil {
			return nil, err
		}
		return out, c.rehearse(ctx, question, &out.Body)
	})
}

// raised finds the tickets of a span.
func (c *Console) raised(ctx context.Context, tx pgx.Tx, in Span) (b whatIfBody, tickets []domain.TicketID, err error) {
	if b.From, b.Until, err = in.span(c.moment()); err != nil {
		return b, nil, err
	}
	ids, err := rows.RaisedWithin(ctx, tx, in.Client, b.From, b.Until, maxRehearsed+1)
	if err == nil && len(ids) > maxRehearsed {
		err = wrongField("to", fmt.Sprintf("must be earlier: more than %d tickets were raised in that time; `effigate sla what-if` takes any number", maxRehearsed))
	}
	for _, id := range ids {
		tickets = append(tickets, domain.TicketID{UUID: id})
	}
	return b, tickets, err
}

// rehearse answers a question, outside any transaction: one at a time, so that others are served meanwhile.
func (c *Console) rehearse(ctx context.Context, q WhatIf, b *whatIfBody) error {
	select {
	case c.rehearsing <- struct{}{}:
		defer func() { <-c.rehearsing }()
	default:
		return domain.Refuse(domain.ErrConflict, "what_if_running", "somebody's what-if is running; ask again when it has ended")
	}
	begun := c.options.Clock()
	limited, cancel := context.WithTimeout(ctx, rehearsalTime)
	defer cancel()
	found, err := c.options.WhatIf(limited, q)
	if errors.Is(limited.Err(), context.DeadlineExceeded) {
		return domain.Refuse(domain.ErrConflict, "what_if_too_long", "it takes more than %.0f seconds; choose a shorter time, or use `effigate sla what-if`", rehearsalTime.Seconds())
	}
	if err != nil {
		return err
	}
	b.Tickets, b.Milliseconds = len(q.Tickets), c.options.Clock().Sub(begun).Milliseconds()
	b.Before, b.After = nonNil(found.Before), nonNil(found.After)
	b.Differing, b.Differences = len(found.Differences), nonNil(found.Differences[:min(len(found.Differences), maxDifferences)])
	return nil
}

func nonNil[T any](all []T) []T { return append([]T{}, all...) }

// comparedTally is one goal and priority under both rules.
type comparedTally struct{ Before, After WhatIfTally }

// compared pairs the tallies of the two sides.
func compared(b whatIfBody) []comparedTally {
	type key struct{ goal, priority string }
	found := map[key]*comparedTally{}
	var order []key
	at := func(t WhatIfTally) *comparedTally {
		k := key{t.Goal, t.Priority}
		if found[k] == nil {
			empty := WhatIfTally{Goal: t.Goal, Priority: t.Priority}
			found[k] = &comparedTally{empty, empty}
			order = append(order, k)
		}
		return found[k]
	}
	for _, t := range b.Before {
		at(t).Before = t
	}
	for _, t := range b.After {
		at(t).After = t
	}
	goals, priorities := sla.Goals(), sla.Priorities()
	slices.SortFunc(order, func(x, y key) int {
		return cmp.Or(
			cmp.Compare(slices.Index(goals, sla.Goal(x.goal)), slices.Index(goals, sla.Goal(y.goal))),
			cmp.Compare(slices.Index(priorities, x.priority), slices.Index(priorities, y.priority)),
		)
	})
	pairs := make([]comparedTally, len(order))
	for i, k := range order {
		pairs[i] = *found[k]
	}
	return pairs
}
