package portal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/visible"
	"effigate/infra/accounts"
	"effigate/infra/web/signin"
	"effigate/readmodels/client"
)

// organisation names a client organisation to those who belong to it, and the service firm for the zero
// client.
func (p *Portal) organisation(ctx context.Context, of domain.ClientID) (name string, err error) {
	if of.IsZero() {
		return "", nil
	}
	_, err = p.reads.Read(ctx, of, domain.Position{}, func(tx pgx.Tx) error {
		organisation, err := client.ReadOrganisation(ctx, tx, of)
		name = organisation.Name
		return err
	})
	return name, err
}

// standingPatience is how long the read model may take to hear of somebody who has an account.
const standingPatience = 2 * time.Second

// standing tells how somebody who logs in stands in the organisation. Who takes up an invitation at once may
// be faster than the read model, so it waits a moment for somebody whom it does not know.
func (p *Portal) standing(ctx context.Context, of domain.ClientID, person domain.PersonID) (signin.Standing, error) {
	patience := time.NewTimer(standingPatience)
	defer patience.Stop()
	for {
		changed := p.reads.Changed() // Before reading, or what comes between would be missed.
		standing, _, err := p.standingAt(ctx, of, person, domain.Position{})
		if err != nil || standing != signin.Unknown {
			return standing, err
		}
		select {
		case <-changed:
		case <-patience.C:
			return signin.Unknown, nil
		case <-ctx.Done():
			return signin.Unknown, fmt.Errorf("wait for the standing of %s: %w", person, ctx.Err())
		}
	}
}

// standingAt is standing as it is once a position has been read; stale says that it has not.
func (p *Portal) standingAt(ctx context.Context, of domain.ClientID, person domain.PersonID, after domain.Position) (standing signin.Standing, stale bool, err error) {
	var state string
	stale, err = p.reads.Read(ctx, of, after, func(tx pgx.Tx) error {
		_, state, err = client.State(ctx, tx, of, person)
		return err
	})
	if errors.Is(err, domain.ErrNotFound) {
		return signin.Unknown, stale, nil
	}
	if err != nil {
		return signin.Unknown, stale, err
	}
	switch state {
	case visible.PersonInvited:
		return signin.Invited, stale, nil
	case visible.PersonActive:
		return signin.Active, stale, nil
	default:
		return signin.Ended, stale, nil
	}
}

// activate records that the session's person took up an invitation.
func (p *Portal) activate(ctx context.Context, begun accounts.Begun) error {
	return p.admit(ctx, begun, "/login/activate", p.commands.Activate)
}

// join records that the session's person, whom single sign-on proved, is a user from now on.
func (p *Portal) join(ctx context.Context, begun accounts.Begun) error {
	return p.admit(ctx, begun, "/login/join", p.commands.Join)
}

// admit runs a command of a person about itself, who has no role yet, and waits until the read model knows. The
// session names the command: a refusal, which is kept, is the answer to one login and not to all that follow.
func (p *Portal) admit(ctx context.Context, begun accounts.Begun, path string, run func(context.Context, Request) (Answer, error)) error {
	answer, err := run(ctx, Request{
		Actor:      domain.Actor{Person: begun.Person, Side: domain.ClientSide, Client: begun.Client},
		Credential: Credential{Kind: SessionCredential, Token: begun.Token},
		Route:      http.MethodPost + " " + path, Key: begun.ID.String(),
		At: p.now().UTC().Truncate(time.Microsecond),
	})
	if err != nil {
		return err
	}
	standing, stale, err := p.standingAt(ctx, begun.Client, begun.Person, answer.Position)
	if err == nil && stale && standing != signin.Active {
		err = fmt.Errorf("%w: the read model does not know person %s yet", domain.ErrUnavailable, begun.Person)
	}
	return err
}
