package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/hours"
	"effigate/domain/period"
	"effigate/domain/zone"
	"effigate/infra/sheet"
	"effigate/infra/timesheets"
)

// timeOptions are what the command line asks for.
type timeOptions struct {
	path, mapPath, writeMap string
	format                  timesheets.Format
	zone                    *time.Location
	dates                   sheet.DateOrder
	condition               hours.Condition // of durations without a time of day
	dryRun, submit, quiet   bool
}

func importTimeCommand(s *settings) *cobra.Command {
	var o timeOptions
	var format, in, dates, condition string
	command := &cobra.Command{
		Use: "time FILE --format harvest|toggl|clockify|kimai", Short: "Bring in time records of another system",
		Long: `Bring in time records from FILE, an export in CSV, plain or compressed by gzip.

No export says in which zone its times were read off the clock: --zone does. Who a person is here, and which contract
and job type a project belongs to, --map says, a file of JSON. --write-map FILE writes one to begin with: people are
found by e-mail address or name, projects by the name of the client if it has one contract. What is left open stands
in it as "?", and "skip" leaves a person or project out.

Records arrive as drafts, whose text is the internal note; the client reads the map's description, or else the task or
project. What the other system has billed comes in as not billable. A duration without a time of day, as Harvest has
it, cannot be split by condition: --condition says under which it is billed, or the record waits for somebody to say.
--submit hands records in, which shows them to clients whose contract shows unapproved hours.
Money in the file is never taken over: each amount is compared with what the row comes to by the rate card, and every
difference is listed with the rates that make it, or what keeps the two from being compared.

--dry-run changes nothing and shows what would be imported, and each row that cannot be, with line, field, value and
reason. The same file again adds nothing. Every row is accounted for as imported, unchanged or rejected.`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, given []string) error {
			o.path = given[0]
			if err := o.parse(format, in, dates, condition); err != nil {
				return usageError{err}
			}
			return manage(command, s, func(ctx context.Context, m *management) error {
				return m.importTime(ctx, o, command.ErrOrStderr())
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&format, "format", "", "format of the file: harvest, toggl, clockify or kimai")
	flags.StringVar(&in, "zone", "", "IANA name of the zone of the file's times")
	flags.StringVar(&o.mapPath, "map", "", "file that says who people are and where projects belong")
	flags.StringVar(&o.writeMap, "write-map", "", "write such a file to begin with, and import nothing")
	flags.StringVar(&dates, "dates", "", "order of day and month, dmy or mdy, where the file does not show it")
	flags.StringVar(&condition, "condition", "", "rate condition of durations without a time of day: regular, after_hours, weekend or holiday")
	flags.BoolVar(&o.dryRun, "dry-run", false, "change nothing; show what would be imported and which rows rejected")
	flags.BoolVar(&o.submit, "submit", false, "hand the records in for approval; clients whose contract shows unapproved hours see them then")
	flags.BoolVar(&o.quiet, "quiet", false, "show no progress")
	command.MarkFlagsMutuallyExclusive("map", "write-map")
	return command
}

// parse takes the options that have a form, and reports every wrong one.
func (o *timeOptions) parse(format, in, dates, condition string) error {
	var wrong []error
	o.format, o.dates, o.condition = timesheets.Format(format), sheet.DateOrder(dates), hours.Condition(condition)
	if !o.format.Valid() {
		wrong = append(wrong, fmt.Errorf("--format is %q; it must be one of %v", format, timesheets.Formats()))
	}
	if o.dates != "" && o.dates != sheet.DayFirst && o.dates != sheet.MonthFirst {
		wrong = append(wrong, fmt.Errorf("--dates is %q; it must be %s or %s", dates, sheet.DayFirst, sheet.MonthFirst))
	}
	if !slices.Contains([]hours.Condition{"", hours.Regular, hours.AfterHours, hours.Weekend, hours.Holiday}, o.condition) {
		wrong = append(wrong, fmt.Errorf("--condition is %q; it must be regular, after_hours, weekend or holiday", condition))
	}
	if in == "" {
		return errors.Join(append(wrong, fmt.Errorf("%w: give --zone, such as Europe/Berlin", timesheets.ErrZone))...)
	}
	var err error
	if o.zone, err = zone.Load(in); err != nil {
		wrong = append(wrong, fmt.Errorf("--zone: %w", err))
	}
	return errors.Join(wrong...)
}

// timeReport accounts for an import: Rows = Imported + Unchanged + Rejected.
type timeReport struct {
	Rows       int               `json:"rows"`
	Imported   int               `json:"imported"`
	Unchanged  int               `json:"unchanged"`
	Rejected   int               `json:"rejected"`
	Rejections []sheet.Rejection `json:"rejections"` // by line, at most maxListed
	EventsPerS float64           `json:"events_per_s"`
	DryRun     bool              `json:"dry_run"`
	Notes      []sheet.Note      `json:"notes"` // by line, at most maxListed
	Money      moneyReport       `json:"money"` // of the rows that were imported or are unchanged
}

// timeImport is one import under way.
type timeImport struct {
	*management
	timeOptions
	file   *timesheets.File
	known  directory
	chosen timeMap
	report timeReport
	at     time.Time
	// contracts and periods are those that the file meets, as they were when the import began.
	contracts map[domain.ContractID]contract.State
	periods   map[string]period.State
	// quoting are the periods that tell what entries come to, by contract and month.
	quoting map[quotingKey]period.State
}

// importTime reads the file, maps it and brings in what it says. Progress goes to out, the report to the command's
// output.
func (m *management) importTime(ctx context.Context, o timeOptions, out io.Writer) error {
	t := &timeImport{
		management: m, timeOptions: o, at: m.now(),
		contracts: map[domain.ContractID]contract.State{}, periods: map[string]period.State{},
		quoting: map[quotingKey]period.State{},
	}
	if err := t.read(); err != nil {
		return err
	}
	var err error
	if t.known, err = m.directory(ctx); err != nil {
		return err
	}
	if o.writeMap != "" {
		return t.writeMapTo(o.writeMap)
	}
	if err := t.choose(); err != nil {
		return err
	}
	began := time.Now()
	if err := t.bringIn(ctx, newMeter(out, o.quiet, isTerminal(out))); err != nil {
		return err
	}
	if seconds := time.Since(began).Seconds(); t.report.Imported > 0 && seconds > 0 && !o.dryRun {
		t.report.EventsPerS = float64(t.report.Imported) / seconds
	}
	return t.tell()
}

// read reads the whole file before anything is changed.
func (t *timeImport) read() error {
	source, err := os.Open(t.path)
	if err != nil {
		return fmt.Errorf("open the file: %w", err)
	}
	defer source.Close() //nolint:errcheck // it was only read
	t.file, err = timesheets.Read(source, t.format, timesheets.Options{Zone: t.zone, Dates: t.dates, Now: t.at})
	switch {
	case errors.Is(err, sheet.ErrDateOrder):
		return usageError{fmt.Errorf("%s: %w; give --dates %s or %s", t.path, err, sheet.DayFirst, sheet.MonthFirst)}
	case err != nil:
		return fmt.Errorf("read %s: %w", t.path, err)
	}
	t.report = timeReport{Rows: t.file.Rows, DryRun: t.dryRun, Rejected: len(t.file.Rejected), Rejections: t.file.Rejected, Notes: t.file.Notes}
	return nil
}

// bringIn logs every entry that is not there yet, in the order of the file.
func (t *timeImport) bringIn(ctx context.Context, progress *meter) error {
	task := progress.begin("import time records", int64(len(t.file.Entries)))
	defer task.end()
	for _, e := range t.file.Entries {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("the import was interrupted; run it again to complete it: %w", err)
		}
		if err := t.one(ctx, e); err != nil {
			return fmt.Errorf("line %d: %w", e.Line, err)
		}
		task.add(1)
	}
	return nil
}

func (t *timeImport) reject(line int, field, value, reason string) {
	t.report.Rejected++
	t.report.Rejections = append(t.report.Rejections, sheet.Rejection{Line: line, Field: field, Value: sheet.Shortened(value), Reason: reason})
}

// one brings in one entry.
func (t *timeImport) one(ctx context.Context, e timesheets.Entry) error {
	person, skip := t.chosen.person(e)
	place, skipped := t.chosen.place(e)
	if skip || skipped {
		t.reject(e.Line, "row", e.Person+", "+e.Project, "is left out by the map")
		return nil
	}
	before, there, err := t.before(ctx, place.contract, e)
	if err != nil {
		return err
	}
	if there {
		if !t.same(e, before) {
			return nil
		}
		t.report.Unchanged++
		return t.compareMoney(ctx, e, person, place)
	}
	state, err := t.contract(ctx, place.contract)
	if err != nil {
		return err
	}
	if !state.Covers(state.Client, place.jobType, began(e, t.zone)) {
		t.reject(e.Line, "project", e.Project, fmt.Sprintf("contract %s does not cover %q on %s", state.Reference, place.jobType, e.Day))
		return nil
	}
	if t.dryRun {
		t.report.Imported++
		return t.compareMoney(ctx, e, person, place)
	}
	_, err = t.service.LogTime(ctx, commands.Request{
		Actor: domain.System(), Route: "import " + string(t.format), Key: e.ID(t.format, place.contract).String(), At: t.at,
	}, commands.LogTime{
		Contract: place.contract, Time: e.ID(t.format, place.contract), Entry: t.entry(e, person, place),
		Source: period.Source{Kind: "import", System: string(t.format), Key: e.Key, File: t.file.Hash, Row: e.Line}, Submit: t.submits(e),
	})
	if refusal, refused := errors.AsType[*domain.Refusal](err); refused && !errors.Is(err, domain.ErrUnavailable) {
		t.reject(e.Line, "row", e.Person+", "+e.Project, sentence(refusal))
		return nil
	}
	if err != nil {
		return err
	}
	t.report.Imported++
	return t.compareMoney(ctx, e, person, place)
}

// submits reports whether an entry is handed in: not while it cannot be split.
func (t *timeImport) submits(e timesheets.Entry) bool {
	return t.submit && (!e.From.IsZero() || t.condition != "")
}

// entry is what is logged.
func (t *timeImport) entry(e timesheets.Entry, person domain.PersonID, place place) period.Entry {
	entry := period.Entry{
		Person: person, JobType: place.jobType, From: e.From, Until: e.Until, BreakSeconds: e.BreakSeconds, Zone: t.zone.String(),
		Description: cmp.Or(place.description, e.Task, e.Project), Note: e.Text,
	}
	if e.From.IsZero() {
		entry.Day, entry.Seconds, entry.Condition = e.Day, e.Seconds, t.condition
	}
	switch {
	case e.Billed:
		entry.Billing, entry.Reason = period.NonBillable, "billed by "+string(t.format)+" before"
	case !e.Billable:
		entry.Billing, entry.Reason = period.NonBillable, "not billable in "+string(t.format)
	}
	return entry
}

// sentence is a refusal in one sentence, with what is wrong with each field.
func sentence(r *domain.Refusal) string {
	parts := []string{r.Text}
	for _, field := range slices.Sorted(maps.Keys(r.Fields)) {
		parts = append(parts, field+" "+r.Fields[field])
	}
	return strings.Join(parts, "; ")
}

// before finds the record that an earlier import made of an entry. It may have entered a later period than that
// of its day, or have been moved there.
func (t *timeImport) before(ctx context.Context, of domain.ContractID, e timesheets.Entry) (period.Time, bool, error) {
	id := e.ID(t.format, of)
	for month, last := e.Day.Add(-1).Month(), calendar.DateOf(t.at, t.zone).Add(1).Month(); month <= last; month = month.Next() {
		stream := period.Stream(of, month)
		state, known := t.periods[stream]
		if !known {
			var err error
			if state, err = foldOf(ctx, t.store, period.Decider, stream); err != nil {
				return period.Time{}, false, err
			}
			t.periods[stream] = state
		}
		if found, there := state.Time(id); there && found.Status != period.StatusMoved {
			return found, true, nil
		}
	}
	return period.Time{}, false, nil
}

// same reports whether an entry that is there is unchanged; it is rejected when the file says something else now.
func (t *timeImport) same(e timesheets.Entry, there period.Time) bool {
	r := there.Record
	if r.Seconds == e.Seconds && r.From.Equal(e.From) && r.Until.Equal(e.Until) {
		return true
	}
	t.reject(e.Line, "row", fmt.Sprintf("%d s", e.Seconds), fmt.Sprintf(
		"was imported with other times before (%s, %d s); change the record itself", r.Day, r.Seconds))
	return false
}

func (t *timeImport) contract(ctx context.Context, id domain.ContractID) (contract.State, error) {
	if state, known := t.contracts[id]; known {
		return state, nil
	}
	state, err := foldOf(ctx, t.store, contract.Decider, contract.Stream(id))
	t.contracts[id] = state
	return state, err
}

// tell prints the report.
func (t *timeImport) tell() error {
	r := t.report
	slices.SortStableFunc(r.Rejections, func(a, b sheet.Rejection) int { return cmp.Compare(a.Line, b.Line) })
	r.Rejections = append([]sheet.Rejection{}, r.Rejections[:min(len(r.Rejections), maxListed)]...)
	r.Notes = append([]sheet.Note{}, r.Notes[:min(len(r.Notes), maxListed)]...)
	r.Money.finish()
	if t.settings.JSON {
		return json.NewEncoder(t.out).Encode(r)
	}
	done := "imported"
	if r.DryRun {
		done = "would be imported (nothing was changed)"
	}
	lines := []string{fmt.Sprintf("%d rows: %d %s, %d unchanged, %d rejected", r.Rows, r.Imported, done, r.Unchanged, r.Rejected)}
	for _, rejection := range r.Rejections[:min(len(r.Rejections), maxPrinted)] {
		lines = append(lines, fmt.Sprintf("rejected: line %d: %s %q %s", rejection.Line, rejection.Field, rejection.Value, rejection.Reason))
	}
	if more := r.Rejected - maxPrinted; more > 0 {
		lines = append(lines, fmt.Sprintf("rejected: and %d more; --json lists them", more))
	}
	for _, note := range r.Notes[:min(len(r.Notes), maxPrinted)] {
		lines = append(lines, fmt.Sprintf("note: line %d: %s: %s", note.Line, note.Kind, note.Text))
	}
	if more := len(r.Notes) - maxPrinted; more > 0 {
		lines = append(lines, fmt.Sprintf("note: and %d more; --json lists them", more))
	}
	for _, line := range append(lines, r.Money.lines()...) {
		if _, err := fmt.Fprintln(t.out, line); err != nil {
			return err
		}
	}
	return nil
}
