package numbering

import (
	"time"

	"github.com/google/uuid"
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

func (Allocate) isCommand() {}
