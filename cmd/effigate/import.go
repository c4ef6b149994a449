package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/money"
	"effigate/domain/zone"
	"effigate/infra/incidents"
	"effigate/infra/sheet"
)

// importWorld is what an import works with.
type importWorld struct {
	service *commands.Service
	log     commands.Log // tells what is there already
	people  importPeople
	actor   domain.Actor // who imports
	now     func() time.Time
}

// importPeople keeps the names of people, which are in no event. Putting a name again changes nothing.
type importPeople interface {
	PutClientPerson(ctx context.Context, id domain.PersonID, client domain.ClientID, name string) error
	PutStaffPerson(ctx context.Context, id domain.PersonID, name string) error
}

// importOptions are what the command line asks for.
type importOptions struct {
	path     string
	zone     *time.Location
	dates    sheet.DateOrder
	currency money.Currency // of clients that are created
	language string         // the same
	dryRun   bool
	publish  bool
	// confirm is asked before tickets are published; nil says yes.
	confirm  func(question string) (bool, error)
	quiet    bool
	terminal bool // out is one
}

// openImport opens the world for the time of one import.
type openImport func(ctx context.Context, use func(context.Context, importWorld) error) error

func importCommand(open openImport, s *settings) *cobra.Command {
	command := &cobra.Command{Use: "import", GroupID: "data", Short: "Bring in what another system knows"}
	command.AddCommand(importTicketsCommand(open), importTimeCommand(s))
	return command
}

func importTicketsCommand(open openImport) *cobra.Command {
	var o importOptions
	var format, zone, dates, currency string
	var yes bool
	command := &cobra.Command{
		Use: "tickets FILE --format incidents", Short: "Bring in tickets with their history",
		Long: `Bring in tickets with their history from FILE, plain or compressed by gzip.

incidents is the event log of a ServiceNow service desk, a CSV with one row per change. Clients, people and
contracts that are missing are created: a client per location, a contract that covers its categories, a
client user per caller, a staff person per assignee.

Everything arrives Internal Only. --publish then shows for each client how many tickets its own people had
raised, asks, and makes those visible, for good.

The same file again adds nothing, so an import that was interrupted is completed by running it again. Every
row is accounted for as imported, unchanged or rejected; a rejected row is listed with its line, field,
value and reason, and the rows around it go in. The exit code is then 0. It is 1 when the import could not
be completed, and 2 when the file does not say something that an option must.`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, given []string) error {
			o.path = given[0]
			if err := o.parse(format, zone, dates, currency); err != nil {
				return usageError{err}
			}
			out, asJSON := command.OutOrStdout(), flagged(command, "json")
			if asJSON {
				out = command.ErrOrStderr()
			}
			o.terminal = isTerminal(out)
			if o.publish && !yes {
				if !isTerminal(command.InOrStdin()) {
					return usageError{errors.New("--publish asks before it makes tickets visible: without a terminal, --yes must answer")}
				}
				o.confirm = asking(command.InOrStdin(), out)
			}
			return open(command.Context(), func(ctx context.Context, world importWorld) error {
				report, err := runImport(ctx, world, o, out)
				if err != nil {
					return err
				}
				if asJSON {
					return json.NewEncoder(command.OutOrStdout()).Encode(report)
				}
				return report.print(out)
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&format, "format", "", "format of the file: incidents")
	flags.StringVar(&zone, "zone", "UTC", "IANA name of the zone of the file's times, and of clients that are created")
	flags.StringVar(&dates, "dates", "", "order of day and month, dmy or mdy, where the file does not show it")
	flags.StringVar(&currency, "currency", "EUR", "currency of clients that are created")
	flags.StringVar(&o.language, "language", "en", "language of clients that are created")
	flags.BoolVar(&o.dryRun, "dry-run", false, "change nothing; show what would be created and which rows rejected")
	flags.BoolVar(&o.publish, "publish", false, "afterwards make visible what client users raised themselves")
	flags.BoolVar(&yes, "yes", false, "publish without asking")
	flags.BoolVar(&o.quiet, "quiet", false, "show no progress")
	command.MarkFlagsMutuallyExclusive("dry-run", "publish")
	return command
}

// parse takes the options that have a form, and reports every wrong one.
func (o *importOptions) parse(format, zoneName, dates, currency string) error {
	var wrong []error
	if format != incidents.System {
		wrong = append(wrong, fmt.Errorf("--format is %q; it must be %s", format, incidents.System))
	}
	location, err := zone.Load(zoneName)
	if err != nil {
		wrong = append(wrong, fmt.Errorf("--zone: %w", err))
	}
	o.zone, o.dates, o.currency = location, sheet.DateOrder(dates), money.Currency(currency)
	if o.dates != "" && o.dates != sheet.DayFirst && o.dates != sheet.MonthFirst {
		wrong = append(wrong, fmt.Errorf("--dates is %q; it must be %s or %s", dates, sheet.DayFirst, sheet.MonthFirst))
	}
	if !o.currency.Valid() {
		wrong = append(wrong, fmt.Errorf("--currency %q is no code of ISO 4217 such as EUR", currency))
	}
	return errors.Join(wrong...)
}

func flagged(command *cobra.Command, name string) bool {
	flag := command.Flag(name)
	return flag != nil && flag.Value.String() == "true"
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// asking puts a question to a person.
func asking(in io.Reader, out io.Writer) func(string) (bool, error) {
	return func(question string) (bool, error) {
		if _, err := fmt.Fprint(out, question, " [y/N] "); err != nil {
			return false, err
		}
		answer, err := bufio.NewReader(in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return false, fmt.Errorf("read the answer: %w", err)
		}
		answer = strings.ToLower(strings.TrimSpace(answer))
		return answer == "y" || answer == "yes", nil
	}
}

// importer is one import under way.
type importer struct {
	importWorld
	importOptions
	out      io.Writer
	at       time.Time // when it was asked for
	progress *meter
	file     *incidents.File
	tally    tally
}

// runImport reads the file, creates what is missing, brings in the tickets and, if asked, publishes. It
// writes progress and previews to out. Interrupted anywhere, it is completed by running it again.
func runImport(ctx context.Context, world importWorld, options importOptions, out io.Writer) (importReport, error) {
	m := &importer{
		importWorld: world, importOptions: options, out: out, at: world.now().UTC().Truncate(time.Microsecond),
		progress: newMeter(out, options.quiet, options.terminal),
	}
	err := m.read(ctx)
	for _, step := range []func(context.Context) error{m.createClients, m.createPeople, m.importTickets, m.publishTickets} {
		if err != nil {
			break
		}
		err = step(ctx)
	}
	if err != nil && ctx.Err() != nil {
		return importReport{}, fmt.Errorf("the import was interrupted; run it again to complete it: %w", cmp.Or(context.Cause(ctx), err))
	}
	if err != nil {
		return importReport{}, err
	}
	return m.tally.report(m.file, m.dryRun), nil
}

// read reads the whole file before anything is changed: a file that is cut short changes nothing.
func (m *importer) read(ctx context.Context) error {
	source, err := os.Open(m.path)
	if err != nil {
		return fmt.Errorf("open the file: %w", err)
	}
	defer source.Close() //nolint:errcheck // it was only read
	var size int64
	if info, err := source.Stat(); err == nil {
		size = info.Size()
	}
	task := m.progress.begin("read the file, bytes", size)
	defer task.end()
	m.file, err = incidents.Read(&watched{ctx: ctx, source: source, task: task}, incidents.Options{
		Zone: m.zone, Dates: m.dates, Now: m.at,
	})
	switch {
	case errors.Is(err, sheet.ErrDateOrder):
		return usageError{fmt.Errorf("%s: %w; give --dates %s or %s", m.path, err, sheet.DayFirst, sheet.MonthFirst)}
	case err != nil:
		return fmt.Errorf("read %s: %w", m.path, err)
	}
	m.tally.take(m.file.Rejected, m.file.Notes)
	return nil
}

// watched reads until ctx ends, and says how far it came. It holds ctx for the one call that reads the
// file: a reader cannot be stopped otherwise.
type watched struct {
	ctx    context.Context
	source io.Reader
	task   *task
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.source.Read(p)
	w.task.add(n)
	return n, err
}

// request is one command of the import. The same key names the same command in every run.
func (m *importer) request(key string) commands.Request {
	return commands.Request{Actor: m.actor, Route: "import " + incidents.System, Key: key, At: m.at}
}

// importWorkers is how many commands an import has under way at once.
const importWorkers = 32

// each does something n times with importWorkers workers, until one fails or ctx ends.
func each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(importWorkers)
	for i := range n {
		if working.Err() != nil {
			break
		}
		group.Go(func() error { return do(working, i) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}
