package page

import (
	"fmt"
	"strconv"
	"time"
)

// CountdownProps are those of the time that is left until something is due.
type CountdownProps struct {
	// Label says what is left, to whoever hears the page: "Time left until the first reply".
	Label string
	// Due is when nothing is left, as it looks at Now, the server's time. The script counts on from there.
	Due, Now time.Time
	// Left is what stays while the clock is stopped: Due is zero then.
	Left time.Duration
	Tone Tone
}

// text is what the page says before any script runs.
func (c CountdownProps) text() string {
	if c.Due.IsZero() {
		return Hours(c.Left) + " left"
	}
	return left(c.Due.Sub(c.Now))
}

// left is how long something is away in words, as the script has them: "0h 42m left", "2d 4h left", "−1h 10m". Below
// ten minutes it has seconds.
func left(away time.Duration) string {
	sign, suffix := "", " left"
	switch away = away.Truncate(time.Second); {
	case away == 0:
		return "due now"
	case away < 0:
		sign, suffix, away = "−", "", -away
	}
	switch {
	case away < 10*time.Minute:
		return fmt.Sprintf("%s%dm %02ds%s", sign, away/time.Minute, away%time.Minute/time.Second, suffix)
	case away < 24*time.Hour:
		return sign + Hours(away) + suffix
	default:
		return fmt.Sprintf("%s%dd %dh%s", sign, away/(24*time.Hour), away%(24*time.Hour)/time.Hour, suffix)
	}
}

// Hours is a length of working time, which has no days: "27h 05m". Seconds are left out.
func Hours(length time.Duration) string {
	return fmt.Sprintf("%dh %02dm", length/time.Hour, length%time.Hour/time.Minute)
}

// preciseTime is an instant to the millisecond, for a script.
func preciseTime(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// Doing is what a clock does during a stretch.
type Doing string

// What a clock does.
const (
	Counting Doing = "counting"
	Closed   Doing = "closed"  // outside of opening hours
	Holiday  Doing = "holiday" // closed for a reason of its own
	Waiting  Doing = "waiting" // for somebody else
	Holding  Doing = "holding" // for another reason
)

// Stretch is a part of a clock's time.
type Stretch struct {
	From, Until time.Time // in the zone that they are shown in
	Doing       Doing
	Word        string        // what it does, in words
	Counted     time.Duration // how much of it counts
}

// StripProps explain a clock.
type StripProps struct {
	Caption   string
	Stretches []Stretch // oldest first, without gaps
	Now       time.Time // what is later is a plan
}

// parts are the stretches, with what has counted by now apart from what is to come.
func (s StripProps) parts() []Stretch {
	parts := make([]Stretch, 0, len(s.Stretches)+1)
	for _, stretch := range s.Stretches {
		if stretch.Counted > 0 && stretch.From.Before(s.Now) && s.Now.Before(stretch.Until) {
			done, rest := stretch, stretch
			done.Until, rest.From = s.Now, s.Now
			done.Counted = min(stretch.Counted, s.Now.Sub(stretch.From)) // All of a stretch that counts does.
			rest.Counted -= done.Counted
			parts = append(parts, done, rest)
			continue
		}
		parts = append(parts, stretch)
	}
	return parts
}

// Consumed is how much has counted by now.
func (s StripProps) Consumed() time.Duration {
	var sum time.Duration
	for _, part := range s.parts() {
		if part.From.Before(s.Now) {
			sum += part.Counted
		}
	}
	return sum
}

// bar is one part of the picture, in thousandths of the whole.
type bar struct {
	x, width string
	doing    Doing
	coming   bool // later than now
}

// bars draws the stretches to scale. A part too short for the scale is in the table alone.
func (s StripProps) bars() []bar {
	if len(s.Stretches) == 0 {
		return nil
	}
	from, whole := s.Stretches[0].From, s.Stretches[len(s.Stretches)-1].Until.Sub(s.Stretches[0].From)
	var drawn []bar
	for _, part := range s.parts() {
		x, end := place(part.From.Sub(from), whole), place(part.Until.Sub(from), whole)
		if end > x {
			drawn = append(drawn, bar{x: strconv.Itoa(x), width: strconv.Itoa(end - x), doing: part.Doing, coming: !part.From.Before(s.Now)})
		}
	}
	return drawn
}

// place is where a moment is in the picture.
func place(at, whole time.Duration) int {
	if whole <= 0 {
		return 0
	}
	return share(int64(at/time.Second), max(int64(whole/time.Second), 1))
}

// counted is what a stretch counts, or will.
func (s StripProps) counted(stretch Stretch) string {
	switch {
	case stretch.Counted == 0:
		return "nothing"
	case !stretch.From.Before(s.Now):
		return Hours(stretch.Counted) + " to come"
	default:
		return Hours(stretch.Counted)
	}
}
