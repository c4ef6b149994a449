package hours

import "time"

// Span is a stretch of time from an instant up to another, in UTC.
type Span struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

// Seconds is how long the span is, its ends taken down to whole seconds.
func (s Span) Seconds() int64 { return s.Until.Unix() - s.From.Unix() }
