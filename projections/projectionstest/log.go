// Package projectionstest holds what tests of projections share: a source in memory that can be made to
// fail, and a small aggregate with a disclosure.
//
// It may import domain, domain/visible and projections.
package projectionstest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/projections"
)

// Log is a projections.Source in memory. Its zero value is not ready: use NewLog.
type Log struct {
	identity uuid.UUID
	mu       sync.Mutex
	all      []projections.Delivery
	streams  map[string][]int // indexes of each stream's events in all
	grown    chan struct{}    // closed and replaced by every append
	down     error
	reads    int
}

// NewLog makes an empty log.
func NewLog() *Log {
	return &Log{identity: domain.Derive(uuid.NameSpaceURL, "projectionstest"), streams: map[string][]int{}, grown: make(chan struct{})}
}

// Epoch is when the first event of every Log is recorded; each next one comes a millisecond later.
var Epoch = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// Append records events on a stream and gives the position of the last.
func (l *Log) Append(stream string, events ...domain.Event) domain.Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, event := range events {
		data, err := json.Marshal(event)
		if err != nil {
			panic(err) // The events of tests are plain structs.
		}
		l.add(stream, projections.Delivery{Recorded: domain.Recorded{
			Event: event, Raw: domain.Raw{Kind: event.Kind(), Data: data},
		}})
	}
	return l.head()
}

// AppendBroken records an event that cannot be decoded for the reason given.
func (l *Log) AppendBroken(stream string, reason error) domain.Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(stream, projections.Delivery{
		Recorded: domain.Recorded{Raw: domain.Raw{Kind: "toy.broken.v1", Data: []byte("{")}},
		Err:      fmt.Errorf("toy.broken.v1: %w", reason),
	})
	return l.head()
}

// AppendForeign records an event that is not ours.
func (l *Log) AppendForeign() domain.Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add("$stats", projections.Delivery{})
	return l.head()
}

// Repair replaces a broken event, as newer code would read it.
func (l *Log) Repair(stream string, revision int64, event domain.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	repaired := &l.all[l.streams[stream][revision]]
	repaired.Recorded.Event, repaired.Err = event, nil
}

// SetDown makes every read fail with the error until it is called with nil. Followers wait.
func (l *Log) SetDown(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = err
	l.tell()
}

// StreamReads counts the reads of single streams so far.
func (l *Log) StreamReads() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reads
}

// add completes a delivery and records it. The caller holds the lock.
func (l *Log) add(stream string, delivery projections.Delivery) {
	recorded := &delivery.Recorded
	recorded.Stream = stream
	recorded.Revision = int64(len(l.streams[stream]))
	l.streams[stream] = append(l.streams[stream], len(l.all))
	number := uint64(len(l.all) + 1)
	recorded.Position = domain.Position{Commit: number * 100, Prepare: number * 100}
	recorded.ID = domain.Derive(l.identity, stream, recorded.Raw.Kind, strconv.FormatInt(recorded.Revision, 10))
	recorded.RecordedAt = Epoch.Add(time.Duration(number) * time.Millisecond)
	l.all = append(l.all, delivery)
	l.tell()
}

func (l *Log) tell() {
	close(l.grown)
	l.grown = make(chan struct{})
}

func (l *Log) head() domain.Position {
	if len(l.all) == 0 {
		return domain.Position{}
	}
	return l.all[len(l.all)-1].Recorded.Position
}

// after gives what lies after the position, what tells of more, and why nothing can be read.
func (l *Log) after(position domain.Position) ([]projections.Delivery, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from := int(position.Commit / 100)
	return slices.Clone(l.all[min(from, len(l.all)):]), l.grown, l.down
}

// Follow implements projections.Source.
func (l *Log) Follow(ctx context.Context, after domain.Position, out chan<- projections.Delivery) error {
	for {
		news, grown, err := l.after(after)
		if err == nil {
			for _, delivery := range append(news, projections.Delivery{CaughtUp: true}) {
				select {
				case out <- delivery:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			if len(news) > 0 {
				after = news[len(news)-1].Recorded.Position
			}
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Scan implements projections.Source.
func (l *Log) Scan(ctx context.Context, after domain.Position) iter.Seq2[projections.Delivery, error] {
	return func(yield func(projections.Delivery, error) bool) {
		news, _, err := l.after(after)
		if err = errors.Join(err, ctx.Err()); err != nil {
			yield(projections.Delivery{}, err)
			return
		}
		for _, delivery := range news {
			if !yield(delivery, nil) {
				return
			}
		}
	}
}

// Stream implements projections.Source.
func (l *Log) Stream(ctx context.Context, stream string, through int64) iter.Seq2[projections.Delivery, error] {
	return func(yield func(projections.Delivery, error) bool) {
		deliveries, err := l.stream(stream)
		if err = errors.Join(err, ctx.Err()); err != nil {
			yield(projections.Delivery{}, err)
			return
		}
		for revision, delivery := range deliveries {
			if through >= 0 && int64(revision) > through || !yield(delivery, nil) {
				return
			}
		}
	}
}

func (l *Log) stream(name string) ([]projections.Delivery, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	deliveries := make([]projections.Delivery, 0, len(l.streams[name]))
	for _, index := range l.streams[name] {
		deliveries = append(deliveries, l.all[index])
	}
	return deliveries, l.down
}

// Head implements projections.Source.
func (l *Log) Head(context.Context) (domain.Position, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head(), l.down
}

// Identity implements projections.Source.
func (l *Log) Identity(context.Context) (uuid.UUID, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.identity, l.down
}

var _ projections.Source = (*Log)(nil)
