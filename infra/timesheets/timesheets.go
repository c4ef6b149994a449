// Package timesheets reads the time that other systems export: Harvest, Toggl Track, Clockify and Kimai (product
// rules 1–10 of imports).
//
// It imports the domain and infra/sheet, is pure over an io.Reader, and knows nobody: who a person is here, and
// which contract a project belongs to, a Map says. Nothing is guessed silently: a row is either an Entry or a
// Rejection, and what was decided about a row that could be read otherwise is a Note.
package timesheets

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/infra/sheet"
)

// Format is a system whose export is read.
type Format string

// The formats, by the names of the columns that their exports have.
const (
	Harvest  Format = "harvest"
	Toggl    Format = "toggl"
	Clockify Format = "clockify"
	Kimai    Format = "kimai"
)

// Formats lists them in the order of the documentation.
func Formats() []Format { return []Format{Harvest, Toggl, Clockify, Kimai} }

// Valid reports whether f is one of the formats.
func (f Format) Valid() bool { return slices.Contains(Formats(), f) }

// Timed reports whether the format says at which time of day work was done; else a duration on a day is all.
func (f Format) Timed() bool { return f != Harvest }

// MaxRows is the most rows one file may have.
const MaxRows = 500_000

// maxEntrySeconds is the longest entry that is believed: four days are a timer that nobody stopped.
const maxEntrySeconds = 4 * 24 * 60 * 60

// Options say what the file itself does not.
type Options struct {
	// Zone is where the file's times were read off the clock. No format names it, so it must be given for a timed
	// one.
	Zone *time.Location
	// Dates is the order of day and month. The zero value finds it out from the whole file.
	Dates sheet.DateOrder
	// Now bounds the file's times: an entry that ends later is rejected. The zero time bounds nothing.
	Now time.Time
}

// File is an export as it was read.
type File struct {
	Format   Format
	Hash     string // hex SHA-256 of the file
	Rows     int    // data rows; each is in Entries or in Rejected
	Entries  []Entry
	Rejected []sheet.Rejection
	Notes    []sheet.Note
}

// Entry is one row: what somebody did.
type Entry struct {
	Line int
	// Key names the row in its system for ever: the system's own id, or a hash of who did what when with the
	// number of its occurrence. The same row has the same key in every export.
	Key     string
	Person  string // as the system names it
	Email   string // empty where the export has none
	Client  string
	Project string
	Task    string // task or activity
	Text    string // what the person wrote; it stays inside until somebody writes what the client may read
	// From and Until are instants in UTC; zero where only Day and Seconds are known.
	From, Until  time.Time
	Day          calendar.Date
	Seconds      int64 // without the break
	BreakSeconds int64
	Billable     bool
	// Billed says that the other system has invoiced it: it is never billed again.
	Billed bool
	// Amount is what the other system made of it, "120.50 EUR"; to be compared, never adopted. Empty for none.
	Amount string
}

// ID is the id of the time record that an entry becomes under a contract.
func (e Entry) ID(format Format, contract domain.ContractID) domain.TimeID {
	return domain.TimeID{UUID: domain.Derive(space, string(format), contract.String(), e.Key)}
}

// Project is what a file groups time by.
type Project struct{ Client, Project, Task string }

// People lists who the entries name, in order.
func (f *File) People() []string {
	var people []string
	for _, e := range f.Entries {
		people = append(people, e.Person)
	}
	slices.Sort(people)
	return slices.Compact(people)
}

// Email is the address that the file gives to a person; empty for none.
func (f *File) Email(person string) string {
	for _, e := range f.Entries {
		if e.Person == person && e.Email != "" {
			return e.Email
		}
	}
	return ""
}

// Projects lists what the entries belong to, in order.
func (f *File) Projects() []Project {
	var projects []Project
	for _, e := range f.Entries {
		projects = append(projects, Project{e.Client, e.Project, e.Task})
	}
	slices.SortFunc(projects, func(a, b Project) int {
		return cmp.Or(cmp.Compare(a.Client, b.Client), cmp.Compare(a.Project, b.Project), cmp.Compare(a.Task, b.Task))
	})
	return slices.Compact(projects)
}

// space is where the ids of imported time derive from.
var space = uuid.MustParse("3f1f6a52-6c1e-4d0b-9d5e-5b0c2f7a8e11")

// The kinds of notes.
const (
	MissingColumn  sheet.NoteKind = "missing_column"
	IgnoredColumns sheet.NoteKind = "ignored_columns"
	DayMonthOrder  sheet.NoteKind = "day_month_order"
	ClockGap       sheet.NoteKind = "clock_gap"  // the local time does not exist: clocks went forward
	ClockFold      sheet.NoteKind = "clock_fold" // the local time exists twice: clocks went back
	NoTimeOfDay    sheet.NoteKind = "no_time"    // a duration only: it cannot be split by condition
	DurationDiffer sheet.NoteKind = "duration"   // the file's duration is not that of its times less the break
	Overlap        sheet.NoteKind = "overlap"    // the person was at something else at the same time
	BilledBefore   sheet.NoteKind = "billed_before"
)
