package main

import (
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"effigate/infra/eventstore/embedded"
)

// eventstoreCommand runs the embedded node alone, for tools that speak EventStoreDB's protocol.
func eventstoreCommand(s *settings) *cobra.Command {
	var addr string
	command := &cobra.Command{
		Use: "eventstore", GroupID: "run", Short: "Run the embedded event store alone",
		Long: `Run the embedded event store alone, on the data directory's events, and print the connection string
that the official client needs. The directory must not be served by another process.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			ctx := command.Context()
			node, err := embedded.Open(ctx, embedded.Options{Dir: filepath.Join(s.Data, "events"), Addr: addr, Logger: s.logger(slog.LevelInfo)})
			if err != nil {
				return fmt.Errorf("start the event store: %w", err)
			}
			if _, err := fmt.Fprintln(command.OutOrStdout(), node.ConnectionString()); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return node.Close()
			case <-node.Failed():
				return fmt.Errorf("the event store stopped: %w", node.Err())
			}
		},
	}
	command.Flags().StringVar(&addr, "addr", "127.0.0.1:2113", "address to listen on")
	return command
}
