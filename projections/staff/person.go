package staff

import (
	"slices"
	"strings"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/person"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// People projects staff people and client users, without their names.
var People = projections.Projection[domain.Recorded, rows.Person]{
	Table: "people", Key: of[person.Event]("person"), Evolve: evolvePerson,
}

func evolvePerson(row rows.Person, r domain.Recorded) (rows.Person, bool) {
	row.Revision = r.Revision
	switch e := r.Event.(person.Event).(type) {
	case person.Invited:
		row.Side, row.Role, row.Client = string(e.Role.Side()), string(e.Role), known(e.Client.UUID)
		row.Status, row.InvitedAt = string(person.StatusInvited), e.At
	case person.Activated:
		row.Status = string(person.StatusActive)
	case person.RoleChanged:
		row.Role = string(e.Role)
	case person.GrantGiven:
		row.Grants = grants(row.Grants, e.Grant, true)
	case person.GrantWithdrawn:
		row.Grants = grants(row.Grants, e.Grant, false)
	case person.Deactivated:
		row.Status = string(person.StatusDeactivated)
	case person.Erased:
		row.Erased = true
	}
	return row, true
}

// grants adds a grant to the sorted words of the column, or takes it out.
func grants(held string, grant access.Grant, given bool) string {
	words := slices.DeleteFunc(strings.Fields(held), func(word string) bool { return word == string(grant) })
	if given {
		words = append(words, string(grant))
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}
