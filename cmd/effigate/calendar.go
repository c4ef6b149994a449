package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/infra/holidays"
	staffrows "effigate/readmodels/staff"
)

func calendarCommand(s *settings) *cobra.Command {
	command := &cobra.Command{
		Use: "calendar", GroupID: "operate", Short: "List the calendars, and add the holidays of a country to them",
		Long: `List the calendars, and add the holidays of a country or region to them. CALENDAR is an id or a name.`,
	}
	command.AddCommand(calendarListCommand(s), calendarPlacesCommand(s), calendarImportCommand(s))
	return command
}

func calendarListCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the calendars", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return manage(command, s, func(ctx context.Context, m *management) error {
				all, err := m.calendars(ctx)
				if err != nil {
					return err
				}
				lines := make([]table.Row, len(all))
				for i, c := range all {
					lines[i] = table.Row{c.ID, c.Name, c.Zone, c.Version, c.From}
				}
				return m.print(all, table.Row{"id", "name", "zone", "version", "from"}, lines)
			})
		},
	}
}

func calendarPlacesCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "places", Short: "List the countries and regions whose holidays are known", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			all := holidays.Places()
			lines := make([]table.Row, len(all))
			for i, place := range all {
				lines[i] = table.Row{place.Country, place.Region, place.Name}
			}
			m := management{world: &world{settings: s}, out: command.OutOrStdout()}
			return m.print(all, table.Row{"country", "region", "name"}, lines)
		},
	}
}

func calendarImportCommand(s *settings) *cobra.Command {
	var choice holidays.Choice
	var dry bool
	command := &cobra.Command{
		Use: "import-holidays CALENDAR --country CODE --from YEAR --to YEAR", Short: "Add the holidays of a country or region to a calendar",
		Long: `Add the holidays of a country or region to the next version of a calendar. A day that the calendar says something of
already stays as it is, so that the same import again changes nothing. Look at the days first, with --dry-run: holidays
of part of a day, of single towns, or proclaimed for one year alone may be missing.`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			for field, wrong := range choice.Check() {
				return usageError{fmt.Errorf("--%s %s; `effigate calendar places` lists what is known", field, wrong)}
			}
			return manage(command, s, func(ctx context.Context, m *management) error {
				return m.importHolidays(ctx, arguments[0], choice, dry)
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&choice.Country, "country", "", "code of the country, such as AU")
	flags.StringVar(&choice.Region, "region", "", "code of a region of it, such as NSW; what holds in the whole country when left out")
	flags.IntVar(&choice.First, "from", 0, "first year")
	flags.IntVar(&choice.Last, "to", 0, "last year")
	flags.BoolVar(&dry, "dry-run", false, "show the days and change nothing")
	for _, name := range []string{"country", "from", "to"} {
		_ = command.MarkFlagRequired(name) // It is defined above.
	}
	return command
}

// calendars are all of them, by name.
func (m *management) calendars(ctx context.Context) (all []staffrows.WorkCalendar, err error) {
	all = []staffrows.WorkCalendar{}
	err = m.read(ctx, func(tx pgx.Tx) error {
		for after, more := uuid.Nil, true; more; more = after != uuid.Nil {
			var found []staffrows.WorkCalendar
			if found, after, err = staffrows.Calendars(ctx, tx, after, staffrows.MaxLimit); err != nil {
				return err
			}
			all = append(all, found...)
		}
		return nil
	})
	return all, err
}

// calendar finds a calendar by its id or its name.
func (m *management) calendar(ctx context.Context, text string) (staffrows.WorkCalendar, error) {
	all, err := m.calendars(ctx)
	if err != nil {
		return staffrows.WorkCalendar{}, err
	}
	var found []staffrows.WorkCalendar
	for _, c := range all {
		if c.ID.String() == text || strings.EqualFold(c.Name, text) {
			found = append(found, c)
		}
	}
	switch len(found) {
	case 0:
		return staffrows.WorkCalendar{}, usageError{fmt.Errorf("no calendar %q; `effigate calendar list` names them", text)}
	case 1:
		return found[0], nil
	}
	return staffrows.WorkCalendar{}, usageError{fmt.Errorf("%d calendars have the name %q; give the id of one", len(found), text)}
}

func (m *management) importHolidays(ctx context.Context, name string, choice holidays.Choice, dry bool) error {
	into, err := m.calendar(ctx, name)
	if err != nil {
		return err
	}
	var newest staffrows.CalendarVersion
	err = m.read(ctx, func(tx pgx.Tx) (err error) {
		newest, err = staffrows.CalendarVersionNumbered(ctx, tx, into.ID, 0)
		return err
	})
	if err != nil {
		return err
	}
	missing := newest.Calendar.Missing(choice.Days())
	if !dry {
		_, err := m.service.AddHolidays(ctx, m.request(), commands.AddHolidays{
			Calendar: domain.CalendarID{UUID: into.ID}, Days: choice.Days(), Reason: choice.String(),
		})
		if err != nil {
			return err
		}
	}
	return m.printHolidays(missing)
}

// printHolidays writes the days that a calendar lacked.
func (m *management) printHolidays(days []calendar.SpecialDay) error {
	if len(days) == 0 {
		return m.say(days, "the calendar has all of them")
	}
	lines := make([]table.Row, len(days))
	for i, day := range days {
		lines[i] = table.Row{day.Date, day.Date.Weekday(), day.Name}
	}
	return m.print(days, table.Row{"day", "weekday", "holiday"}, lines)
}
