package numbering

import (
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/calendar"
)

// Event is one fact of a series, in its stored form. It names no actor: whoever completes the step first
// writes it, and a number doesn't depend on who that is.
//
//sumtype:decl
type Event interface {
	domain.Event
	isEvent() // Sealed: only this package adds variants.
}

// Opened begins the series; it is the first event of its stream, once.
type Opened struct {
	Series string    `json:"series"`
	First  int       `json:"first"` // the first number, from 1
	At     time.Time `json:"at"`
}

// Allocated gives the subject the number first + revision − 1, where revision is this event's place in the
// stream. The number isn't repeated in the data, so the two cannot disagree.
type Allocated struct {
	Subject uuid.UUID `json:"subject"`
	// Date is that of the subject, in a series whose numbers rise with their dates; empty in others.
	Date calendar.Date `json:"date,omitzero"`
	At   time.Time     `json:"at"`
}

// Kind is the stored name.
func (Opened) Kind() string    { return "numbering.opened.v1" }
func (Allocated) Kind() string { return "numbering.allocated.v1" }

func (Opened) isEvent()    {}
func (Allocated) isEvent() {}

// All gives one sample per variant with every field filled: the codec registers their types, and tests
// plant markers in them.
func All() []domain.Event {
	at := time.Date(2026, time.February, 2, 9, 30, 0, 0, time.UTC)
	return []domain.Event{
		Opened{Series: "ticket-c11e0d6a-3f0b-4b57-9d7c-2a6f4f1c0001-visible", First: 1, At: at},
		Allocated{Subject: uuid.MustParse("71c30d6a-3f0b-4b57-9d7c-2a6f4f1c0001"), Date: "2026-02-02", At: at},
	}
}
