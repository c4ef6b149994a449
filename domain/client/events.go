package client

import (
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/money"
)

// Event is one fact of a client, in its stored form.
//
//sumtype:decl
type Event interface {
	domain.Event
	isEvent() // Sealed: only this package adds variants.
}

// Registered begins the client.
type Registered struct {
	Client   domain.ClientID `json:"client"`
	Name     string          `json:"name"`
	Zone     string          `json:"zone"`     // IANA name
	Language string          `json:"language"` // BCP 47
	Currency money.Currency  `json:"currency"`
	Staff    RegisteredStaff `json:"staff,omitzero"`
	By       domain.PersonID `json:"by,omitzero"`
	At       time.Time       `json:"at"`
}

// RegisteredStaff is the internal part of Registered.
type RegisteredStaff struct {
	Source string `json:"source,omitzero"` // key in the system the client was imported from
}

// Renamed gives the client another name.
type Renamed struct {
	Name string          `json:"name"`
	By   domain.PersonID `json:"by,omitzero"`
	At   time.Time       `json:"at"`
}

// AccountManagerAssigned says which staff person answers for the client.
type AccountManagerAssigned struct {
	Staff AccountManagerAssignedStaff `json:"staff"`
	By    domain.PersonID             `json:"by,omitzero"`
	At    time.Time                   `json:"at"`
}

// AccountManagerAssignedStaff is the internal part of AccountManagerAssigned.
type AccountManagerAssignedStaff struct {
	Manager domain.PersonID `json:"manager"`
}

// ContractLinked says that a contract is the client's.
type ContractLinked struct {
	Contract domain.ContractID `json:"contract"`
	By       domain.PersonID   `json:"by,omitzero"`
	At       time.Time         `json:"at"`
}

// SeatLimitSet says up to how many users the client's own admins may invite.
type SeatLimitSet struct {
	Limit int             `json:"limit"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// SeatTaken gives a person a place in the client, in which it is then invited.
type SeatTaken struct {
	Person domain.PersonID `json:"person"`
	Role   domain.Role     `json:"role"` // to invite in
	By     domain.PersonID `json:"by,omitzero"`
	At     time.Time       `json:"at"`
}

// SeatReleased gives the place back.
type SeatReleased struct {
	Person domain.PersonID `json:"person"`
	By     domain.PersonID `json:"by,omitzero"`
	At     time.Time       `json:"at"`
}

// BillingDescribed says how the client is invoiced from now on.
type BillingDescribed struct {
	Staff Billing         `json:"staff"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// Billing is how a client is invoiced (F41). The client learns it from its invoices.
type Billing struct {
	Issuer    string         `json:"issuer,omitzero"` // key of the legal entity; empty = the main one
	Party     bill.Party     `json:"party"`
	Treatment bill.Treatment `json:"treatment,omitzero"`
	// ExemptReason is printed where no tax is charged.
	ExemptReason string `json:"exempt_reason,omitzero"`
	// Inclusive says that prices are with tax.
	Inclusive bool `json:"inclusive,omitzero"`
	// TaxIDChecked is when somebody saw that the tax id is valid; reverse charge needs it.
	TaxIDChecked time.Time `json:"tax_id_checked,omitzero"`
}

// Kind is the stored name.
func (Registered) Kind() string             { return "client.registered.v1" }
func (Renamed) Kind() string                { return "client.renamed.v1" }
func (AccountManagerAssigned) Kind() string { return "client.account_manager_assigned.v1" }
func (ContractLinked) Kind() string         { return "client.contract_linked.v1" }
func (SeatLimitSet) Kind() string           { return "client.seat_limit_set.v1" }
func (SeatTaken) Kind() string              { return "client.seat_taken.v1" }
func (SeatReleased) Kind() string           { return "client.seat_released.v1" }
func (BillingDescribed) Kind() string       { return "client.billing_described.v1" }

func (Registered) isEvent()             {}
func (Renamed) isEvent()                {}
func (AccountManagerAssigned) isEvent() {}
func (ContractLinked) isEvent()         {}
func (SeatLimitSet) isEvent()           {}
func (SeatTaken) isEvent()              {}
func (SeatReleased) isEvent()           {}
func (BillingDescribed) isEvent()       {}

// All gives one sample per variant with every field filled: the codec registers their types, and tests
// plant markers in them.
func All() []domain.Event {
	by := domain.PersonID{UUID: uuid.MustParse("5e1f0d6a-3f0b-4b57-9d7c-2a6f4f1c0001")}
	at := time.Date(2026, time.February, 2, 9, 30, 0, 0, time.UTC)
	return []domain.Event{
		Registered{
			Client: domain.ClientID{UUID: uuid.MustParse("c11e0d6a-3f0b-4b57-9d7c-2a6f4f1c0001")},
			Name:   "Nexus Corp", Zone: "Australia/Sydney", Language: "en-AU", Currency: "AUD",
			Staff: RegisteredStaff{Source: "crm:4711"}, By: by, At: at,
		},
		Renamed{Name: "Nexus Corporation", By: by, At: at},
		AccountManagerAssigned{
			Staff: AccountManagerAssignedStaff{Manager: domain.PersonID{UUID: uuid.MustParse("5e1f0d6a-3f0b-4b57-9d7c-2a6f4f1c0002")}},
			By:    by, At: at,
		},
		ContractLinked{
			Contract: domain.ContractID{UUID: uuid.MustParse("c0170d6a-3f0b-4b57-9d7c-2a6f4f1c0001")},
			By:       by, At: at,
		},
		SeatLimitSet{Limit: 40, By: by, At: at},
		SeatTaken{
			Person: domain.PersonID{UUID: uuid.MustParse("9e450d6a-3f0b-4b57-9d7c-2a6f4f1c0001")},
			Role:   domain.ClientEmployee, By: by, At: at,
		},
		SeatReleased{Person: domain.PersonID{UUID: uuid.MustParse("9e450d6a-3f0b-4b57-9d7c-2a6f4f1c0001")}, By: by, At: at},
		BillingDescribed{
			Staff: Billing{
				Issuer: "main",
				Party: bill.Party{
					Name: "Nexus Corp Pty Ltd", Address: []string{"9 Bridge Street"}, City: "Sydney", PostalCode: "2000", Region: "NSW",
					Country: "AU", TaxID: "53 004 085 616", CompanyID: "004 085 616", Email: "accounts@nexus.example",
				},
				Treatment: bill.ClientOwesIt, ExemptReason: "The recipient owes the tax", Inclusive: true, TaxIDChecked: at,
			},
			By: by, At: at,
		},
	}
}
