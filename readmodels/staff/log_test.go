package staff_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain/client"
	"effigate/projections/staff/stafftest"
	"effigate/readmodels/staff"
)

// TestTheLogIsNumbered reads the numbers and leaves of events in pages.
func TestTheLogIsNumbered(t *testing.T) {
	t.Parallel()
	log := stafftest.NewLog(2)
	for n := range 5 {
		log.Record(t, client.Stream(clientID(n)), client.Registered{Client: clientID(n), At: at(n)})
	}
	stafftest.New(t, log).Read(t, func(tx pgx.Tx) error {
		size, err := staff.LogSize(t.Context(), tx)
		if err != nil || size != 5 {
			t.Errorf("%d events are numbered, want 5: %v", size, err)
		}
		entries, err := staff.LogAfter(t.Context(), tx, 2, 2)
		if err != nil || len(entries) != 2 || entries[0].Ordinal != 3 || entries[1].Stream != client.Stream(clientID(3)) {
			t.Errorf("after event 2: %+v, %v", entries, err)
		}
		leaves, err := staff.Leaves(t.Context(), tx, 2, 4)
		if err != nil || len(leaves) != 2 || string(leaves[1]) != string(entries[1].Leaf) {
			t.Errorf("the leaves of events 3 and 4: %x, %v", leaves, err)
		}
		ordinals, err := staff.Ordinals(t.Context(), tx, []uuid.UUID{entries[0].ID, id("event", 99)})
		if err != nil || len(ordinals) != 1 || ordinals[entries[0].ID] != 3 {
			t.Errorf("the numbers of events: %v, %v", ordinals, err)
		}
		return nil
	})
}
