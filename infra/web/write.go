package web

import (
	"regexp"
)

// traceparent is the W3C form of a trace context.
var traceparent = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

// Write is embedded in the input of every operation that writes.
type Write struct {
	Key   string `header:"Idempotency-Key" required:"true" minLength:"1" maxLength:"200" pattern:"^[ -~]+$" patternDescription:"printable ASCII characters" doc:"Names this write: the same key with the same body has one effect and one answer."`
	Trace string `header:"Traceparent" hidden:"true"`
}

// Traceparent is the trace context that the caller sent, or nothing when it is not well formed.
func (w Write) Traceparent() string {
	if !traceparent.MatchString(w.Trace) {
		return ""
	}
	return w.Trace
}
