package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"effigate/domain"
	"effigate/projections"
)

// storedEvent is one event as it is exported: one JSON object on one line.
type storedEvent struct {
	ID       uuid.UUID       `json:"id"`
	Stream   string          `json:"stream"`
	Revision int64           `json:"revision"`
	Position domain.Position `json:"position"`
	Type     string          `json:"type"`
	Data     json.RawMessage `json:"data"`
	Metadata json.RawMessage `json:"metadata"`
	Created  time.Time       `json:"created"`
}

func exported(r domain.Recorded) storedEvent {
	return storedEvent{
		ID: r.ID, Stream: r.Stream, Revision: r.Revision, Position: r.Position, Type: r.Raw.Kind,
		Data: object(r.Raw.Data), Metadata: object(r.Raw.Metadata), Created: r.RecordedAt,
	}
}

// object keeps stored bytes that are JSON and quotes those that are not, so that every line is JSON.
func object(stored []byte) json.RawMessage {
	if len(stored) == 0 {
		return json.RawMessage("null")
	}
	if json.Valid(stored) {
		return stored
	}
	quoted, err := json.Marshal(string(stored))
	if err != nil {
		return json.RawMessage("null")
	}
	return quoted
}

func eventsCommand(s *settings) *cobra.Command {
	command := &cobra.Command{Use: "events", GroupID: "data", Short: "Read the history as it is stored"}
	command.AddCommand(eventsExportCommand(s), eventsTailCommand(s))
	return command
}

func eventsExportCommand(s *settings) *cobra.Command {
	var to string
	command := &cobra.Command{
		Use: "export", Short: "Write every event as JSON Lines",
		Long: `Write every event up to now in the order of the log, one JSON object per line: id, stream, revision,
position, type, data, metadata, created. System events of the store are left out.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return withWorld(command.Context(), s, func(ctx context.Context, w *world) error {
				if to == "" {
					_, err := export(ctx, w.source, command.OutOrStdout())
					return err
				}
				return exportFile(ctx, w.source, to, command.ErrOrStderr())
			})
		},
	}
	command.Flags().StringVarP(&to, "output", "o", "", "file to write, which must not exist (default: standard output)")
	return command
}

func exportFile(ctx context.Context, source projections.Source, path string, progress io.Writer) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("export events: %w", err)
	}
	count, err := export(ctx, source, file)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("export events to %s after %d of them: %w", path, count, err)
	}
	_, err = fmt.Fprintf(progress, "%d events written to %s\n", count, path)
	return err
}

// export writes the log up to its head and tells how many events that were.
func export(ctx context.Context, source projections.Source, out io.Writer) (count int, err error) {
	buffered := bufio.NewWriterSize(out, 1<<20)
	lines := json.NewEncoder(buffered)
	lines.SetEscapeHTML(false)
	for delivery, err := range source.Scan(ctx, domain.Position{}) {
		if err != nil {
			return count, err
		}
		if !ours(delivery) {
			continue
		}
		if err := lines.Encode(exported(delivery.Recorded)); err != nil {
			return count, err
		}
		count++
	}
	return count, buffered.Flush()
}

// ours tells events from the store's own.
func ours(d projections.Delivery) bool {
	return !d.CaughtUp && !strings.HasPrefix(d.Recorded.Raw.Kind, "$")
}

func eventsTailCommand(s *settings) *cobra.Command {
	var all bool
	command := &cobra.Command{
		Use: "tail", Short: "Print events as they are recorded",
		Long: `Print events as they are recorded, from now on or with --all from the beginning, until interrupted.
With --json each line is the object that "events export" writes.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return withWorld(command.Context(), s, func(ctx context.Context, w *world) error {
				return tail(ctx, w.source, all, s.JSON, command.OutOrStdout())
			})
		},
	}
	command.Flags().BoolVar(&all, "all", false, "begin with the first event")
	return command
}

func tail(ctx context.Context, source projections.Source, all, asJSON bool, out io.Writer) error {
	var after domain.Position
	if !all {
		head, err := source.Head(ctx)
		if err != nil {
			return err
		}
		after = head
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	deliveries, ended := make(chan projections.Delivery, 256), make(chan error, 1)
	go func() { ended <- source.Follow(ctx, after, deliveries) }()
	for {
		select {
		case err := <-ended:
			return err
		case d := <-deliveries:
			if !ours(d) {
				continue
			}
			if err := printEvent(out, d.Recorded, asJSON); err != nil {
				cancel()
				return errors.Join(err, ignoreCanceled(<-ended))
			}
		}
	}
}

func printEvent(out io.Writer, r domain.Recorded, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(exported(r))
	}
	_, err := fmt.Fprintf(out, "%s  %d  %s/%d  %s\n", r.RecordedAt.UTC().Format(time.RFC3339Nano), r.Position.Commit, r.Stream, r.Revision, r.Raw.Kind)
	return err
}
