package postgres_test

import (
	"errors"
	"math"
	"sync"
	"testing"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/postgres"
)

func place(n uint64) domain.Position { return domain.Position{Commit: n, Prepare: n - n%2} }

func wantPlace(t *testing.T, lanes *postgres.Lanes, lane string, want domain.Position) {
	t.Helper()
	if got, err := lanes.Place(t.Context(), lane); err != nil || got != want {
		t.Errorf("lane %s stands at %v, %v, want %v", lane, got, err, want)
	}
}

// A lane's place only moves on, whoever keeps it in whatever order, and each lane has its own.
func TestLaneMovesOn(t *testing.T) {
	t.Parallel()
	staff, _ := open(t, postgres.StaffSide)
	lanes := postgres.NewLanes(staff, uuid.NameSpaceOID)
	wantPlace(t, lanes, "shared", domain.Position{})
	const handlers, messages = 4, 50
	var all sync.WaitGroup
	for range handlers {
		all.Go(func() {
			for n := range messages {
				if err := lanes.Keep(t.Context(), "shared", place(uint64(n+1))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	wantPlace(t, lanes, "shared", place(messages))
	for _, passed := range []domain.Position{{}, place(1), {Commit: messages, Prepare: messages - 1}, place(messages)} {
		if err := lanes.Keep(t.Context(), "shared", passed); err != nil {
			t.Errorf("a position that was passed: %v", err)
		}
		wantPlace(t, lanes, "shared", place(messages))
	}
	furthest := domain.Position{Commit: math.MaxInt64, Prepare: math.MaxInt64}
	if err := lanes.Keep(t.Context(), "shared", furthest); err != nil {
		t.Error(err)
	}
	wantPlace(t, postgres.NewLanes(staff, uuid.NameSpaceOID), "shared", furthest)
	wantPlace(t, lanes, "another", domain.Position{})
	if err := lanes.Keep(t.Context(), "shared", domain.Position{Commit: math.MaxUint64, Prepare: math.MaxUint64}); err == nil ||
		errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("the protocol's mark for no position: got %v, want a refusal", err)
	}
}

// A position means nothing in another event store: neither read nor overwritten there.
func TestLaneOfAnotherStore(t *testing.T) {
	t.Parallel()
	staff, _ := open(t, postgres.StaffSide)
	ours, theirs := postgres.NewLanes(staff, uuid.NameSpaceOID), postgres.NewLanes(staff, uuid.NameSpaceURL)
	if err := ours.Keep(t.Context(), "lane", place(7)); err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.Place(t.Context(), "lane"); !errors.Is(err, postgres.ErrOtherStore) || errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("place: got %v, want ErrOtherStore", err)
	}
	for _, position := range []domain.Position{place(3), place(9)} {
		if err := theirs.Keep(t.Context(), "lane", position); !errors.Is(err, postgres.ErrOtherStore) || errors.Is(err, domain.ErrUnavailable) {
			t.Errorf("keep %v: got %v, want ErrOtherStore", position, err)
		}
	}
	wantPlace(t, ours, "lane", place(7))
}

func TestLanesInAnOutage(t *testing.T) {
	t.Parallel()
	staff, _ := open(t, postgres.StaffSide)
	lanes := postgres.NewLanes(staff, uuid.NameSpaceOID)
	staff.Close()
	if _, err := lanes.Place(t.Context(), "lane"); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("place: got %v, want ErrUnavailable", err)
	}
	if err := lanes.Keep(t.Context(), "lane", place(1)); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("keep: got %v, want ErrUnavailable", err)
	}
}
