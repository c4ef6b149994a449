package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

func portalCommand(s *settings) *cobra.Command {
	command := &cobra.Command{
		Use: "portal", GroupID: "run", Short: "Prepare a portal in a process of its own",
	}
	command.AddCommand(portalEnvCommand(s))
	return command
}

func portalEnvCommand(s *settings) *cobra.Command {
	var file string
	command := &cobra.Command{
		Use: "env", Short: "Print the environment for a portal in a process of its own",
		Long: `Print everything that "effigate serve --roles=portal" needs to know, from the process that serves the data
directory. That one must have been started with EFFIGATE_COMMAND_ADDR, where it takes the portal's commands.
What is printed is secret; --write puts it into a file that only its owner may read.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return withWorld(command.Context(), s, func(_ context.Context, w *world) error {
				environment, err := w.portalEnvironment()
				if err != nil {
					return err
				}
				if file != "" {
					return writeEnvironment(file, environment)
				}
				return printEnvironment(command.OutOrStdout(), environment, s.JSON)
			})
		},
	}
	command.Flags().StringVar(&file, "write", "", "file to write, which must not exist")
	return command
}

// variable is one setting of a portal.
type variable struct{ name, value string }

// portalEnvironment is what a portal needs, as this installation has it.
func (w *world) portalEnvironment() ([]variable, error) {
	if !w.attached {
		return nil, fmt.Errorf("nothing serves %s: start `effigate serve` with EFFIGATE_COMMAND_ADDR first", w.settings.Data)
	}
	if w.at.Command == "" {
		return nil, errors.New("the serving process takes no commands of portals: start it with EFFIGATE_COMMAND_ADDR")
	}
	key, err := w.clientKey()
	if err != nil {
		return nil, err
	}
	token, err := w.commandToken()
	if err != nil {
		return nil, err
	}
	return []variable{
		{"EFFIGATE_ROLES", string(portalRole)},
		{"EFFIGATE_CLIENT_READER_URL", w.at.ReaderURL},
		{"EFFIGATE_CLIENT_ACCOUNTS_URL", w.at.AccountsURL},
		{"EFFIGATE_BLOBS_PUBLIC", w.path(publicFiles)},
		{"EFFIGATE_COMMAND_URL", w.at.Command},
		{"EFFIGATE_COMMAND_TOKEN", token},
		{"EFFIGATE_KEY", key},
		{"EFFIGATE_BASE_URL", w.at.PortalBase},
	}, nil
}

// writeEnvironment makes the file, and refuses to touch one that is there.
func writeEnvironment(path string, environment []variable) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the environment: %w", err)
	}
	return errors.Join(printEnvironment(file, environment, false), file.Close())
}

// printEnvironment quotes the values as shells and systemd read them.
func printEnvironment(out io.Writer, environment []variable, asJSON bool) error {
	if asJSON {
		values := map[string]string{}
		for _, v := range environment {
			values[v.name] = v.value
		}
		return json.NewEncoder(out).Encode(values)
	}
	for _, v := range environment {
		if _, err := fmt.Fprintf(out, "%s='%s'\n", v.name, strings.ReplaceAll(v.value, "'", `'\''`)); err != nil {
			return err
		}
	}
	return nil
}
