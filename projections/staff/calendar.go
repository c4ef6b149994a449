package staff

import (
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/workcalendar"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Calendars projects calendars as they are now.
var Calendars = projections.Projection[domain.Recorded, rows.WorkCalendar]{
	Table: "calendars", Key: of[workcalendar.Event]("calendar"), Evolve: evolveCalendar,
}

// CalendarVersions projects the versions of calendars. Each row holds what its event says; a query puts them together.
var CalendarVersions = projections.Projection[domain.Recorded, rows.Published]{
	Table: "calendar_versions", Key: calendarVersionOf, Evolve: evolveCalendarVersion,
}

func evolveCalendar(row rows.WorkCalendar, r domain.Recorded) (rows.WorkCalendar, bool) {
	row.Revision = r.Revision
	switch e := r.Event.(workcalendar.Event).(type) {
	case workcalendar.Published:
		row.Name, row.Zone, row.Version, row.From = e.Staff.Name, e.Staff.Calendar.Zone, e.Version, string(e.Staff.From)
		row.PublishedAt, row.Superseded, row.SupersededBecause = e.At, false, ""
	case workcalendar.HolidayAdded:
		row.Version, row.PublishedAt = e.Version, e.At
	case workcalendar.Superseded:
		row.Superseded, row.SupersededBecause = true, e.Staff.Reason
	}
	return row, true
}

func calendarVersionOf(r domain.Recorded) (uuid.UUID, bool) {
	switch e := r.Event.(type) {
	case workcalendar.Published:
		return versionID(streamID(r, "calendar"), e.Version), true
	case workcalendar.HolidayAdded:
		return versionID(streamID(r, "calendar"), e.Version), true
	default:
		return uuid.Nil, false
	}
}

func evolveCalendarVersion(row rows.Published, r domain.Recorded) (rows.Published, bool) {
	row.Subject = streamID(r, "calendar")
	switch e := r.Event.(type) {
	case workcalendar.Published:
		row.Number, row.Name, row.From, row.Reason = e.Version, e.Staff.Name, string(e.Staff.From), e.Staff.Reason
		row.Content = text(rows.CalendarContent{Calendar: &e.Staff.Calendar})
		row.PublishedBy, row.PublishedAt = known(e.By.UUID), e.At
	case workcalendar.HolidayAdded:
		row.Number, row.Content = e.Version, text(rows.CalendarContent{Added: &e.Staff.Day})
		row.PublishedBy, row.PublishedAt = known(e.By.UUID), e.At
	}
	return row, true
}
