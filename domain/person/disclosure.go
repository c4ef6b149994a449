package person

import (
	"strings"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/visible"
)

// Disclosure is what the fold knows about a person in order to tell what its client sees.
type Disclosure struct {
	person domain.PersonID
	client domain.ClientID
	role   domain.Role
	grants []access.Grant // sorted
	state  string
}

// Disclose folds one event and yields what changes for the client: its own users, from the invitation on.
// A deactivated user stays as the author of what it wrote. Staff yield nothing: who they are to a client
// is a matter of the accounts.
func Disclose(d Disclosure, e Event) (Disclosure, []visible.Change) {
	next := d.learn(e)
	return next, visible.Diff(d.shown(), next.shown())
}

func (d Disclosure) shown() visible.Shown {
	if d.role.Side() != domain.ClientSide {
		return nil
	}
	grants := make([]string, len(d.grants))
	for i, grant := range d.grants {
		grants[i] = string(grant)
	}
	return visible.Show(visible.Person{
		Client: d.client.UUID,
		ID:     d.person.UUID,
		Role:   string(d.role),
		Grants: strings.Join(grants, " "),
		State:  d.state,
	})
}

func (d Disclosure) learn(e Event) Disclosure {
	switch e := e.(type) {
	case Invited:
		d.person, d.client, d.role, d.state = e.Person, e.Client, e.Role, visible.PersonInvited
	case Activated:
		d.state = visible.PersonActive
	case RoleChanged:
		d.role = e.Role
	case GrantGiven:
		d.grants = with(d.grants, e.Grant)
	case GrantWithdrawn:
		d.grants = without(d.grants, e.Grant)
	case Deactivated:
		d.state = visible.PersonEnded
	case Erased: // The accounts lose the name; the author of what it wrote stays.
	}
	return d
}
