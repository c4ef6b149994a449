package visible_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain/visible"
)

func uid(first, last byte) uuid.UUID { return uuid.UUID{0: first, 15: last} }

func TestKeysAreOrderedByClientKindAndID(t *testing.T) {
	t.Parallel()
	ordered := []visible.Key{
		{},
		{uid(1, 0), visible.KindComment, uid(9, 9)},
		{uid(1, 0), visible.KindTicket, uid(1, 0)},
		{uid(1, 0), visible.KindTicket, uid(1, 1)},
		{uid(1, 0), visible.KindTicket, uid(2, 0)},
		{uid(1, 1), visible.KindComment, uid(0, 0)},
		{uid(2, 0), visible.KindCategory, uid(0, 0)},
	}
	for i, k := range ordered {
		for j, other := range ordered {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := k.Compare(other); got != want {
				t.Errorf("%v compared with %v gives %d, want %d", k, other, got, want)
			}
		}
	}
}

func TestEveryRecordHasItsOwnKind(t *testing.T) {
	t.Parallel()
	client, id := uid(1, 0), uid(2, 0)
	records := map[visible.Kind]visible.Record{
		visible.KindPerson:     visible.Person{Client: client, ID: id},
		visible.KindContract:   visible.Contract{Client: client, ID: id},
		visible.KindCategory:   visible.Category{Client: client, ID: id},
		visible.KindTicket:     visible.Ticket{Client: client, ID: id},
		visible.KindComment:    visible.Comment{Client: client, ID: id},
		visible.KindTicketStep: visible.TicketStep{Client: client, ID: id},
	}
	for kind, record := range records {
		if want := (visible.Key{Client: client, Kind: kind, ID: id}); record.Key() != want {
			t.Errorf("%T has key %v, want %v", record, record.Key(), want)
		}
		if (visible.Put{Record: record}).Key() != record.Key() || (visible.Remove{Gone: record.Key()}).Key() != record.Key() {
			t.Errorf("changes of %T have another key", record)
		}
	}
	if want := (visible.Key{Client: client, Kind: visible.KindOrganisation, ID: client}); (visible.Organisation{Client: client}).Key() != want {
		t.Errorf("an organisation has another key than %v", want)
	}
	if len(visible.Show(slices.Collect(func(yield func(visible.Record) bool) {
		for _, record := range records {
			if !yield(record) {
				return
			}
		}
	})...)) != len(records) {
		t.Error("records of different kinds share a key")
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC)
	ticket := func(client, id byte, title string) visible.Ticket {
		return visible.Ticket{Client: uid(client, 0), ID: uid(id, 0), Title: title, RaisedAt: at}
	}
	before := visible.Show(ticket(1, 1, "stays"), ticket(1, 2, "goes"), ticket(1, 3, "changes"), ticket(2, 4, "moves"))
	after := visible.Show(ticket(1, 1, "stays"), ticket(1, 3, "changed"), ticket(1, 4, "moves"), ticket(1, 0, "comes"))
	want := []visible.Change{
		visible.Put{Record: ticket(1, 0, "comes")},
		visible.Remove{Gone: ticket(1, 2, "").Key()},
		visible.Put{Record: ticket(1, 3, "changed")},
		visible.Put{Record: ticket(1, 4, "moves")},
		visible.Remove{Gone: ticket(2, 4, "").Key()},
	}
	for range 20 { // Maps are read in another order each time.
		if diff := cmp.Diff(want, visible.Diff(before, after)); diff != "" {
			t.Fatalf("changes (-want +got):\n%s", diff)
		}
	}
	if changes := visible.Diff(nil, nil); changes != nil {
		t.Errorf("nothing became %v", changes)
	}
}

func TestOfTwoRecordsWithOneKeyTheLaterIsShown(t *testing.T) {
	t.Parallel()
	key := visible.Ticket{Client: uid(1, 0), ID: uid(2, 0)}.Key()
	shown := visible.Show(visible.Ticket{Client: key.Client, ID: key.ID, Title: "first"}, visible.Ticket{Client: key.Client, ID: key.ID, Title: "second"})
	if got := shown[key].(visible.Ticket).Title; len(shown) != 1 || got != "second" {
		t.Errorf("shown: %q of %d", got, len(shown))
	}
}

// Applying the difference to what was shown before gives what is shown after, with each key touched once,
// in order, and only where something changed.
func TestDiffLeadsFromBeforeToAfter(t *testing.T) {
	t.Parallel()
	someShown := rapid.Custom(func(t *rapid.T) visible.Shown {
		return visible.Show(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) visible.Record {
			client, id := uid(rapid.Byte().Draw(t, "client")%3, 0), uid(rapid.Byte().Draw(t, "id")%5, 0)
			text := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "text")
			if rapid.Bool().Draw(t, "comment") {
				return visible.Comment{Client: client, ID: id, Text: text}
			}
			return visible.Ticket{Client: client, ID: id, Title: text}
		}), 0, 12).Draw(t, "records")...)
	})
	rapid.Check(t, func(t *rapid.T) {
		before, after := someShown.Draw(t, "before"), someShown.Draw(t, "after")
		changes := visible.Diff(before, after)
		for i, change := range changes {
			if i > 0 && changes[i-1].Key().Compare(change.Key()) >= 0 {
				t.Fatalf("%v comes after %v", change.Key(), changes[i-1].Key())
			}
			if before[change.Key()] == after[change.Key()] {
				t.Fatalf("%+v changes nothing", change)
			}
			switch change := change.(type) {
			case visible.Put:
				before[change.Key()] = change.Record
			case visible.Remove:
				delete(before, change.Gone)
			}
		}
		if diff := cmp.Diff(after, before); diff != "" {
			t.Fatalf("after applying the changes (-want +got):\n%s", diff)
		}
	})
}
