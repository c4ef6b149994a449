package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/calendar"
)

// WorkCalendar is a row of calendars, without its opening hours.
type WorkCalendar struct {
	ID                uuid.UUID `db:"id" json:"id"`
	Name              string    `db:"name" json:"name"`
	Zone              string    `db:"zone" json:"zone"`       // IANA name
	Version           int       `db:"version" json:"version"` // the newest
	From              string    `db:"from_day" json:"from"`   // the first day of the newest version
	Superseded        bool      `db:"superseded" json:"superseded"`
	SupersededBecause string    `db:"superseded_because" json:"superseded_because"`
	PublishedAt       time.Time `db:"published_at" json:"published_at"` // the newest version
	Revision          int64     `db:"revision" json:"revision"`
}

func (c WorkCalendar) id() uuid.UUID { return c.ID }

const calendarColumns = `id, name, zone, version, from_day, superseded, superseded_because, published_at, revision`

// CalendarContent is the content of a version of a calendar: the whole of it, or the special day that it adds to the
// version before.
type CalendarContent struct {
	Calendar *calendar.Calendar   `json:"calendar,omitempty"`
	Added    *calendar.SpecialDay `json:"added,omitempty"`
}

// CalendarVersion is one version of a calendar.
type CalendarVersion struct {
	VersionLine
	Calendar calendar.Calendar `json:"calendar"`
}

// Calendars gives the calendars in the order of their names, after the calendar given (uuid.Nil: from the start), at
// most limit of them, and the last one given when there are more.
func Calendars(ctx context.Context, db Queryer, after uuid.UUID, limit int) ([]WorkCalendar, uuid.UUID, error) {
	return listByName[WorkCalendar](ctx, db, "calendars", calendarColumns, after, limit)
}

// CalendarByID gives one calendar; domain.ErrNotFound when there is none.
func CalendarByID(ctx context.Context, db Queryer, id uuid.UUID) (WorkCalendar, error) {
	found, err := one[WorkCalendar](ctx, db, `SELECT `+calendarColumns+` FROM calendars WHERE id = $1`, id)
	return found, notFound(err, "no_such_calendar", "calendar", id)
}

// CalendarVersions lists the versions of a calendar, the newest first. One that adds a holiday has the name and the
// first day of the version before, and no reason but the holiday.
func CalendarVersions(ctx context.Context, db Queryer, id uuid.UUID) ([]VersionLine, error) {
	found, err := list[VersionLine](ctx, db, `
		SELECT v.number, whole.name, whole.from_day, v.published_by, v.published_at,
			coalesce(v.content::json #>> '{added,name}', v.reason) AS reason
		FROM calendar_versions AS v
		JOIN LATERAL (
			SELECT name, from_day FROM calendar_versions
			WHERE subject = v.subject AND number <= v.number AND name <> '' ORDER BY number DESC LIMIT 1
		) AS whole ON true
		WHERE v.subject = $1 ORDER BY v.number DESC LIMIT $2`, id, maxVersions)
	if err != nil {
		return nil, fmt.Errorf("list versions of calendar %s: %w", id, err)
	}
	return found, nil
}

// CalendarVersionNumbered gives one version of a calendar, the newest for number 0; domain.ErrNotFound when there is
// none.
func CalendarVersionNumbered(ctx context.Context, db Queryer, id uuid.UUID, number int) (CalendarVersion, error) {
	found, err := list[Published](ctx, db, `
		SELECT `+publishedColumns+` FROM calendar_versions
		WHERE subject = $1 AND (number <= $2 OR $2 = 0) AND number >= (
			SELECT max(number) FROM calendar_versions WHERE subject = $1 AND name <> '' AND (number <= $2 OR $2 = 0)
		)
		ORDER BY number LIMIT $3`, id, number, maxVersions)
	if err != nil {
		return CalendarVersion{}, fmt.Errorf("read version %d of calendar %s: %w", number, id, err)
	}
	if len(found) == 0 || number > 0 && found[len(found)-1].Number != number {
		return CalendarVersion{}, domain.Refuse(domain.ErrNotFound, "no_such_version", "no version %d of calendar %s", number, id)
	}
	return assemble(found)
}

// assemble makes a version of a calendar out of the last whole one and the holidays that were added since.
func assemble(found []Published) (v CalendarVersion, err error) {
	for _, published := range found {
		content, err := decode[CalendarContent](published)
		if err != nil {
			return v, err
		}
		line := published.line()
		switch {
		case content.Calendar != nil:
			v.Calendar = *content.Calendar
		case content.Added != nil:
			v.Calendar = v.Calendar.With(*content.Added)
			line.Name, line.From, line.Reason = v.Name, v.From, content.Added.Name
		}
		v.VersionLine = line
	}
	return v, nil
}
