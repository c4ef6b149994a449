package eventstore

import (
	"context"
	"fmt"
	"iter"

	"effigate/domain"
	"effigate/infra/eventstore/embedded"
	"effigate/projections"
)

// NewScanSource gives a source that scans the log of an embedded node in process, many times faster than
// over its protocol and with equal results. All else goes through the client, which must be connected to
// that node.
func NewScanSource(client *Client, node *embedded.Node) projections.Source {
	return scanSource{Client: client, node: node}
}

type scanSource struct {
	*Client
	node *embedded.Node
}

// Scan is Client.Scan, in process.
func (s scanSource) Scan(ctx context.Context, after domain.Position) iter.Seq2[projections.Delivery, error] {
	return func(yield func(projections.Delivery, error) bool) {
		head, err := s.Head(ctx)
		if err == nil {
			err = within(after, head)
		}
		if err != nil {
			yield(projections.Delivery{}, scanError(after, err))
			return
		}
		for event, err := range s.node.Scan(ctx, embedded.Position(after.Commit)) {
			if err != nil {
				yield(projections.Delivery{}, scanError(after, err))
				return
			}
			if !yield(s.options.Registry.deliver(scanned(event)), nil) {
				return
			}
		}
	}
}

func scanError(after domain.Position, err error) error {
	return fmt.Errorf("scan the log after %d: %w", after.Commit, err)
}

func scanned(event embedded.Event) domain.Recorded {
	at := uint64(event.Position)
	return domain.Recorded{
		ID:         event.ID,
		Stream:     event.Stream,
		Revision:   int64(event.Revision),
		Position:   domain.Position{Commit: at, Prepare: at},
		RecordedAt: event.Created,
		Raw:        domain.Raw{Kind: event.Type, Data: event.Data, Metadata: event.Metadata},
	}
}
