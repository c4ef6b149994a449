package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
)

// The bounds of live streams.
const (
	maxStreams          = 4096 // of one process
	maxStreamsPerClient = 512  // or one organisation could take them from all others
	maxStreamsPerPerson = 32   // open tabs, say
	maxBehind           = 256  // changes that a stream may be behind before it is told to resync
	streamHeartbeat     = 15 * time.Second
	streamWriteTimeout  = 10 * time.Second
	// streamRest is the least time between two reads of one stream's changes: what comes faster is read
	// together.
	streamRest = 200 * time.Millisecond
)

// ErrLost says that a stream cannot be resumed after an id: the id is unknown, or what came after it is no
// longer kept.
var ErrLost = errors.New("changes after this id are not known")

// Change names a record that changed, and says nothing about how.
type Change struct {
	// ID resumes a stream after this change. It is opaque to the reader.
	ID      string
	Kind    string
	Key     uuid.UUID
	Removed bool
}

// Feed is the list of changes that an actor may hear of.
type Feed interface {
	// Last gives the id of the newest change that the actor may hear of, or an id that stands for "none yet".
	Last(ctx context.Context, actor domain.Actor) (string, error)
	// Since lists the changes after an id, oldest first and at most limit. It wraps ErrLost when it cannot
	// tell which those are. Both wrap auth.ErrUnauthenticated when the actor may hear of nothing any more.
	Since(ctx context.Context, actor domain.Actor, id string, limit int) ([]Change, error)
	// Changed gives a channel that is closed as soon as something new may be there. It may be closed for
	// nothing.
	Changed(actor domain.Actor) <-chan struct{}
}

// streams counts the open streams and ends them.
type streams struct {
	mu       sync.Mutex
	stop     chan struct{}
	stopped  bool
	open     sync.WaitGroup
	total    int
	ofPerson map[domain.PersonID]*tabs
	ofClient map[domain.ClientID]int // of client users
}

// tabs are the open streams of one person.
type tabs struct {
	number int
	// recheck is closed, and replaced, when their logins are to be verified.
	recheck chan struct{}
}

// enter admits a stream of a person, unless there are too many or the server is stopping.
func (s *streams) enter(actor domain.Actor) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stopped:
		return domain.Refuse(domain.ErrUnavailable, "stopping", "the server is stopping")
	case s.total >= maxStreams || s.number(actor.Person) >= maxStreamsPerPerson || s.ofClient[actor.Client] >= maxStreamsPerClient:
		return domain.Refuse(domain.ErrUnavailable, "too_many_streams", "too many streams are open")
	}
	if s.ofPerson == nil {
		s.ofPerson, s.ofClient = map[domain.PersonID]*tabs{}, map[domain.ClientID]int{}
	}
	s.total++
	if s.ofPerson[actor.Person] == nil {
		s.ofPerson[actor.Person] = &tabs{recheck: make(chan struct{})}
	}
	s.ofPerson[actor.Person].number++
	if !actor.Client.IsZero() {
		s.ofClient[actor.Client]++
	}
	s.open.Add(1)
	return nil
}

func (s *streams) leave(actor domain.Actor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total--
	if s.ofPerson[actor.Person].number--; s.ofPerson[actor.Person].number == 0 {
		delete(s.ofPerson, actor.Person)
	}
	if s.ofClient[actor.Client]--; s.ofClient[actor.Client] <= 0 {
		delete(s.ofClient, actor.Client)
	}
	s.open.Done()
}

// number counts the streams of a person; the lock is held.
func (s *streams) number(person domain.PersonID) int {
	if open := s.ofPerson[person]; open != nil {
		return open.number
	}
	return 0
}

// recheck gives a channel that is closed when the logins of a person, who has streams, are to be verified.
func (s *streams) recheck(person domain.PersonID) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ofPerson[person].recheck
}

// wake lets the streams of a person verify their logins.
func (s *streams) wake(person domain.PersonID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if open := s.ofPerson[person]; open != nil {
		close(open.recheck)
		open.recheck = make(chan struct{})
	}
}

// close ends all streams, waits for them, and admits no more.
func (s *streams) close() {
	s.mu.Lock()
	if !s.stopped {
		s.stopped = true
		close(s.stop)
	}
	s.mu.Unlock()
	s.open.Wait()
}

// EventsInput is the input of the operation that Events registers.
type EventsInput struct {
	LastEventID string `header:"Last-Event-ID" maxLength:"200" doc:"The id of the last event received; the stream resumes after it."`
	Since       string `query:"since" maxLength:"200" doc:"What a stream begins after that has received no event yet: the id that the page came with."`
}

// EventsOutput is its output.
type EventsOutput struct {
	Body func(huma.Context)
}

// Events registers a stream of server-sent events. The event's name is the kind of what changed, its data
// the key: {"key":"…"} or {"key":"…","removed":true}; never content. Two names are the stream's own:
// "ready" opens a stream that does not resume, "resync" says that changes were missed and everything has
// to be read anew. "bye" ends a stream for good, because its login has ended.
func (a *API) Events(path string, feed Feed) {
	operation := huma.Operation{
		OperationID: "events", Method: http.MethodGet, Path: path, Summary: "Names and keys of what changes, as it changes",
		Responses: map[string]*huma.Response{"200": {
			Description: "A stream of server-sent events",
			Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}},
		}},
	}
	Register(a, access.FollowChanges, operation, func(ctx context.Context, actor domain.Actor, in *EventsInput) (*EventsOutput, error) {
		if err := a.streams.enter(actor); err != nil {
			return nil, err
		}
		return &EventsOutput{Body: func(answer huma.Context) {
			defer a.streams.leave(actor)
			r, w := humachi.Unwrap(answer)
			s := stream{api: a, request: r, to: w, control: http.NewResponseController(w), actor: actor, feed: feed, last: cmp.Or(in.LastEventID, in.Since)}
			s.run(r.Context())
		}}, nil
	})
}

// stream is one open stream.
type stream struct {
	api     *API
	request *http.Request
	to      http.ResponseWriter
	control *http.ResponseController
	actor   domain.Actor
	feed    Feed
	last    string // id of the last event sent
}

// run sends until the reader goes, the login ends or the server stops. Any error ends the stream: the
// reader comes back and resumes after the last event it got.
func (s *stream) run(ctx context.Context) {
	h := s.to.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	heartbeat := time.NewTicker(streamHeartbeat)
	defer heartbeat.Stop()
	defer func() { _ = s.allow(streamWriteTimeout) }() // The server still writes the end of the answer.
	if s.last == "" {
		if err := s.restart(ctx, "ready"); err != nil {
			s.farewell(err)
			return
		}
	}
	for {
		// Before reading, or what comes between would wait for more.
		changed, recheck := s.feed.Changed(s.actor), s.api.streams.recheck(s.actor.Person)
		err := s.verify(ctx)
		if err == nil {
			err = s.catchUp(ctx)
		}
		if err != nil {
			s.farewell(err)
			return
		}
		if !s.wait(ctx, heartbeat, nil, recheck, time.After(streamRest)) || !s.wait(ctx, heartbeat, changed, recheck, nil) {
			return
		}
	}
}

// wait waits for any of the signals (a nil one never comes), or for the heartbeat, which serves as one
// should a signal be lost. It reports false when the stream ends.
func (s *stream) wait(ctx context.Context, heartbeat *time.Ticker, woken, recheck <-chan struct{}, rested <-chan time.Time) bool {
	select {
	case <-woken:
		return true
	case <-recheck:
		return true
	case <-rested:
		return true
	case <-heartbeat.C:
		return s.send(": alive\n\n") == nil
	case <-s.api.streams.stop:
		return false
	case <-ctx.Done():
		return false
	}
}

// verify asks whether the login behind the stream is still what it was. A stream that is open does not say
// that anybody is there.
func (s *stream) verify(ctx context.Context) error {
	login, err := s.api.login(s.request.WithContext(auth.Unattended(ctx)))
	if err == nil && login.Actor != s.actor {
		err = auth.ErrUnauthenticated
	}
	return err
}

// bye tells the reader not to come back.
func (s *stream) bye() error { return s.send("event: bye\ndata: {}\n\n") }

// farewell says bye if what ends the stream is that its actor may hear of nothing any more.
func (s *stream) farewell(err error) {
	if errors.Is(err, auth.ErrUnauthenticated) || errors.Is(err, domain.ErrNotFound) {
		_ = s.bye() // The stream ends either way.
	}
}

// restart tells the reader to begin anew from what is now the last change.
func (s *stream) restart(ctx context.Context, name string) error {
	last, err := s.feed.Last(ctx, s.actor)
	if err != nil {
		return err
	}
	s.last = last
	return s.send(fmt.Sprintf("id: %s\nevent: %s\ndata: {}\n\n", last, name))
}

// catchUp sends what changed since the last event.
func (s *stream) catchUp(ctx context.Context) error {
	changes, err := s.feed.Since(ctx, s.actor, s.last, maxBehind)
	if errors.Is(err, ErrLost) || len(changes) >= maxBehind {
		return s.restart(ctx, "resync")
	}
	if err != nil || len(changes) == 0 {
		return err
	}
	var text []byte
	for _, change := range changes {
		data, err := json.Marshal(struct {
			Key     uuid.UUID `json:"key"`
			Removed bool      `json:"removed,omitempty"`
		}{change.Key, change.Removed})
		if err != nil {
			return fmt.Errorf("encode change: %w", err)
		}
		text = fmt.Appendf(text, "id: %s\nevent: %s\ndata: %s\n\n", change.ID, change.Kind, data)
		s.last = change.ID
	}
	return s.send(string(text))
}

// send writes and flushes under a deadline of its own: the server's would end every stream, and without
// one a reader that has stalled would hold its stream for ever.
func (s *stream) send(text string) error {
	if err := s.allow(streamWriteTimeout); err != nil {
		return err
	}
	if _, err := s.to.Write([]byte(text)); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	if err := s.control.Flush(); err != nil {
		return fmt.Errorf("flush event: %w", err)
	}
	return s.allow(0)
}

// allow sets how long writes may take from now on; zero for ever.
func (s *stream) allow(timeout time.Duration) error {
	var deadline time.Time
	if timeout > 0 {
		deadline = time.Now().Add(timeout) //nolint:forbidigo // a deadline of the connection
	}
	if err := s.control.SetWriteDeadline(deadline); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("set write deadline: %w", err)
	}
	return nil
}
