package webhook

import (
	"context"
	"log/slog"
)

// Sign is sign, for the vector of the standard.
var Sign = sign

// Pauses are those between attempts.
var Pauses = pauses

// Bounds that tests pass.
const (
	Lease     = lease
	Patience  = patience
	Rotation  = rotation
	Retention = retention
	MaxKept   = maxKept
	Senders   = senders
)

// Step makes the attempt that is due first, if any is.
func (s Side) Step(ctx context.Context) (bool, error) {
	p := newPost(s, slog.New(slog.DiscardHandler))
	defer p.client.CloseIdleConnections()
	msg, err := p.next(ctx)
	if err != nil || msg == nil {
		return false, err
	}
	return true, p.deliver(msg) //nolint:contextcheck // a message has its own
}

// Take takes what is due and dies with it.
func (s *Service) Take(ctx context.Context) (Due, bool, error) { return s.take(ctx) }

// Reason is what the log of deliveries says of an attempt without an answer.
func Reason(err error) string { return reason(err) }
