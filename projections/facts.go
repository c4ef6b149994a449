package projections

import (
	"context"
	"fmt"

	"effigate/domain"
)

// Facts is the staff side's Translator: the events themselves. A parked stream's rows stay as they were
// before the event it is parked at; the table of parked streams says that they are stale.
type Facts struct{ source Source }

// NewFacts makes a Facts that reads skipped events from the source.
func NewFacts(source Source) Facts { return Facts{source: source} }

// Translate gives the events.
func (f Facts) Translate(_ context.Context, events []domain.Recorded) ([]domain.Recorded, error) {
	return events, nil
}

// Withdraw gives nothing: staff may see what was true before the event.
func (f Facts) Withdraw(context.Context, Parking) ([]domain.Recorded, error) { return nil, nil }

// Restore gives the events from the one that the stream is parked at through the position.
func (f Facts) Restore(ctx context.Context, parking Parking, through domain.Position) ([]domain.Recorded, error) {
	var events []domain.Recorded
	for delivery, err := range f.source.Stream(ctx, parking.Stream, -1) {
		if err == nil && delivery.Recorded.Revision >= parking.Revision {
			err = delivery.Err
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", parking.Stream, err)
		}
		if delivery.Recorded.Position.Compare(through) > 0 {
			break
		}
		if delivery.Recorded.Revision >= parking.Revision {
			events = append(events, delivery.Recorded)
		}
	}
	return events, nil
}
