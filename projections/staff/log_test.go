package staff_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/projections/staff"
	rows "effigate/readmodels/staff"
)

// recorded is an event whose leaf is written out below, byte for byte.
func recorded() domain.Recorded {
	return domain.Recorded{
		ID:     uuid.MustParse("00112233-4455-6677-8899-aabbccddeeff"),
		Stream: "ticket-1", Revision: 258, Position: domain.Position{Commit: 7, Prepare: 6},
		RecordedAt: time.Date(2026, 3, 16, 10, 0, 0, 0, time.UTC),
		Raw:        domain.Raw{Kind: "ticket.started.v1", Data: []byte(`{"a":1}`), Metadata: []byte(`{}`)},
	}
}

func TestLeafIsTheHashOfTheDocumentedBytes(t *testing.T) {
	t.Parallel()
	input, err := hex.DecodeString("00" +
		"0000000000000008" + hex.EncodeToString([]byte("ticket-1")) +
		"0000000000000102" +
		"0000000000000011" + hex.EncodeToString([]byte("ticket.started.v1")) +
		"00112233445566778899aabbccddeeff" +
		"0000000000000007" + hex.EncodeToString([]byte(`{"a":1}`)) +
		"0000000000000002" + hex.EncodeToString([]byte(`{}`)))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := staff.Leaf(recorded()), sha256.Sum256(input); got != want {
		t.Errorf("leaf = %x, want %x", got, want)
	}
}

func TestLeafTellsEveryPartApartButThePosition(t *testing.T) {
	t.Parallel()
	change := map[string]func(*domain.Recorded){
		"stream":                 func(r *domain.Recorded) { r.Stream = "ticket-2" },
		"revision":               func(r *domain.Recorded) { r.Revision++ },
		"kind":                   func(r *domain.Recorded) { r.Raw.Kind = "ticket.closed.v1" },
		"id":                     func(r *domain.Recorded) { r.ID[0]++ },
		"data":                   func(r *domain.Recorded) { r.Raw.Data = []byte(`{"a":2}`) },
		"metadata":               func(r *domain.Recorded) { r.Raw.Metadata = nil },
		"border between strings": func(r *domain.Recorded) { r.Raw.Data, r.Raw.Metadata = []byte(`{"a":1}{`), []byte(`}`) },
	}
	seen := map[[sha256.Size]byte]string{staff.Leaf(recorded()): "nothing"}
	for name, apply := range change {
		changed := recorded()
		apply(&changed)
		leaf := staff.Leaf(changed)
		if other, known := seen[leaf]; known {
			t.Errorf("changing %s gives the same leaf as changing %s", name, other)
		}
		seen[leaf] = name
	}
	moved := recorded()
	moved.Position, moved.RecordedAt = domain.Position{Commit: 99, Prepare: 98}, time.Time{}
	if staff.Leaf(moved) != staff.Leaf(recorded()) {
		t.Error("the leaf depends on where the event lies")
	}
}

func TestLogEntry(t *testing.T) {
	t.Parallel()
	r := recorded()
	leaf := staff.Leaf(r)
	want := rows.LogEntry{
		ID: r.ID, Ordinal: 3, Commit: 7, Prepare: 6, Stream: "ticket-1", Revision: 258, Kind: "ticket.started.v1",
		RecordedAt: r.RecordedAt, Leaf: leaf[:],
	}
	got := staff.LogEntry(3, r)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
}
