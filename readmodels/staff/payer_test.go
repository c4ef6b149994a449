package staff_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/invoice"
	"effigate/domain/person"
	"effigate/projections/staff/stafftest"
	"effigate/readmodels/staff"
)

// TestPayers are a client's admins, and the employees who were given the right, as long as they are active.
func TestPayers(t *testing.T) {
	t.Parallel()
	of := func(n int) domain.PersonID { return domain.PersonID{UUID: id("person", n)} }
	w := world(t, func(log *stafftest.Log) {
		for n, one := range []struct {
			client int
			role   domain.Role
			grants []access.Grant
		}{
			{1, domain.ClientAdmin, nil},
			{1, domain.ClientEmployee, []access.Grant{access.RaiseCritical, access.ReadBilling}},
			{1, domain.ClientEmployee, []access.Grant{access.RaiseCritical}},
			{1, domain.ClientAdmin, nil}, // Who has left, see below.
			{2, domain.ClientAdmin, nil},
		} {
			stream := person.Stream(of(n))
			log.Record(t, stream, person.Invited{Person: of(n), Client: domain.ClientID{UUID: id("client", one.client)}, Role: one.role, At: at(0)}, person.Activated{At: at(0)})
			for _, grant := range one.grants {
				log.Record(t, stream, person.GrantGiven{Grant: grant, At: at(0)})
			}
		}
		log.Record(t, person.Stream(of(3)), person.Deactivated{At: at(1)})
		drafted := invoice.Drafted{Invoice: domain.InvoiceID{UUID: id("invoice", 1)}, Client: domain.ClientID{UUID: id("client", 1)}, At: at(1)}
		log.Record(t, invoice.Stream(drafted.Invoice), drafted)
	})
	w.Read(t, func(tx pgx.Tx) error {
		found, err := staff.Payers(t.Context(), tx, id("invoice", 1))
		got := map[uuid.UUID]bool{}
		for _, person := range found {
			got[person] = true
		}
		if diff := cmp.Diff(map[uuid.UUID]bool{of(0).UUID: true, of(1).UUID: true}, got); diff != "" {
			t.Errorf("payers (-want +got):\n%s", diff)
		}
		return err
	})
}
