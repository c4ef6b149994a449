// Command effigate runs client delivery for a service firm: the event store, the read models, the portal
// of the clients and the console of the staff, and the tools to operate and audit them.
//
// This package is wiring, flags and subcommands; everything else is in the packages it wires together.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitOK         = 0
	exitError      = 1
	exitUsage      = 2
	exitDifference = 3
	exitInterrupt  = 130
)

// errDifference says that a check ran and found a difference.
var errDifference = errors.New("a difference was found")

// usageError is a call that cannot be taken as it is.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // A second signal ends the process at once.
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// run executes one command line and gives the exit code.
func run(ctx context.Context, arguments []string) int {
	root := rootCommand()
	root.SetArgs(arguments)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errDifference):
		return exitDifference
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupt
	}
	fmt.Fprintln(os.Stderr, "effigate:", err)
	if _, usage := errors.AsType[usageError](err); usage {
		return exitUsage
	}
	return exitError
}

// rootCommand assembles the command tree.
func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "effigate",
		Short: "Client delivery for a service firm",
		Long: `Effigate runs client delivery for a service firm: tickets under contract, time and invoices, with a
portal in which each client sees exactly what was disclosed to it, and a console for the staff.

Facts are events in EventStoreDB; everything that anyone reads is a projection of them in Postgres.
Without settings both run privately under the data directory.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddGroup(
		&cobra.Group{ID: "run", Title: "Run:"},
		&cobra.Group{ID: "data", Title: "Data:"},
		&cobra.Group{ID: "operate", Title: "Operate:"},
	)
	settings := bindSettings(root)
	for _, command := range []*cobra.Command{
		serveCommand(settings), demoCommand(settings), portalCommand(settings), eventstoreCommand(settings),
		importCommand(settings.openImport, settings), eventsCommand(settings), auditCommand(settings), documentsCommand(settings), slaCommand(settings),
		userCommand(settings), clientCommand(settings), calendarCommand(settings), apikeyCommand(settings), projectionsCommand(settings), versionCommand(),
	} {
		root.AddCommand(command)
	}
	root.SetHelpCommandGroupID("operate")
	root.SetCompletionCommandGroupID("operate")
	refuseAsUsage(root)
	return root
}

// refuseAsUsage makes what the library refuses an error of usage, for a command and those below it. A group
// that is given no command prints its help; one that it does not have is refused.
func refuseAsUsage(command *cobra.Command) {
	accepts := command.Args
	if command.HasSubCommands() {
		accepts = cobra.NoArgs
		command.RunE = func(command *cobra.Command, _ []string) error { return command.Help() }
	}
	command.Args = func(command *cobra.Command, given []string) error {
		if err := errors.Join(accepts(command, given), command.ValidateFlagGroups()); err != nil {
			return usageError{err}
		}
		return nil
	}
	for _, below := range command.Commands() {
		refuseAsUsage(below)
	}
}
