package messaging

import (
	"context"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/invoice"
)

// Post writes to users of clients.
type Post interface {
	// Payers gives the active users of an invoice's client who may see it, as it is after a position. It wraps
	// domain.ErrUnavailable while that is not known.
	Payers(ctx context.Context, after domain.Position, of domain.InvoiceID) ([]domain.PersonID, error)
	// Remind orders the mail that says that an invoice is overdue. While that waits to be sent, the same id changes
	// nothing.
	Remind(ctx context.Context, id uuid.UUID, person domain.PersonID) error
}

// reminderLife is for how long after a reminder somebody is still written to about it: a lane that begins anew, as after
// a restored backup, must not write about last year.
const reminderLife = 24 * time.Hour

// Reminders mails those who pay a client's invoices when a step of the ladder was taken.
func Reminders(post Post, now func() time.Time) Manager {
	r := reminders{post: post, now: now}
	return Manager{Lane: "reminders", Kinds: []string{invoice.Reminded{}.Kind()}, React: r.react}
}

type reminders struct {
	post Post
	now  func() time.Time
}

func (r reminders) react(ctx context.Context, fact domain.Recorded) error {
	event, ok := fact.Event.(invoice.Reminded)
	if !ok || r.now().Sub(event.At) > reminderLife {
		return nil
	}
	of, err := invoice.IDOf(fact.Stream)
	if err != nil {
		return err
	}
	people, err := r.post.Payers(ctx, fact.Position, of)
	if err != nil {
		return err
	}
	for _, person := range people {
		if err := r.post.Remind(ctx, domain.Derive(fact.ID, "reminder", person.String()), person); err != nil {
			return err
		}
	}
	return nil
}
