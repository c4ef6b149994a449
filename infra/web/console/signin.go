package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/web/signin"
	rows "effigate/readmodels/staff"
)

// firm is what the organisation of staff goes by on the pages of logging in.
const firm = "the console"

// mountSignin adds the pages of logging in and of the own account.
func (c *Console) mountSignin(service *accounts.Service) {
	signin.Mount(c.API, signin.Options{
		Accounts: service, Side: domain.StaffSide, API: base, Base: c.options.Base, Frame: c.frame, Now: c.options.Clock,
		Organisation: func(context.Context, domain.ClientID) (string, error) { return firm, nil },
		Standing:     c.standing, Activate: c.activate,
	})
}

// standing tells how a staff person stands.
func (c *Console) standing(ctx context.Context, _ domain.ClientID, person domain.PersonID) (signin.Standing, error) {
	_, state, err := c.state(ctx, domain.Position{}, person)
	if errors.Is(err, domain.ErrNotFound) {
		return signin.Unknown, nil
	}
	return signin.Standing(state), err
}

// state reads the role of a staff person and how it stands, not before a position.
func (c *Console) state(ctx context.Context, after domain.Position, person domain.PersonID) (role domain.Role, state string, err error) {
	stale, err := c.reads.Read(ctx, after, func(tx pgx.Tx) (err error) {
		role, state, err = rows.State(ctx, tx, person.UUID)
		return err
	})
	if err == nil && stale {
		err = fmt.Errorf("%w: the read model has not heard of person %s yet", domain.ErrUnavailable, person)
	}
	return role, state, err
}

// activate records that a staff person took up the invitation, and returns when everybody reads so. Whoever
// takes part in what clients see does it under a name from then on.
func (c *Console) activate(ctx context.Context, begun accounts.Begun) error {
	role, _, err := c.state(ctx, domain.Position{}, begun.Person)
	if err != nil {
		return err
	}
	answer, err := c.commands.ActivatePerson(ctx, commands.Request{
		Actor: domain.Actor{Person: begun.Person, Side: domain.StaffSide, Role: role},
		Route: http.MethodPost + " /invitation", Key: begun.ID.String(), At: c.now().UTC().Truncate(time.Microsecond),
	}, commands.ActivatePerson{Person: begun.Person})
	if err != nil {
		return err
	}
	if _, _, err = c.state(ctx, answer.Position, begun.Person); err != nil {
		return err
	}
	c.publish(ctx, begun.Person, role)
	return nil
}

// publish makes a staff person's name and role known to clients, if the role is one that they meet. A client
// database that is down does not keep staff from their work: the next change of role, or whoever repeats this,
// mends it.
func (c *Console) publish(ctx context.Context, person domain.PersonID, role domain.Role) {
	if !access.MeetsClients(role) {
		return
	}
	account, err := c.staff.Account(ctx, domain.ClientID{}, person)
	if err == nil {
		err = c.clients.Publish(ctx, person, account.Name, string(role))
	}
	if err != nil {
		c.logger.WarnContext(ctx, "the public profile of a staff person is not up to date", slog.String("person_id", person.String()), slog.Any("error", err))
	}
}
