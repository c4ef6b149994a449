package page_test

import (
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"effigate/infra/web/page"
)

func rendered(t *testing.T, component templ.Component) string {
	t.Helper()
	var text strings.Builder
	if err := component.Render(t.Context(), &text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// What is left reads alike however much it is, and what is over says so by its sign.
func TestCountdownWords(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 16, 10, 0, 0, 0, time.UTC)
	for away, want := range map[time.Duration]string{
		42 * time.Minute:                    "0h 42m left",
		8 * time.Hour:                       "8h 00m left",
		52*time.Hour + 59*time.Minute:       "2d 4h left",
		24 * time.Hour:                      "1d 0h left",
		24*time.Hour - time.Second:          "23h 59m left",
		10 * time.Minute:                    "0h 10m left",
		10*time.Minute - time.Second:        "9m 59s left",
		time.Second:                         "0m 01s left",
		0:                                   "due now",
		-time.Second:                        "−0m 01s",
		-70 * time.Minute:                   "−1h 10m",
		-(3*24*time.Hour + 5*time.Hour + 1): "−3d 5h",
	} {
		if got := rendered(t, page.Countdown(page.CountdownProps{Due: now.Add(away), Now: now})); !strings.Contains(got, ">"+want+"<") {
			t.Errorf("%v away reads %s, want %q", away, got, want)
		}
	}
	stopped := rendered(t, page.Countdown(page.CountdownProps{Left: 27*time.Hour + 5*time.Minute}))
	if !strings.Contains(stopped, ">27h 05m left<") || strings.Contains(stopped, "data-due") {
		t.Errorf("a clock that is stopped reads %s", stopped)
	}
}

// A page that is read where the clock shows another day goes on telling the time that the server told: the script learns
// by how much that clock is wrong. It used to go by it, and told of a day of the demo that it was 251 days ago.
func TestAgoGoesByTheServersClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC)
	want := `<rel-time data-server-now="2026-03-16T09:00:00.000Z"><time datetime="2026-03-16T06:00:00Z" title="16 Mar 2026, 06:00 UTC">3 hours ago</time></rel-time>`
	if got := rendered(t, page.Ago(now.Add(-3*time.Hour), now)); got != want {
		t.Errorf("it is %s, want %s", got, want)
	}
}

// The picture of a clock is to scale, and tells what has counted from what is to come.
func TestStripIsToScale(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 3, 16, 8, 0, 0, 0, time.UTC)
	strip := page.StripProps{Now: from.Add(6 * time.Hour), Stretches: []page.Stretch{
		{From: from, Until: from.Add(2 * time.Hour), Doing: page.Counting, Counted: 2 * time.Hour},
		{From: from.Add(2 * time.Hour), Until: from.Add(2*time.Hour + time.Second), Doing: page.Closed},
		{From: from.Add(2*time.Hour + time.Second), Until: from.Add(7 * time.Hour), Doing: page.Waiting},
		{From: from.Add(7 * time.Hour), Until: from.Add(8 * time.Hour), Doing: page.Counting, Counted: time.Hour},
	}}
	got := rendered(t, page.Strip(strip))
	for _, want := range []string{
		`class="strip-counting" x="0" width="250"`, `class="strip-waiting" x="250" width="625"`, `class="strip-counting coming" x="875" width="125"`,
		"2h 00m", "1h 00m to come",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if strings.Contains(got, `<rect class="strip-closed"`) {
		t.Error("what is too short for the scale is drawn")
	}
	if got := strip.Consumed(); got != 2*time.Hour {
		t.Errorf("%v have counted", got)
	}
	strip.Now = from.Add(7*time.Hour + 15*time.Minute)
	if got, text := strip.Consumed(), rendered(t, page.Strip(strip)); got != 2*time.Hour+15*time.Minute || !strings.Contains(text, "0h 45m to come") ||
		!strings.Contains(text, `class="strip-counting" x="875" width="31"`) || !strings.Contains(text, `class="strip-counting coming" x="906" width="94"`) {
		t.Errorf("in the middle of a stretch %v have counted: %s", got, text)
	}
	strip.Now = from.Add(8 * time.Hour)
	if strings.Contains(rendered(t, page.Strip(strip)), "coming") {
		t.Error("something is to come of what is over")
	}
	if got := rendered(t, page.Strip(page.StripProps{Stretches: []page.Stretch{{From: from, Until: from}}})); strings.Contains(got, "<rect") {
		t.Errorf("nothing is drawn as %s", got)
	}
}
