package contract

import (
	"time"

	"github.com/google/uuid"

	"effigate/domain"
)

// Event is one fact of a contract, in its stored form.
//
//sumtype:decl
type Event interface {
	domain.Event
	isEvent() // Sealed: only this package adds variants.
}

// Drafted begins the contract with all of its terms.
type Drafted struct {
	Contract  domain.ContractID `json:"contract"`
	Client    domain.ClientID   `json:"client"`
	Reference string            `json:"reference"` // set by the firm and kept as written (X4)
	Type      Type              `json:"type"`
	JobTypes  []JobType         `json:"job_types"`
	Starts    Date              `json:"starts"`
	Ends      Date              `json:"ends,omitzero"` // last day; empty = open-ended
	Staff     DraftedStaff      `json:"staff"`
	By        domain.PersonID   `json:"by,omitzero"`
	At        time.Time         `json:"at"`
}

// DraftedStaff is the internal part of Drafted.
type DraftedStaff struct {
	SupportLevel SupportLevel `json:"support_level"`
}

// Activated puts the contract in force: from here on its client sees it and raises tickets under it.
type Activated struct {
	By domain.PersonID `json:"by,omitzero"`
	At time.Time       `json:"at"`
}

// Terminated ends the contract.
type Terminated struct {
	Staff TerminatedStaff `json:"staff,omitzero"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// TerminatedStaff is the internal part of Terminated.
type TerminatedStaff struct {
	Reason string `json:"reason,omitzero"`
}

// Kind is the stored name.
func (Drafted) Kind() string    { return "contract.drafted.v1" }
func (Activated) Kind() string  { return "contract.activated.v1" }
func (Terminated) Kind() string { return "contract.terminated.v1" }

func (Drafted) isEvent()    {}
func (Activated) isEvent()  {}
func (Terminated) isEvent() {}

// All gives one sample per variant with every field filled: the codec registers their types, and tests
// plant markers in them.
func All() []domain.Event {
	by := domain.PersonID{UUID: uuid.MustParse("5e1f0d6a-3f0b-4b57-9d7c-2a6f4f1c0001")}
	at := time.Date(2026, time.February, 2, 9, 30, 0, 0, time.UTC)
	return []domain.Event{
		Drafted{
			Contract:  domain.ContractID{UUID: uuid.MustParse("c0170d6a-3f0b-4b57-9d7c-2a6f4f1c0001")},
			Client:    domain.ClientID{UUID: uuid.MustParse("c11e0d6a-3f0b-4b57-9d7c-2a6f4f1c0001")},
			Reference: "CON-2024-018", Type: Bucket,
			JobTypes: []JobType{{Key: "incident", Name: "Incidents"}, {Key: "change", Name: "Changes"}},
			Starts:   "2024-07-01", Ends: "2026-06-30",
			Staff: DraftedStaff{SupportLevel: Always}, By: by, At: at,
		},
		Activated{By: by, At: at},
		Terminated{Staff: TerminatedStaff{Reason: "insolvency of the client"}, By: by, At: at},
	}
}
