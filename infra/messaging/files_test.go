package messaging_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/ticket"
	"effigate/infra/messaging"
)

// A ticket's files are settled after each fact that changes who sees them, and a fact that cannot be settled comes again.
func TestFilesAreSettled(t *testing.T) {
	t.Parallel()
	want := domain.TicketID{UUID: uuid.UUID{1}}
	failure := errors.New("the disk is full")
	var settled []domain.TicketID
	manager := messaging.Files(func(_ context.Context, id domain.TicketID) error {
		settled = append(settled, id)
		return failure
	})
	if err := manager.React(t.Context(), domain.Recorded{Stream: ticket.Stream(want)}); !errors.Is(err, failure) {
		t.Errorf("a failure is %v", err)
	}
	failure = nil
	if err := manager.React(t.Context(), domain.Recorded{Stream: ticket.Stream(want)}); err != nil || len(settled) != 2 || settled[0] != want || settled[1] != want {
		t.Errorf("settled %v, %v", settled, err)
	}
	if err := manager.React(t.Context(), domain.Recorded{Stream: "period-x"}); err == nil || len(settled) != 2 {
		t.Errorf("a stream of no ticket: %v", err)
	}
	if len(manager.Kinds) != 5 || manager.Lane != "files" {
		t.Errorf("the lane %s hears %v", manager.Lane, manager.Kinds)
	}
}
