package workcalendar

import (
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/calendar"
)

// Event is one fact of a calendar, in its stored form. None of it is ever disclosed (F3).
//
//sumtype:decl
type Event interface {
	domain.Event
	isEvent() // Sealed: only this package adds variants.
}

// Published makes a version of the calendar, in force from a day on. Versions are numbered from 1 and are never
// changed.
type Published struct {
	Calendar domain.CalendarID `json:"calendar"`
	Version  int               `json:"version"`
	Staff    PublishedStaff    `json:"staff"`
	By       domain.PersonID   `json:"by,omitzero"`
	At       time.Time         `json:"at"`
}

// PublishedStaff is the internal part of Published: all of it.
type PublishedStaff struct {
	Name     string            `json:"name"`
	From     calendar.Date     `json:"from"`
	Calendar calendar.Calendar `json:"calendar"`
	Reason   string            `json:"reason,omitzero"`
}

// HolidayAdded makes a version that differs from the newest by one special day.
type HolidayAdded struct {
	Version int               `json:"version"`
	Staff   HolidayAddedStaff `json:"staff"`
	By      domain.PersonID   `json:"by,omitzero"`
	At      time.Time         `json:"at"`
}

// HolidayAddedStaff is the internal part of HolidayAdded.
type HolidayAddedStaff struct {
	Day calendar.SpecialDay `json:"day"`
}

// Superseded says that no contract may choose the calendar any more, until another version is published; what pinned
// it keeps it.
type Superseded struct {
	Staff SupersededStaff `json:"staff,omitzero"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// SupersededStaff is the internal part of Superseded.
type SupersededStaff struct {
	Reason string `json:"reason,omitzero"`
}

// Kind is the stored name.
func (Published) Kind() string    { return "calendar.published.v1" }
func (HolidayAdded) Kind() string { return "calendar.holiday_added.v1" }
func (Superseded) Kind() string   { return "calendar.superseded.v1" }

func (Published) isEvent()    {}
func (HolidayAdded) isEvent() {}
func (Superseded) isEvent()   {}

// All gives one sample per variant with every field filled: the codec registers their types, and tests
// plant markers in them.
func All() []domain.Event {
	by := domain.PersonID{UUID: uuid.MustParse("5e1f0d6a-3f0b-4b57-9d7c-2a6f4f1c0001")}
	at := time.Date(2026, time.January, 5, 9, 30, 0, 0, time.UTC)
	day := []calendar.Interval{{From: "09:00", Until: "17:30"}}
	return []domain.Event{
		Published{
			Calendar: domain.CalendarID{UUID: uuid.MustParse("ca1e0d6a-3f0b-4b57-9d7c-2a6f4f1c0001")}, Version: 1,
			Staff: PublishedStaff{
				Name: "Sydney office", From: "2026-01-01",
				Calendar: calendar.Calendar{
					Zone: "Australia/Sydney", Always: true,
					Week:   []calendar.OpenDay{{Weekday: "mon", Hours: day}},
					Days:   []calendar.SpecialDay{{Date: "2026-04-03", Name: "Good Friday", Holiday: true, Hours: day}},
					Yearly: []calendar.YearlyDay{{Month: 12, Day: 25, Name: "Christmas Day", Hours: day}},
				},
				Reason: "The office opens.",
			},
			By: by, At: at,
		},
		HolidayAdded{
			Version: 2, Staff: HolidayAddedStaff{
				Day: calendar.SpecialDay{Date: "2026-06-08", Name: "King's Birthday", Holiday: true, Hours: day},
			},
			By: by, At: at,
		},
		Superseded{Staff: SupersededStaff{Reason: "The office closes."}, By: by, At: at},
	}
}
