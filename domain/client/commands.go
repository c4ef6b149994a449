package client

import (
	"time"

	"effigate/domain"
	"effigate/domain/money"
)

// Command is one thing somebody may ask of a client organisation. By is the actor, At the instant in UTC;
// both come from the edge.
//
//sumtype:decl
type Command interface {
	isCommand() // Sealed: only this package adds variants.
}

// Register begins a client. Registering it again with the same facts changes nothing.
type Register struct {
	Client   domain.ClientID
	Name     string
	Zone     string          // IANA name; the caller has checked that the zone exists
	Language string          // BCP 47: language, script and region
	Currency money.Currency  // of new contracts
	Source   string          // key in the system the client is imported from; empty otherwise
	Manager  domain.PersonID // the staff person who answers for it from the start; zero for nobody yet
	By       domain.Actor
	At       time.Time
}

// Rename gives a client another name.
type Rename struct {
	Name string
	By   domain.Actor
	At   time.Time
}

// AssignAccountManager makes a staff person answer for the client, in place of whoever did.
type AssignAccountManager struct {
	Manager domain.PersonID
	By      domain.Actor
	At      time.Time
}

// LinkContract names a contract as the client's.
type LinkContract struct {
	Contract domain.ContractID
	By       domain.Actor
	At       time.Time
}

// SetSeatLimit says up to how many users the client's own admins may invite.
type SetSeatLimit struct {
	Limit int // 0 to MaxSeats
	By    domain.Actor
	At    time.Time
}

// TakeSeat gives a person a place in the client, before it is invited in the role. The place is kept until
// it is released; taking it again changes nothing.
type TakeSeat struct {
	Person domain.PersonID
	Role   domain.Role
	Beyond bool // the client's own limit; staff may
	By     domain.Actor
	At     time.Time
}

// ReleaseSeat gives a person's place back.
type ReleaseSeat struct {
	Person domain.PersonID
	By     domain.Actor
	At     time.Time
}

// DescribeBilling says how the client is invoiced from now on. Saying the same again changes nothing.
type DescribeBilling struct {
	Billing Billing
	By      domain.Actor
	At      time.Time
}

func (DescribeBilling) isCommand()      {}
func (Register) isCommand()             {}
func (Rename) isCommand()               {}
func (AssignAccountManager) isCommand() {}
func (LinkContract) isCommand()         {}
func (SetSeatLimit) isCommand()         {}
func (TakeSeat) isCommand()             {}
func (ReleaseSeat) isCommand()          {}
