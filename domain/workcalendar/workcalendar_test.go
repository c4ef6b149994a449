package workcalendar_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/spec"
	"effigate/domain/workcalendar"
)

var given = spec.Decider(workcalendar.Decider).Given

var (
	sydney = domain.CalendarID{UUID: uuid.MustParse("ca1e0000-0000-4000-8000-000000000001")}
	anna   = domain.PersonID{UUID: uuid.MustParse("5e1f0000-0000-4000-8000-000000000001")}
	by     = domain.Actor{Person: anna, Side: domain.StaffSide, Role: domain.Owner}
	at     = time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC)
	office = []calendar.Interval{{From: "09:00", Until: "17:30"}}
	week   = calendar.Calendar{Zone: "Australia/Sydney", Week: []calendar.OpenDay{{Weekday: "mon", Hours: office}}}
	friday = calendar.SpecialDay{Date: "2026-04-03", Name: "Good Friday", Holiday: true}
	anzac  = calendar.SpecialDay{Date: "2026-04-25", Name: "Anzac Day", Holiday: true}
)

func publish(base int, name string, from calendar.Date) workcalendar.Publish {
	return workcalendar.Publish{ID: sydney, Base: base, Name: name, From: from, Calendar: week, Reason: "Agreed.", By: by, At: at}
}

func published(version int, name string, from calendar.Date) workcalendar.Published {
	return workcalendar.Published{
		Calendar: sydney, Version: version, By: anna, At: at,
		Staff: workcalendar.PublishedStaff{Name: name, From: from, Calendar: week, Reason: "Agreed."},
	}
}

func add(day calendar.SpecialDay) workcalendar.AddHoliday {
	return workcalendar.AddHoliday{Day: day, By: by, At: at}
}

func added(version int, day calendar.SpecialDay) workcalendar.HolidayAdded {
	return workcalendar.HolidayAdded{Version: version, Staff: workcalendar.HolidayAddedStaff{Day: day}, By: anna, At: at}
}

func addAll(days ...calendar.SpecialDay) workcalendar.AddHolidays {
	return workcalendar.AddHolidays{ID: sydney, Days: days, Reason: "Australia.", By: by, At: at}
}

// withDays is a version with special days, as adding many makes it.
func withDays(version int, days ...calendar.SpecialDay) workcalendar.Published {
	e := published(version, "Sydney", "2026-01-01")
	e.Staff.Reason, e.Staff.Calendar.Days = "Australia.", days
	return e
}

var (
	supersede  = workcalendar.Supersede{Reason: "Old.", By: by, At: at}
	superseded = workcalendar.Superseded{Staff: workcalendar.SupersededStaff{Reason: "Old."}, By: anna, At: at}
)

func TestDecide(t *testing.T) {
	t.Parallel()
	otherwise := publish(1, "Sydney", "2026-01-01")
	otherwise.Reason, otherwise.At = "Another reason.", at.Add(time.Hour)
	half := friday
	half.Hours = []calendar.Interval{{From: "09:00", Until: "12:00"}}
	first := []workcalendar.Event{published(1, "Sydney", "2026-01-01")}
	for name, test := range map[string]struct {
		given []workcalendar.Event
		when  workcalendar.Command
		then  []workcalendar.Event
	}{
		"publish the first version":     {nil, publish(0, "Sydney", "2026-01-01"), first},
		"publish it twice":              {first, publish(0, "Sydney", "2026-01-01"), nil},
		"publish the same for a reason": {first, otherwise, nil},
		"publish another name":          {first, publish(1, "Perth", "2026-01-01"), []workcalendar.Event{published(2, "Perth", "2026-01-01")}},
		"add a holiday":                 {first, add(friday), []workcalendar.Event{added(2, friday)}},
		"add it twice":                  {append(first, added(2, friday)), add(friday), nil},
		"make it half a holiday":        {append(first, added(2, friday)), add(half), []workcalendar.Event{added(3, half)}},
		"add many":                      {first, addAll(anzac, friday), []workcalendar.Event{withDays(2, friday, anzac)}},
		"add many twice":                {append(first, withDays(2, friday, anzac)), addAll(anzac, friday), nil},
		"add many beside what is there": {append(first, added(2, half)), addAll(anzac, friday), []workcalendar.Event{withDays(3, half, anzac)}},
		"publish without it":            {append(first, added(2, friday)), publish(2, "Sydney", "2026-01-01"), []workcalendar.Event{published(3, "Sydney", "2026-01-01")}},
		"supersede":                     {first, supersede, []workcalendar.Event{superseded}},
		"supersede twice":               {append(first, superseded), supersede, nil},
		"publish the same again":        {append(first, superseded), publish(1, "Sydney", "2026-01-01"), []workcalendar.Event{published(2, "Sydney", "2026-01-01")}},
		"supersede what was brought back": {
			append(first, superseded, published(2, "Sydney", "2026-01-01")), supersede, []workcalendar.Event{superseded},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(test.when).Then(t, test.then...)
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, command := range []workcalendar.Command{supersede, add(friday), addAll(friday), publish(1, "Perth", "2026-01-01")} {
		given().When(command).ThenRefused(t, domain.ErrNotFound, "no_such_calendar")
	}
	first := published(1, "Sydney", "2026-01-01")
	given(first).When(publish(0, "Perth", "2026-01-01")).ThenRefused(t, domain.ErrConflict, "version_changed")
	given(first, superseded).When(add(friday)).ThenRefused(t, domain.ErrConflict, "superseded")
	given(first, superseded).When(addAll(friday)).ThenRefused(t, domain.ErrConflict, "superseded")
	full := []workcalendar.Event{first}
	for version := 2; version <= workcalendar.MaxVersions; version++ {
		full = append(full, added(version, friday))
	}
	given(full...).When(publish(workcalendar.MaxVersions, "Perth", "2026-01-01")).ThenRefused(t, domain.ErrConflict, "too_many_versions")
	given(full...).When(add(anzac)).ThenRefused(t, domain.ErrConflict, "too_many_versions")
	given(full...).When(addAll(anzac)).ThenRefused(t, domain.ErrConflict, "too_many_versions")
}

func TestEveryWrongFieldIsNamed(t *testing.T) {
	t.Parallel()
	given().When(workcalendar.Publish{Calendar: calendar.Calendar{Zone: "Nowhere"}, Reason: "\x00"}).
		ThenInvalid(t, "id", "name", "from", "zone", "week", "reason", "by", "at")
	known := given(published(1, "Sydney", "2026-02-01"))
	known.When(publish(1, "Sydney", "2026-01-31")).ThenInvalid(t, "from")
	moved := publish(1, "Sydney", "2026-02-01")
	moved.Calendar.Zone = "Australia/Perth"
	known.When(moved).ThenInvalid(t, "zone")
	known.When(add(calendar.SpecialDay{Date: "2026-04-31"})).ThenInvalid(t, "date", "name")
	backwards := anzac
	backwards.Hours = []calendar.Interval{{From: "12:00", Until: "09:00"}}
	known.When(add(backwards)).ThenInvalid(t, "hours")
	known.When(workcalendar.AddHolidays{Days: []calendar.SpecialDay{friday, backwards, {}}, Reason: "\x00"}).ThenInvalid(t, "id", "days", "reason", "by", "at")
	known.When(addAll(friday, friday)).ThenInvalid(t, "days")
	known.When(workcalendar.Supersede{Reason: "\x00"}).ThenInvalid(t, "reason", "by", "at")
}

// The newest version of those that begin by the day holds, and every one stays readable.
func TestVersionsAreReadableForEver(t *testing.T) {
	t.Parallel()
	state := workcalendar.Decider.Fold(
		workcalendar.State{},
		published(1, "One", "2026-02-01"), added(2, anzac), added(3, friday), published(4, "Four", "2026-03-01"), superseded,
	)
	for day, want := range map[calendar.Date]int{"2026-01-01": 1, "2026-02-01": 3, "2026-02-28": 3, "2026-03-01": 4, "2030-01-01": 4} {
		if got, found := state.On(day); got.Number != want || !found {
			t.Errorf("on %s version %d is in force, %t; want %d", day, got.Number, found, want)
		}
	}
	three, found := state.Numbered(3)
	withBoth := week
	withBoth.Days = []calendar.SpecialDay{friday, anzac}
	if diff := cmp.Diff(workcalendar.Version{Number: 3, Name: "One", From: "2026-02-01", Calendar: withBoth}, three); diff != "" || !found {
		t.Errorf("version 3, %t (-want +got):\n%s", found, diff)
	}
	for _, number := range []int{-1, 0, 5} {
		if version, found := state.Numbered(number); found {
			t.Errorf("version %d is %+v", number, version)
		}
	}
	if version, found := (workcalendar.State{}).On("2026-01-01"); found {
		t.Errorf("of nothing, %+v is in force", version)
	}
}

func TestStoredForm(t *testing.T) {
	t.Parallel()
	spec.Stored(t, "calendar", workcalendar.All())
	spec.NothingOfStaff(t)
}

// Whatever happens, nothing of it reaches a client (F3).
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := spec.Replays(t, workcalendar.Decider, rapid.SliceOfN(anyCommand(), 0, 20).Draw(t, "commands"))
		spec.DisclosureInvariants(t, workcalendar.Disclose, history)
		spec.Discloser(workcalendar.Disclose).Given(history...).Then(t)
	})
}

func anyCommand() *rapid.Generator[workcalendar.Command] {
	return rapid.Custom(func(t *rapid.T) workcalendar.Command {
		switch rapid.IntRange(0, 4).Draw(t, "command") {
		case 0:
			return supersede
		case 1:
			return add(rapid.SampledFrom([]calendar.SpecialDay{friday, anzac, {Date: "2026-04-03", Name: "Friday"}, {}}).Draw(t, "day"))
		case 2:
			return addAll(rapid.SliceOfN(rapid.SampledFrom([]calendar.SpecialDay{friday, anzac, {}}), 0, 3).Draw(t, "days")...)
		default:
			name := rapid.SampledFrom([]string{"Sydney", "Perth", ""}).Draw(t, "name")
			from := rapid.SampledFrom([]calendar.Date{"2026-01-01", "2026-02-01", "2026-02-30"}).Draw(t, "from")
			return publish(rapid.IntRange(0, 5).Draw(t, "base"), name, from)
		}
	})
}
