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
	Zone     string         // IANA name; the caller has checked that the zone exists
	Language string         // BCP 47: language, script and region
	Currency money.Currency // of new contracts
	Source   string         // key in the system the client is imported from; empty otherwise
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

func (Register) isCommand()             {}
func (Rename) isCommand()               {}
func (AssignAccountManager) isCommand() {}
func (LinkContract) isCommand()         {}
