package timer

import (
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/terms"
)

// Event is one fact of a timer, in its stored form.
//
//sumtype:decl
type Event interface {
	domain.Event
	isEvent() // Sealed: only this package adds variants.
}

// Started starts the person's one timer.
type Started struct {
	Person domain.PersonID `json:"person"`
	Staff  StartedStaff    `json:"staff"`
	At     time.Time       `json:"at"`
}

// StartedStaff is the internal part of Started: what the record will say.
type StartedStaff struct {
	Time         domain.TimeID      `json:"time"` // of the record that will be logged
	Contract     domain.ContractID  `json:"contract"`
	WorkKind     string             `json:"work_kind,omitzero"` // "ticket", "task" or none
	WorkID       uuid.UUID          `json:"work_id,omitzero"`
	JobType      string             `json:"job_type"`
	SupportLevel terms.SupportLevel `json:"support_level,omitzero"`
	Zone         string             `json:"zone"`
	Description  string             `json:"description,omitzero"`
	Note         string             `json:"note,omitzero"`
}

// Described changes what the record will say while the timer runs.
type Described struct {
	Staff DescribedStaff `json:"staff"`
	At    time.Time      `json:"at"`
}

// DescribedStaff is the internal part of Described.
type DescribedStaff struct {
	Description string `json:"description,omitzero"`
	Note        string `json:"note,omitzero"`
}

// Stopped stops it. The record that follows says everything about it, purely from this stream.
type Stopped struct {
	Time domain.TimeID `json:"time"`
	At   time.Time     `json:"at"`
}

// Discarded stops it and logs nothing.
type Discarded struct {
	Time domain.TimeID `json:"time"`
	At   time.Time     `json:"at"`
}

// Kind is the stored name.
func (Started) Kind() string   { return "timer.started.v1" }
func (Described) Kind() string { return "timer.described.v1" }
func (Stopped) Kind() string   { return "timer.stopped.v1" }
func (Discarded) Kind() string { return "timer.discarded.v1" }

func (Started) isEvent()   {}
func (Described) isEvent() {}
func (Stopped) isEvent()   {}
func (Discarded) isEvent() {}

// All gives one sample per variant with every field filled: the codec registers their types, and tests
// plant markers in them.
func All() []domain.Event {
	record := domain.TimeID{UUID: uuid.MustParse("71ae0d6a-3f0b-4b57-9d7c-2a6f4f1c0001")}
	at := time.Date(2026, time.February, 10, 5, 0, 0, 0, time.UTC)
	return []domain.Event{
		Started{
			Person: domain.PersonID{UUID: uuid.MustParse("5e1f0d6a-3f0b-4b57-9d7c-2a6f4f1c0001")},
			Staff: StartedStaff{
				Time: record, Contract: domain.ContractID{UUID: uuid.MustParse("c0170d6a-3f0b-4b57-9d7c-2a6f4f1c0001")},
				WorkKind: "ticket", WorkID: uuid.MustParse("71c30d6a-3f0b-4b57-9d7c-2a6f4f1c0001"), JobType: "api",
				SupportLevel: terms.Always, Zone: "Australia/Sydney", Description: "Export of large files", Note: "See the proxy's log.",
			},
			At: at,
		},
		Described{Staff: DescribedStaff{Description: "Export of files above 2 GB", Note: "It was the proxy."}, At: at},
		Stopped{Time: record, At: at},
		Discarded{Time: record, At: at},
	}
}
