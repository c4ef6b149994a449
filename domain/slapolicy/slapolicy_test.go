package slapolicy_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/sla"
	"effigate/domain/slapolicy"
	"effigate/domain/spec"
)

var given = spec.Decider(slapolicy.Decider).Given

var (
	support = domain.SLAPolicyID{UUID: uuid.MustParse("51a00000-0000-4000-8000-000000000001")}
	anna    = domain.PersonID{UUID: uuid.MustParse("5e1f0000-0000-4000-8000-000000000001")}
	by      = domain.Actor{Person: anna, Side: domain.StaffSide, Role: domain.Owner}
	at      = time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC)
	content = sla.Policy{Targets: []sla.Target{{Priority: "critical", SupportLevel: "24x7", ResolutionMinutes: 240}}}
)

func publish(base int, name string, from calendar.Date) slapolicy.Publish {
	return slapolicy.Publish{ID: support, Base: base, Name: name, From: from, Policy: content, Reason: "Agreed.", By: by, At: at}
}

func published(version int, name string, from calendar.Date) slapolicy.Published {
	return slapolicy.Published{
		Policy: support, Version: version, By: anna, At: at,
		Staff: slapolicy.PublishedStaff{Name: name, From: from, Policy: content, Reason: "Agreed."},
	}
}

var (
	supersede  = slapolicy.Supersede{Reason: "Old.", By: by, At: at}
	superseded = slapolicy.Superseded{Staff: slapolicy.SupersededStaff{Reason: "Old."}, By: anna, At: at}
)

func TestDecide(t *testing.T) {
	t.Parallel()
	otherwise := publish(1, "Support", "2026-01-01")
	otherwise.Reason, otherwise.At = "Another reason.", at.Add(time.Hour)
	first := []slapolicy.Event{published(1, "Support", "2026-01-01")}
	for name, test := range map[string]struct {
		given []slapolicy.Event
		when  slapolicy.Command
		then  []slapolicy.Event
	}{
		"publish the first version":        {nil, publish(0, "Support", "2026-01-01"), first},
		"publish it twice":                 {first, publish(0, "Support", "2026-01-01"), nil},
		"publish the same for a reason":    {first, otherwise, nil},
		"publish another name":             {first, publish(1, "Help", "2026-01-01"), []slapolicy.Event{published(2, "Help", "2026-01-01")}},
		"publish for later":                {first, publish(1, "Support", "2026-07-01"), []slapolicy.Event{published(2, "Support", "2026-07-01")}},
		"supersede":                        {first, supersede, []slapolicy.Event{superseded}},
		"supersede twice":                  {append(first, superseded), supersede, nil},
		"publish the same again":           {append(first, superseded), publish(1, "Support", "2026-01-01"), []slapolicy.Event{published(2, "Support", "2026-01-01")}},
		"supersede what was brought back":  {append(first, superseded, published(2, "Support", "2026-01-01")), supersede, []slapolicy.Event{superseded}},
		"publish what was published again": {append(first, superseded, published(2, "Support", "2026-01-01")), publish(2, "Support", "2026-01-01"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(test.when).Then(t, test.then...)
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	given().When(supersede).ThenRefused(t, domain.ErrNotFound, "no_such_policy")
	given(published(1, "Support", "2026-01-01")).When(publish(0, "Help", "2026-01-01")).ThenRefused(t, domain.ErrConflict, "version_changed")
	given().When(publish(1, "Help", "2026-01-01")).ThenRefused(t, domain.ErrNotFound, "no_such_policy")
	var full []slapolicy.Event
	for version := range slapolicy.MaxVersions {
		full = append(full, published(version+1, "Support", "2026-01-01"))
	}
	given(full...).When(publish(slapolicy.MaxVersions, "Help", "2026-01-01")).ThenRefused(t, domain.ErrConflict, "too_many_versions")
}

func TestEveryWrongFieldIsNamed(t *testing.T) {
	t.Parallel()
	given().When(slapolicy.Publish{Policy: sla.Policy{NearBreachPercent: 101, Floors: []sla.Floor{{}}}, Reason: "\x00"}).
		ThenInvalid(t, "id", "name", "from", "targets", "near_breach_percent", "floors", "reason", "by", "at")
	known := given(published(1, "Support", "2026-02-01"))
	known.When(publish(1, "Support", "2026-01-31")).ThenInvalid(t, "from")
	known.When(slapolicy.Supersede{Reason: "\x00"}).ThenInvalid(t, "reason", "by", "at")
	unmet := publish(1, "Support", "2026-02-01")
	unmet.Policy = sla.Policy{Targets: []sla.Target{{Priority: "critical", SupportLevel: "gold", ResolutionMinutes: 240}}}
	known.When(unmet).ThenInvalid(t, "targets")
}

// The firm has one policy and each client one; what a policy is for stays, and need not be said again.
func TestLayers(t *testing.T) {
	t.Parallel()
	client := domain.ClientID{UUID: uuid.MustParse("c11e0000-0000-4000-8000-000000000001")}
	said := func(id domain.SLAPolicyID, layer sla.Source, of domain.ClientID, base int) slapolicy.Publish {
		c := publish(base, "Support "+string(rune('1'+base)), "2026-01-01")
		c.ID, c.Layer, c.Client = id, layer, of
		return c
	}
	for name, wrong := range map[string]struct {
		when   slapolicy.Publish
		fields []string
	}{
		"another id for the firm":            {said(support, sla.FromFirm, domain.ClientID{}, 0), []string{"id"}},
		"another id for a client":            {said(support, sla.FromClient, client, 0), []string{"id"}},
		"a client without one":               {said(slapolicy.ForClient(client), sla.FromClient, domain.ClientID{}, 0), []string{"client", "id"}},
		"a client for the firm":              {said(slapolicy.FirmDefault(), sla.FromFirm, client, 0), []string{"client"}},
		"the firm's own one to choose":       {said(slapolicy.FirmDefault(), sla.FromNowhere, domain.ClientID{}, 0), []string{"id"}},
		"a layer of which there is no other": {said(support, sla.FromContract, domain.ClientID{}, 0), []string{"layer"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given().When(wrong.when).ThenInvalid(t, wrong.fields...)
		})
	}
	first, err := slapolicy.Decide(slapolicy.State{}, said(slapolicy.ForClient(client), sla.FromClient, client, 0))
	if err != nil {
		t.Fatal(err)
	}
	next, err := slapolicy.Decide(slapolicy.Decider.Fold(slapolicy.State{}, first...), said(slapolicy.ForClient(client), sla.FromNowhere, domain.ClientID{}, 1))
	if err != nil {
		t.Fatal(err)
	}
	if second := next[0].(slapolicy.Published).Staff; second.Layer != sla.FromClient || second.Client != client {
		t.Errorf("the next version is for %q %s", second.Layer, second.Client)
	}
	given(first...).When(said(slapolicy.ForClient(client), sla.FromFirm, domain.ClientID{}, 1)).ThenInvalid(t, "layer", "id")
}

func TestVersionsAreReadableForEver(t *testing.T) {
	t.Parallel()
	state := slapolicy.Decider.Fold(
		slapolicy.State{},
		published(1, "One", "2026-02-01"), published(2, "Two", "2026-03-01"), published(3, "Three", "2026-03-01"), superseded,
	)
	for day, want := range map[calendar.Date]int{"2026-01-01": 1, "2026-02-28": 1, "2026-03-01": 3, "2030-01-01": 3} {
		if got, found := state.On(day); got.Number != want || !found {
			t.Errorf("on %s version %d is in force, %t; want %d", day, got.Number, found, want)
		}
	}
	if two, found := state.Numbered(2); two.Terms.Name != "Two" || !found || state.Newest() != 3 {
		t.Errorf("version 2 of %d is %+v, %t", state.Newest(), two, found)
	}
	for _, number := range []int{-1, 0, 4} {
		if version, found := state.Numbered(number); found {
			t.Errorf("version %d is %+v", number, version)
		}
	}
	if version, found := (slapolicy.State{}).On("2026-01-01"); found {
		t.Errorf("of nothing, %+v is in force", version)
	}
}

func TestStoredForm(t *testing.T) {
	t.Parallel()
	spec.Stored(t, "slapolicy", slapolicy.All())
	spec.NothingOfStaff(t)
}

// Whatever happens, nothing of it reaches a client (F3).
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := spec.Replays(t, slapolicy.Decider, rapid.SliceOfN(anyCommand(), 0, 20).Draw(t, "commands"))
		spec.DisclosureInvariants(t, slapolicy.Disclose, history)
		spec.Discloser(slapolicy.Disclose).Given(history...).Then(t)
	})
}

func anyCommand() *rapid.Generator[slapolicy.Command] {
	return rapid.Custom(func(t *rapid.T) slapolicy.Command {
		if rapid.IntRange(0, 3).Draw(t, "command") == 0 {
			return supersede
		}
		name := rapid.SampledFrom([]string{"Support", "Help", ""}).Draw(t, "name")
		from := rapid.SampledFrom([]calendar.Date{"2026-01-01", "2026-02-01", "2026-02-30"}).Draw(t, "from")
		return publish(rapid.IntRange(0, 5).Draw(t, "base"), name, from)
	})
}
