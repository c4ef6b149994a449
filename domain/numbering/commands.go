package numbering

import (
	"time"

	"github.com/google/uuid"

	"effigate/domain/calendar"
)

// Command is one thing that may be asked of a series.
//
//sumtype:decl
type Command interface {
	isCommand() // Sealed: only this package adds variants.
}

// Allocate gives every subject that has none the next number of the series, in the order given, and
// opens the series first when it is new. A subject that has a number keeps it.
type Allocate struct {
	Series   string
	Subjects []uuid.UUID // 1 to MaxSubjects
	First    int         // the first number of a series that is opened now; 0 = 1; an open one keeps its own
	At       time.Time   // UTC
}

// AllocateDated gives one subject the next number of a series whose numbers rise with their dates (F39): the date is
// the one given, or that of the number before if this is later. A subject that has a number keeps both.
type AllocateDated struct {
	Series  string
	Subject uuid.UUID
	Date    calendar.Date // within Year
	Year    int           // of the series
	First   int           // the first number of a series that is opened now; 0 = 1
	At      time.Time     // UTC
}

func (Allocate) isCommand()      {}
func (AllocateDated) isCommand() {}
