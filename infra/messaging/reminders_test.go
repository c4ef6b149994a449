package messaging_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/invoice"
	"effigate/infra/messaging"
)

// postbox is a post in memory: the payers of every invoice, and who was written to, by the id of the mail.
type postbox struct {
	payers  []domain.PersonID
	ordered map[uuid.UUID]domain.PersonID
}

func (p postbox) Payers(context.Context, domain.Position, domain.InvoiceID) ([]domain.PersonID, error) {
	return p.payers, nil
}

func (p postbox) Remind(_ context.Context, id uuid.UUID, person domain.PersonID) error {
	p.ordered[id] = person
	return nil
}

// Each payer is written to once a step, and nobody about what is long past.
func TestPayersAreReminded(t *testing.T) {
	t.Parallel()
	post := postbox{[]domain.PersonID{{UUID: named("olivia")}, {UUID: named("ravi")}}, map[uuid.UUID]domain.PersonID{}}
	for days, want := range []int{2, 0} {
		clear(post.ordered)
		lane := messaging.Reminders(post, func() time.Time { return monday.AddDate(0, 0, 2*days) })
		for range 2 { // A lane may see a fact again.
			fact := domain.Recorded{
				ID: named("fact"), Stream: invoice.Stream(domain.InvoiceID{UUID: named("invoice")}), Event: invoice.Reminded{Step: 1, At: monday},
			}
			if err := lane.React(t.Context(), fact); err != nil {
				t.Error(err)
			}
		}
		if len(post.ordered) != want {
			t.Errorf("%d days later %d mails are ordered, want %d", 2*days, len(post.ordered), want)
		}
	}
}
