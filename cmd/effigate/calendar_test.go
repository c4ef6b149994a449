package main

import (
	"testing"

	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/infra/postgres/postgrestest"
)

// Holidays are shown first, then added, and the second time there is nothing left to add.
func TestHolidaysFromTheShell(t *testing.T) {
	t.Parallel()
	s := shell{t, postgrestest.Folder(t)}
	spawnServe(t, s.data)
	w := attachTo(t, s.data)
	defer func() { _ = w.close() }()
	_, err := w.service.PublishCalendar(t.Context(), commands.Request{Actor: domain.System(), Route: "test", Key: uuid.NewString(), At: w.now()}, commands.PublishCalendar{
		Name: "Sydney office", From: "2026-01-01", Content: calendar.Calendar{Zone: "Australia/Sydney", Always: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	var places []struct{ Country, Region, Name string }
	s.must(&places, "calendar", "places")
	if len(places) < 20 {
		t.Errorf("%d places are known", len(places))
	}
	type day struct{ Date, Name string }
	asked := []string{"calendar", "import-holidays", "sydney OFFICE", "--country", "au", "--region", "nsw", "--from", "2026", "--to", "2027"}
	var first, second, third []day
	s.must(&first, append(asked, "--dry-run")...)
	s.must(&second, asked...)
	s.must(&third, asked...)
	if len(first) != 27 || len(second) != 27 || len(third) != 0 || first[0] != (day{"2026-01-01", "New Year's Day"}) {
		t.Errorf("shown %d, added %d, then %d: %v", len(first), len(second), len(third), first)
	}
	var calendars []struct {
		Name    string
		Version int
	}
	s.must(&calendars, "calendar", "list")
	if len(calendars) != 1 || calendars[0].Version != 2 {
		t.Errorf("the calendars are %+v", calendars)
	}
	s.refused("calendar", "import-holidays", "Perth office", "--country", "AU", "--from", "2026", "--to", "2027")
	s.refused("calendar", "import-holidays", "Sydney office", "--country", "XX", "--from", "2026", "--to", "2027")
	s.refused("calendar", "import-holidays", "Sydney office", "--country", "AU", "--from", "2027", "--to", "2026")
}
