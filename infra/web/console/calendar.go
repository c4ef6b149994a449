package console

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/infra/holidays"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// shownDays is how many days ahead a calendar is shown.
const shownDays = 14

type calendarsBody struct {
	Fresh
	Items []rows.WorkCalendar `json:"items" nullable:"false" doc:"By name."`
	Next  string              `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

type calendarBody struct {
	Fresh
	rows.WorkCalendar
	Versioned[rows.CalendarVersion]
	Ahead []CalendarDay `json:"ahead" nullable:"false" doc:"The next 14 days by the version shown, in the calendar's zone."`
}

func (b calendarBody) revision() int64 { return b.Revision }

// CalendarDay is when a service is open on a day. It is exported because it is a part of a body.
type CalendarDay struct {
	Date    string              `json:"date" format:"date"`
	Weekday string              `json:"weekday"`
	Holiday string              `json:"holiday" doc:"Its name; empty on other days."`
	Open    []calendar.Interval `json:"open" nullable:"false" doc:"On the wall clock. 24:00 ends the day."`
}

// OpeningHours are what a version of a calendar says. It is exported because it is embedded in a body.
type OpeningHours struct {
	Name     string            `json:"name" minLength:"1" maxLength:"200"`
	From     string            `json:"from" format:"date" doc:"The first day of the version, not before that of an earlier one."`
	Calendar calendar.Calendar `json:"calendar"`
	Reason   string            `json:"reason,omitempty" maxLength:"2000"`
}

type publishCalendarBody struct{ OpeningHours }

type nextCalendarBody struct {
	Base int `json:"base" minimum:"1" doc:"The version that was read, so that a newer one is not undone."`
	OpeningHours
}

func (c *Console) registerCalendars() {
	get(c, "list-calendars", "/calendars", "The calendars", access.ReadPolicies, c.listCalendars)
	get(c, "read-calendar", "/calendars/{id}", "One calendar in any version", access.ReadPolicies, c.readCalendar)
	creating(c, access.ManagePolicies, "publish-calendar", "/calendars", "Publish the first version of a calendar",
		func(ctx context.Context, r commands.Request, asked publishCalendarBody) (commands.Answer, error) {
			return c.commands.PublishCalendar(ctx, r, asked.publish(domain.CalendarID{}, 0))
		})
	editing(c, access.ManagePolicies, post("publish-next-calendar", "/calendars/{id}/versions", "Publish the next version of a calendar", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked nextCalendarBody) (commands.Answer, error) {
			return c.commands.PublishCalendar(ctx, r, asked.publish(domain.CalendarID{UUID: id}, asked.Base))
		})
	editing(c, access.ManagePolicies, post("add-holiday", "/calendars/{id}/holidays", "Add a special day to a calendar, or replace it", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked calendar.SpecialDay) (commands.Answer, error) {
			return c.commands.AddHoliday(ctx, r, commands.AddHoliday{Calendar: domain.CalendarID{UUID: id}, Day: asked})
		})
	get(c, "list-holiday-places", "/holiday-places", "Countries and regions whose holidays are known", access.ReadPolicies, c.readHolidayPlaces)
	get(c, "propose-holidays", "/calendars/{id}/holidays", "The holidays of a place, and which of them a calendar lacks", access.ReadPolicies, c.readHolidays)
	editing(c, access.ManagePolicies, post("import-holidays", "/calendars/{id}/import-holidays", "Add the holidays of a place to a calendar, in one version", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked importHolidaysBody) (commands.Answer, error) {
			return c.importHolidays(ctx, r, id, holidays.Choice{Country: asked.Country, Region: asked.Region, First: asked.From, Last: asked.To})
		})
	editing(c, access.ManagePolicies, post("supersede-calendar", "/calendars/{id}/supersede", "Take a calendar out of the choice", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked reasonBody) (commands.Answer, error) {
			return c.commands.SupersedeCalendar(ctx, r, commands.SupersedeCalendar{Calendar: domain.CalendarID{UUID: id}, Reason: asked.Reason})
		})
}

func (o OpeningHours) publish(id domain.CalendarID, base int) commands.PublishCalendar {
	return commands.PublishCalendar{Calendar: id, Base: base, Name: o.Name, From: calendar.Date(o.From), Content: o.Calendar, Reason: o.Reason}
}

func (c *Console) listCalendars(ctx context.Context, tx pgx.Tx, _ reader, in *listPublishedInput) (b calendarsBody, err error) {
	after, err := in.afterCursor()
	if err != nil {
		return b, err
	}
	items, next, err := rows.Calendars(ctx, tx, after, in.Limit)
	b.Items, b.Next = items, idOf(next)
	return b, err
}

func (c *Console) readCalendar(ctx context.Context, tx pgx.Tx, _ reader, in *publishedInput) (b calendarBody, err error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return b, err
	}
	if b.WorkCalendar, err = rows.CalendarByID(ctx, tx, id); err != nil {
		return b, err
	}
	b.Versioned, err = readVersions(ctx, c, tx, id, in.Version, func(v rows.CalendarVersion) int { return v.Number }, calendarFacts, rows.CalendarVersionNumbered, rows.CalendarVersions)
	if err != nil {
		return b, err
	}
	schedule, err := b.Shown.Calendar.Schedule()
	if err != nil {
		return b, fmt.Errorf("calendar %s: %w", id, err)
	}
	b.Ahead = daysAhead(schedule, calendar.DateOf(c.now(), schedule.Zone()))
	return b, nil
}

// daysAhead tells when a service is open from a day on, as the wall clock shows it: where clocks change, that is not
// what the calendar says.
func daysAhead(schedule calendar.Schedule, from calendar.Date) []CalendarDay {
	days := make([]CalendarDay, shownDays)
	for i := range days {
		date := from.Add(i)
		days[i] = CalendarDay{Date: string(date), Weekday: date.Weekday().String(), Open: []calendar.Interval{}}
		if name, holiday := schedule.Holiday(date); holiday {
			days[i].Holiday = or(name, "Holiday")
		}
		for _, opening := range schedule.Open(date) {
			clock := func(text string, day calendar.Date) calendar.Clock {
				if day > date {
					return "24:00"
				}
				return calendar.Clock(text)
			}
			opens, closes := opening.From.In(schedule.Zone()), opening.Until.In(schedule.Zone())
			days[i].Open = append(days[i].Open, calendar.Interval{
				From:  clock(opens.Format("15:04"), calendar.DateOf(opens, schedule.Zone())),
				Until: clock(closes.Format("15:04"), calendar.DateOf(closes, schedule.Zone())),
			})
		}
	}
	return days
}

// weekdays are those of a calendar, in words.
var weekdays = []struct {
	key  calendar.Weekday
	name string
}{{"mon", "Monday"}, {"tue", "Tuesday"}, {"wed", "Wednesday"}, {"thu", "Thursday"}, {"fri", "Friday"}, {"sat", "Saturday"}, {"sun", "Sunday"}}

// calendarFacts are the opening hours of a version in words.
func calendarFacts(v rows.CalendarVersion) []fact {
	facts := []fact{{"Name", v.Name}, {"Round the clock", yesNo(v.Calendar.Always)}}
	for _, day := range weekdays {
		facts = append(facts, fact{day.name, openText(weekdayHours(v.Calendar, day.key))})
	}
	for _, day := range v.Calendar.Days {
		facts = append(facts, fact{string(day.Date), specialText(day.Name, day.Holiday, day.Hours)})
	}
	for _, day := range v.Calendar.Yearly {
		facts = append(facts, fact{"Every year on " + yearlyText(day), specialText(day.Name, true, day.Hours)})
	}
	return facts
}

func weekdayHours(c calendar.Calendar, weekday calendar.Weekday) []calendar.Interval {
	for _, day := range c.Week {
		if day.Weekday == weekday {
			return day.Hours
		}
	}
	return nil
}

// yearlyText is a day of each year: "12-25".
func yearlyText(day calendar.YearlyDay) string { return fmt.Sprintf("%02d-%02d", day.Month, day.Day) }

// openText is the opening hours of a day: "09:00–12:00, 13:00–17:30".
func openText(all []calendar.Interval) string {
	if len(all) == 0 {
		return "closed"
	}
	texts := make([]string, len(all))
	for i, interval := range all {
		texts[i] = string(interval.From) + "–" + string(interval.Until)
	}
	return strings.Join(texts, ", ")
}

func specialText(name string, holiday bool, open []calendar.Interval) string {
	text := or(name, "Unnamed")
	if holiday {
		text += " (holiday)"
	}
	return text + ": " + openText(open)
}
