package projections

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"effigate/domain"
)

// State is what a projection is doing.
type State string

// The states.
const (
	Starting   State = "starting"
	CatchingUp State = "catching_up"
	Live       State = "live"    // at the head of the log, as far as the source has said
	Stalled    State = "stalled" // repeating a step that fails, for instance while a store is down
	Stale      State = "stale"   // an event is newer than this code
	Halted     State = "halted"  // needs a hand; the error says which
)

// Status is what is known about a projection at one moment. Lag is the distance to the log's head, which
// the projection itself does not know: see Source.Head.
type Status struct {
	State     State
	Position  domain.Position
	Events    int64 // of ours, up to the position
	Parked    int   // streams
	LastError string
	// RecordedAt is when the newest applied event was recorded, AppliedAt when the last batch was stored.
	RecordedAt, AppliedAt time.Time
	// EventsPerSecond is the rate over the last batches.
	EventsPerSecond float64
	// LatencyP50 and LatencyP99 tell how long after recording an event was readable, over the last
	// batches that were applied live; zero without any.
	LatencyP50, LatencyP99 time.Duration
}

// remembered is over how many batches rates and latencies are taken.
const remembered = 256

type monitor struct {
	mu      sync.Mutex
	status  Status
	resume  State // what Stalled interrupted
	batches [remembered]applied
	next    int // total number of batches ever noted
}

type applied struct {
	at      time.Time
	events  int
	latency time.Duration // of the batch's first event; zero unless live
}

// Status gives what is known now.
func (e *Engine[E]) Status() Status { return e.monitor.read() }

func (m *monitor) begin(from Checkpoint) {
	m.status = Status{State: Starting, Position: from.Position, Events: from.Events, Parked: len(from.Parked)}
}

func (m *monitor) enter(state State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status.State = state
}

func (m *monitor) isLive() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.status.State == Live
}

// leave notes why a run ended and hands the error on.
func (m *monitor) leave(err error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		m.status.State = Starting
		return err
	case errors.Is(err, ErrUnknownKind), errors.Is(err, ErrNewer):
		m.status.State = Stale
	default:
		m.status.State = Halted
	}
	m.status.LastError = err.Error()
	return err
}

func (m *monitor) stalled(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.status.State != Stalled {
		m.resume, m.status.State = m.status.State, Stalled
	}
	m.status.LastError = err.Error()
}

func (m *monitor) recovered() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.status.State == Stalled {
		m.status.State, m.status.LastError = m.resume, ""
	}
}

func (m *monitor) applied(through domain.Position, events int, first, last, now time.Time, parked int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status.Position, m.status.AppliedAt, m.status.Parked = through, now, parked
	if events == 0 {
		return
	}
	m.status.Events += int64(events)
	m.status.RecordedAt = last
	note := applied{at: now, events: events}
	if m.status.State == Live {
		note.latency = max(now.Sub(first), 1)
	}
	m.batches[m.next%remembered] = note
	m.next++
}

func (m *monitor) read() Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	status := m.status
	notes := m.batches[:min(m.next, remembered)]
	var latencies []time.Duration
	var events int
	for _, note := range notes {
		events += note.events
		if note.latency > 0 {
			latencies = append(latencies, note.latency)
		}
	}
	if len(latencies) > 0 {
		slices.Sort(latencies)
		status.LatencyP50, status.LatencyP99 = latencies[len(latencies)/2], latencies[len(latencies)*99/100]
	}
	if len(notes) > 1 {
		newest, oldest := notes[(m.next-1)%remembered], notes[m.next%len(notes)]
		if span := newest.at.Sub(oldest.at).Seconds(); span > 0 {
			status.EventsPerSecond = float64(events-oldest.events) / span
		}
	}
	return status
}
