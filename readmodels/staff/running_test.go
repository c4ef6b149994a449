package staff_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/contract"
	"effigate/domain/terms"
	"effigate/projections/staff/stafftest"
	"effigate/readmodels/staff"
)

func TestRunningContracts(t *testing.T) {
	t.Parallel()
	w := world(t, func(log *stafftest.Log) {
		for n, events := range [][]domain.Event{
			{},
			{contract.Activated{At: at(1)}},
			{contract.Activated{At: at(1)}, contract.Suspended{At: at(2)}},
			{contract.Activated{At: at(1)}, contract.Terminated{Ends: "2026-03-16", At: at(2)}},
		} {
			of := domain.ContractID{UUID: id("contract", n)}
			said := terms.Plain(terms.TimeAndMaterials, terms.Standard, "2026-01-01", terms.JobType{Key: "api", Name: "API"})
			drafted := contract.Drafted{Contract: of, Client: domain.ClientID{UUID: id("client", 1)}, Zone: "Asia/Tokyo", Reference: "C", Terms: said, At: at(0)}
			log.Record(t, contract.Stream(of), append([]domain.Event{drafted}, events...)...)
		}
	})
	want := []staff.Running{{ID: id("contract", 1), Zone: "Asia/Tokyo"}, {ID: id("contract", 2), Zone: "Asia/Tokyo"}}
	if want[0].ID.String() > want[1].ID.String() {
		want[0], want[1] = want[1], want[0]
	}
	w.Read(t, func(tx pgx.Tx) error {
		for after, left := range map[uuid.UUID][]staff.Running{uuid.Nil: want, want[0].ID: want[1:], want[1].ID: {}} {
			got, err := staff.RunningContracts(t.Context(), tx, after)
			if err != nil {
				return err
			}
			if diff := cmp.Diff(left, got); diff != "" {
				t.Errorf("after %s (-want +got):\n%s", after, diff)
			}
		}
		return nil
	})
}
