package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"effigate/domain"
	"effigate/domain/visible"
	"effigate/projections"
	clientside "effigate/projections/client"
	staffside "effigate/projections/staff"
)

func auditCommand(s *settings) *cobra.Command {
	command := &cobra.Command{Use: "audit", GroupID: "data", Short: "Look into history, explain it and prove that it is whole"}
	command.AddCommand(
		auditInvoiceCommand(s), auditPeriodCommand(s), auditVerifyCommand(s), auditReplayCommand(s),
		auditSealCommand(s), auditKeyCommand(s), auditBundleCommand(s), auditCheckCommand(s),
	)
	return command
}

// auditReplayCommand folds one stream up to a moment.
func auditReplayCommand(s *settings) *cobra.Command {
	var at, position string
	command := &cobra.Command{
		Use: "replay STREAM", Short: "Print what a stream said and showed as of a moment",
		Long: `Fold one stream, such as ticket-8c1f…, from its events up to a moment, and print the events, what the
staff saw and what the client saw then.

--at is the time of recording: what was known then, whenever it was true. --position is a place in the
log, "commit" or "commit/prepare". Without either it is now.`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, given []string) error {
			until, err := parseMoment(at, position)
			if err != nil {
				return usageError{err}
			}
			return withWorld(command.Context(), s, func(ctx context.Context, w *world) error {
				r, err := replay(ctx, w.source, given[0], until)
				if err != nil {
					return err
				}
				return r.print(command.OutOrStdout(), s.JSON)
			})
		},
	}
	command.Flags().StringVar(&at, "at", "", "moment of recording, RFC 3339, such as 2026-03-16T10:00:00Z")
	command.Flags().StringVar(&position, "position", "", "place in the log")
	command.MarkFlagsMutuallyExclusive("at", "position")
	return command
}

// moment tells which events belong to the past.
type moment func(domain.Recorded) bool

func parseMoment(at, position string) (moment, error) {
	switch {
	case at != "":
		instant, err := time.Parse(time.RFC3339Nano, at)
		if err != nil {
			return nil, fmt.Errorf("--at %q is no instant such as 2026-03-16T10:00:00Z", at)
		}
		return func(r domain.Recorded) bool { return !r.RecordedAt.After(instant) }, nil
	case position != "":
		commit, prepare, both := strings.Cut(position, "/")
		if !both {
			prepare = commit
		}
		var p domain.Position
		var err, err2 error
		p.Commit, err = strconv.ParseUint(commit, 10, 64)
		p.Prepare, err2 = strconv.ParseUint(prepare, 10, 64)
		if err != nil || err2 != nil {
			return nil, fmt.Errorf("--position %q is no place in the log such as 4711 or 4711/4711", position)
		}
		return func(r domain.Recorded) bool { return r.Position.Compare(p) <= 0 }, nil
	}
	return func(domain.Recorded) bool { return true }, nil
}

// replayed is a stream as of a moment.
type replayed struct {
	Stream     string          `json:"stream"`
	Revision   int64           `json:"revision"`
	Position   domain.Position `json:"position"`
	RecordedAt time.Time       `json:"recorded_at"`
	Events     []storedEvent   `json:"events"`
	Staff      map[string]any  `json:"staff"`  // the rows of the staff read model, by table and id
	Client     map[string]any  `json:"client"` // the client-safe records, by kind and id
}

// replay folds a stream with the projections of both sides.
func replay(ctx context.Context, source projections.Source, stream string, past moment) (replayed, error) {
	r := replayed{Stream: stream, Revision: domain.NoStream, Staff: map[string]any{}, Client: map[string]any{}}
	var events []domain.Recorded
	for delivery, err := range source.Stream(ctx, stream, -1) {
		if err == nil {
			err = delivery.Err
		}
		if err != nil {
			return r, fmt.Errorf("read %s: %w", stream, err)
		}
		if !past(delivery.Recorded) {
			break
		}
		events = append(events, delivery.Recorded)
		r.Events = append(r.Events, exported(delivery.Recorded))
	}
	if len(events) == 0 {
		return r, domain.Refuse(domain.ErrNotFound, "no_such_stream", "%s has no events up to that moment", stream)
	}
	last := events[len(events)-1]
	r.Revision, r.Position, r.RecordedAt = last.Revision, last.Position, last.RecordedAt
	foldInto(r.Staff, events, staffside.Clients)
	foldInto(r.Staff, events, staffside.People)
	foldInto(r.Staff, events, staffside.Contracts)
	foldInto(r.Staff, events, staffside.Tickets)
	foldInto(r.Staff, events, staffside.Messages)
	changes, err := projections.NewDisclosures(source, 0, disclosures()...).Translate(ctx, events)
	if err != nil {
		return r, err
	}
	foldChanges(r.Client, changes)
	return r, nil
}

func foldChanges(into map[string]any, changes []visible.Change) {
	foldInto(into, changes, clientside.Organisations)
	foldInto(into, changes, clientside.People)
	foldInto(into, changes, clientside.Contracts)
	foldInto(into, changes, clientside.Categories)
	foldInto(into, changes, clientside.Tickets)
	foldInto(into, changes, clientside.Comments)
	foldInto(into, changes, clientside.TicketSteps)
	foldInto(into, changes, clientside.Targets)
	foldInto(into, changes, clientside.Attachments)
	foldInto(into, changes, clientside.CommentEdits)
}

// foldInto runs one projection in memory and keeps its rows under "table/id".
func foldInto[E, R any](into map[string]any, items []E, p projections.Projection[E, R]) {
	for id, row := range p.Fold(items) {
		into[p.Table+"/"+id.String()] = row
	}
}

func (r replayed) print(out io.Writer, asJSON bool) error {
	encoder := json.NewEncoder(out)
	if asJSON {
		return encoder.Encode(r)
	}
	if _, err := fmt.Fprintf(out, "%s at revision %d, position %d, recorded %s\n\n", r.Stream, r.Revision, r.Position.Commit, r.RecordedAt.UTC().Format(time.RFC3339Nano)); err != nil {
		return err
	}
	for _, e := range r.Events {
		if _, err := fmt.Fprintf(out, "%6d  %s  %-28s %s\n", e.Revision, e.Created.UTC().Format(time.RFC3339), e.Type, e.Data); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		title string
		rows  map[string]any
	}{{"What the staff saw", r.Staff}, {"What the client saw", r.Client}} {
		if _, err := fmt.Fprintf(out, "\n%s:\n", part.title); err != nil {
			return err
		}
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(part.rows); err != nil {
			return err
		}
	}
	return nil
}
