package domain

import "strings"

// Side tells which of the two worlds a person belongs to. The zero side is nobody's and is refused.
type Side string

// The two sides, and the system itself (process managers, imports).
const (
	StaffSide  Side = "staff"
	ClientSide Side = "client"
	SystemSide Side = "system"
)

// Role is a person's role on its side (product rule F54).
type Role string

// The roles.
const (
	Owner          Role = "owner"
	AccountManager Role = "account_manager"
	Delivery       Role = "delivery"
	Engineer       Role = "engineer"
	Support        Role = "support"
	Finance        Role = "finance"
	Auditor        Role = "auditor"
	Ops            Role = "ops"
	ClientAdmin    Role = "client_admin"
	ClientEmployee Role = "client_employee"
)

// Side tells which side a role belongs to; an unknown role belongs to none.
func (r Role) Side() Side {
	switch r {
	case Owner, AccountManager, Delivery, Engineer, Support, Finance, Auditor, Ops:
		return StaffSide
	case ClientAdmin, ClientEmployee:
		return ClientSide
	default:
		return ""
	}
}

// Title is the role in words: "Account Manager".
func (r Role) Title() string {
	words := strings.Fields(strings.ReplaceAll(string(r), "_", " "))
	for i, word := range words {
		words[i] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, " ")
}

// AnyOf is a choice of roles in words: "Owner, Account Manager or Finance".
func AnyOf(roles []Role) string {
	titles := make([]string, len(roles))
	for i, role := range roles {
		titles[i] = role.Title()
	}
	if last := len(titles) - 1; last > 0 {
		return strings.Join(titles[:last], ", ") + " or " + titles[last]
	}
	return strings.Join(titles, "")
}

// Actor is who acts: always an explicit argument, never taken from a context.
type Actor struct {
	Person PersonID
	Side   Side
	Role   Role
	// Client is the organisation of a client user, and zero for staff and the system.
	Client ClientID
}

// System is the actor of process managers: it acts on facts, for nobody.
func System() Actor { return Actor{Side: SystemSide} }
