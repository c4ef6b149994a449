package projections

import (
	"context"
	"fmt"
	"maps"

	"effigate/domain"
	"effigate/domain/visible"
)

// Told is a client-safe change with what it is to its reader.
type Told struct {
	Change visible.Change
	// New says of a Put that the record was not shown before.
	New bool
}

// Telling is Disclosures for whoever tells people what happened, and so must tell a record that appears from one that
// changes.
type Telling struct{ disclosures *Disclosures }

// NewTelling makes one as NewDisclosures does.
func NewTelling(source Source, limitBytes int, disclosures ...Disclosure) *Telling {
	keeping := make([]Disclosure, len(disclosures))
	for i, disclosure := range disclosures {
		keeping[i] = disclosure.keeping()
	}
	return &Telling{NewDisclosures(source, limitBytes, keeping...)}
}

// Tell gives the changes that an event makes. Events of one stream come in their order; one may come again.
func (t *Telling) Tell(ctx context.Context, event domain.Recorded) ([]Told, error) {
	changes, err := t.disclosures.Translate(ctx, []domain.Recorded{event})
	if err != nil || len(changes) == 0 {
		return nil, err
	}
	entry, ok := t.disclosures.states.Get(event.Stream)
	if !ok { // It is larger than the cache: no stream of ours is.
		return nil, fmt.Errorf("tell %s revision %d: its fold was not kept", event.Stream, event.Revision)
	}
	before, _ := entry.before.state.(kept) // No state yet shows nothing.
	told := make([]Told, len(changes))
	for i, change := range changes {
		told[i] = Told{Change: change, New: !before.shown[change.Key()]}
	}
	return told, nil
}

// kept is a fold's state with what it shows.
type kept struct {
	state any
	shown map[visible.Key]bool
}

// keeping is the disclosure with a state that knows what it shows.
func (d Disclosure) keeping() Disclosure {
	return Disclosure{aggregate: d.aggregate, step: func(state any, event domain.Event) (any, []visible.Change, error) {
		before, _ := state.(kept)
		after, changes, err := d.step(before.state, event)
		if err != nil || len(changes) == 0 {
			return kept{state: after, shown: before.shown}, nil, err
		}
		shown := maps.Clone(before.shown) // The state before may be asked once more.
		if shown == nil {
			shown = map[visible.Key]bool{}
		}
		for _, change := range changes {
			switch change := change.(type) {
			case visible.Put:
				shown[change.Key()] = true
			case visible.Remove:
				delete(shown, change.Key())
			}
		}
		return kept{state: after, shown: shown}, changes, nil
	}}
}
