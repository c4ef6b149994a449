package messaging

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/invoice"
	"effigate/domain/sla"
	"effigate/domain/ticket"
)

// Desk tells people of staff what they need to know.
type Desk interface {
	// Recipients gives the active people of staff that recipients of a level stand for on a ticket, as the ticket is
	// after a position. Each of them is there once. It wraps domain.ErrUnavailable while that is not known.
	Recipients(ctx context.Context, after domain.Position, of domain.TicketID, recipients []string, persons []uuid.UUID) ([]domain.PersonID, error)
	// Answerable gives those that one name of recipients stands for on an invoice: its client's account manager, or a role.
	// Otherwise it is as Recipients.
	Answerable(ctx context.Context, after domain.Position, of domain.InvoiceID, recipient string) ([]domain.PersonID, error)
	// Tell keeps a notice, and mails it if it says so. It may be told again, which changes nothing.
	Tell(ctx context.Context, n Notice) error
}

// Notice tells a person that a ticket needs it, or an objection to an invoice.
type Notice struct {
	ID      uuid.UUID // derived from what happened and the person
	Person  domain.PersonID
	Ticket  domain.TicketID  // none of an objection
	Invoice domain.InvoiceID // of an objection
	Dispute domain.DisputeID // that nobody answered in time
	Goal    sla.Goal         // of an escalation
	Level   int              // of an escalation; 0 = the person was mentioned
	Item    domain.CommentID // that mentions the person
	By      domain.PersonID  // who mentioned the person
	At      time.Time
	Mail    bool
}

// Notices tells people of staff of levels of the ladder that were reached, of comments that mention them, and of
// objections that nobody answered in time: each once, however often a fact comes.
func Notices(desk Desk) Manager {
	n := notices{desk}
	return Manager{
		Lane: "notices",
		Kinds: []string{
			ticket.Escalated{}.Kind(), ticket.Commented{}.Kind(), ticket.CommentEdited{}.Kind(), invoice.AnswerMissed{}.Kind(),
		},
		React: n.react,
	}
}

type notices struct{ desk Desk }

func (n notices) react(ctx context.Context, fact domain.Recorded) error {
	if e, ok := fact.Event.(invoice.AnswerMissed); ok {
		return n.unanswered(ctx, fact, e)
	}
	of, err := ticket.IDOf(fact.Stream)
	if err != nil {
		return err
	}
	switch e := fact.Event.(type) {
	case ticket.Escalated:
		return n.escalated(ctx, fact, of, e)
	case ticket.Commented:
		return n.mentioned(ctx, fact, e.Mentions, Notice{Ticket: of, Item: e.Comment, By: e.By, At: e.At})
	case ticket.CommentEdited:
		return n.mentioned(ctx, fact, e.Mentions, Notice{Ticket: of, Item: e.Comment, By: e.By, At: e.At})
	}
	return nil
}

// escalated tells those whom the level names. An escalation that would reach nobody, as of a ticket without an
// assignee, goes to the account manager, and else to the owners.
func (n notices) escalated(ctx context.Context, fact domain.Recorded, of domain.TicketID, e ticket.Escalated) error {
	level := e.Staff.Level
	people, err := n.desk.Recipients(ctx, fact.Position, of, level.Recipients, level.Persons)
	for _, instead := range []string{sla.AccountManager, string(domain.Owner)} {
		if err == nil && len(people) == 0 {
			people, err = n.desk.Recipients(ctx, fact.Position, of, []string{instead}, nil)
		}
	}
	if err != nil {
		return err
	}
	for _, person := range people {
		err := n.desk.Tell(ctx, Notice{
			ID: domain.Derive(fact.ID, "notice", person.String()), Person: person, Ticket: of,
			Goal: e.Goal, Level: level.Level, At: e.At, Mail: level.Mail,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// unanswered tells the client's account manager. Where that is nobody, as one who has left, it tells the owners.
func (n notices) unanswered(ctx context.Context, fact domain.Recorded, e invoice.AnswerMissed) error {
	of, err := invoice.IDOf(fact.Stream)
	if err != nil {
		return err
	}
	people, err := n.desk.Answerable(ctx, fact.Position, of, sla.AccountManager)
	if err == nil && len(people) == 0 {
		people, err = n.desk.Answerable(ctx, fact.Position, of, string(domain.Owner))
	}
	if err != nil {
		return err
	}
	for _, person := range people {
		err := n.desk.Tell(ctx, Notice{
			ID: domain.Derive(e.Dispute.UUID, "answer missed", person.String()), Person: person, Invoice: of, Dispute: e.Dispute,
			At: e.At, Mail: true,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mentioned tells those who are meant, but for the author and for users of clients. Whoever was meant before the
// comment was edited has been told.
func (n notices) mentioned(ctx context.Context, fact domain.Recorded, meant []domain.PersonID, of Notice) error {
	var persons []uuid.UUID
	for _, person := range meant {
		if person != of.By && !slices.Contains(persons, person.UUID) {
			persons = append(persons, person.UUID)
		}
	}
	if len(persons) == 0 {
		return nil
	}
	people, err := n.desk.Recipients(ctx, fact.Position, of.Ticket, nil, persons)
	if err != nil {
		return err
	}
	for _, person := range people {
		of.ID, of.Person = domain.Derive(of.Item.UUID, "mention", person.String()), person
		if err := n.desk.Tell(ctx, of); err != nil {
			return err
		}
	}
	return nil
}
