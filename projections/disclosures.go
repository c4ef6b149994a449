package projections

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"effigate/domain"
	"effigate/domain/visible"
)

// Disclosure is one aggregate's discloser, ready for Disclosures. Make it with Disclose.
type Disclosure struct {
	aggregate string
	step      func(state any, event domain.Event) (any, []visible.Change, error)
}

// Disclose ties a discloser to the aggregate whose streams it folds: those named "<aggregate>-…".
func Disclose[S any, E domain.Event](aggregate string, disclose domain.Discloser[S, E]) Disclosure {
	return Disclosure{aggregate: aggregate, step: func(state any, event domain.Event) (any, []visible.Change, error) {
		own, ok := event.(E)
		if !ok {
			return nil, nil, fmt.Errorf("%w: %s is not an event of %s", ErrPoison, event.Kind(), aggregate)
		}
		before, _ := state.(S) // No state yet is the zero state.
		after, changes := disclose(before, own)
		return after, changes, nil
	}}
}

// Disclosures is the client side's Translator: it folds each stream with its aggregate's discloser and
// hands on what changes for a client, never an event, its metadata or its actor. It is an allow-list: a
// stream of an aggregate without a discloser yields nothing.
//
// The states of recently used streams are kept in memory; a stream whose state is not there is read again
// up to the event before.
type Disclosures struct {
	source    Source
	aggregate map[string]Disclosure
	states    *Cache[string, folded]
	call      int
}

// folded is a stream's fold, now and before the last call of Translate. The latter serves a batch that is
// given again in parts.
type folded struct {
	call          int
	now, before   version
	estimateBytes int
}

type version struct {
	state    any
	revision int64
}

// DisclosureBytes is the default bound of the memory for fold states, in estimated bytes.
const DisclosureBytes = 64 << 20

// NewDisclosures makes a translator whose fold states take at most limitBytes (0: DisclosureBytes).
func NewDisclosures(source Source, limitBytes int, disclosures ...Disclosure) *Disclosures {
	if limitBytes == 0 {
		limitBytes = DisclosureBytes
	}
	d := &Disclosures{source: source, aggregate: map[string]Disclosure{}, states: NewCache[string, folded](limitBytes)}
	for _, disclosure := range disclosures {
		d.aggregate[disclosure.aggregate] = disclosure
	}
	return d
}

// Concerns tells whether the stream's aggregate has a discloser.
func (d *Disclosures) Concerns(stream string) bool {
	_, ok := d.disclosure(stream)
	return ok
}

// Translate gives the changes of consecutive events of the log, in their order.
func (d *Disclosures) Translate(ctx context.Context, events []domain.Recorded) ([]visible.Change, error) {
	d.call++
	var changes []visible.Change
	for _, event := range events {
		disclosure, ok := d.disclosure(event.Stream)
		if !ok {
			continue
		}
		more, err := d.fold(ctx, disclosure, event)
		if err != nil {
			return nil, fmt.Errorf("disclose %s revision %d: %w", event.Stream, event.Revision, err)
		}
		changes = append(changes, more...)
	}
	return changes, nil
}

func (d *Disclosures) fold(ctx context.Context, disclosure Disclosure, event domain.Recorded) ([]visible.Change, error) {
	entry, held := d.states.Get(event.Stream)
	from := entry.now
	switch {
	case held && from.revision == event.Revision-1:
	case held && entry.before.revision == event.Revision-1:
		from = entry.before
	default:
		var err error
		if entry, err = d.refold(ctx, disclosure, event.Stream, event.Revision-1, ignore); err != nil {
			return nil, err
		}
		from = entry.now
	}
	state, changes, err := disclosure.step(from.state, event.Event)
	if err != nil {
		return nil, err
	}
	if entry.call != d.call {
		entry.call, entry.before = d.call, from
	}
	entry.now = version{state: state, revision: event.Revision}
	entry.estimateBytes += stateBytes(event)
	d.states.Put(event.Stream, entry, entry.estimateBytes)
	return changes, nil
}

// refold folds a stream from its start exactly through a revision.
func (d *Disclosures) refold(ctx context.Context, disclosure Disclosure, stream string, through int64, see func(visible.Change)) (folded, error) {
	empty := version{revision: domain.NoStream}
	if through < 0 {
		return folded{call: d.call, now: empty, before: empty, estimateBytes: entryBytes}, nil
	}
	entry, err := d.replay(ctx, disclosure, stream, through, endOfLog, see)
	if err == nil && entry.now.revision != through {
		err = fmt.Errorf("read %s: it ends at revision %d instead of %d", stream, entry.now.revision, through)
	}
	return entry, err
}

// endOfLog lies behind every position a store gives.
var endOfLog = domain.Position{Commit: math.MaxUint64, Prepare: math.MaxUint64}

func ignore(visible.Change) {}

// replay folds a stream from its start as far as revision (negative: all) and position allow, and shows
// every change on the way.
func (d *Disclosures) replay(ctx context.Context, disclosure Disclosure, stream string, through int64, until domain.Position, see func(visible.Change)) (folded, error) {
	entry := folded{call: d.call, now: version{revision: domain.NoStream}, estimateBytes: entryBytes}
	for delivery, err := range d.source.Stream(ctx, stream, through) {
		if err == nil {
			err = delivery.Err
		}
		if err != nil {
			return entry, fmt.Errorf("read %s: %w", stream, err)
		}
		event := delivery.Recorded
		if event.Position.Compare(until) > 0 {
			break
		}
		state, changes, err := disclosure.step(entry.now.state, event.Event)
		if err != nil {
			return entry, fmt.Errorf("fold %s revision %d: %w", stream, event.Revision, err)
		}
		for _, change := range changes {
			see(change)
		}
		entry.now = version{state: state, revision: event.Revision}
		entry.estimateBytes += stateBytes(event)
	}
	entry.before = entry.now
	return entry, nil
}

// Withdraw removes everything that the stream showed before the event it is parked at. The event may be
// the one that hides it.
func (d *Disclosures) Withdraw(ctx context.Context, parking Parking) ([]visible.Change, error) {
	disclosure, ok := d.disclosure(parking.Stream)
	if !ok {
		return nil, nil
	}
	d.states.Remove(parking.Stream)
	shown := ledger{}
	if _, err := d.refold(ctx, disclosure, parking.Stream, parking.Revision-1, shown.note); err != nil {
		return nil, err
	}
	for key := range shown {
		shown[key] = visible.Remove{Gone: key}
	}
	return shown.changes(), nil
}

// Restore folds the whole stream anew and gives all that it shows now, and removes the rest.
func (d *Disclosures) Restore(ctx context.Context, parking Parking, through domain.Position) ([]visible.Change, error) {
	disclosure, ok := d.disclosure(parking.Stream)
	if !ok {
		return nil, nil
	}
	shown := ledger{}
	entry, err := d.replay(ctx, disclosure, parking.Stream, -1, through, shown.note)
	if err != nil {
		return nil, err
	}
	d.states.Put(parking.Stream, entry, entry.estimateBytes)
	return shown.changes(), nil
}

func (d *Disclosures) disclosure(stream string) (Disclosure, bool) {
	aggregate, _, _ := strings.Cut(stream, "-")
	disclosure, ok := d.aggregate[aggregate]
	return disclosure, ok
}

// ledger keeps the last change of every key.
type ledger map[visible.Key]visible.Change

func (l ledger) note(change visible.Change) { l[change.Key()] = change }

// changes lists the ledger ordered by key.
func (l ledger) changes() []visible.Change {
	return slices.SortedFunc(maps.Values(l), func(a, b visible.Change) int { return a.Key().Compare(b.Key()) })
}

// entryBytes estimates what holding a stream costs before its first event.
const entryBytes = 512

// stateBytes estimates what one event adds to a fold state: its text, which is most of what is stored.
func stateBytes(event domain.Recorded) int { return len(event.Raw.Data) }
