package messaging

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/client"
	"effigate/domain/person"
)

// Accounts is where the names and credentials of one side's people are. Both methods may be repeated, and
// find nothing to do for people of the other side.
type Accounts interface {
	// Close ends everything by which a person could come in.
	Close(ctx context.Context, person domain.PersonID) error
	// Erase closes the account and removes every personal datum.
	Erase(ctx context.Context, person domain.PersonID) error
}

// People completes what commands on people began. Whoever took a seat is invited in it, or the seat is given
// back. Whoever was deactivated gives the seat back, and loses in the accounts of both sides everything to
// come in by; whoever was erased, everything personal.
func People(service *commands.Service, now func() time.Time, accounts ...Accounts) Manager {
	p := people{service: service, now: now, accounts: accounts}
	return Manager{
		Lane:  "people",
		Kinds: []string{client.SeatTaken{}.Kind(), person.Deactivated{}.Kind(), person.Erased{}.Kind()},
		React: p.react,
	}
}

type people struct {
	service  *commands.Service
	now      func() time.Time
	accounts []Accounts
}

func (p people) react(ctx context.Context, fact domain.Recorded) error {
	r := commands.Request{
		Actor: domain.System(), Route: "complete people", Key: fact.ID.String(), At: p.now(),
		Causation: fact.ID, Correlation: fact.Command.UUID,
	}
	if taken, ok := fact.Event.(client.SeatTaken); ok {
		of, err := idOf(fact.Stream, "client-")
		if err != nil {
			return err
		}
		_, err = p.service.CompleteInvitation(ctx, r, domain.ClientID{UUID: of}, taken.Person)
		return err
	}
	id, err := idOf(fact.Stream, "person-")
	if err != nil {
		return err
	}
	who := domain.PersonID{UUID: id}
	if _, erased := fact.Event.(person.Erased); erased {
		return p.all(func(a Accounts) error { return a.Erase(ctx, who) })
	}
	_, err = p.service.ReleaseSeat(ctx, r, who)
	return errors.Join(err, p.all(func(a Accounts) error { return a.Close(ctx, who) }))
}

// all asks the accounts of every side: one that cannot be reached doesn't keep a person in the other.
func (p people) all(ask func(Accounts) error) error {
	errs := make([]error, len(p.accounts))
	for i, accounts := range p.accounts {
		errs[i] = ask(accounts)
	}
	return errors.Join(errs...)
}

// idOf is the id in the name of a stream.
func idOf(stream, prefix string) (uuid.UUID, error) {
	name, found := strings.CutPrefix(stream, prefix)
	id, err := uuid.Parse(name)
	if !found || err != nil {
		return uuid.Nil, fmt.Errorf("%q is not the name of a stream %s<id>", stream, prefix)
	}
	return id, nil
}
