package contract

import (
	"time"

	"effigate/domain"
)

// Command is one thing somebody may ask of a contract. By is the actor, At the instant in UTC; both come
// from the edge.
//
//sumtype:decl
type Command interface {
	isCommand() // Sealed: only this package adds variants.
}

// Draft begins a contract. Drafting it again with the same terms changes nothing.
type Draft struct {
	Contract     domain.ContractID
	Client       domain.ClientID
	Reference    string
	Type         Type
	JobTypes     []JobType // 1 to MaxJobTypes, in the order to be shown
	SupportLevel SupportLevel
	Starts       Date
	Ends         Date // last day; empty = open-ended
	By           domain.Actor
	At           time.Time
}

// Activate puts a drafted contract in force.
type Activate struct {
	By domain.Actor
	At time.Time
}

// Terminate ends a contract in force. The reason is internal and may be empty.
type Terminate struct {
	Reason string
	By     domain.Actor
	At     time.Time
}

func (Draft) isCommand()     {}
func (Activate) isCommand()  {}
func (Terminate) isCommand() {}
