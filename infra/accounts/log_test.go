package accounts_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"effigate/domain"
	"effigate/infra/accounts"
)

func TestRepeatsAreCounted(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		d.pass(time.Minute - d.time().Sub(d.time().Truncate(time.Minute)))
		started := d.time()
		denied := accounts.Entry{Person: domain.PersonID{UUID: newID()}, Client: d.client, Kind: accounts.KindDenied, Outcome: "refused", Subject: "staff.manage", Where: browser}
		other := denied
		other.Where.Address = "192.0.2.8"
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		for range 3 {
			d.pass(time.Second)
			d.Record(gone, denied) // Whoever hangs up is recorded all the same.
		}
		d.Record(t.Context(), other)
		d.pass(time.Minute)
		d.Record(t.Context(), denied)
		want := []accounts.Entry{denied, other, denied}
		want[0].At, want[0].Count = started.Add(time.Minute+3*time.Second), 1
		want[1].At, want[1].Count = started.Add(3*time.Second), 1
		want[2].At, want[2].Count = started.Add(time.Second), 3
		got, err := d.staff.Entries(t.Context(), accounts.EntryFilter{})
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(accounts.Entry{}, "ID")); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

// Whoever has a network of its own must not fill the log from each of its addresses.
func TestRepeatsAreCountedByNetwork(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	for _, address := range []string{"2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"} {
		d.Record(t.Context(), accounts.Entry{Kind: accounts.KindLogin, Outcome: "refused", Where: from(address)})
	}
	entries, err := d.staff.Entries(t.Context(), accounts.EntryFilter{})
	if err != nil || len(entries) != 2 || entries[1].Count != 2 || entries[1].Where.Address != "2001:db8::1" {
		t.Errorf("got %+v, %v", entries, err)
	}
}

func TestEntriesAreNarrowed(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	other := domain.ClientID{UUID: newID()}
	ada, bo := domain.PersonID{UUID: newID()}, domain.PersonID{UUID: newID()}
	for _, entry := range []accounts.Entry{
		{Person: ada, Client: d.client, Kind: accounts.KindLogin},
		{Person: bo, Client: d.client, Kind: accounts.KindLogout},
		{Person: bo, Client: other, Kind: accounts.KindLogin},
		{Kind: accounts.KindLogin},
	} {
		entry.Outcome, entry.Where = "ok", browser
		d.Record(t.Context(), entry)
	}
	subjects := func(s *accounts.Service, filter accounts.EntryFilter) []int64 {
		t.Helper()
		entries, err := s.Entries(t.Context(), filter)
		if err != nil {
			t.Fatal(err)
		}
		ids := []int64{}
		for _, entry := range entries {
			ids = append(ids, entry.ID)
		}
		return ids
	}
	for name, test := range map[string]struct {
		filter accounts.EntryFilter
		want   []int64
	}{
		"of all":             {accounts.EntryFilter{}, []int64{4, 3, 2, 1}},
		"of an organisation": {accounts.EntryFilter{Client: d.client}, []int64{2, 1}},
		"of a person":        {accounts.EntryFilter{Person: bo}, []int64{3, 2}},
		"of a person in one": {accounts.EntryFilter{Client: d.client, Person: bo}, []int64{2}},
		"of a kind":          {accounts.EntryFilter{Kind: accounts.KindLogin, Client: d.client}, []int64{1}},
		"of nobody":          {accounts.EntryFilter{Client: domain.ClientID{UUID: newID()}}, []int64{}},
		"before":             {accounts.EntryFilter{Before: 3}, []int64{2, 1}},
		"limited":            {accounts.EntryFilter{Limit: 1}, []int64{4}},
	} {
		if diff := cmp.Diff(test.want, subjects(d.staff, test.filter)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff([]int64{2, 1}, subjects(d.Service, accounts.EntryFilter{Client: d.client})); diff != "" {
		t.Errorf("for the portal (-want +got):\n%s", diff)
	}
	if entries, err := d.Entries(t.Context(), accounts.EntryFilter{}); err == nil {
		t.Errorf("the portal reads all of %d entries", len(entries))
	}
}

func TestRecordingNeverFails(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	var logged strings.Builder
	options := d.options
	options.Logger = slog.New(slog.NewTextHandler(&logged, nil))
	service, err := accounts.New(options)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x\x00", 5000)
	service.Record(t.Context(), accounts.Entry{Kind: long, Outcome: long, Subject: long, Where: accounts.Where{Address: long, UserAgent: long}})
	entries, err := d.staff.Entries(t.Context(), accounts.EntryFilter{})
	if err != nil || len(entries) != 1 || len(entries[0].Subject) > 200 || logged.Len() > 0 {
		t.Errorf("recorded %+v, %v, logged %s", entries, err, &logged)
	}
	options.Pool.Close()
	service.Record(t.Context(), accounts.Entry{Kind: accounts.KindLogin, Subject: "secret subject", Where: browser})
	if got := logged.String(); !strings.Contains(got, "access not recorded") || strings.Contains(got, "secret") || strings.Contains(got, browser.Address) {
		t.Errorf("logged %q", got)
	}
}

func TestPruningKeepsWhatCounts(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		begun := d.invited("ada@example.org")
		d.key(begun.Person, "key")
		d.offered(begun.Person)
		d.invite(d.newcomer("bo@example.org"))
		d.guess("ada@example.org", browser)
		d.Record(t.Context(), accounts.Entry{Kind: accounts.KindLogin, Outcome: "ok"})
		before := d.rows()
		if err := d.staff.Prune(t.Context()); err != nil || d.rows() != before {
			t.Errorf("%d rows became %d, %v", before, d.rows(), err)
		}
		d.pass(400*24*time.Hour + time.Second)
		d.Record(t.Context(), accounts.Entry{Kind: accounts.KindLogin, Outcome: "ok", Subject: "new"})
		if err := d.staff.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		var left []string
		for _, text := range d.texts() {
			left = append(left, strings.Fields(text)[0])
		}
		want := []string{"access_log", "people", "people", "settings"}
		if diff := cmp.Diff(want, left, cmpopts.SortSlices(strings.Compare)); diff != "" {
			t.Errorf("left (-want +got):\n%s", diff)
		}
	})
}
