package console

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// calendarsView lists the calendars.
type calendarsView struct {
	Calendars     []rows.WorkCalendar
	Earlier, Next string
	Publish       bool
}

// calendarView is one version of a calendar.
type calendarView struct {
	calendarBody
	Path    string
	Year    string
	Days    []fact // what is special this year, and from then on
	Form    typed
	Publish bool
}

func (c *Console) addCalendarPages() {
	showing(c, "/calendars", access.ReadPolicies, c.viewCalendars, calendarsPage)
	addEdition(c, c.calendarEdition())
	c.addHolidayPages()
	showing(c, "/calendars/{id}", access.ReadPolicies, c.viewCalendar, calendarPage)
	c.posting("/calendars/{id}/holidays", access.ManagePolicies, c.postHoliday, func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
		v, frame, err := look(c, r, login, access.ReadPolicies, c.viewCalendar)
		if err != nil {
			return err
		}
		v.Form = form
		return page.Render(w, r, status, calendarPage(frame, v))
	})
}

func (c *Console) viewCalendars(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v calendarsView, err error) {
	v.Publish = r.may(access.ManagePolicies)
	after, err := Page{Cursor: request.URL.Query().Get("cursor")}.afterCursor()
	if err != nil {
		return v, err
	}
	var next uuid.UUID
	v.Calendars, next, err = rows.Calendars(ctx, tx, after, rows.MaxLimit)
	v.Earlier, v.Next = around("/calendars", after, next)
	return v, err
}

func (c *Console) viewCalendar(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v calendarView, err error) {
	in, err := publishedAt(request)
	if err != nil {
		return v, err
	}
	if v.calendarBody, err = c.readCalendar(ctx, tx, r, in); err != nil {
		return v, err
	}
	v.Path, v.Form, v.Publish = "/calendars/"+v.ID.String(), blank(), r.may(access.ManagePolicies)
	v.Year = v.Ahead[0].Date[:len("2026")]
	v.Days = specialDays(v.Shown.Calendar, v.Year)
	return v, nil
}

// specialDays lists the special days of a year and of later ones, in order; those of each year as they fall in it.
func specialDays(c calendar.Calendar, year string) []fact {
	var days []fact
	single := map[string]bool{}
	for _, day := range c.Days {
		single[string(day.Date)] = true
		if string(day.Date) >= year {
			days = append(days, fact{string(day.Date), specialText(day.Name, day.Holiday, day.Hours)})
		}
	}
	for _, day := range c.Yearly {
		if date := year + "-" + yearlyText(day); !single[date] && calendar.Date(date).Valid() {
			days = append(days, fact{date, specialText(day.Name, true, day.Hours) + ", every year"})
		}
	}
	slices.SortFunc(days, func(a, b fact) int { return cmp.Compare(a.what, b.what) })
	return days
}

func (c *Console) postHoliday(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return "", err
	}
	open, ok := parseIntervals(form.Get("hours"))
	if !ok {
		return "", wrongField("hours", "must be such as 09:00-12:00 13:00-17:30, or empty")
	}
	request, err := c.command(r, login, form)
	if err != nil {
		return "", err
	}
	answer, err := c.commands.AddHoliday(r.Context(), request, commands.AddHoliday{
		Calendar: domain.CalendarID{UUID: id},
		Day: calendar.SpecialDay{
			Date: calendar.Date(form.Get("date")), Name: strings.TrimSpace(form.Get("name")), Holiday: form.Values.Has("holiday"), Hours: open,
		},
	})
	return then("/calendars/"+id.String(), "holiday", answer), err
}

// dayColumns are those of the sheet of special days.
var dayColumns = []string{"day", "name", "holiday", "hours"}

// calendarEdition publishes calendars by a form.
func (c *Console) calendarEdition() edition[commands.PublishCalendar] {
	return edition[commands.PublishCalendar]{
		path: "/calendars", noun: "calendar", plural: "Calendars", needed: access.ManagePolicies,
		blank: func() url.Values {
			const office = "09:00-17:00"
			return url.Values{
				"from": {string(c.today())}, "mon": {office}, "tue": {office}, "wed": {office}, "thu": {office}, "fri": {office},
				"days": {"day,name,holiday,hours\n01-01,New Year's Day,yes,\n"},
			}
		},
		read: readCalendarForm,
		facts: func(p commands.PublishCalendar) []fact {
			return calendarFacts(rows.CalendarVersion{VersionLine: rows.VersionLine{Name: p.Name}, Calendar: p.Content})
		},
		newest: newestCalendar,
		publish: func(ctx context.Context, r commands.Request, id uuid.UUID, base int, p commands.PublishCalendar) (commands.Answer, error) {
			p.Calendar, p.Base = domain.CalendarID{UUID: id}, base
			return c.commands.PublishCalendar(ctx, r, p)
		},
		supersede: func(ctx context.Context, r commands.Request, id uuid.UUID, reason string) (commands.Answer, error) {
			return c.commands.SupersedeCalendar(ctx, r, commands.SupersedeCalendar{Calendar: domain.CalendarID{UUID: id}, Reason: reason})
		},
		fields: calendarFields,
	}
}

func newestCalendar(ctx context.Context, tx pgx.Tx, id uuid.UUID) (newestVersion, error) {
	newest, err := rows.CalendarVersionNumbered(ctx, tx, id, 0)
	if err != nil {
		return newestVersion{}, err
	}
	values := url.Values{"name": {newest.Name}, "from": {newest.From}, "zone": {newest.Calendar.Zone}, "days": {daySheet(newest.Calendar)}}
	if newest.Calendar.Always {
		values.Set("always", "on")
	}
	for _, day := range newest.Calendar.Week {
		values.Set(string(day.Weekday), intervalsText(day.Hours))
	}
	return newestVersion{name: newest.Name, number: newest.Number, values: values, facts: calendarFacts(newest)}, nil
}

// daySheet writes the special days of a calendar; a day of each year has no year.
func daySheet(c calendar.Calendar) string {
	var all [][]string
	for _, day := range c.Yearly {
		all = append(all, []string{yearlyText(day), day.Name, "yes", intervalsText(day.Hours)})
	}
	for _, day := range c.Days {
		all = append(all, []string{string(day.Date), day.Name, strings.ToLower(yesNo(day.Holiday)), intervalsText(day.Hours)})
	}
	return writeSheet(dayColumns, "day name holiday hours", all)
}

// readCalendarForm reads the form of a version.
func readCalendarForm(form typed) (p commands.PublishCalendar, err error) {
	p = commands.PublishCalendar{Name: form.Get("name"), From: calendar.Date(form.Get("from")), Reason: form.Get("reason")}
	p.Content.Zone, p.Content.Always = strings.TrimSpace(form.Get("zone")), form.Values.Has("always")
	for _, day := range weekdays {
		open, ok := parseIntervals(form.Get(string(day.key)))
		if !ok {
			return p, wrongField(string(day.key), "must be such as 09:00-12:00 13:00-17:30, or empty")
		}
		if len(open) > 0 {
			p.Content.Week = append(p.Content.Week, calendar.OpenDay{Weekday: day.key, Hours: open})
		}
	}
	p.Content.Days, p.Content.Yearly, err = readDaySheet(form.Get("days"))
	return p, err
}

// readDaySheet reads special days: those of one year, and those of each.
func readDaySheet(text string) (single []calendar.SpecialDay, yearly []calendar.YearlyDay, err error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil, nil
	}
	lines, err := parseSheet("days", text, dayColumns, calendar.MaxSpecialDays)
	if err != nil {
		return nil, nil, err
	}
	for _, line := range lines {
		open, name, word := line.intervals("hours"), line.cells["name"], line.word("holiday")
		var month, day int
		_, noDay := fmt.Sscanf(line.cells["day"], "%2d-%2d", &month, &day)
		switch {
		case word != "" && word != "yes" && word != "no":
			line.wrong("holiday must be yes or no")
		case len(line.cells["day"]) == len("12-25") && noDay == nil && word != "no":
			yearly = append(yearly, calendar.YearlyDay{Month: month, Day: day, Name: name, Hours: open})
		case calendar.Date(line.cells["day"]).Valid():
			single = append(single, calendar.SpecialDay{Date: calendar.Date(line.cells["day"]), Name: name, Holiday: word != "no", Hours: open})
		case word == "no":
			line.wrong("only a day of one year, such as 2026-12-24, can be no holiday")
		default:
			line.wrong(fmt.Sprintf("the day must be such as 2026-12-24, or 12-25 for each year, is %q", line.cells["day"]))
		}
		if line.fault != "" {
			return nil, nil, line.refused("days", line.fault)
		}
	}
	return single, yearly, nil
}

// weekdayField is the field of the opening hours of a weekday.
func weekdayField(v publishView, key calendar.Weekday, name string) page.Field {
	return page.Field{Name: string(key), Label: name, MaxLength: 200, Value: v.Form.Get(string(key)), Error: v.Form.Wrong(string(key))}
}
