package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/workcalendar"
)

// PublishCalendar makes the next version of opening hours and holidays; a zero Calendar is a new one. The answer's
// ID is the calendar's.
type PublishCalendar struct {
	Calendar domain.CalendarID
	Base     int // the version that the publisher saw; 0 for the first
	Name     string
	From     calendar.Date
	Content  calendar.Calendar
	Reason   string
}

// PublishCalendar runs the command.
func (s *Service) PublishCalendar(ctx context.Context, r Request, c PublishCalendar) (Answer, error) {
	if c.Calendar.IsZero() {
		c.Calendar = domain.CalendarID{UUID: domain.Derive(r.Command().UUID, "calendar")}
	}
	return s.onCalendar(ctx, r, c.Calendar, workcalendar.Publish{
		ID: c.Calendar, Base: c.Base, Name: c.Name, From: c.From, Calendar: c.Content, Reason: c.Reason, By: r.Actor, At: r.At,
	})
}

// AddHoliday adds or replaces one special day.
type AddHoliday struct {
	Calendar domain.CalendarID
	Day      calendar.SpecialDay
}

// AddHoliday runs the command.
func (s *Service) AddHoliday(ctx context.Context, r Request, c AddHoliday) (Answer, error) {
	return s.onCalendar(ctx, r, c.Calendar, workcalendar.AddHoliday{Day: c.Day, By: r.Actor, At: r.At})
}

// AddHolidays adds special days in one version, where nothing is special yet.
type AddHolidays struct {
	Calendar domain.CalendarID
	Days     []calendar.SpecialDay
	Reason   string // where they come from
}

// AddHolidays runs the command.
func (s *Service) AddHolidays(ctx context.Context, r Request, c AddHolidays) (Answer, error) {
	return s.onCalendar(ctx, r, c.Calendar, workcalendar.AddHolidays{ID: c.Calendar, Days: c.Days, Reason: c.Reason, By: r.Actor, At: r.At})
}

// SupersedeCalendar takes a calendar out of the choice until another version is published.
type SupersedeCalendar struct {
	Calendar domain.CalendarID
	Reason   string
}

// SupersedeCalendar runs the command.
func (s *Service) SupersedeCalendar(ctx context.Context, r Request, c SupersedeCalendar) (Answer, error) {
	return s.onCalendar(ctx, r, c.Calendar, workcalendar.Supersede{Reason: c.Reason, By: r.Actor, At: r.At})
}

// onCalendar runs one command on a calendar.
func (s *Service) onCalendar(ctx context.Context, r Request, id domain.CalendarID, command workcalendar.Command) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.ManagePolicies); err != nil {
			return Answer{}, err
		}
		position, err := onStream(ctx, s, workcalendar.Decider, r.on(workcalendar.Stream(id)), command)
		return Answer{ID: id.UUID, Position: position}, err
	})
}
