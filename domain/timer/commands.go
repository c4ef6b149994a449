package timer

import (
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/terms"
)

// Command is one thing somebody may ask of its timer. By is the actor, whose timer it is, At the instant in UTC.
//
//sumtype:decl
type Command interface {
	isCommand() // Sealed: only this package adds variants.
}

// Start starts the timer. One that runs must be stopped first. An empty SupportLevel is the contract's.
type Start struct {
	Time         domain.TimeID
	Contract     domain.ContractID
	WorkKind     string
	WorkID       uuid.UUID
	JobType      string
	SupportLevel terms.SupportLevel
	Zone         string
	Description  string
	Note         string
	By           domain.Actor
	At           time.Time
}

// Describe changes what the record will say.
type Describe struct {
	Description string
	Note        string
	By          domain.Actor
	At          time.Time
}

// Stop stops the timer. The record that follows needs a description.
type Stop struct {
	By domain.Actor
	At time.Time
}

// Discard stops the timer and logs nothing.
type Discard struct {
	By domain.Actor
	At time.Time
}

func (Start) isCommand()    {}
func (Describe) isCommand() {}
func (Stop) isCommand()     {}
func (Discard) isCommand()  {}
