package slapolicy

import (
	"time"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/sla"
)

// Command is one thing somebody may ask of an SLA policy. By is the actor, At the instant in UTC.
//
//sumtype:decl
type Command interface {
	isCommand() // Sealed: only this package adds variants.
}

// Publish makes the next version. The same content as the newest one changes nothing. Layer and client stay as they
// were in version 1, and need not be given again.
type Publish struct {
	ID     domain.SLAPolicyID
	Base   int // the version that the publisher saw; 0 for the first
	Name   string
	Layer  sla.Source // as of PublishedStaff
	Client domain.ClientID
	From   calendar.Date // not before that of an earlier version
	Policy sla.Policy
	Reason string
	By     domain.Actor
	At     time.Time
}

// Supersede takes the policy out of the choice, until another version is published.
type Supersede struct {
	Reason string
	By     domain.Actor
	At     time.Time
}

func (Publish) isCommand()   {}
func (Supersede) isCommand() {}
