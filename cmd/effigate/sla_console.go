package main

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/ticket"
	"effigate/infra/web/console"
	"effigate/projections"
)

// readers is how many streams are read at once for the console.
const readers = 8

// whatIf answers a question of the console.
func (w *world) whatIf(ctx context.Context, q console.WhatIf) (console.Rehearsed, error) {
	return rehearse(ctx, w.store, w.now(), q)
}

// rehearse replays the tickets of a question, as the command does.
func rehearse(ctx context.Context, log commands.Log, now time.Time, q console.WhatIf) (console.Rehearsed, error) {
	o := slaOptions{rules: rulesOf(q.Policy, q.Calendar), base: rulesOf(q.BasePolicy, q.BaseCalendar), level: q.SupportLevel}
	view, err := o.look(ctx, inOrder(ctx, log, q.Tickets), log, now)
	if err != nil {
		return console.Rehearsed{}, err
	}
	before, after, differences := view.compare()
	found := console.Rehearsed{Before: consoleTally(before), After: consoleTally(after)}
	for _, d := range differences {
		found.Differences = append(found.Differences, console.WhatIfDifference{
			Ticket: d.Ticket, Number: d.Number, Goal: string(d.Goal), Cycle: d.Cycle, Before: string(d.Before), After: string(d.After),
		})
	}
	return found, nil
}

// rulesOf names published ones, as the command's flags do.
func rulesOf(policy, hours sla.Ref) rules {
	return rules{policy: refText(policy), calendar: refText(hours)}
}

func refText(r sla.Ref) string {
	switch {
	case r == sla.Ref{}:
		return ""
	case r.Version == 0:
		return r.ID.String()
	}
	return fmt.Sprintf("%s@%d", r.ID, r.Version)
}

func consoleTally(rows []slaTally) []console.WhatIfTally {
	all := make([]console.WhatIfTally, len(rows))
	for i, row := range rows {
		all[i] = console.WhatIfTally{
			Goal: string(row.Goal), Priority: row.Priority, Met: row.Met, MetLate: row.MetLate, Breached: row.Breached,
			Open: row.Open, AtRisk: row.AtRisk, OverrunSeconds: row.OverrunSeconds,
		}
	}
	return all
}

// inOrder gives the events of some tickets in the order of the log: what one ticket took over of another is told after
// it. All of them are held meanwhile, without their stored forms.
func inOrder(ctx context.Context, log commands.Log, tickets []domain.TicketID) iter.Seq2[projections.Delivery, error] {
	return func(yield func(projections.Delivery, error) bool) {
		streams := make([][]projections.Delivery, len(tickets))
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(readers)
		for i, id := range tickets {
			group.Go(func() error {
				for recorded, err := range log.Read(ctx, ticket.Stream(id), domain.NoStream) {
					if err != nil {
						return fmt.Errorf("read %s: %w", ticket.Stream(id), err)
					}
					recorded.Raw = domain.Raw{}
					streams[i] = append(streams[i], projections.Delivery{Recorded: recorded})
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			yield(projections.Delivery{}, err)
			return
		}
		all := slices.Concat(streams...)
		slices.SortFunc(all, func(a, b projections.Delivery) int {
			return cmp.Or(cmp.Compare(a.Recorded.Position.Commit, b.Recorded.Position.Commit), cmp.Compare(a.Recorded.Position.Prepare, b.Recorded.Position.Prepare))
		})
		for _, delivery := range all {
			if !yield(delivery, nil) {
				return
			}
		}
	}
}
