package messaging_test

import (
	"context"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/messaging"
)

// TestPubSub is Watermill's own suite, in its short form. Of its tests it skips
//   - TestConsumerGroups: a lane is the group of its handler, and there is nothing beside it;
//   - TestNewSubscriberReceivesOldMessages: a lane has one place, from which every new subscriber goes on;
//   - TestReconnect: it restarts a broker by a shell command, and ours is in this process. In its place
//     TestNothingIsLost restarts the event store and more.
//
// ExactlyOnceDelivery is off: a message whose place could not be kept comes again.
func TestPubSub(t *testing.T) {
	t.Parallel()
	tests.TestPubSub(t, features(true), newBroker(t).pubSub, nil)
}

// TestPubSubAtLength is the long form of those tests of the suite that have one. That of
// TestContinueAfterErrors is left out: it nacks one message a hundred times, and our pauses would stretch
// it to minutes.
func TestPubSubAtLength(t *testing.T) {
	if os.Getenv("EFFIGATE_TORTURE") == "" {
		t.Skip("runs with EFFIGATE_TORTURE=1")
	}
	t.Parallel()
	for _, test := range []func(*testing.T, tests.TestContext, tests.PubSubConstructor){
		tests.TestConcurrentSubscribe,
		tests.TestConcurrentSubscribeMultipleTopics,
		tests.TestContinueAfterSubscribeClose,
		tests.TestPublishSubscribeInOrder,
		tests.TestPublisherClose,
	} {
		name := runtime.FuncForPC(reflect.ValueOf(test).Pointer()).Name()
		t.Run(name[strings.LastIndex(name, ".")+1:], func(t *testing.T) {
			test(t, tests.TestContext{TestID: tests.NewTestID(), Features: features(false)}, newBroker(t).pubSub)
		})
	}
}

func features(short bool) tests.Features {
	return tests.Features{Persistent: true, GuaranteedOrder: true, ForceShort: short}
}

// broker makes publishers and subscribers over one world; a topic is a lane.
type broker struct{ *world }

func newBroker(t *testing.T) broker {
	t.Helper()
	return broker{newWorld(t, samples(t))}
}

// pubSub gives a publisher and a subscriber. The suite forgets to close some.
func (b broker) pubSub(t *testing.T) (message.Publisher, message.Subscriber) {
	t.Helper()
	wants := func(lane string, r domain.Recorded) bool {
		event, ok := r.Event.(posted)
		return ok && event.Topic == lane
	}
	s := &subscriber{inner: messaging.NewSubscriber(b.client, b.lanes(), wants, b.logger)}
	t.Cleanup(func() { check(t, s.Close()) })
	return publisher(b), s
}

// publisher appends messages as events, those of one call to one stream.
type publisher broker

func (p publisher) Publish(topic string, messages ...*message.Message) error {
	command := domain.CommandID{UUID: domain.Derive(uuid.NameSpaceOID, topic, messages[0].UUID)}
	events := make([]domain.Event, len(messages))
	for i, m := range messages {
		events[i] = posted{Topic: topic, ID: m.UUID, Metadata: m.Metadata, Payload: m.Payload}
	}
	_, err := p.client.Append(context.Background(), domain.Append{
		Stream: "sample-" + command.String(), Expected: domain.NoStream, Command: command, Events: events,
	})
	return err
}

func (publisher) Close() error { return nil }

// subscriber gives messages the id, payload and metadata that they were published with. Watermill's own
// decorator would wait for ever at Close when nobody takes the last message.
type subscriber struct {
	inner   *messaging.Subscriber
	passing sync.WaitGroup
}

func (s *subscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	in, err := s.inner.Subscribe(ctx, topic)
	if err != nil {
		return nil, err
	}
	out := make(chan *message.Message)
	s.passing.Go(func() {
		defer close(out)
		for m := range in {
			fact, _ := messaging.Recorded(m)
			event, _ := fact.Event.(posted)
			m.UUID, m.Payload = event.ID, event.Payload
			for key, value := range event.Metadata {
				m.Metadata.Set(key, value)
			}
			select {
			case out <- m:
			case <-m.Context().Done():
			}
		}
	})
	return out, nil
}

func (s *subscriber) Close() error {
	err := s.inner.Close()
	s.passing.Wait()
	return err
}
