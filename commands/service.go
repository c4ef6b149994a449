package commands

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
)

// Request is who asks for a command, how often, and when. It travels beside the command itself.
type Request struct {
	Actor domain.Actor
	// Route and Key identify the command: the same actor, route and key are the same command for ever.
	Route string
	Key   string // the Idempotency-Key, or a name derived from the facts a process manager reacts to
	// Body is what was asked, byte for byte. The same key with another body is refused.
	Body []byte
	// At is when it was asked, in UTC with the resolution of the databases (microseconds).
	At time.Time
	// Seen is the revision the person saw when deciding, or nil. A stream that has moved on is a conflict.
	Seen        *int64
	Causation   uuid.UUID
	Correlation uuid.UUID
	Traceparent string
}

// Command is the id of the command the request carries.
func (r Request) Command() domain.CommandID {
	return domain.CommandID{UUID: domain.Derive(r.Actor.Person.UUID, "command", string(r.Actor.Side), r.Route, r.Key)}
}

// hash identifies what was asked under the key.
func (r Request) hash() string {
	sum := sha256.Sum256(append([]byte(r.Route+"\x00"), r.Body...))
	return hex.EncodeToString(sum[:])
}

// on is the target of the request's command on one stream.
func (r Request) on(stream string) Target {
	command := r.Command()
	correlation := r.Correlation
	if correlation == uuid.Nil {
		correlation = command.UUID
	}
	return Target{Stream: stream, Command: command, Seen: r.Seen, Cause: domain.Cause{
		Actor: r.Actor, RequestHash: r.hash(), Correlation: correlation, Causation: r.Causation, Traceparent: r.Traceparent,
	}}
}

// then is the request of a step that follows from this one: by the system, under a derived key.
func (r Request) then(route, key string) Request {
	next := r
	next.Actor, next.Route, next.Key, next.Body, next.Seen = domain.System(), route, key, nil, nil
	if next.Correlation == uuid.Nil {
		next.Correlation = r.Command().UUID
	}
	return next
}

// Answer is what a command that was accepted leads to.
type Answer struct {
	// ID is the thing acted on: the ticket, the client.
	ID uuid.UUID `json:"id"`
	// Position is where in the log the command's effect is complete; a read model that has reached it
	// shows the effect. It is the log's head when the command was in effect already.
	Position domain.Position `json:"position"`
}

// Service runs the use cases over one log. It may be used from many goroutines.
type Service struct {
	log     *folds
	answers Answers
	queue   *queue
}

// NewService makes a service over a log and the table of stored answers.
func NewService(log Log, answers Answers) *Service {
	return &Service{log: newFolds(log), answers: answers, queue: newQueue()}
}

// act runs one command once. A repeat, in flight or years later, gets the first one's answer, refusals and
// no-ops included; the same key with another body is refused.
//
// Should the process die between append and stored answer, the events themselves recognise the repeat.
func (s *Service) act(ctx context.Context, r Request, do func() (Answer, error)) (Answer, error) {
	if r.Key == "" {
		return Answer{}, domain.Refuse(domain.ErrInvalid, "idempotency_key_required", "a command needs an idempotency key")
	}
	command := r.Command()
	unlock, err := s.queue.lock(ctx, command.String())
	if err != nil {
		return Answer{}, err
	}
	defer unlock()
	kept, known, err := s.answers.Find(ctx, command)
	if err != nil {
		return Answer{}, fmt.Errorf("find the answer to command %s: %w", command, err)
	}
	if known {
		return again(kept, r.hash())
	}
	answer, err := do()
	if err == nil && answer.Position.IsZero() {
		answer.Position, err = s.log.Head(ctx)
	}
	if err != nil && !Final(err) {
		return Answer{}, err
	}
	kept, failed := store(r.hash(), answer, err)
	if failed == nil {
		failed = s.answers.Store(ctx, command, kept)
	}
	if failed != nil {
		return Answer{}, fmt.Errorf("%w: store the answer to command %s: %w", domain.ErrUnavailable, command, failed)
	}
	return answer, err
}

// onStream runs one command of an aggregate on its stream, after the ones that came before it here.
func onStream[S, C any, E domain.Event](ctx context.Context, s *Service, decider domain.Decider[S, C, E], on Target, command C) (domain.Position, error) {
	unlock, err := s.queue.lock(ctx, on.Stream)
	if err != nil {
		return domain.Position{}, err
	}
	defer unlock()
	return run(ctx, s.log, decider, on, command)
}
