package person

import (
	"time"

	"effigate/domain"
	"effigate/domain/access"
)

// Command is one thing somebody may ask of a person. By is the actor, At the instant in UTC; both come
// from the edge.
//
//sumtype:decl
type Command interface {
	isCommand() // Sealed: only this package adds variants.
}

// Invite begins a person in a role. Client is given for the roles of a client, and only for them.
// Inviting again with the same facts changes nothing.
type Invite struct {
	Person domain.PersonID
	Client domain.ClientID
	Role   domain.Role
	By     domain.Actor
	At     time.Time
}

// Activate records that the person took up the invitation.
type Activate struct {
	By domain.Actor
	At time.Time
}

// ChangeRole gives the person another role of the same side.
type ChangeRole struct {
	Role domain.Role
	By   domain.Actor
	At   time.Time
}

// GiveGrant gives a client user a right beyond its role.
type GiveGrant struct {
	Grant access.Grant
	By    domain.Actor
	At    time.Time
}

// WithdrawGrant takes such a right back.
type WithdrawGrant struct {
	Grant access.Grant
	By    domain.Actor
	At    time.Time
}

// Deactivate ends the person's access for ever.
type Deactivate struct {
	By domain.Actor
	At time.Time
}

// Erase says that the person's data is to be removed from the accounts, where all of it is. It ends the
// access of whoever still has it.
type Erase struct {
	By domain.Actor
	At time.Time
}

func (Invite) isCommand()        {}
func (Activate) isCommand()      {}
func (ChangeRole) isCommand()    {}
func (GiveGrant) isCommand()     {}
func (WithdrawGrant) isCommand() {}
func (Deactivate) isCommand()    {}
func (Erase) isCommand()         {}
