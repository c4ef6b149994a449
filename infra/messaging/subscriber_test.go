package messaging_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/infra/messaging"
	"effigate/projections"
	toy "effigate/projections/projectionstest"
)

// The tests of this file run in bubbles of synctest: their time is virtual, and each fails when a goroutine
// is left behind.

// memory keeps the places of lanes until the process ends.
type memory struct {
	mu     sync.Mutex
	places map[string]domain.Position
	fail   error // what every call answers
	failAt error // what every Keep answers
	looks  int   // calls of Place
	keeps  int   // calls of Keep
}

func (m *memory) Place(_ context.Context, lane string) (domain.Position, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.looks++
	return m.places[lane], m.fail
}

func (m *memory) Keep(_ context.Context, lane string, position domain.Position) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keeps++
	if err := errors.Join(m.fail, m.failAt); err != nil {
		return err
	}
	if m.places == nil {
		m.places = map[string]domain.Position{}
	}
	if m.places[lane].Compare(position) < 0 {
		m.places[lane] = position
	}
	return nil
}

func (m *memory) set(fail, failAt error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail, m.failAt = fail, failAt
}

func (m *memory) seen() (place domain.Position, looks, keeps int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.places["lane"], m.looks, m.keeps
}

// wantsNamed is a lane for the names of toys, and for what is broken when broken is set.
func wantsNamed(broken bool) messaging.Wants {
	return func(_ string, r domain.Recorded) bool {
		return r.Raw.Kind == toy.Named{}.Kind() || broken && r.Raw.Kind == "toy.broken.v1"
	}
}

func newSubscriber(source projections.Source, lanes messaging.Lanes, wants messaging.Wants) *messaging.Subscriber {
	return messaging.NewSubscriber(source, lanes, wants, slog.New(slog.DiscardHandler))
}

func subscribe(t *testing.T, s *messaging.Subscriber) <-chan *message.Message {
	t.Helper()
	messages, err := s.Subscribe(context.Background(), "lane")
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

// elapse lets virtual time pass, and then everything settle.
func elapse(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestMessage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := toy.NewLog()
		log.Append(toy.ToyStream(1), toy.Opened{ID: toy.ToyID(1)}, toy.Named{Name: "bear"})
		s := newSubscriber(log, &memory{}, wantsNamed(false))
		messages := subscribe(t, s)
		for _, answer := range []func(*message.Message) bool{(*message.Message).Nack, (*message.Message).Ack} {
			m := <-messages
			fact, ok := messaging.Recorded(m)
			if !ok || fact.Event != (toy.Named{Name: "bear"}) || m.UUID != fact.ID.String() {
				t.Errorf("message %s carries %v", m.UUID, fact.Event)
			}
			want := message.Metadata{messaging.Stream: toy.ToyStream(1), messaging.Revision: "1", messaging.Kind: "toy.named.v1"}
			if diff := cmp.Diff(want, m.Metadata); diff != "" {
				t.Errorf("metadata (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(`{"Name":"bear"}`, string(m.Payload)); diff != "" {
				t.Errorf("payload (-want +got):\n%s", diff)
			}
			if err := m.Context().Err(); err != nil {
				t.Errorf("before the answer the context has ended: %v", err)
			}
			answer(m)
			<-m.Context().Done()
		}
		if _, ok := messaging.Recorded(message.NewMessage("other", nil)); ok {
			t.Error("a message from elsewhere carries an event")
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// What a lane passes over moves its place all the same, so that a start need not read it again; but not
// with a write for each.
func TestPlaceMovesOverWhatIsNotWanted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, lanes := toy.NewLog(), &memory{}
		s := newSubscriber(log, lanes, wantsNamed(false))
		defer func() { _ = s.Close() }()
		subscribe(t, s)
		for range 3 {
			var head domain.Position
			for range 1000 {
				log.Append(toy.ToyStream(1), toy.Noted{Text: "not for this lane"})
				log.AppendBroken(toy.ToyStream(2), projections.ErrUnknownKind)
				head = log.AppendForeign()
			}
			_, _, before := lanes.seen()
			elapse(2 * time.Second)
			place, _, after := lanes.seen()
			if place != head {
				t.Errorf("the lane stands at %v, the head is %v", place, head)
			}
			if writes := after - before; writes > 2 {
				t.Errorf("%d writes for 3,000 events passed over", writes)
			}
			elapse(time.Hour)
			if _, _, idle := lanes.seen(); idle != after {
				t.Errorf("%d writes while nothing happened", idle-after)
			}
		}
	})
}

// An event that cannot be decoded may be one that the lane is for. The lane waits before it, tries now and
// then, and goes on when newer code can read it.
func TestLaneWaitsBeforeWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for _, reason := range []error{projections.ErrUnknownKind, projections.ErrNewer, projections.ErrMalformed} {
		t.Run(reason.Error(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				log, lanes := toy.NewLog(), &memory{}
				before := log.Append(toy.ToyStream(1), toy.Opened{ID: toy.ToyID(1)})
				log.AppendBroken(toy.ToyStream(1), reason)
				head := log.Append(toy.ToyStream(1), toy.Named{Name: "behind it"})
				s := newSubscriber(log, lanes, wantsNamed(true))
				defer func() { _ = s.Close() }()
				messages := subscribe(t, s)
				elapse(10 * time.Minute)
				select {
				case m := <-messages:
					t.Fatalf("got %s behind what could not be read", m.Metadata)
				default:
				}
				place, looks, _ := lanes.seen()
				if place != before {
					t.Errorf("the lane stands at %v, want %v", place, before)
				}
				if looks > 300 {
					t.Errorf("%d attempts in ten minutes", looks)
				}
				log.Repair(toy.ToyStream(1), 1, toy.Named{Name: "readable"})
				for _, want := range []string{"readable", "behind it"} {
					m := <-messages
					if fact, _ := messaging.Recorded(m); fact.Event != (toy.Named{Name: want}) {
						t.Errorf("got %v, want %q", fact.Event, want)
					}
					m.Ack()
				}
				synctest.Wait()
				if place, _, _ := lanes.seen(); place != head {
					t.Errorf("the lane stands at %v, the head is %v", place, head)
				}
			})
		})
	}
}

// followed counts who follows the log now.
type followed struct {
	*toy.Log
	now atomic.Int64
}

func (f *followed) Follow(ctx context.Context, after domain.Position, out chan<- projections.Delivery) error {
	f.now.Add(1)
	defer f.now.Add(-1)
	return f.Log.Follow(ctx, after, out)
}

// A lane that cannot go on tries again with pauses that grow, whatever stops it.
func TestPausesGrow(t *testing.T) {
	t.Parallel()
	down := fmt.Errorf("%w: the database is away", domain.ErrUnavailable)
	for name, test := range map[string]struct {
		failKeep error
		answer   func(*message.Message) bool
	}{
		"the handler fails":        {nil, (*message.Message).Nack},
		"the place cannot be kept": {down, (*message.Message).Ack},
		"the place is another's":   {errors.New("position belongs to another event store"), (*message.Message).Ack},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				log, lanes := &followed{Log: toy.NewLog()}, &memory{failAt: test.failKeep}
				log.Append(toy.ToyStream(1), toy.Named{Name: "bear"})
				s := newSubscriber(log, lanes, wantsNamed(false))
				messages := subscribe(t, s)
				deliveries := 0
				for end := time.After(10 * time.Minute); ; {
					select {
					case m := <-messages:
						deliveries++
						test.answer(m)
						continue
					case <-end:
					}
					break
				}
				if deliveries < 100 || deliveries > 300 {
					t.Errorf("%d deliveries in ten minutes, want one in about four seconds", deliveries)
				}
				if now := log.now.Load(); now > 1 {
					t.Errorf("the lane follows the log %d times at once", now)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A lane whose place is another store's is refused; one whose place cannot be read yet starts later.
func TestSubscribeWithoutPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, otherStore := toy.NewLog(), errors.New("position belongs to another event store")
		log.Append(toy.ToyStream(1), toy.Named{Name: "bear"})
		lanes := &memory{fail: otherStore}
		s := newSubscriber(log, lanes, wantsNamed(false))
		if _, err := s.Subscribe(t.Context(), "lane"); !errors.Is(err, otherStore) {
			t.Errorf("another store's place: got %v", err)
		}
		lanes.set(fmt.Errorf("%w: starting up", domain.ErrUnavailable), nil)
		messages := subscribe(t, s)
		elapse(time.Minute)
		lanes.set(nil, nil)
		(<-messages).Ack()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Close ends lanes in every state: idle, with a message nobody takes, with one that is out, in a pause.
func TestClose(t *testing.T) {
	t.Parallel()
	for name, reach := range map[string]func(log *toy.Log, lanes *memory, messages <-chan *message.Message){
		"idle": func(*toy.Log, *memory, <-chan *message.Message) {},
		"a message nobody takes": func(log *toy.Log, _ *memory, _ <-chan *message.Message) {
			log.Append(toy.ToyStream(1), toy.Named{Name: "bear"})
		},
		"more events than are read ahead": func(log *toy.Log, _ *memory, _ <-chan *message.Message) {
			for range 1000 {
				log.Append(toy.ToyStream(1), toy.Named{Name: "bear"})
			}
		},
		"a message out": func(log *toy.Log, _ *memory, messages <-chan *message.Message) {
			log.Append(toy.ToyStream(1), toy.Named{Name: "bear"})
			<-messages
		},
		"pausing after a Nack": func(log *toy.Log, _ *memory, messages <-chan *message.Message) {
			log.Append(toy.ToyStream(1), toy.Named{Name: "bear"})
			for range 10 {
				(<-messages).Nack()
			}
		},
		"pausing in an outage": func(log *toy.Log, lanes *memory, messages <-chan *message.Message) {
			log.Append(toy.ToyStream(1), toy.Named{Name: "bear"})
			m := <-messages
			lanes.set(fmt.Errorf("%w: away", domain.ErrUnavailable), nil)
			m.Ack()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				log, lanes := toy.NewLog(), &memory{}
				s := newSubscriber(log, lanes, wantsNamed(false))
				messages := subscribe(t, s)
				reach(log, lanes, messages)
				synctest.Wait()
				began := time.Now() //nolint:forbidigo // virtual
				for range 2 {
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				}
				if _, open := <-messages; open {
					t.Error("a message came after Close")
				}
				if took := time.Since(began); took > 0 {
					t.Errorf("Close waited for %s", took)
				}
				if place, _, _ := lanes.seen(); !place.IsZero() {
					t.Errorf("the lane stands at %v without an Ack", place)
				}
				if _, err := s.Subscribe(t.Context(), "lane"); err == nil {
					t.Error("a closed subscriber subscribed")
				}
			})
		})
	}
}

// Whatever the handler answers, whatever fails and however often the lane is started anew: the messages
// come in the order of the log, one at a time, again only from behind the place kept, and all of them.
func TestAnyFailureKeepsTheOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bare := struct{ rapid.TB }{t} // rapid asks a *testing.T for its deadline, which has none in a bubble.
		rapid.Check(bare, func(rt *rapid.T) {
			log, lanes := toy.NewLog(), &memory{}
			wanted := fillLog(rt, log)
			for handled := 0; handled < len(wanted); {
				handled += process(rt, log, lanes, wanted[handled:])
			}
		})
	})
}

// process starts the lane, answers some messages, ends, and tells how many of those wanted it has handled.
func process(rt *rapid.T, log *toy.Log, lanes *memory, wanted []domain.Position) (handled int) {
	s := newSubscriber(log, lanes, wantsNamed(false))
	defer func() { _ = s.Close() }()
	messages, err := s.Subscribe(context.Background(), "lane")
	if err != nil {
		rt.Fatal(err)
	}
	for range rapid.IntRange(1, 12).Draw(rt, "messages until the end") {
		if handled == len(wanted) {
			break
		}
		m, ok := within(messages, time.Hour)
		if !ok {
			rt.Fatalf("%d messages are not handled, and no more come", len(wanted)-handled)
		}
		fact, _ := messaging.Recorded(m)
		place, _, _ := lanes.seen()
		if fact.Position.Compare(place) <= 0 || fact.Position.Compare(wanted[handled]) > 0 {
			rt.Fatalf("message at %v, with the place at %v and the next one at %v", fact.Position, place, wanted[handled])
		}
		if !answer(rt, lanes, m) {
			break // The process ends with the message out.
		}
		if m.Ack() && fact.Position == wanted[handled] {
			handled++
		}
	}
	return handled
}

// fillLog records events on three streams, of which some are for the lane, and gives those positions.
func fillLog(rt *rapid.T, log *toy.Log) (wanted []domain.Position) {
	for i := range rapid.IntRange(1, 40).Draw(rt, "events") {
		stream := toy.ToyStream(rapid.IntRange(0, 2).Draw(rt, "toy"))
		switch rapid.IntRange(0, 3).Draw(rt, "kind") {
		case 0:
			log.AppendForeign()
		case 1:
			log.AppendBroken(stream, projections.ErrUnknownKind)
		default:
			wanted = append(wanted, log.Append(stream, toy.Named{Name: strconv.Itoa(i)}))
		}
	}
	return wanted
}

// answer answers a message in a random way; false leaves it without an answer.
func answer(rt *rapid.T, lanes *memory, m *message.Message) bool {
	lanes.set(nil, nil)
	switch rapid.IntRange(0, 7).Draw(rt, "answer") {
	case 0:
		return false
	case 1:
		return m.Nack()
	case 2: // Handled, but its place cannot be kept.
		lanes.set(nil, fmt.Errorf("%w: away", domain.ErrUnavailable))
		return m.Ack()
	default:
		return m.Ack()
	}
}

// within waits for the next message.
func within(messages <-chan *message.Message, patience time.Duration) (*message.Message, bool) {
	select {
	case m := <-messages:
		return m, true
	case <-time.After(patience):
		return nil, false
	}
}
