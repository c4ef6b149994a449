package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"effigate/domain"
	"effigate/infra/postgres"
	"effigate/projections"
	clientrows "effigate/readmodels/client"
	staffrows "effigate/readmodels/staff"
)

// projectionStatus is one projection as `projections status` prints it.
type projectionStatus struct {
	Name       string          `json:"name"`
	Generation int             `json:"generation"`
	State      string          `json:"state"`
	Position   domain.Position `json:"position"`
	Events     int64           `json:"events"`
	LagEvents  int64           `json:"lag_events"` // counted exactly up to maxLagCount
	LagSeconds float64         `json:"lag_s"`      // age of the first event not applied
	Parked     int             `json:"parked"`
}

// maxLagCount bounds how far the lag is counted exactly.
const maxLagCount = 100_000

func projectionsCommand(s *settings) *cobra.Command {
	command := &cobra.Command{
		Use: "projections", GroupID: "operate", Short: "Watch and rebuild the read models",
		Long: `Watch and rebuild the read models. NAME is client or staff.

The projector of the serving process carries requests out; without one this process does.`,
	}
	command.AddCommand(
		projectionsStatusCommand(s), projectionsParkedCommand(s),
		requestCommand(s, postgres.Rebuild, "rebuild NAME", "Build a new generation from the events, compare it with the live one and switch to it", 1),
		requestCommand(s, postgres.Verify, "verify NAME", "Build a generation and compare it with the live one; exit 3 when they differ", 1),
		requestCommand(s, postgres.Switch, "switch NAME GENERATION", "Make a generation the live one", 2),
		requestCommand(s, postgres.Rollback, "rollback NAME", "Make the previous generation the live one", 1),
		requestCommand(s, postgres.Unpark, "unpark NAME STREAM", "Take a parked stream back", 2),
	)
	return command
}

func projectionsStatusCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Print where each read model stands", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return withWorld(command.Context(), s, func(ctx context.Context, w *world) error {
				statuses, err := w.projectionStatuses(ctx)
				if err != nil {
					return err
				}
				return printStatuses(command.OutOrStdout(), statuses, s.JSON)
			})
		},
	}
}

// projectionStatuses reads the state of both sides' generations.
func (w *world) projectionStatuses(ctx context.Context) ([]projectionStatus, error) {
	statuses := []projectionStatus{}
	for _, name := range []string{"client", "staff"} {
		database, version, err := w.projection(name)
		if err != nil {
			return nil, err
		}
		generations, err := database.Generations(ctx)
		if err != nil {
			return nil, err
		}
		for _, g := range generations {
			if g.Version != version {
				continue
			}
			status, err := w.projectionStatus(ctx, name, database, g)
			if err != nil {
				return nil, err
			}
			statuses = append(statuses, status)
		}
	}
	return statuses, nil
}

func (w *world) projectionStatus(ctx context.Context, name string, database *postgres.Database, g postgres.GenerationInfo) (projectionStatus, error) {
	parked, err := database.Parked(ctx, g.ID)
	if err != nil {
		return projectionStatus{}, err
	}
	status := projectionStatus{
		Name: name, Generation: g.ID, State: g.State, Position: g.Position, Events: g.Events, Parked: len(parked),
	}
	for delivery, err := range w.source.Scan(ctx, g.Position) {
		if err != nil {
			return projectionStatus{}, fmt.Errorf("measure the lag of %s: %w", name, err)
		}
		if !ours(delivery) {
			continue
		}
		if status.LagEvents == 0 {
			status.LagSeconds = max(0, time.Since(delivery.Recorded.RecordedAt).Seconds())
		}
		if status.LagEvents++; status.LagEvents == maxLagCount {
			break
		}
	}
	return status, nil
}

func printStatuses(out io.Writer, statuses []projectionStatus, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(statuses)
	}
	t := table.NewWriter()
	t.AppendHeader(table.Row{"projection", "generation", "state", "position", "events", "lag events", "lag s", "parked"})
	for _, s := range statuses {
		t.AppendRow(table.Row{s.Name, s.Generation, s.State, s.Position.Commit, s.Events, s.LagEvents, fmt.Sprintf("%.1f", s.LagSeconds), s.Parked})
	}
	_, err := fmt.Fprintln(out, t.Render())
	return err
}

func projectionsParkedCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "parked", Short: "List the streams that a read model has put aside, and why", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return withWorld(command.Context(), s, func(ctx context.Context, w *world) error {
				return w.printParked(ctx, command.OutOrStdout())
			})
		},
	}
}

// parkedStream is one line of `projections parked`.
type parkedStream struct {
	Name       string    `json:"name"`
	Generation int       `json:"generation"`
	Stream     string    `json:"stream"`
	Revision   int64     `json:"revision"`
	Cause      string    `json:"cause"`
	Since      time.Time `json:"since"`
}

func (w *world) printParked(ctx context.Context, out io.Writer) error {
	parked := []parkedStream{}
	statuses, err := w.projectionStatuses(ctx)
	if err != nil {
		return err
	}
	for _, status := range statuses {
		database, _, err := w.projection(status.Name)
		if err != nil {
			return err
		}
		streams, err := database.Parked(ctx, status.Generation)
		if err != nil {
			return err
		}
		for _, p := range streams {
			parked = append(parked, parkedStream{status.Name, status.Generation, p.Stream, p.Revision, p.Cause, p.Since})
		}
	}
	if w.settings.JSON {
		return json.NewEncoder(out).Encode(parked)
	}
	for _, p := range parked {
		if _, err := fmt.Fprintf(out, "%s generation %d: %s at revision %d since %s: %s\n",
			p.Name, p.Generation, p.Stream, p.Revision, p.Since.UTC().Format(time.RFC3339), p.Cause); err != nil {
			return err
		}
	}
	return nil
}

// requestCommand asks a projector for something and waits until it is done.
func requestCommand(s *settings, kind postgres.RequestKind, use, short string, arguments int) *cobra.Command {
	unverified := false
	command := &cobra.Command{
		Use: use, Short: short, ValidArgs: []string{"client", "staff"},
		Args: cobra.MatchAll(cobra.ExactArgs(arguments), func(_ *cobra.Command, given []string) error { return known(given[0]) }),
		RunE: func(command *cobra.Command, given []string) error {
			argument := strings.Join(given[1:], " ")
			if unverified {
				argument = postgres.Unverified
			}
			return withWorld(command.Context(), s, func(ctx context.Context, w *world) error {
				return w.request(ctx, given[0], kind, argument, progressPrinter(command, s))
			})
		},
	}
	if kind == postgres.Rebuild {
		command.Flags().BoolVar(&unverified, "unverified", false, "switch without comparing: the way out when the live generation is damaged")
	}
	return command
}

// known refuses a name that no projection has.
func known(name string) error {
	if name == "client" || name == "staff" {
		return nil
	}
	return fmt.Errorf("there is no projection %q; it is client or staff", name)
}

// projection finds the database and the version of a read model by name.
func (w *world) projection(name string) (*postgres.Database, int, error) {
	if err := known(name); err != nil {
		return nil, 0, usageError{err}
	}
	if name == "client" {
		return w.client.database, clientrows.Version, nil
	}
	return w.staff.database, staffrows.Version, nil
}

// requestPoll is how often a request is looked at.
const requestPoll = 200 * time.Millisecond

// request leaves a request for the projector and follows it to its end. Without a serving process the
// projector runs here.
func (w *world) request(ctx context.Context, name string, kind postgres.RequestKind, argument string, show func(postgres.Request) error) error {
	database, version, err := w.projection(name)
	if err != nil {
		return err
	}
	id := uuid.New()
	if err := database.Ask(ctx, id, version, kind, argument); err != nil {
		return err
	}
	if w.attached {
		return follow(ctx, database, id, show)
	}
	ctx, cancel := context.WithCancel(ctx)
	projecting := make(chan error, 1)
	go func() { projecting <- w.project(ctx) }()
	err = follow(ctx, database, id, show)
	cancel()
	if ended := <-projecting; err == nil && !errors.Is(ended, context.Canceled) {
		err = ended
	}
	return err
}

func follow(ctx context.Context, database *postgres.Database, id uuid.UUID, show func(postgres.Request) error) error {
	ticker := time.NewTicker(requestPoll)
	defer ticker.Stop()
	for {
		request, err := database.Request(ctx, id)
		if err != nil {
			return err
		}
		if err := show(request); err != nil {
			return err
		}
		if request.Ended() {
			return outcome(request)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// outcome turns a request that ended into the command's result.
func outcome(request postgres.Request) error {
	if len(request.Progress.Differences) > 0 && !projections.AllEqual(request.Progress.Differences) {
		return errDifference
	}
	if request.State == postgres.RequestFailed {
		return fmt.Errorf("%s failed: %s", request.Kind, request.Error)
	}
	return nil
}

// progressPrinter prints a request's progress, one line for each phase and then at most one a second; with
// --json one object per line.
func progressPrinter(command *cobra.Command, s *settings) func(postgres.Request) error {
	out := command.OutOrStdout()
	var phase projections.Phase
	var printed time.Time
	return func(r postgres.Request) error {
		if !r.Ended() && r.Progress.Phase == phase && time.Since(printed) < time.Second {
			return nil
		}
		phase, printed = r.Progress.Phase, time.Now()
		if s.JSON {
			return json.NewEncoder(out).Encode(struct {
				State    string               `json:"state"`
				Error    string               `json:"error,omitempty"`
				Progress projections.Progress `json:"progress"`
			}{r.State, r.Error, r.Progress})
		}
		return printProgress(out, r)
	}
}

func printProgress(out io.Writer, r postgres.Request) error {
	p := r.Progress
	line := fmt.Sprintf("%s: %s", r.Kind, r.State)
	if p.Phase != "" {
		line += fmt.Sprintf(", generation %d %s, %d of %d events, %d events/s", p.Generation, p.Phase, p.Done, p.Total, p.PerSecond)
	}
	if p.SecondsLeft > 0 {
		line += fmt.Sprintf(", %d s left", p.SecondsLeft)
	}
	if _, err := fmt.Fprintln(out, line); err != nil || !r.Ended() {
		return err
	}
	for _, d := range p.Differences {
		same := "equal"
		if !d.Equal {
			same = "DIFFERENT"
		}
		if _, err := fmt.Fprintf(out, "  %-16s %9d rows live, %9d rows new: %s\n", d.Table, d.LiveRows, d.NewRows, same); err != nil {
			return err
		}
	}
	return nil
}
