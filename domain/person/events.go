package person

import (
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
)

// Event is one fact of a person, in its stored form.
//
//sumtype:decl
type Event interface {
	domain.Event
	isEvent() // Sealed: only this package adds variants.
}

// Invited begins the person.
type Invited struct {
	Person domain.PersonID `json:"person"`
	Client domain.ClientID `json:"client,omitzero"` // given for the roles of a client, and only for them
	Role   domain.Role     `json:"role"`
	By     domain.PersonID `json:"by,omitzero"`
	At     time.Time       `json:"at"`
}

// Activated says that the person took up the invitation.
type Activated struct {
	By domain.PersonID `json:"by,omitzero"`
	At time.Time       `json:"at"`
}

// RoleChanged gives the person another role of its side. Grants stay.
type RoleChanged struct {
	Role domain.Role     `json:"role"`
	By   domain.PersonID `json:"by,omitzero"`
	At   time.Time       `json:"at"`
}

// GrantGiven gives a client user a right beyond its role.
type GrantGiven struct {
	Grant access.Grant    `json:"grant"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// GrantWithdrawn takes such a right back.
type GrantWithdrawn struct {
	Grant access.Grant    `json:"grant"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// Deactivated ends the person's access for ever.
type Deactivated struct {
	By domain.PersonID `json:"by,omitzero"`
	At time.Time       `json:"at"`
}

// Erased says that the person's data was to be removed from the accounts from here on. It always comes
// after Deactivated, and history keeps the id.
type Erased struct {
	By domain.PersonID `json:"by,omitzero"`
	At time.Time       `json:"at"`
}

// Kind is the stored name.
func (Invited) Kind() string        { return "person.invited.v1" }
func (Activated) Kind() string      { return "person.activated.v1" }
func (RoleChanged) Kind() string    { return "person.role_changed.v1" }
func (GrantGiven) Kind() string     { return "person.grant_given.v1" }
func (GrantWithdrawn) Kind() string { return "person.grant_withdrawn.v1" }
func (Deactivated) Kind() string    { return "person.deactivated.v1" }
func (Erased) Kind() string         { return "person.erased.v1" }

func (Invited) isEvent()        {}
func (Activated) isEvent()      {}
func (RoleChanged) isEvent()    {}
func (GrantGiven) isEvent()     {}
func (GrantWithdrawn) isEvent() {}
func (Deactivated) isEvent()    {}
func (Erased) isEvent()         {}

// All gives one sample per variant with every field filled: the codec registers their types, and tests
// plant markers in them.
func All() []domain.Event {
	by := domain.PersonID{UUID: uuid.MustParse("5e1f0d6a-3f0b-4b57-9d7c-2a6f4f1c0001")}
	at := time.Date(2026, time.February, 2, 9, 30, 0, 0, time.UTC)
	return []domain.Event{
		Invited{
			Person: domain.PersonID{UUID: uuid.MustParse("9e450d6a-3f0b-4b57-9d7c-2a6f4f1c0001")},
			Client: domain.ClientID{UUID: uuid.MustParse("c11e0d6a-3f0b-4b57-9d7c-2a6f4f1c0001")},
			Role:   domain.ClientEmployee, By: by, At: at,
		},
		Activated{By: by, At: at},
		RoleChanged{Role: domain.ClientAdmin, By: by, At: at},
		GrantGiven{Grant: access.SignMilestones, By: by, At: at},
		GrantWithdrawn{Grant: access.SignMilestones, By: by, At: at},
		Deactivated{By: by, At: at},
		Erased{By: by, At: at},
	}
}
