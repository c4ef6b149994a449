// Package incidents reads the event log of a ServiceNow service desk, one row per change of an incident,
// and tells which clients, people, contracts and tickets it speaks of (product rules 1–10 of imports).
//
// It imports the domain and, for the form of an imported history, commands. It is pure over an io.Reader:
// it opens nothing, reads no clock, and the same file gives the same ids for ever. Nothing is guessed
// silently: a row is either part of a ticket's history or a sheet.Rejection, and whatever was decided about a
// row that could be read otherwise is a Note.
//
// # What the columns mean
//
// Columns are found by name; the ones that are missing count as absent, others are ignored, and both are
// noted. number, incident_state and sys_updated_at must be there. "?" and the empty field are absent.
//
//   - location is the client organisation, category the job type, caller_id a client user, one per
//     organisation when a caller spans several. A ticket keeps the organisation and the caller of its
//     first row. Without a location it belongs to the organisation "(no location)", without a category to
//     the job type "(no category)", without a caller nobody at the client raised it.
//   - assignment_group is the team and assigned_to the assignee; absent means none.
//   - opened_at is when the ticket was raised, sys_updated_at when everything else on the row happened.
//     resolved_at and closed_at are not read: every row repeats what they became in the end.
//   - New, Active, Resolved and Closed are the states of a ticket, Awaiting User Info waits for the client
//     and any other Awaiting for a third party. Resolved or Closed followed by an open state, or by a
//     higher reopen_count, is reopened.
//   - category, subcategory and u_symptom together are the title, since the log holds no text. The source's
//     own number counts the incidents of all clients; it stays with the staff.
//
// A history is told in the order of time, within a minute in that of sys_mod_count.
package incidents

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/terms"
	"effigate/infra/sheet"
)

// System is the name of the source in imported tickets.
const System = "incidents"

// MaxRows is the most rows one file may have. Rows are kept in memory, since those of a ticket may stand
// anywhere in the file: 240,000 tickets of 6 rows take 250 MB, and three times that while they are read.
// Split a longer file by ticket.
const MaxRows = 2_000_000

// Bounds of a file, beside MaxRows.
const (
	maxFileBytes     = 4 << 30 // after decompression
	maxRecordBytes   = 64 << 10
	maxValue         = domain.MaxLine // characters of a value that is imported
	maxRejectedValue = 100            // characters of a value that is shown in a sheet.Rejection
)

// Options say what the file itself does not.
type Options struct {
	// Zone is where the file's times were read off the clock; nil means UTC.
	Zone *time.Location
	// Dates is the order of day and month. The zero value finds it out from the whole file.
	Dates sheet.DateOrder
	// Now bounds the file's times: a row of later is rejected. The zero time bounds nothing.
	Now time.Time
	// MaxRows bounds the rows; 0 means the constant MaxRows.
	MaxRows int
}

// File is a log as it was read. It may be used from many goroutines.
type File struct {
	Hash          string            // hex SHA-256 of the file, compressed if it was
	Rows          int               // data rows; each is part of a ticket or in Rejected
	Organisations []Organisation    // in the order of their names
	Staff         []Person          // assignees, in the order of their names
	Rejected      []sheet.Rejection // rows that cannot be read, in the order of the file
	Notes         []sheet.Note      // about the file as a whole

	zone    *time.Location
	tickets []span
	rows    []row
}

// Organisation is a client that the log speaks of.
type Organisation struct {
	ID        domain.ClientID
	Name      string
	Source    string     // the location; empty when there was none
	Users     []Person   // callers, in the order of their names
	Contracts []Contract // cover every job type seen; more than one beyond terms.MaxJobTypes
	Tickets   int
}

// Person is a caller or an assignee.
type Person struct {
	ID   domain.PersonID
	Name string
}

// Contract is what an organisation's tickets are raised under.
type Contract struct {
	ID        domain.ContractID
	Reference string
	Starts    calendar.Date // the day of the organisation's first incident, in the file's zone
	JobTypes  []terms.JobType
}

// The kinds of notes.
const (
	MissingColumn     sheet.NoteKind = "missing_column"
	IgnoredColumns    sheet.NoteKind = "ignored_columns"
	DayMonthOrder     sheet.NoteKind = "day_month_order"
	ClockGap          sheet.NoteKind = "clock_gap"          // the local time does not exist: clocks went forward
	ClockFold         sheet.NoteKind = "clock_fold"         // the local time exists twice: clocks went back
	OutOfOrder        sheet.NoteKind = "out_of_order"       // sys_mod_count or the file contradicts the time
	EqualMinute       sheet.NoteKind = "equal_minute"       // the order within a minute is that of sys_mod_count
	EqualOrder        sheet.NoteKind = "equal_order"        // minute and sys_mod_count are equal: the file's order
	MissingChanges    sheet.NoteKind = "missing_changes"    // sys_mod_count leaps
	NoLocation        sheet.NoteKind = "no_location"        // the organisation is "(no location)"
	NoCaller          sheet.NoteKind = "no_caller"          // nobody at the client raised the ticket
	NoCategory        sheet.NoteKind = "no_category"        // the job type is "(no category)"
	NoPriority        sheet.NoteKind = "no_priority"        // medium was taken
	LocationMoved     sheet.NoteKind = "location_moved"     // the ticket stays with its first organisation
	CallerMoved       sheet.NoteKind = "caller_moved"       // the ticket stays with its first caller
	OpenedMoved       sheet.NoteKind = "opened_moved"       // the ticket stays with its first opening
	AfterResolution   sheet.NoteKind = "after_resolution"   // a change to a ticket that was over is not taken over
	ReopenedUncounted sheet.NoteKind = "reopened_uncounted" // reopened, though reopen_count did not rise
	ReopenedUnseen    sheet.NoteKind = "reopened_unseen"    // reopen_count rose, though no row says resolved
)

// span is a ticket: its rows, in the order of its history.
type span struct {
	organisation int
	first, last  int // rows[first:last]
}

// Tickets is the number of tickets. They are ordered by organisation, then by when they were opened.
func (f *File) Tickets() int { return len(f.tickets) }

// Organisation is the place of ticket i's organisation in Organisations.
func (f *File) Organisation(i int) int { return f.tickets[i].organisation }

// namespace is what every id of the source derives from, for ever.
func namespace() uuid.UUID { return domain.Derive(uuid.NameSpaceURL, "effigate", "import", System) }

// derive makes the id of something in the source. Values hold no control characters, hence no separator.
func derive(names ...string) uuid.UUID { return domain.Derive(namespace(), names...) }

func clientID(location string) domain.ClientID {
	return domain.ClientID{UUID: derive("client", location)}
}

func callerID(location, caller string) domain.PersonID {
	if caller == "" {
		return domain.PersonID{}
	}
	return domain.PersonID{UUID: derive("caller", location, caller)}
}

func assigneeID(name string) domain.PersonID {
	if name == "" {
		return domain.PersonID{}
	}
	return domain.PersonID{UUID: derive("assignee", name)}
}

// contractOf finds the contract that covers a job type.
func (o Organisation) contractOf(key string) domain.ContractID {
	for _, c := range o.Contracts {
		if slices.ContainsFunc(c.JobTypes, func(j terms.JobType) bool { return j.Key == key }) {
			return c.ID
		}
	}
	return domain.ContractID{}
}
