package staff_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/terms"
	"effigate/projections/staff"
	rows "effigate/readmodels/staff"
)

var (
	change = domain.AmendmentID{UUID: uuid.MustParse("a3e20d6a-3f0b-4b57-9d7c-2a6f4f1c0001")}
	bought = domain.BucketID{UUID: uuid.MustParse("b0c70d6a-3f0b-4b57-9d7c-2a6f4f1c0001")}
)

func agreementStream() string { return contract.Stream(domain.ContractID{UUID: agreement}) }

func plain(ends calendar.Date, jobTypes ...terms.JobType) terms.Terms {
	t := terms.Plain(terms.Bucket, terms.Always, "2024-07-01", jobTypes...)
	t.Agreed.Ends, t.Agreed.Currency, t.Agreed.NoticeDays, t.Agreed.RenewMonths = ends, "AUD", 30, 12
	return t
}

func drafted() contract.Drafted {
	return contract.Drafted{
		Contract: domain.ContractID{UUID: agreement}, Client: domain.ClientID{UUID: nexus}, Zone: "Australia/Sydney", Reference: "CON-2024-018",
		Terms: plain("2026-06-30", terms.JobType{Key: "api", Name: `"API"`, Minutes: 60}), By: domain.PersonID{UUID: ada}, At: at(0),
	}
}

func proposed(ends calendar.Date) contract.AmendmentProposed {
	return contract.AmendmentProposed{
		Amendment: change, Base: 1, Effective: "2026-01-01", Statement: "More hours.", Terms: plain(ends),
		Staff: contract.AmendmentProposedStaff{Reason: "They asked.", Value: decimal.NewFromInt(1200), Approvals: 1}, By: domain.PersonID{UUID: ada}, At: at(5),
	}
}

func TestContractRow(t *testing.T) {
	t.Parallel()
	got := final(
		staff.Contracts, agreementStream(), drafted(),
		contract.Submitted{At: at(1)}, contract.Offered{Statement: "We agree.", At: at(1)}, contract.Accepted{Evidence: contract.Evidence{Paper: "file 7"}, At: at(1)},
		contract.Activated{At: at(1)}, contract.Suspended{At: at(2)}, contract.Renewed{Ends: "2027-06-30", At: at(3)},
		contract.Terminated{Ends: "2026-03-16", Staff: contract.TerminatedStaff{Reason: "insolvency"}, At: at(4)},
	)
	want := rows.Contract{
		Client: nexus, Zone: "Australia/Sydney", Reference: "CON-2024-018", Version: 1, Status: "terminated", Ends: "2026-03-16",
		Statement: "We agree.", Evidence: `{"statement":"","sha256":"","paper":"file 7"}`, EndedBecause: "insolvency",
		DraftedBy: &ada, DraftedAt: at(0), StatusAt: at(4), Revision: 7,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

// TestContractRowAgreesWithTheAggregate holds the two folds over one history together.
func TestContractRowAgreesWithTheAggregate(t *testing.T) {
	t.Parallel()
	all := contract.All()
	rapid.Check(t, func(t *rapid.T) {
		events := append([]domain.Event{drafted()}, rapid.SliceOfN(rapid.SampledFrom(all[1:]), 0, 30).Draw(t, "events")...)
		var state contract.State
		version := 1
		for i, event := range events {
			if accepted, ok := event.(contract.AmendmentAccepted); ok {
				version++
				accepted.Version = version
				events[i] = accepted
			}
			state = contract.Evolve(state, events[i].(contract.Event))
		}
		row := final(staff.Contracts, agreementStream(), events...)
		want := []any{string(state.Status), state.Client.UUID, state.Reference, string(state.Ends())}
		got := []any{row.Status, row.Client, row.Reference, row.Ends}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("row and state after %v (-state +row):\n%s", events, diff)
		}
	})
}

func TestRowsOfTerms(t *testing.T) {
	t.Parallel()
	first := final(staff.ContractVersions, agreementStream(), drafted())
	encoded, err := json.Marshal(drafted().Terms)
	if err != nil {
		t.Fatal(err)
	}
	want := rows.ContractVersion{
		Contract: agreement, Number: 1, Effective: "2024-07-01", Type: "bucket", SupportLevel: "24x7", Starts: "2024-07-01", NoticeDays: 30, RenewMonths: 12,
		Currency: "AUD", JobTypes: `[{"key":"api","name":"\"API\"","minutes":60}]`, Terms: string(encoded),
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("first version (-want +got):\n%s", diff)
	}
	second := final(staff.ContractVersions, agreementStream(), proposed(""), contract.AmendmentAccepted{Amendment: change, Version: 2, At: at(9)})
	agreedAt := at(9)
	if second.Number != 2 || second.Effective != "2026-01-01" || !cmp.Equal(second.AgreedAt, &agreedAt) || second.JobTypes != "[]" {
		t.Errorf("second version: %+v", second)
	}
	if open := final(staff.ContractVersions, agreementStream(), proposed("")); open.Number != 0 {
		t.Errorf("what is only proposed has the number %d", open.Number)
	}
}

func TestAmendmentRow(t *testing.T) {
	t.Parallel()
	got := final(
		staff.Amendments, agreementStream(), proposed("2026-06-30"),
		contract.AmendmentApproved{Amendment: change, By: domain.PersonID{UUID: carl}, At: at(6)},
		contract.AmendmentOffered{Amendment: change, By: domain.PersonID{UUID: ada}, At: at(7)},
		contract.AmendmentDeclined{Amendment: change, Reason: "Too dear.", By: domain.PersonID{UUID: carl}, At: at(8)},
	)
	want := rows.Proposal{
		Contract: agreement, Base: 1, Status: "declined", Effective: "2026-01-01", Statement: "More hours.", Reason: "They asked.", Value: "1200",
		ApprovedBy: `[{"by":"` + carl.String() + `","at":"2026-03-16T10:06:00Z"}]`, Answer: "Too dear.", ProposedBy: &ada, ProposedAt: at(5),
		StatusBy: &carl, StatusAt: at(8), Revision: 3, Needed: 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

func TestBucketRow(t *testing.T) {
	t.Parallel()
	by := domain.PersonID{UUID: ada}
	adjusted := contract.BucketAdjusted{Bucket: bought, Minutes: -90, Day: "2026-03-16", Staff: contract.BucketAdjustedStaff{Reason: "Goodwill."}, By: by, At: at(1)}
	got := final(
		staff.Buckets, agreementStream(),
		contract.BucketGranted{
			Bucket: bought, Line: "work", Minutes: 6000, From: "2026-01-01", Until: "2026-12-31", Source: contract.FromPurchase,
			Staff: contract.BucketGrantedStaff{Price: decimal.NewFromInt(12000), Reason: "Order 7"}, By: by, At: at(0),
		}, adjusted, adjusted,
	)
	changes, err := got.Changes()
	one := rows.BucketAdjustment{Minutes: -90, Day: "2026-03-16", Reason: "Goodwill.", By: ada, At: at(1)}
	if diff := cmp.Diff([]rows.BucketAdjustment{one, one}, changes); diff != "" || err != nil {
		t.Errorf("adjustments (-want +got), %v:\n%s", err, diff)
	}
	got.Adjustments = ""
	want := rows.Bucket{
		Contract: agreement, Line: "work", Minutes: 6000, AdjustedMinutes: -180, From: "2026-01-01", Until: "2026-12-31", Source: "purchase",
		Price: "12000", Reason: "Order 7", GrantedBy: &ada, GrantedAt: at(0), Revision: 2,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

func TestStepsTellWhoWhenAndWhy(t *testing.T) {
	t.Parallel()
	got := final(staff.ContractSteps, agreementStream(), contract.AmendmentRejected{
		Amendment: change, Staff: contract.AmendmentRejectedStaff{Reason: "Too early."}, By: domain.PersonID{UUID: ada}, At: at(3),
	})
	want := rows.ContractStep{Contract: agreement, What: "amendment_rejected", Item: change.UUID, Note: "Too early.", Actor: &ada, HappenedAt: at(3)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}
